package explain_test

import (
	"context"
	"image"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache"
	"github.com/thumbery/thumbery/cache/cachetest"
	"github.com/thumbery/thumbery/cache/shared"
	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// linking is an origin that has links.
type linking struct{ *storagetest.Fake }

func (linking) Link(_ context.Context, key string, _ storage.LinkOptions) (string, error) {
	return "https://origin.example/" + key, nil
}

// red is a fallback image.
type red struct{}

func (red) Picture(context.Context, variant.Variant, variant.Accept) (*pipeline.Result, error) {
	data := resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 8, 8)))
	return &pipeline.Result{Blob: cache.InMemory(data, time.Time{}), MediaType: "image/jpeg"}, nil
}

// withMezzanine has mezzanines of 40x30 kept of the cat.
func withMezzanine(c *config) {
	c.Render.Settings.MezzanineSide, c.Render.Settings.MezzanineOver = 40, 1000
}

// forgetOriginal removes the original of the cat from the cache, and nothing else.
func (s *service) forgetOriginal(t *testing.T) {
	t.Helper()
	if err := s.pipeline.Originals.Cache.Remove(originals.IDOf("cat.jpg", variant.Variant{}).Name()); err != nil {
		t.Fatal(err)
	}
}

// makeMezzanine has the mezzanine of the cat made.
func (s *service) makeMezzanine(t *testing.T) {
	t.Helper()
	get(t, s, "/12x/cat.jpg", 200)
	s.pipeline.Mezzanines.Wait(t.Context(), originals.IDOf("cat.jpg", variant.Variant{}))
}

func (s *service) crash(t *testing.T) {
	t.Helper()
	s.resizer.Fail = resize.ErrDied
	get(t, s, "/13x/cat.jpg", 500)
	get(t, s, "/14x/cat.jpg", 422)
}

// TestAgrees: in each state of the server, the status that is explained is the one that a client
// gets then, and 0 only where the picture is made.
func TestAgrees(t *testing.T) {
	t.Parallel()
	down := func(c *config) { c.Originals.Down = func(string) bool { return true } }
	readOnly := func(t *testing.T, s *service) {
		t.Helper()
		s.makeMezzanine(t)
		s.forgetOriginal(t)
		s.pipeline.Originals.SetReadOnly(true)
	}
	absent := func(t *testing.T, s *service) {
		t.Helper()
		s.makeMezzanine(t)
		s.forgetOriginal(t)
		s.origin.Remove("cat.jpg")
		get(t, s, "/raw/cat.jpg", 404)
	}
	for name, tt := range map[string]struct {
		change  func(*config)
		prepare func(*testing.T, *service)
		path    string
		status  int // of the explanation
		client  int
	}{
		"a mezzanine without its original": {withMezzanine, readOnly, "/10x/cat.jpg", 0, 200},
		"too small a mezzanine":            {withMezzanine, readOnly, "/30x/cat.jpg", 503, 503},
		"a mezzanine has one page":         {withMezzanine, readOnly, "/10x,page_2/cat.jpg", 503, 503},
		"a mezzanine is lossy":             {withMezzanine, readOnly, "/10x,f_png/cat.jpg", 503, 503},
		"the original itself":              {withMezzanine, readOnly, "/raw/cat.jpg", 503, 503},
		"a mezzanine of what is absent":    {withMezzanine, absent, "/10x/cat.jpg", 0, 200},
		"absent":                           {withMezzanine, absent, "/30x/cat.jpg", 404, 404},
		"what was made of what is absent":  {withMezzanine, absent, "/12x/cat.jpg", 200, 200},
		"open breaker":                     {down, func(_ *testing.T, s *service) { s.origin.FailAll(storage.ErrUnavailable) }, "/10x/cat.jpg", 503, 503},
		"quarantine":                       {nil, func(t *testing.T, s *service) { t.Helper(); s.crash(t) }, "/10x/cat.jpg", 422, 422},
		"the original in quarantine":       {nil, func(t *testing.T, s *service) { t.Helper(); s.crash(t) }, "/raw/cat.jpg", 200, 200},
		"quarantine without the original":  {withMezzanine, func(t *testing.T, s *service) { t.Helper(); s.makeMezzanine(t); s.crash(t); s.forgetOriginal(t) }, "/10x/cat.jpg", 422, 422},
		"no backend":                       {func(c *config) { c.explain.Backend = func(variant.Key) string { return "" } }, nil, "/10x/none.jpg", 404, 404},
		"a redirect to the original": {func(c *config) {
			down(c)
			c.Originals.Origin = linking{storagetest.NewFake(nil)}
			c.public.FallbackRedirect = true
		}, func(_ *testing.T, s *service) { s.pipeline.Originals.SetReadOnly(true) }, "/10x/cat.jpg", 302, 302},
		"a fallback image": {func(c *config) { c.public.Fallback = red{} }, func(_ *testing.T, s *service) { s.pipeline.Originals.SetReadOnly(true) }, "/10x/cat.jpg", 503, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var changes []func(*config)
			if tt.change != nil {
				changes = append(changes, tt.change)
			}
			s := newService(t, changes...)
			if tt.prepare != nil {
				tt.prepare(t, s)
			}
			r := s.ask(t, tt.path, "")
			d := section(t, r, "headers").Data.(*explain.HeadersData)
			w := get(t, s, tt.path, tt.client)
			if r.Status != tt.status {
				t.Errorf("explained as %d: %s", r.Status, r.Summary)
			}
			if r.Status != 0 {
				sameHeaders(t, tt.path, w.Header(), d)
			}
		})
	}
}

// sameHeaders compares all headers but those that are said to be unknown.
func sameHeaders(t *testing.T, path string, sent http.Header, d *explain.HeadersData) {
	t.Helper()
	all := maps.Clone(sent)
	maps.Copy(all, d.Headers)
	for name := range all {
		if name == "X-Request-Id" || slices.Contains(d.Unknown, name) {
			continue
		}
		if want, got := strings.Join(sent[name], "|"), strings.Join(d.Headers[name], "|"); want != got {
			t.Errorf("%s: %s: %q is explained as %q", path, name, want, got)
		}
	}
}

// primed tells when a picture was made in the background.
type primed struct {
	pipeline.NopObserver
	done chan error
}

// Primed implements pipeline.Observer.
func (p primed) Primed(err error) { p.done <- err }

// TestProvisional: with --adaptive the first answer is explained, and says that there will be another.
func TestProvisional(t *testing.T) {
	t.Parallel()
	upgrades := primed{done: make(chan error, 1)}
	s := newService(t, func(c *config) { c.Adaptive, c.Observer = true, upgrades })
	defer func() { <-upgrades.done }()
	const path, accept = "/40x,f_auto/cat.jpg", "image/avif"
	ask := func() *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", accept)
		s.public.ServeHTTP(w, r)
		return w
	}
	d := section(t, s.ask(t, path, accept), "headers").Data.(*explain.HeadersData)
	if !slices.Contains(d.Unknown, "Content-Type") || strings.Join(d.Headers["Cache-Control"], "") != "public, max-age=60" {
		t.Errorf("not there yet: %+v", d)
	}
	get(t, s, path, 200) // the faster format
	r := s.ask(t, path, accept)
	d = section(t, r, "headers").Data.(*explain.HeadersData)
	if r.Status != 200 || !strings.Contains(r.Summary, "a faster format is sent first") {
		t.Errorf("%d %s", r.Status, r.Summary)
	}
	sameHeaders(t, path, ask().Header(), d)
}

// TestCrashesOnce: what has crashed once is not made again to be explained.
func TestCrashesOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.resizer.Fail = resize.ErrDied
	for _, path := range []string{"/40x,f_auto/cat.jpg"} {
		if r := s.make(t, path, "image/avif,image/webp"); r.Status != 500 {
			t.Errorf("%d %s", r.Status, r.Summary)
		}
		if n := s.resizer.Calls() + s.resizer.Looks(); n > 1 {
			t.Errorf("%d processes have worked on it", n)
		}
		if s.known(t) != 1 {
			t.Errorf("%d processes have died of it", s.known(t))
		}
	}
}

func (s *service) known(t *testing.T) int {
	t.Helper()
	k := s.pipeline.Originals.Remember(originals.IDOf("cat.jpg", variant.Variant{}))
	if k.Blob != nil {
		k.Blob.Close()
	}
	return k.Crashes
}

// TestSentences: what is said is so, in the cases in which it was not.
func TestSentences(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) { c.public.Hot.After, c.public.Hot.Window = 20, time.Hour })
	get(t, s, "/raw/cat.jpg", 200)
	get(t, s, "/40x/cat.jpg", 200)
	get(t, s, "/40x/no.jpg", 404)
	for _, tt := range []struct{ path, accept, part, says, not string }{
		{"/300x200,fit_contain/cat.jpg", "", "plan", "is not enlarged on its canvas", "so that the result is"},
		{"/300x200/cat.jpg", "", "plan", "so that the result is", "canvas"},
		{"/crop_20_20_40_40/cat.jpg", "", "plan", "All of the crop, 40x40, is not scaled", "(by"},
		{"/20x,crop_20_20_40_40/cat.jpg", "", "plan", "All of the crop, 40x40, is scaled to 20x20 (by 0.5)", "cut out"},
		{"/30x30,fp_0.02_0.5/cat.jpg", "", "plan", "the left edge of the picture", "right"},
		{"/30x30,fp_0.98_0.5/cat.jpg", "", "plan", "the right edge of the picture", "left"},
		{"/20x40,crop_20_20_40_40,fp_0_0.5/cat.jpg", "", "plan", "the left edge of the crop", "picture"},
		{"/40x,f_auto/cat.jpg", "", "format", "No Accept was given", "names none"},
		{"/40x,f_auto/cat.jpg", "image/webp", "format", "AVIF is not chosen: the client's Accept does not name it.", "or prefers"},
		{"/40x,f_auto/cat.jpg", "image/avif;q=0.1,image/jpeg", "format", "AVIF is not chosen: the client's Accept gives it no weight, or less", "does not name it, or"},
		{"/40x,f_auto/cat.jpg", "image/avif,image/webp", "format", "WebP is not chosen: AVIF is preferred", "avif is"},
		{"/40x/no.jpg", "", "original", "does not exist", "fetched"},
		{"/50x/cat.jpg", "", "file", "neither in memory nor on disk", "unknown"},
		{"/40x/cat.jpg", "", "engine", "decoded in its full size", "1 times"},
		{"/raw/cat.jpg", "", "file", "Requests for originals are not counted", "hot"},
		{"/40x/cat.jpg", "", "file", "It is not hot: 1 request within 1 hour, and more than 20 are needed", ""},
	} {
		r := s.ask(t, tt.path, tt.accept)
		says(t, r, tt.part, tt.says)
		if all := strings.Join(section(t, r, tt.part).Text, "\n"); tt.not != "" && strings.Contains(all, tt.not) {
			t.Errorf("%s: %s says %q:\n%s", tt.path, tt.part, tt.not, all)
		}
	}
	if r := s.ask(t, "/40x/no.jpg", ""); strings.Contains(r.Summary, "negative cache") || strings.Contains(r.Summary, "once") {
		t.Error(r.Summary)
	}
	if r := s.ask(t, "/40x,f_auto/cat.jpg", "image/avif"); !strings.Contains(r.Summary, "an AVIF or a JPEG, whichever has fewer bytes") {
		t.Error(r.Summary)
	}
	saving := s.Explain(t.Context(), explain.Question{Path: "/40x,f_auto/cat.jpg", Header: http.Header{"Accept": {"image/webp"}, "Save-Data": {"on"}}})
	says(t, saving, "quality", "The quality is 55, as the client saves data: 70% of 79, which is --quality of this server for WebP")
}

// TestSendFile: the headers by which another server sends the file are explained, too.
func TestSendFile(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) { c.public.SendFile = api.SendFile{Header: "X-Sendfile", Prefix: "/cache/"} })
	const path = "/40x/cat.jpg"
	get(t, s, path, 200)
	d := section(t, s.ask(t, path, ""), "headers").Data.(*explain.HeadersData)
	sameHeaders(t, path, get(t, s, path, 200).Header(), d)
	if len(d.Headers["X-Sendfile"]) != 1 {
		t.Errorf("%v", d.Headers)
	}
}

// TestQualityFrom: a quality of the URL is not one of its preset, though it is the same.
func TestQualityFrom(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) {
		c.public.Presets = variant.Presets{}
		if err := c.public.Presets.Add("thumb=32x32,q_50"); err != nil {
			panic(err)
		}
	})
	get(t, s, "/raw/cat.jpg", 200)
	says(t, s.ask(t, "/thumb/cat.jpg", ""), "quality", "from the preset thumb")
	says(t, s.ask(t, "/thumb,f_jpeg/cat.jpg", ""), "quality", "from the preset thumb")
	says(t, s.ask(t, "/thumb,q_50/cat.jpg", ""), "quality", "from q_50 in the URL")
}

// TestExpired: it is said when a URL has expired.
func TestExpired(t *testing.T) {
	t.Parallel()
	s := newService(t, signed)
	path := s.keys.Sign(variant.Path{Ops: "40x", Key: "cat.jpg"}, time.Now().Add(-121*time.Minute)).String()
	says(t, s.ask(t, path, ""), "signature", "(2 hours ago)")
}

// TestSharedTier: with a tier that servers share, it is not known what that has.
func TestSharedTier(t *testing.T) {
	t.Parallel()
	s := newService(t, func(c *config) {
		c.Derivatives.SharedTier = shared.Config{Bucket: &cachetest.Bucket{}, HedgeAfter: time.Second, Log: slog.New(slog.DiscardHandler)}
	})
	s.pipeline.Originals.SetReadOnly(true)
	if r := s.ask(t, "/40x/cat.jpg", ""); r.Status != 0 {
		t.Errorf("%d %s", r.Status, r.Summary)
	}
	if r := s.ask(t, "/raw/cat.jpg", ""); r.Status != 503 {
		t.Errorf("%d %s", r.Status, r.Summary)
	}
}
