package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// build builds the program.
func (b *bench) build() (err error) {
	if b.binary == "" {
		b.binary, _, err = program.Build(b.dir)
	}
	return err
}

// server is a running thumbery.
type server struct {
	b       *bench
	address string
	name    string
	stop    func()
}

func (b *bench) serve(args ...string) (*server, error) {
	address, err := pinned.FreeAddress()
	if err != nil {
		return nil, err
	}
	photos, err := filepath.Abs(".photos")
	if err != nil {
		return nil, err
	}
	cache, err := os.MkdirTemp("", "thumbery-quality-")
	if err != nil {
		return nil, err
	}
	p, err := program.Start(address, nil, b.binary, append([]string{
		"serve", "--listen", address, "--admin", "", "--cache", cache, "--source", "/=file://" + photos,
	}, args...)...)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(cache))
	}
	return &server{b: b, address: address, name: "thumbery" + strings.Join(args, ""), stop: func() {
		p.Terminate()
		_ = os.RemoveAll(cache) // it is in a temporary directory
	}}, nil
}

func (s *server) make(p picture, width, quality int) (string, error) {
	r, err := http.Get(fmt.Sprintf("http://%s/%dx,q_%d/%s", s.address, width, quality, url.PathEscape(filepath.Base(p.path))))
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s %.200s", r.Status, body)
	}
	path := s.b.made(p, s.name, width, quality)
	return path, os.WriteFile(path, body, 0o644)
}
