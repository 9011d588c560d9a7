package admin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// maxOps is how many ops and presets a request may have.
const maxOps = 200

var now = time.Unix(1_800_000_000, 0)

// fakePrimer remembers what it was asked for, and has it done at once.
type fakePrimer struct {
	started []PrimeRequest
	fail    error
}

func (f *fakePrimer) run(_ context.Context, r PrimeRequest, report func(prime.Progress)) error {
	if f.fail != nil {
		return f.fail
	}
	f.started = append(f.started, r)
	report(prime.Progress{State: prime.Running, Began: now})
	report(prime.Progress{State: prime.Done, Began: now, Pictures: len(r.Keys), Counts: prime.Counts{LeftOut: 2, FirstLeftOut: "a//b"}, Errors: []prime.Error{{Key: "a.jpg", Error: "no such picture"}}})
	return nil
}

func newPriming(t testing.TB, change ...func(*Priming)) (*testAdmin, *fakePrimer) {
	t.Helper()
	primer := &fakePrimer{}
	p := &Priming{Run: primer.run, Rules: variant.Rules{Presets: variant.Presets{}}}
	for _, preset := range []string{"thumb=60x", "card=120x80,f_auto"} {
		if err := p.Presets.Add(preset); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range change {
		f(p)
	}
	return newTestAdmin(Config{Priming: p}), primer
}

func variantOf(t testing.TB, ops string) variant.Variant {
	t.Helper()
	v, err := variant.Parse(ops)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPrime(t *testing.T) {
	t.Parallel()
	v := func(ops ...string) (all []variant.Variant) {
		for _, o := range ops {
			all = append(all, variantOf(t, o))
		}
		return all
	}
	for _, c := range []struct {
		body string
		want PrimeRequest
	}{
		{`{"keys":["a.jpg","b/c d.jpg"],"ops":["300x200,f_webp"]}`, PrimeRequest{Keys: []variant.Key{"a.jpg", "b/c d.jpg"}, Variants: v("300x200,f_webp")}},
		{
			`{"keys":["a.jpg"],"ops":["thumb","60x","w_60","thumb,f_avif","60x,dl"],"formats":"auto"}`,
			PrimeRequest{Keys: []variant.Key{"a.jpg"}, Variants: v("60x", "60x,f_avif"), AllFormats: true},
		},
		{`{"prefix":"photos/","since":"24h","presets":["thumb"]}`, PrimeRequest{Keys: []variant.Key{}, List: true, Prefix: "photos/", Since: 24 * time.Hour, Variants: v("60x")}},
		{`{"prefix":"","all_presets":true}`, PrimeRequest{Keys: []variant.Key{}, List: true, Variants: v("120x80,f_auto", "60x")}},
		{`{"since":"1h30m","ops":["info"]}`, PrimeRequest{Keys: []variant.Key{}, List: true, Since: 90 * time.Minute, Variants: v("info")}},
		{
			`{"keys":["a.jpg"],"prefix":"x","since":"1h","ops":["10x"]}`,
			PrimeRequest{Keys: []variant.Key{"a.jpg"}, List: true, Prefix: "x", Since: time.Hour, Variants: v("10x")},
		},
	} {
		o, primer := newPriming(t)
		status, body := o.request("POST", "/prime", c.body)
		if status != 200 || strings.Count(body, "\n") != 1 {
			t.Errorf("%s: %d %s", c.body, status, body)
			continue
		}
		if !reflect.DeepEqual(primer.started[0], c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", c.body, primer.started[0], c.want)
		}
		if !strings.Contains(o.log.String(), "msg=priming ") {
			t.Errorf("the log: %s", &o.log)
		}
	}
}

// All presets are those that something can be made of, however many they are; of the
// others a picture has nothing but its original.
func TestPrimeAllPresets(t *testing.T) {
	t.Parallel()
	o, primer := newPriming(t, func(p *Priming) {
		p.Format = variant.FormatAuto
		for _, preset := range []string{"whole=raw", "old=raw,v_1", "save=60x,dl_a.jpg", "about=info"} {
			if err := p.Presets.Add(preset); err != nil {
				t.Fatal(err)
			}
		}
	})
	if status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true}`); status != 200 {
		t.Fatal(status, body)
	}
	want := []variant.Variant{variantOf(t, "info"), variantOf(t, "120x80,f_auto"), variantOf(t, "60x,f_auto")}
	if got := primer.started[0].Variants; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	o, primer = newPriming(t, func(p *Priming) {
		for i := range maxOps + 1 {
			if err := p.Presets.Add(fmt.Sprintf("p%d=%dx", i, 100+i)); err != nil {
				t.Fatal(err)
			}
		}
	})
	status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true,"ops":["50x"]}`)
	if status != 200 || len(primer.started[0].Variants) != maxOps+4 {
		t.Errorf("many: %d %s", status, body)
	}
	o, _ = newPriming(t, func(p *Priming) {
		p.Presets = variant.Presets{}
		if err := p.Presets.Add("whole=raw"); err != nil {
			t.Fatal(err)
		}
	})
	if status, body = o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true}`); status != 400 || !strings.Contains(body, "all presets are originals") {
		t.Errorf("originals only: %d %s", status, body)
	}
}

// Primed derivatives are those that the public server would serve.
func TestPrimeInTheServersFormat(t *testing.T) {
	t.Parallel()
	o, primer := newPriming(t, func(p *Priming) { p.Format = variant.FormatAuto })
	if status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"ops":["60x","60x,f_png","info"]}`); status != 200 {
		t.Fatal(status, body)
	}
	want := []variant.Variant{variantOf(t, "60x,f_auto"), variantOf(t, "60x,f_png"), variantOf(t, "info")}
	if got := primer.started[0].Variants; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestPrimeMistakes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 1025)
	for body, reason := range map[string]string{
		``: "JSON object", `[]`: "JSON object", `{"keys":["a.jpg"]`: "JSON object", `{} {}`: "after the JSON",
		`{}`:                                                "no pictures",
		`{"ops":["60x"]}`:                                   "no pictures",
		`{"keys":[],"ops":["60x"]}`:                         "no pictures",
		`{"keys":["a.jpg"]}`:                                "nothing to generate",
		`{"key":"a.jpg"}`:                                   `unknown field \"key\"`,
		`{"keys":["a.jpg"],"ops":["60y"]}`:                  `60y`,
		`{"keys":["a.jpg"],"ops":["raw"]}`:                  "nothing to generate",
		`{"keys":["a.jpg"],"ops":["77x"]}`:                  "77",
		`{"keys":["a.jpg"],"ops":[""]}`:                     "empty",
		`{"keys":["a.jpg","a//b"],"ops":["60x"]}`:           "keys[1]",
		`{"keys":["../a"],"ops":["60x"]}`:                   "keys[0]",
		`{"keys":["a.jpg"],"presets":["60x"]}`:              "no preset",
		`{"keys":["a.jpg"],"ops":["60x"],"formats":"avif"}`: `{"error":"formats is`,
		`{"prefix":"/a","ops":["60x"]}`:                     "prefix",
		`{"prefix":"` + long + `","ops":["60x"]}`:           "prefix",
		`{"since":"2 days","ops":["60x"]}`:                  "since",
		`{"since":"-1h","ops":["60x"]}`:                     "since",
		`{"keys":["a.jpg"],"since":"1h","ops":["60x"]}`:     "since is for",
		`{"keys":["a.jpg"],"ops":["60x"` + strings.Repeat(`,"60x"`, maxOps) + `]}`:   "may be 200",
		`{"keys":["a"` + strings.Repeat(`,"a"`, maxPrimingKeys) + `],"ops":["60x"]}`: "give a prefix",
	} {
		o, primer := newPriming(t, func(p *Priming) { p.Limits.Sizes = []int{60, 120} })
		status, answer := o.request("POST", "/prime", body)
		if status != 400 || !strings.Contains(answer, reason) || len(primer.started) > 0 {
			t.Errorf("%.80s: %d %.300s", body, status, answer)
		}
		if len(answer) > 4000 {
			t.Errorf("%.80s: an answer of %d bytes", body, len(answer))
		}
	}
	o, _ := newPriming(t)
	if status, answer := o.request("POST", "/prime", `{"keys":["`+strings.Repeat("a", maxPriming)+`"]}`); status != 413 {
		t.Errorf("too long: %d %.80s", status, answer)
	}
	o, _ = newPriming(t, func(p *Priming) { p.Presets = nil })
	if status, answer := o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true}`); status != 400 || !strings.Contains(answer, "has no presets") {
		t.Errorf("no presets: %d %s", status, answer)
	}
}

func TestPrimeIsRefused(t *testing.T) {
	t.Parallel()
	const body = `{"keys":["a.jpg"],"ops":["60x"]}`
	for _, c := range []struct {
		err    error
		status int
	}{
		{fmt.Errorf("%w: 8 jobs run", gate.ErrBusy), 503},
		{originals.ErrReadOnly, 503},
		{&resize.UnsupportedError{Option: "f_avif"}, 501},
		{errors.New("no journal"), 500},
	} {
		o, primer := newPriming(t)
		primer.fail = c.err
		if status, answer := o.request("POST", "/prime", body); status != c.status || !strings.Contains(answer, c.err.Error()) {
			t.Errorf("%v: %d %s", c.err, status, answer)
		}
	}
	// A page that the administrator looks at must not start anything.
	o, primer := newPriming(t)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if status, answer := o.request("POST", "/prime", body, headers...); status != 403 || len(primer.started) > 0 {
			t.Errorf("%v: %d %s", headers, status, answer)
		}
	}
	if status, _ := newTestAdmin(Config{}).request("POST", "/prime", body); status != http.StatusNotFound {
		t.Errorf("without priming: %d", status)
	}
}

// Each line is a report of the progress.
func TestPrimeStream(t *testing.T) {
	t.Parallel()
	o, _ := newPriming(t)
	status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"ops":["60x"]}`)
	_, last, _ := strings.Cut(body, "\n")
	if want := `{"state":"done","began":"` + now.Format(time.RFC3339) + `","pictures":1,"finished":0,"listing":false,` +
		`"made":0,"there":0,"failed":0,"not_pictures":0,"left_out":2,"first_left_out":"a//b","rate":0,"errors":[{"key":"a.jpg","error":"no such picture"}]}`; status != 200 || last != want {
		t.Errorf("%d %s\nwant %s", status, last, want)
	}
	if !strings.Contains(o.log.String(), `msg="priming has ended" state=done pictures=0`) {
		t.Errorf("the log: %s", &o.log)
	}
}

// streaming starts a server whose jobs report as fast as is read until their context ends.
// ended receives one value for each request that is over.
func streaming(t *testing.T, lineTimeout time.Duration) (url string, ended <-chan struct{}) {
	t.Helper()
	run := func(ctx context.Context, _ PrimeRequest, report func(prime.Progress)) error {
		for ctx.Err() == nil {
			report(prime.Progress{State: prime.Running, Counts: prime.Counts{FirstLeftOut: strings.Repeat("x", 10_000)}})
		}
		return ctx.Err()
	}
	h := newPrimeHandler(&Priming{Run: run}, slog.New(slog.DiscardHandler))
	h.lineTimeout = lineTimeout
	over := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { over <- struct{}{} }()
		h.serve(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, over
}

func startStream(t *testing.T, ctx context.Context, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/prime", strings.NewReader(`{"keys":["a.jpg"],"ops":["60x"]}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// A job ends with its client. At most four run at once.
func TestPrimeEndsWithItsClient(t *testing.T) {
	t.Parallel()
	url, ended := streaming(t, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range primeStreams {
		if res := startStream(t, ctx, url); res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Fatal(res.Status, res.Header)
		}
	}
	res := startStream(t, t.Context(), url)
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(body), `"kind":"busy"`) {
		t.Errorf("the fifth: %s %s", res.Status, body)
	}
	cancel()
	for range primeStreams + 1 { // the fifth, too
		<-ended
	}
	res = startStream(t, t.Context(), url)
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("another, when all have ended: %s", res.Status)
	}
}

// A job ends if its client does not read: buffers fill up, and the time to write a line
// passes.
func TestPrimeEndsIfNotRead(t *testing.T) {
	t.Parallel()
	url, ended := streaming(t, 50*time.Millisecond)
	res := startStream(t, t.Context(), url)
	<-ended
	_ = res.Body.Close()
}

// Every accepted body is a job with something to do, and with nothing that the public
// server would refuse.
func FuzzPriming(f *testing.F) {
	f.Add([]byte(`{"keys":["a.jpg"],"ops":["60x"],"formats":"auto"}`))
	f.Add([]byte(`{"prefix":"photos/","since":"24h","presets":["thumb"]}`))
	f.Add([]byte(`{"all_presets":true,"prefix":null,"since":"1ns","keys":["\ud800"]}`))
	p := &Priming{Rules: variant.Rules{Presets: variant.Presets{}, Limits: variant.Limits{Sizes: []int{60}}}}
	if err := p.Presets.Add("thumb=60x"); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		j, err := p.parse(body)
		if err != nil {
			if !reflect.DeepEqual(j, PrimeRequest{}) {
				t.Errorf("%q: %v, and %+v", body, err, j)
			}
			return
		}
		if len(j.Variants) == 0 || len(j.Keys) == 0 && !j.List || j.Since < 0 || !j.List && (j.Since > 0 || j.Prefix != "") {
			t.Errorf("%q: %+v", body, j)
		}
		for _, key := range j.Keys {
			if again, err := variant.ParseKey(string(key)); err != nil || again != key {
				t.Errorf("%q is no key", key)
			}
		}
		for _, v := range j.Variants {
			if v.Kind == variant.Raw || v.Download {
				t.Errorf("%q: %v", body, v)
			}
		}
	})
}
