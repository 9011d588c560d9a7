package admin

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// maxOps is how many ops and presets a job may have.
const maxOps = 200

var now = time.Unix(1_800_000_000, 0)

// fakeJobs remember what they were asked for.
type fakeJobs struct {
	started []JobRequest
	jobs    []JobStatus
	fail    error
}

func (f *fakeJobs) Start(j JobRequest) (JobStatus, error) {
	if f.fail != nil {
		return JobStatus{}, f.fail
	}
	f.started = append(f.started, j)
	f.jobs = append(f.jobs, JobStatus{ID: fmt.Sprint("job-", len(f.jobs)+1), State: JobRunning, Began: now, Pictures: len(j.Keys)})
	return f.jobs[len(f.jobs)-1], nil
}

func (f *fakeJobs) find(id string) *JobStatus {
	for i := range f.jobs {
		if f.jobs[i].ID == id {
			return &f.jobs[i]
		}
	}
	return nil
}

func (f *fakeJobs) Status(id string) (JobStatus, bool) {
	if j := f.find(id); j != nil {
		return *j, true
	}
	return JobStatus{}, false
}

func (f *fakeJobs) All() []JobStatus { return f.jobs }

func (f *fakeJobs) Stop(id string) bool {
	j := f.find(id)
	if j != nil {
		j.State = JobStopped
	}
	return j != nil
}

func newPriming(t testing.TB, change ...func(*Priming)) (*testAdmin, *fakeJobs) {
	t.Helper()
	jobs := &fakeJobs{}
	p := &Priming{Jobs: jobs, Rules: variant.Rules{Presets: variant.Presets{}}}
	for _, preset := range []string{"thumb=60x", "card=120x80,f_auto"} {
		if err := p.Presets.Add(preset); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range change {
		f(p)
	}
	return newTestAdmin(Config{Priming: p}), jobs
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
		want JobRequest
	}{
		{`{"keys":["a.jpg","b/c d.jpg"],"ops":["300x200,f_webp"]}`, JobRequest{Keys: []variant.Key{"a.jpg", "b/c d.jpg"}, Variants: v("300x200,f_webp")}},
		{
			`{"keys":["a.jpg"],"ops":["thumb","60x","w_60","thumb,f_avif","60x,dl"],"formats":"auto"}`,
			JobRequest{Keys: []variant.Key{"a.jpg"}, Variants: v("60x", "60x,f_avif"), AllFormats: true},
		},
		{`{"prefix":"photos/","since":"24h","presets":["thumb"]}`, JobRequest{Keys: []variant.Key{}, List: true, Prefix: "photos/", Since: 24 * time.Hour, Variants: v("60x")}},
		{`{"prefix":"","all_presets":true}`, JobRequest{Keys: []variant.Key{}, List: true, Variants: v("120x80,f_auto", "60x")}},
		{`{"since":"1h30m","ops":["info"]}`, JobRequest{Keys: []variant.Key{}, List: true, Since: 90 * time.Minute, Variants: v("info")}},
		{
			`{"keys":["a.jpg"],"prefix":"x","since":"1h","ops":["10x"]}`,
			JobRequest{Keys: []variant.Key{"a.jpg"}, List: true, Prefix: "x", Since: time.Hour, Variants: v("10x")},
		},
	} {
		o, jobs := newPriming(t)
		status, body := o.request("POST", "/prime", c.body)
		if status != 202 || body != `{"id":"job-1","url":"/jobs/job-1"}` {
			t.Errorf("%s: %d %s", c.body, status, body)
			continue
		}
		if !reflect.DeepEqual(jobs.started[0], c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", c.body, jobs.started[0], c.want)
		}
		if !strings.Contains(o.log.String(), "a job was started") {
			t.Errorf("the log: %s", &o.log)
		}
	}
}

// All presets are those that something can be made of, however many they are; of the
// others a picture has nothing but its original.
func TestPrimeAllPresets(t *testing.T) {
	t.Parallel()
	o, jobs := newPriming(t, func(p *Priming) {
		p.Format = variant.FormatAuto
		for _, preset := range []string{"whole=raw", "old=raw,v_1", "save=60x,dl_a.jpg", "about=info"} {
			if err := p.Presets.Add(preset); err != nil {
				t.Fatal(err)
			}
		}
	})
	if status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true}`); status != 202 {
		t.Fatal(status, body)
	}
	want := []variant.Variant{variantOf(t, "info"), variantOf(t, "120x80,f_auto"), variantOf(t, "60x,f_auto")}
	if got := jobs.started[0].Variants; !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	o, jobs = newPriming(t, func(p *Priming) {
		for i := range maxOps + 1 {
			if err := p.Presets.Add(fmt.Sprintf("p%d=%dx", i, 100+i)); err != nil {
				t.Fatal(err)
			}
		}
	})
	status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"all_presets":true,"ops":["50x"]}`)
	if status != 202 || len(jobs.started[0].Variants) != maxOps+4 {
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

// What is made is what the public side would make.
func TestPrimeInTheServersFormat(t *testing.T) {
	t.Parallel()
	o, jobs := newPriming(t, func(p *Priming) { p.Format = variant.FormatAuto })
	if status, body := o.request("POST", "/prime", `{"keys":["a.jpg"],"ops":["60x","60x,f_png","info"]}`); status != 202 {
		t.Fatal(status, body)
	}
	want := []variant.Variant{variantOf(t, "60x,f_auto"), variantOf(t, "60x,f_png"), variantOf(t, "info")}
	if got := jobs.started[0].Variants; !reflect.DeepEqual(got, want) {
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
		`{"keys":["a.jpg"]}`:                                "nothing is to be made",
		`{"key":"a.jpg"}`:                                   `unknown field \"key\"`,
		`{"keys":["a.jpg"],"ops":["60y"]}`:                  `60y`,
		`{"keys":["a.jpg"],"ops":["raw"]}`:                  "not made itself",
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
		`{"keys":["a"` + strings.Repeat(`,"a"`, maxPrimingKeys) + `],"ops":["60x"]}`: "take a prefix",
	} {
		o, jobs := newPriming(t, func(p *Priming) { p.Limits.Sizes = []int{60, 120} })
		status, answer := o.request("POST", "/prime", body)
		if status != 400 || !strings.Contains(answer, reason) || len(jobs.started) > 0 {
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
		o, jobs := newPriming(t)
		jobs.fail = c.err
		if status, answer := o.request("POST", "/prime", body); status != c.status || !strings.Contains(answer, c.err.Error()) {
			t.Errorf("%v: %d %s", c.err, status, answer)
		}
	}
	// The page of another site must not start anything.
	o, jobs := newPriming(t)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		if status, answer := o.request("POST", "/prime", body, headers...); status != 403 || len(jobs.started) > 0 {
			t.Errorf("%v: %d %s", headers, status, answer)
		}
	}
	if status, _ := newTestAdmin(Config{}).request("POST", "/prime", body); status != http.StatusNotFound {
		t.Errorf("without jobs: %d", status)
	}
}

func TestJobs(t *testing.T) {
	t.Parallel()
	o, jobs := newPriming(t)
	if status, body := o.request("GET", "/jobs", ""); status != 200 || body != `{"jobs":[]}` {
		t.Errorf("none yet: %d %s", status, body)
	}
	for range 2 {
		o.request("POST", "/prime", `{"keys":["a.jpg"],"ops":["60x"]}`)
	}
	jobs.jobs[1].LeftOut, jobs.jobs[1].FirstLeftOut = 2, "a//b"
	jobs.jobs[1].Errors = []JobError{{Key: "a.jpg", Error: "no such picture"}}
	status, body := o.request("GET", "/jobs/job-2", "")
	if want := `{"id":"job-2","state":"running","began":"` + now.Format(time.RFC3339) + `","pictures":1,"finished":0,"listing":false,` +
		`"made":0,"there":0,"failed":0,"not_pictures":0,"left_out":2,"first_left_out":"a//b","rate":0,"errors":[{"key":"a.jpg","error":"no such picture"}]}`; status != 200 || body != want {
		t.Errorf("%d %s\nwant %s", status, body, want)
	}
	if status, body = o.request("GET", "/jobs", ""); status != 200 || strings.Count(body, `"id"`) != 2 {
		t.Errorf("%d %s", status, body)
	}
	if status, body = o.request("DELETE", "/jobs/job-1", ""); status != 200 || decode[JobStatus](t, body).State != JobStopped {
		t.Errorf("%d %s", status, body)
	}
	for _, method := range []string{"GET", "DELETE"} {
		if status, body = o.request(method, "/jobs/job-3", ""); status != 404 || !strings.Contains(body, "no such job") {
			t.Errorf("%s: %d %s", method, status, body)
		}
	}
}

// Whatever somebody sends, a job has something to do, and nothing that the public
// side would refuse.
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
			if !reflect.DeepEqual(j, JobRequest{}) {
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
