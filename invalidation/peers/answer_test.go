package peers

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

const testLog = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func TestAnswer(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_000_000)
	b := invalidation.Batch{Next: invalidation.Cursor{Log: testLog, Seq: 9}, Behind: 3, Lost: 2, Events: []invalidation.Event{
		{Seq: 5, Key: "a/\"<ключ>\".jpg", At: now.Add(-1500 * time.Millisecond)},
		{Seq: 6, Key: "relayed", Relayed: true},
		{Seq: 9, Key: variant.Key(strings.Repeat("<", variant.MaxKeyBytes)), At: now.Add(time.Hour)}, // the clock was set back
	}}
	a := answerOf(b, now)
	if len(a.Events) != 2 || a.Events[0].Age != 1500 || a.Events[1].Age != 0 {
		t.Errorf("%+v", a)
	}
	var text bytes.Buffer
	if err := a.write(&text); err != nil {
		t.Fatal(err)
	}
	if read, err := readAnswer(&text); err != nil || !reflect.DeepEqual(read, a) {
		t.Errorf("%+v, %v, want %+v", read, err, a)
	}
}

func TestReadAnswerRefuses(t *testing.T) {
	t.Parallel()
	head := `{"log":"` + testLog + `","next":5}` + "\n"
	many := strings.Builder{}
	for i := range maxEvents + 1 {
		fmt.Fprintf(&many, `{"seq":%d,"key":"a"}`, i+1)
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"no log":           `{"next":5}`,
		"path as log":      `{"log":"../../../../etc/passwd","next":5}`,
		"cut off":          head + `{"seq":1,"key":"a"`,
		"key":              head + `{"seq":1,"key":"../a"}`,
		"no key":           head + `{"seq":1}`,
		"order":            head + `{"seq":2,"key":"a"}{"seq":2,"key":"b"}`,
		"zero":             head + `{"seq":0,"key":"a"}`,
		"after next":       head + `{"seq":6,"key":"a"}`,
		"age":              head + `{"seq":1,"key":"a","age_ms":-1}`,
		"old":              head + `{"seq":1,"key":"a","age_ms":1099511627776}`,
		"held":             `{"log":"` + testLog + `","next":5,"held_ms":-1}`,
		"too many":         `{"log":"` + testLog + `","next":5000}` + many.String(),
		"not JSON":         "<html>",
		"endless":          `{"log":"` + strings.Repeat("A", maxAnswer+1),
		"not a number":     `{"log":"` + testLog + `","next":-1}`,
		"larger than that": `{"log":"` + testLog + `","next":18446744073709551616}`,
	} {
		if a, err := readAnswer(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"log":"` + testLog + `","next":5,"lost":1}` + "\n" + `{"seq":1,"key":"a","age_ms":7}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		a, err := readAnswer(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := a.write(&again); err != nil {
			t.Fatal(err)
		}
		if b, err := readAnswer(&again); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%+v, then %+v, %v", a, b, err)
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	dns := func(base string) Source {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		return Source{dns: u, list: []string{base}}
	}
	for text, want := range map[string]Source{
		"":                               {},
		" , ":                            {},
		"dns+http://thumbery:8081":       dns("http://thumbery:8081"),
		" dns+https://thumbery. ,":       dns("https://thumbery."),
		"http://b:8081/, https://[::1],": {list: []string{"http://b:8081", "https://[::1]"}},
		"http://a,http://a/":             {list: []string{"http://a"}},
	} {
		if s, err := Parse(text); err != nil || !reflect.DeepEqual(s, want) {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
	for _, text := range []string{
		"thumbery:8081", "ftp://a", "http://", "http://:8081", "dns+a:1", "srv+http://a", "http://a/path", "http://a?x", "http://a#x",
		"dns+http://a,http://b", "http://b,dns+http://a", "http://a:b", "http://user:secret@a", manyURLs(maxPeers + 1),
	} {
		if s, err := Parse(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: %+v, %v", text, s, err)
		}
	}
}

func manyURLs(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "http://a:%d,", i)
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	f.Add("dns+http://thumbery:8081")
	f.Add("http://a:1,https://[::1]:2")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := Parse(text); err == nil && len(s.list) > maxPeers {
			t.Errorf("%d peers", len(s.list))
		}
	})
}

func TestHandlerRefuses(t *testing.T) {
	t.Parallel()
	log, err := invalidation.New(t.TempDir(), invalidation.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for query, status := range map[string]int{"": 200, "log=x&after=1": 200, "log=x": 400, "log=x&after=-1": 400, "log=x&after=y": 400} {
		w := httptest.NewRecorder()
		Handler(log).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/invalidations?"+query, nil))
		if w.Code != status {
			t.Errorf("%q: %d %s", query, w.Code, w.Body)
		}
	}
}
