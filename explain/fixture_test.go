package explain_test

import (
	"context"
	"fmt"
	"image"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/cache/disk"
	"github.com/thumbery/thumbery/explain"
	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/derivatives"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/pipeline/mezzanines"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/pipeline/render"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/resizetest"
	"github.com/thumbery/thumbery/storage/storagetest"
	"github.com/thumbery/thumbery/variant"
)

// service is a public listener on a real cache directory, with a fake engine and origin, and
// the Engine that explains it.
type service struct {
	*explain.Engine
	public    *api.Server
	pipeline  *pipeline.Pipeline
	origin    *storagetest.Fake
	resizer   *resizetest.Fake
	keys      *variant.Keyring
	directory string
	answered  int
}

func (s *service) Answered(context.Context, api.Answer) { s.answered++ }

// config is what a test may change.
type config struct {
	pipeline.Config
	public  api.Config
	explain explain.Config
}

func newService(t *testing.T, change ...func(*config)) *service {
	t.Helper()
	s := &service{
		directory: t.TempDir(),
		origin: storagetest.NewFake(map[string][]byte{
			"cat.jpg": resizetest.JPEG(image.NewRGBA(image.Rect(0, 0, 80, 60))), "text.jpg": []byte("this is a text, and no picture"),
		}),
		resizer: &resizetest.Fake{Formats: []variant.Format{variant.JPEG, variant.PNG, variant.WebP, variant.AVIF}},
	}
	log := slog.New(slog.DiscardHandler)
	dir, err := disk.OpenDirectory(s.directory, disk.DirectoryOptions{NoSync: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	c := config{Config: pipeline.Config{
		Originals: originals.Config{
			Origin: s.origin, Cache: dir.Originals, Fetches: gate.New(8, 8, 64), MaxBytes: 1 << 20, FetchTimeout: time.Minute, NegativeTTL: time.Minute,
		},
		Derivatives: derivatives.Config{Cache: dir.Derivatives, MemoryBytes: 1 << 20},
		Mezzanines:  mezzanines.Config{Cache: dir.Mezzanines},
		Render: render.Config{
			Resizer: s.resizer, Gate: gate.New(2, 1<<20, 8), Timeout: time.Minute,
			Settings: resize.Settings{MaxPixels: 1 << 20, CanWrite: s.resizer.CanWrite},
		},
		Log: log, Now: time.Now,
	}}
	c.public = api.Config{MaxAge: time.Hour, Observer: s, Log: log, Keys: &variant.Keyring{}}
	c.explain = explain.Config{Now: time.Now}
	for _, f := range change {
		f(&c)
	}
	s.pipeline = pipeline.New(c.Config)
	c.public.Pipeline = s.pipeline
	s.public = api.New(c.public)
	c.explain.Pipeline, c.explain.Public, c.explain.Rules, c.explain.Keys = s.pipeline, s.public, c.public.Rules, c.public.Keys
	s.keys = c.public.Keys
	s.Engine = explain.New(c.explain)
	return s
}

// ask explains a path for a client with that Accept.
func (s *service) ask(t *testing.T, path, accept string) explain.Report {
	t.Helper()
	return s.Explain(t.Context(), explain.Question{Path: path, Header: http.Header{"Accept": {accept}}})
}

func (s *service) make(t *testing.T, path, accept string) explain.Report {
	t.Helper()
	return s.Explain(t.Context(), explain.Question{Path: path, Header: http.Header{"Accept": {accept}}, Make: true})
}

func section(t *testing.T, r explain.Report, name string) explain.Section {
	t.Helper()
	i := slices.IndexFunc(r.Sections, func(s explain.Section) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no section %s in %+v", name, r)
	}
	return r.Sections[i]
}

// says fails the test unless a section says that.
func says(t *testing.T, r explain.Report, name, text string) {
	t.Helper()
	if all := strings.Join(section(t, r, name).Text, "\n"); !strings.Contains(all, text) {
		t.Errorf("%s: %s does not say %q:\n%s", r.URL, name, text, all)
	}
}

// tree describes every file below a directory: its name, size, times and attributes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		st, _ := info.Sys().(*syscall.Stat_t)
		all[path] = fmt.Sprintf("%v %d %d %d %v %v %v", info.Mode(), info.Size(), st.Ino, st.Nlink, st.Mtim, st.Ctim, st.Atim)
		if d.IsDir() { // reading one is a use
			all[path] = fmt.Sprintf("%v %d %v %v", info.Mode(), st.Ino, st.Mtim, st.Ctim)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// age makes all files as old as if they had last been used a week ago, so that any use shows.
func age(t *testing.T, dir string) {
	t.Helper()
	for path := range tree(t, dir) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			if err := os.Chtimes(path, time.Now().Add(-7*24*time.Hour), info.ModTime()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func differences(before, after map[string]string) (all []string) {
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if before[path] != after[path] {
			all = append(all, fmt.Sprintf("%s was %s and is %s", path, before[path], after[path]))
		}
	}
	return all
}
