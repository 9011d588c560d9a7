package outage

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

func TestTook(t *testing.T) {
	var took Took
	if took.Slowest() != 0 || len(took.Statuses()) != 0 || took.At(200, 99) != 0 {
		t.Error("there is something before anything is added")
	}
	for _, a := range []Answer{{Status: 503, Took: time.Second}, {Status: 200, Took: time.Minute}, {Status: 200, Took: time.Hour}} {
		took.Add(a)
	}
	if took.Slowest() != time.Hour || !slices.Equal(took.Statuses(), []int{200, 503}) || took.Failed() != 1 || took.At(200, 1) != time.Minute {
		t.Errorf("%v, %v, %d failed", took.Slowest(), took.Statuses(), took.Failed())
	}
}

func TestGauges(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("# TYPE a gauge\na 2\nab 3\nc_a 4\nd many\n"))
	}))
	defer s.Close()
	c := NewClient(s.URL, 1)
	if got, err := c.Gauges(t.Context(), "c_a", "a"); err != nil || !slices.Equal(got, []float64{4, 2}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, name := range []string{"b", "d"} {
		if got, err := c.Gauges(t.Context(), name); err == nil {
			t.Errorf("%s is %v", name, got)
		}
	}
}
