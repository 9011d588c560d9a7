package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

const (
	pictures = 1000 // the first half of them cached
	clients  = 16
)

// setup is a server, and what it serves.
type setup struct {
	place  *outage.Backend
	mix    *outage.Mix
	photo  string // the key of a photograph, whose original is cached
	admin  *outage.Client
	server *program.Program
}

func (b *bench) start(t pinned.T) (*setup, error) {
	store := minio.Start(t)
	outage.Fill(t, store, pictures, outage.Width, outage.Height)
	photo, err := upload(t, store)
	if err != nil {
		return nil, err
	}
	s := &setup{photo: photo, place: outage.NewBackend(t, toxiproxy.Start(t), store, "s3")}
	public, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	env := []string{"AWS_ACCESS_KEY_ID=" + store.AccessKey, "AWS_SECRET_ACCESS_KEY=" + store.SecretKey}
	s.server, err = program.Start(
		public, env, b.binary, "serve", "--listen", public, "--admin", admin, "--cache", t.TempDir(), "--source", "/="+s.place.Source(),
		// Half of the hits are in memory. The time-outs are such that what hangs
		// is seen in the time that a fault lasts.
		"--hot", "1MiB", "--connect-timeout", "1s", "--first-byte-timeout", "2s", "--stall-timeout", "2s", "--fetch-timeout", "10s",
		"--max-versions", "0", // what was never seen is told by a version
	)
	if err != nil {
		return nil, err
	}
	t.Cleanup(s.server.Terminate)
	s.admin = outage.NewClient("http://"+admin, 1)
	s.mix = &outage.Mix{Client: outage.NewClient("http://"+public, 64), Pictures: pictures, Clients: clients}
	if err := s.mix.Warm(t.Context()); err != nil {
		return nil, err
	}
	return s, s.warmPhoto(t.Context())
}

// upload puts a photograph of middling size into the bucket. It is one, as of
// several the small ones would be made under load, and the large ones refused:
// that would count as more.
func upload(t pinned.T, store *minio.Server) (key string, err error) {
	files, err := program.Photographs()
	if err != nil {
		return "", err
	}
	all := make([][]byte, len(files))
	for i, file := range files {
		if all[i], err = os.ReadFile(file); err != nil {
			return "", err
		}
	}
	slices.SortFunc(all, func(a, b []byte) int { return len(a) - len(b) })
	store.Put(t, outage.Bucket, "photo.jpg", all[len(all)/2])
	return "photo.jpg", nil
}

func (s *setup) warmPhoto(ctx context.Context) error {
	if a := s.mix.Client.Get(ctx, "/300x200/"+s.photo); a.Status != http.StatusOK {
		return fmt.Errorf("%s: %d %.300s %w", s.photo, a.Status, a.Body, a.Err)
	}
	return nil
}

// usage returns the resources that the server uses, without connections.
func (s *setup) usage(ctx context.Context) (string, error) {
	s.mix.Client.Close()
	if err := s.place.Restore(); err != nil { // closes those to S3
		return "", err
	}
	said := ""
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for range 50 { // until it says the same twice: connections end in their own time
		now, err := s.counts(ctx)
		if err != nil || now == said {
			break
		}
		said = now
		<-tick.C
	}
	memory, err := program.ResidentMiB(s.server.PID())
	return fmt.Sprintf("%s, %.0f MiB resident", said, memory), err
}

func (s *setup) counts(ctx context.Context) (string, error) {
	values, err := s.admin.Gauges(ctx, "go_goroutines", "process_open_fds")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%.0f goroutines, %.0f descriptors", values[0], values[1]), nil
}
