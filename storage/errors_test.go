package storage_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/dir"
	"github.com/thumbery/thumbery/storage/s3"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	dial := func(errno syscall.Errno) error {
		return &url.Error{Op: "Get", URL: "http://s3", Err: &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", errno)}}
	}
	tests := []struct {
		name      string
		cause     error
		transient bool
	}{
		{"no descriptors of the process", dial(syscall.EMFILE), true},
		{"no descriptors of the machine", dial(syscall.ENFILE), true},
		{"no ports", dial(syscall.EADDRNOTAVAIL), true},
		{"no buffers", dial(syscall.ENOBUFS), true},
		{"no memory", dial(syscall.ENOMEM), true},
		{"no descriptors to open a file", &os.PathError{Op: "open", Path: "a", Err: syscall.EMFILE}, true},
		{"no descriptors to resolve a name", &net.DNSError{Err: "dial udp: socket: " + syscall.EMFILE.Error(), Name: "s3"}, true},
		{"no such name", &net.DNSError{Err: "no such host", Name: "s3", IsNotFound: true}, false},
		{"refused", dial(syscall.ECONNREFUSED), false},
		{"a disk that fails", &os.PathError{Op: "open", Path: "a", Err: syscall.EIO}, false},
		{"words", errors.New(syscall.EMFILE.Error()), false},
	}
	for _, tt := range tests {
		err := storage.Unavailable(t.Context(), "place", tt.cause)
		if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrTransient) != tt.transient || errors.Is(err, storage.ErrRefused) {
			t.Errorf("%s: %v; want it transient: %t", tt.name, err, tt.transient)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := storage.Transient(ctx, "place", errors.New("any")); !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("with a context that is done: %v", err)
	}
}

// TestChainOfTransients: a chain is transient only if all its failures are.
func TestChainOfTransients(t *testing.T) {
	t.Parallel()
	transient := storage.Transient(t.Context(), "place", errors.New("any"))
	one, other := storagetest.Named("one"), storagetest.Named("other")
	one.FailAll(transient)
	other.FailAll(transient)
	chain := storage.Chain(one, other)
	if err := open(t.Context(), chain, "key"); !errors.Is(err, storage.ErrTransient) || !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v, want ErrTransient", err)
	}
	other.FailAll(storagetest.Refused())
	if err := open(t.Context(), chain, "key"); errors.Is(err, storage.ErrTransient) || !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
}

// TestNoDescriptors: a process that may open no more files blames no backend for it,
// and takes no object for missing. It runs in a process of its own.
func TestNoDescriptors(t *testing.T) {
	const inChild = "THUMBERY_TEST_NO_DESCRIPTORS"
	if os.Getenv(inChild) == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestNoDescriptors$", "-test.v")
		child.Env = append(os.Environ(), inChild+"=1")
		if said, err := child.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, said)
		}
		return
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Last-Modified", "Fri, 17 May 2024 10:30:00 GMT")
		w.Header().Set("Connection", "close") // each request needs a descriptor
		_, _ = io.WriteString(w, "a")
	}))
	defer server.Close()
	// The bucket comes last: of its connections one may give back a descriptor late.
	for _, backend := range []storage.Backend{dirWithA(t), bucketAt(t, server.URL)} {
		g := withBreaker(backend)
		release := exhaust(t)
		for range 5 {
			if err := open(t.Context(), g, "a"); !errors.Is(err, storage.ErrTransient) || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("%s: %v, want ErrTransient", backend, err)
			}
		}
		release()
		if err := open(t.Context(), g, "a"); err != nil || g.Down() {
			t.Errorf("%s, with descriptors: %v, down %t", backend, err, g.Down())
		}
	}
}

func bucketAt(t *testing.T, endpoint string) storage.Backend {
	t.Helper()
	u, err := url.Parse("s3://bucket?anonymous=true&region=us-east-1&endpoint=" + endpoint)
	if err != nil {
		t.Fatal(err)
	}
	backend, err := s3.Open(u, s3.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return backend
}

func dirWithA(t *testing.T) storage.Backend {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	backend, err := dir.New(root)
	if err != nil {
		t.Fatal(err)
	}
	return backend
}

// exhaust leaves the process no descriptor until release is called.
func exhaust(t *testing.T) (release func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			if !errors.Is(err, syscall.EMFILE) {
				t.Fatal(err)
			}
			break
		}
		files = append(files, f)
	}
	return func() {
		for _, f := range files {
			_ = f.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Fatal(fmt.Errorf("give back: %w", err))
		}
	}
}
