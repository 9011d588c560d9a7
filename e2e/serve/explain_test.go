package serve

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// report is explain.Report, with the parts of Data that tests compare.
type report struct {
	Status   int
	Outcome  string
	Summary  string
	Sections []struct {
		Name, State string
		Text        []string
		Data        struct {
			Width, Height int
			Format        string
			Bytes         int64
		}
	}
}

func (r *report) section(name string) (text string, width, height int, format string) {
	for _, s := range r.Sections {
		if s.Name == name {
			return strings.Join(s.Text, "\n"), s.Data.Width, s.Data.Height, s.Data.Format
		}
	}
	return "", 0, 0, ""
}

// all is everything that a report says.
func (r *report) all() string {
	text := r.Summary
	for _, s := range r.Sections {
		text += "\n" + s.Name + " (" + s.State + "): " + strings.Join(s.Text, " ")
	}
	return text
}

// explained asks why a path looks as it does; query may have make=1 and the client's headers.
func explained(t *testing.T, s *e2e.Server, path string, query url.Values) report {
	t.Helper()
	a := e2e.Get(t, s.Admin+"/explain"+path+"?"+query.Encode())
	var r report
	if err := json.Unmarshal(a.Body, &r); err != nil || a.Status != http.StatusOK || len(a.Body) > 256<<10 {
		t.Fatalf("%s: %d, %v, %d bytes: %s", path, a.Status, err, len(a.Body), a.Body)
	}
	return r
}

// TestExplainAgrees: a plan has the size and the format of what is made, for pictures and
// options of every kind; and the explanation before and after differs in nothing but the file.
func TestExplainAgrees(t *testing.T) {
	t.Parallel()
	s := e2e.Serve(t, "--source", "/=file:"+e2e.Testdata(t), "--cache", t.TempDir())
	pictures := []string{"photos/cat.jpg", "photos/logo.png", "odd/orientation-6.jpg", "odd/animated.gif", "odd/animated.webp", "odd/palette.png", "odd/cmyk.jpg", "odd/viewbox.svg", "odd/pages.tif", "odd/scene.avif", "odd/scans.jpg", "odd/16bit.png"}
	ops := []string{"64x48", "5000x2000", "50x,dpr_2", "64x64,fp_0.02_0.98", "60x40,fit_contain,pad_3", "40x,crop_50p_50p_80p_80p", "64x,f_auto", "32x32,round_9999,f_auto", "64x,still,rot_90", "30x30,fit_fill,f_webp", "x50,fit_inside,up_1", "64x,q_30,f_jpeg"}
	for i, key := range pictures {
		e2e.Get(t, s.URL+"/1x1/"+key) // has the original cached, and its header known
		for j, o := range ops {
			if (i+j)%3 != 0 {
				continue
			}
			path := "/" + o + "/" + key
			accept := url.Values{"accept": {[]string{"*/*", "image/webp", "image/avif,image/webp"}[j%3]}}
			r := explained(t, s, path, accept)
			_, w, h, _ := r.section("plan")
			a := e2e.Get(t, s.URL+path, "Accept", accept.Get("accept"))
			if a.Status != http.StatusOK {
				if r.Status != a.Status && r.Status != 0 {
					t.Errorf("%s: explained with %d, answered with %d %s", path, r.Status, a.Status, a.Body)
				}
				continue
			}
			made, err := header.Inspect(t.Context(), bytes.NewReader(a.Body), int64(len(a.Body)), header.AllFormats)
			format := made.Format.String()
			if err != nil || made.Width != w || made.Height != h {
				t.Errorf("%s: explained as %dx%d, made as %dx%d, %v\n%s", path, w, h, made.Width, made.Height, err, r.all())
			}
			text, _, _, planned := r.section("format")
			if planned != format && !strings.Contains(text, "both made") {
				t.Errorf("%s: explained as %s, made as %s\n%s", path, planned, format, text)
			}
			after := explained(t, s, path, accept)
			if _, _, _, found := after.section("format"); after.Status != http.StatusOK || found != format {
				t.Errorf("%s: afterwards %d %s", path, after.Status, after.all())
			}
		}
	}
}

// TestQuestions: what users of such services asked in public, each about something that their
// service did on purpose. The answer has the reason.
func TestQuestions(t *testing.T) {
	t.Parallel()
	const key = "k1:an-example-secret"
	source := t.TempDir()
	for _, name := range []string{"photos/cat.jpg", "photos/logo.png", "odd/orientation-6.jpg", "odd/animated.gif", "odd/cmyk.jpg", "odd/palette.png", "odd/alpha.png", "odd/16bit.png"} {
		data := e2e.Read(t, filepath.Join(e2e.Testdata(t), name))
		e2e.Must(t, os.MkdirAll(filepath.Dir(filepath.Join(source, name)), 0o755))
		e2e.Must(t, os.WriteFile(filepath.Join(source, name), data, 0o644))
	}
	args := []string{"--source", "/=file:" + source, "--negative-ttl", "1h"}
	open := e2e.Serve(t, append(args, "--cache", t.TempDir())...)
	signed := e2e.Serve(t, append(args, "--cache", t.TempDir(), "--key", key, "--preset", "thumb=300x200")...)
	keys := &variant.Keyring{}
	e2e.Must(t, keys.Add(key))
	sign := func(ops, key string) string {
		return keys.Sign(variant.Path{Ops: ops, Key: variant.Key(key)}, time.Time{}).String()
	}
	cut := sign("300x200", "photos/cat.jpg")
	cut = strings.Replace(cut, "/300x200", "", 1)
	mac, _, _ := strings.Cut(strings.TrimPrefix(cut, "/s.k1."), "/")

	for _, q := range []struct {
		asked  string // where
		server *e2e.Server
		path   string
		accept string
		makes  bool
		answer []string
	}{
		{"github.com/imgproxy/imgproxy/issues/688", signed, "/s.k1." + mac[:32] + "/300x200/photos/cat.jpg", "", false, []string{"it was cut short"}},
		{"github.com/imgproxy/imgproxy/issues/976", signed, strings.Replace(sign("300x200", "a%20%28b%29.jpg"), "%25", "%", -1), "", false, []string{"percent-encoded before it was signed", "differs from byte 10 on"}},
		{"github.com/niiknow/docker-nginx-image-proxy/issues/9", open, "/3000x2000/photos/cat.jpg", "", true, []string{"Nothing is enlarged without up_1", "the result is 1600x1067"}},
		{"github.com/imgproxy/imgproxy/issues/615", open, "/1000x,dpr_2/photos/cat.jpg", "", true, []string{"At dpr_2 the size in the URL, in CSS pixels, is 2000 wide", "Nothing is enlarged without up_1"}},
		{"github.com/anomalyco/sst/issues/2820", open, "/300x200,f_auto/photos/cat.jpg", "*/*", true, []string{"Accept names none of AVIF, JPEG XL and WebP"}},
		{"github.com/vercel/next.js/issues/27868", open, "/1200x1500,f_auto/photos/cat.jpg", "image/avif,image/webp", true, []string{"AVIF is not chosen: the result has 1800000 pixels, and --avif-max-pixels is 524288"}},
		{"github.com/dotCMS/core/issues/24052", open, "/200x200,fp_0.5_0.98/photos/cat.jpg", "", true, []string{"The focal point cannot be in the middle: the lower edge of the picture"}},
		{"github.com/lovell/sharp/issues/3987", open, "/100x/odd/orientation-6.jpg", "", true, []string{"turned upright by its orientation 6"}},
		{"github.com/imgproxy/imgproxy/issues/448", open, "/300x/photos/cat.jpg", "", true, []string{"The quality is 80, which is --quality of this server for JPEG"}},
		{"github.com/amazon-archives/serverless-image-resizing/issues/44", open, "/64x,f_jpeg/odd/animated.gif", "", true, []string{"Only GIF and WebP keep animations"}},
		{"github.com/imgproxy/imgproxy/issues/182", open, "/100x/odd/cmyk.jpg", "", true, []string{"four inks (CMYK): they are converted to sRGB"}},
		{"github.com/GolosChain/tolstoy/issues/276", open, "/301x/photos/cat.jpg", "", true, []string{"This server never asks the origin again (--revalidate 0)", "the old one is served until it is forgotten"}},
		{"github.com/weserv/images/issues/429", open, "/dpr_1/odd/alpha.png", "", true, []string{"A PNG is lossless: it can have more bytes than the original"}},
		{"github.com/weserv/images/issues/142", open, "/300x/photos/late.jpg", "", true, []string{"has said that it does not exist, which is remembered until", "DELETE /cache/KEY"}},
		{"github.com/willnorris/imageproxy/issues/118", open, "/100x,f_jpeg/odd/alpha.png", "", true, []string{"What is transparent becomes #ffffff"}},
	} {
		query := url.Values{"accept": {q.accept}}
		if q.makes {
			query.Set("make", "1")
		}
		r := explained(t, q.server, q.path, query)
		for _, want := range q.answer {
			if !strings.Contains(r.all(), want) {
				t.Errorf("%s: %s: it does not say %q:\n%s", q.asked, q.path, want, r.all())
			}
		}
		t.Logf("%s: %s", q.asked, r.Summary)
	}
}
