package faults

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/e2e"
	"github.com/thumbery/thumbery/internal/testkit/misdeeds"
)

// storm is a load of honest requests and of pictures that misbehave.
type storm struct {
	flags    []string
	misdeeds []misdeeds.Misdeed
	each     int // pictures of each misdeed
	hits     int // requests for what is cached
	misses   int // requests for what is not
}

// Pictures that misbehave, among many more honest requests: each of them gets the one
// answer that is right for it, everybody else gets a picture, and when all is over, the
// server has as many processes, descriptors and bytes of memory as before. bench/hostile
// measures how much slower the honest requests are.
func TestCrashes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]storm{
		"crashes": {
			flags:    []string{"--memory", "2GiB", "--resize-timeout", "2m"},
			misdeeds: misdeeds.Quick,
			each:     3, hits: 1000, misses: 80,
		},
		// Without honest misses, which might be too slow, too, on a busy machine, and with so
		// few others that none of them waits for a process.
		"time": {
			flags:    []string{"--resize-timeout", "2s"},
			misdeeds: []misdeeds.Misdeed{misdeeds.Loop},
			each:     stormWorkers / 2, hits: 500,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

const stormWorkers = 4

func (st storm) run(t *testing.T) {
	dir := t.TempDir()
	photos := photographs(t, dir)
	args := []string{"--source", "/=file:" + dir, "--cache", t.TempDir(), "--workers", strconv.Itoa(stormWorkers)}
	hits := cachedIn(t, photos, args)
	s := e2e.Serve(t, append(args, st.flags...)...)
	v := visitor{s.URL, photos, hits}
	inTurn(t, v.honest(st.hits/10, st.misses/10, "fit_contain"))
	e2e.Client.CloseIdleConnections()
	before, memory := usageOf(t, s), residentMiB(t, s)

	visits := append(v.honest(st.hits, st.misses, "fit_cover"), v.hostile(t, dir, st.misdeeds, st.each)...)
	rand.New(rand.NewPCG(13, 1)).Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
	inTurn(t, visits)

	awaitUsage(t, s, before, e2e.Client.CloseIdleConnections)
	st.wantDeaths(t, s)
	if all := children(t, s); len(all) != stormWorkers+1 {
		t.Errorf("%d child processes, want %d", len(all), stormWorkers+1)
	}
	if dead := zombies(t, s); len(dead) > 0 {
		t.Errorf("zombies: %v", dead)
	}
	// Each child keeps some of what it took for pictures, until that is too much.
	const mayKeep = 50
	after := residentMiB(t, s)
	t.Logf("%.0f -> %.0f MiB", memory, after)
	if after > memory+(stormWorkers+1)*mayKeep {
		t.Errorf("%.0f MiB of memory, and %.0f before", after, memory)
	}
	e2e.Eventually(t, "the server is ready, and not degraded", func() bool {
		r := e2e.Get(t, s.Admin+"/readyz")
		return r.Status == http.StatusOK && strings.Contains(string(r.Body), `"degraded":false`)
	})
}

// wantDeaths checks the metric of deaths, and that each is in the log with its picture.
func (st storm) wantDeaths(t *testing.T, s *e2e.Server) {
	t.Helper()
	sent, all := map[string]int{"signal": 0, "memory": 0, "time": 0, "protocol": 0}, 0
	for _, m := range st.misdeeds {
		if m.Cause != "" {
			sent[m.Cause] += m.Deaths * st.each
			all += m.Deaths * st.each
		}
	}
	for cause, want := range sent {
		if n := s.Metric(t, `thumbery_worker_deaths_total{cause="`+cause+`"}`); n != float64(want) {
			t.Errorf("%v deaths of cause %s, want %d", n, cause, want)
		}
	}
	logged := regexp.MustCompile(`a child process that makes pictures died.* key=hostile-\S+ format=jpeg bytes=\d+`).FindAllString(s.Log.String(), -1)
	if len(logged) != all {
		t.Errorf("%d deaths are in the log, want %d", len(logged), all)
	}
}

// photographs puts photographs into dir and returns their keys.
func photographs(t *testing.T, dir string) (keys []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(e2e.Testdata(t), "photos", "*.jpg"))
	e2e.Must(t, err)
	for i, file := range files {
		key := fmt.Sprintf("photo-%d.jpg", i)
		e2e.Must(t, os.WriteFile(filepath.Join(dir, key), e2e.Read(t, file), 0o644))
		keys = append(keys, key)
	}
	return keys
}

// cachedIn has a picture made of each photograph, by a server with plenty of time, which
// ends then, and returns them by their paths.
func cachedIn(t *testing.T, photos, args []string) map[string][]byte {
	t.Helper()
	s := e2e.Serve(t, append(args, "--resize-timeout", "2m")...)
	defer s.Stop(t)
	hits := map[string][]byte{}
	for _, photo := range photos {
		path := "/300x200/" + photo
		r := e2e.Get(t, s.URL+path)
		e2e.WantPicture(t, r, 300, 200, "jpeg")
		hits[path] = r.Body
	}
	return hits
}

// visitor makes the requests of a storm.
type visitor struct {
	url    string
	photos []string
	hits   map[string][]byte
}

// honest are requests for pictures that are cached, and for others.
func (v visitor) honest(hits, misses int, fit string) (all []func() error) {
	paths := slices.Sorted(maps.Keys(v.hits))
	for n := range hits {
		path := paths[n%len(paths)]
		all = append(all, func() error {
			r, err := e2e.Do(http.MethodGet, v.url+path)
			if err == nil && (r.Status != http.StatusOK || !bytes.Equal(r.Body, v.hits[path])) {
				err = fmt.Errorf("hit %s: %d, %d bytes: %.200s", path, r.Status, len(r.Body), r.Body)
			}
			return err
		})
	}
	for n := range misses {
		path := fmt.Sprintf("/%dx120,%s/%s", 50+n, fit, v.photos[n%len(v.photos)])
		all = append(all, func() error {
			r, err := e2e.Do(http.MethodGet, v.url+path)
			if err == nil && r.Status == http.StatusOK {
				_, _, err = e2e.DecodeSize(r.Body)
			} else if err == nil {
				err = fmt.Errorf("miss %s: %d %.300s", path, r.Status, r.Body)
			}
			return err
		})
	}
	return all
}

// hostile are the visits for pictures that misbehave, which it puts into dir.
func (v visitor) hostile(t *testing.T, dir string, all []misdeeds.Misdeed, each int) (visits []func() error) {
	t.Helper()
	for _, m := range all {
		for i := range each {
			key := fmt.Sprintf("hostile-%s-%d.jpg", m.Name, i)
			e2e.Must(t, os.WriteFile(filepath.Join(dir, key), withMisdeed(t, m.Name), 0o644))
			visits = append(visits, func() error {
				for n, kind := range m.Answers {
					r, err := e2e.Do(http.MethodGet, fmt.Sprintf("%s/%dx/%s", v.url, 40+n, key))
					if err == nil {
						err = misdeeds.Check(kind, r.Status, r.Body)
					}
					if err != nil {
						return fmt.Errorf("%s, request %d: %w", key, n+1, err)
					}
				}
				return nil
			})
		}
	}
	return visits
}

// inTurn has as many clients as there are make visits, each one after the other, and
// reports what goes wrong.
func inTurn(t *testing.T, visits []func() error) {
	t.Helper()
	next := make(chan func() error)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for visit := range next {
				if err := visit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, visit := range visits {
		next <- visit
	}
	close(next)
	all.Wait()
}
