package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

const (
	bucket = "photos"
	// latency is added to what S3 sends.
	latency = 20 * time.Millisecond
)

// setup is S3 with all photographs.
type setup struct {
	*bench
	t     pinned.T
	store *minio.Server
	proxy *toxiproxy.Proxy
	// photos have their keys by keyOf.
	photos []photo
	sets   []set
}

// set is some of the photographs.
type set struct {
	name   string
	photos []photo
}

func (b *bench) start(t pinned.T) (*setup, error) {
	s := &setup{bench: b, t: t, store: minio.Start(t)}
	s.store.MakeBucket(t, bucket)
	s.proxy = toxiproxy.Start(t).New(t, "s3", s.store.Endpoint[len("http://"):])
	if err := s.proxy.AddToxic(toxiproxy.Latency(latency.Milliseconds())); err != nil {
		return nil, err
	}
	var err error
	if s.photos, err = b.photographs(); err != nil {
		return nil, err
	}
	if err := s.upload(s.photos, ""); err != nil {
		return nil, err
	}
	s.sets, err = s.chosen()
	return s, err
}

// upload puts photographs into the bucket, under keys below a prefix.
func (s *setup) upload(photos []photo, prefix string) error {
	for _, p := range photos {
		data, err := os.ReadFile(p.file)
		if err != nil {
			return err
		}
		if err := s.store.Upload(s.t.Context(), bucket, prefix+keyOf(p), data); err != nil {
			return err
		}
	}
	return nil
}

// keyOf is like crops100/017.jpg.
func keyOf(p photo) string {
	return filepath.Base(filepath.Dir(p.file)) + "/" + filepath.Base(p.file)
}

func keysOf(photos []photo) (keys []string) {
	for _, p := range photos {
		keys = append(keys, keyOf(p))
	}
	return keys
}

// chosen are the sets that were asked for.
func (s *setup) chosen() (sets []set, err error) {
	for _, name := range list(s.kinds) {
		photos := s.photos
		if name != "all" {
			photos = largeOnes(photos)
		}
		switch name {
		case "all", "large":
		case "baseline":
			if photos, err = s.baselines(photos); err == nil {
				err = s.upload(photos, "")
			}
		default:
			err = fmt.Errorf("there is no set %q", name)
		}
		if err != nil {
			return nil, err
		}
		sets = append(sets, set{name, photos})
	}
	return sets, nil
}

// String tells of what the set is.
func (s set) String() string {
	pixels, progressive := 0, 0
	for _, p := range s.photos {
		pixels += p.pixels()
		if p.progressive {
			progressive++
		}
	}
	return fmt.Sprintf("%s: %d photographs, %.1f megapixels in the mean, %d of them progressive",
		s.name, len(s.photos), float64(pixels)/1e6/float64(max(1, len(s.photos))), progressive)
}

// server is a running thumbery.
type server struct {
	*program.Program
	*client
	admin *client
	cache string
}

// serve starts a server with an empty cache, or with that of another one that has
// ended. The caller ends it.
func (s *setup) serve(cache string, args ...string) (*server, error) {
	public, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	admin, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	if cache == "" {
		cache = s.t.TempDir()
	}
	env := []string{"AWS_ACCESS_KEY_ID=" + s.store.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.store.SecretKey, "AWS_EC2_METADATA_DISABLED=true"}
	p, err := program.Start(public, env, s.binary, append([]string{
		"serve", "--listen", public, "--admin", admin, "--cache", cache, "--max-versions", "0",
		"--source", fmt.Sprintf("/=s3://%s?endpoint=http://%s", bucket, s.proxy.Address),
	}, args...)...)
	if err != nil {
		return nil, err
	}
	return &server{Program: p, client: newClient("http://" + public), admin: newClient("http://" + admin), cache: cache}, nil
}

// end stops the server. Its cache stays until all is measured: ext4 looks for inodes
// that were not deleted lately, which would slow the next program that creates files.
func (s *server) end() {
	s.close()
	s.admin.close()
	s.Terminate()
}
