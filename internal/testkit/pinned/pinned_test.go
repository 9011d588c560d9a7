package pinned

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestVersion(t *testing.T) {
	tool := Tool{Module: "github.com/minio/minio"}
	tests := []struct{ text, want string }{
		{"module x\n\nrequire github.com/minio/minio v1.2.3\n", "v1.2.3"},
		{"require (\n\tgithub.com/minio/minio-go/v7 v7.0.0 // indirect\n\tgithub.com/minio/minio v0.0.0-x // indirect\n)\n", "v0.0.0-x"},
		{"tool github.com/minio/minio\n", ""},
		{"", ""},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "go.mod")
		if err := os.WriteFile(path, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if got, err := tool.version(path); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%q: %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

// The files of a failed build are not taken for a server.
func TestBrokenBuild(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "server")
	var said strings.Builder
	tool := Tool{Name: "server", Package: "example.com/server"}
	if err := tool.build(t.Context(), t.TempDir(), binary, &said); err == nil || isExecutable(binary) {
		t.Errorf("a build without a module gives %v", err)
	}
	if !strings.Contains(said.String(), "cannot find main module") {
		t.Errorf("the progress does not show why: %q", said.String())
	}
}

func TestLog(t *testing.T) {
	var b Log
	for range 3 {
		if n, err := b.Write(make([]byte, logLimit/2+1)); n != logLimit/2+1 || err != nil {
			t.Errorf("Write gives %d, %v", n, err)
		}
	}
	if n := len(b.String()); n != logLimit {
		t.Errorf("kept %d bytes, want %d", n, logLimit)
	}
}

// A run outside of a test cleans up in reverse order, however it ends.
func TestRun(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(T)
		want string
	}{
		{"well", func(T) {}, ""},
		{"fatally", func(t T) { t.Fatalf("no %s", "luck") }, "no luck"},
		{"in a panic", func(T) { panic(errors.New("boom")) }, "panic: boom"},
	} {
		var order []string
		var dir string
		err := Run(t.Context(), func(r T) {
			dir = r.TempDir()
			r.Cleanup(func() { order = append(order, "first") })
			r.Cleanup(func() {
				order = append(order, "second")
				if !errors.Is(r.Context().Err(), context.Canceled) {
					t.Errorf("%s: the context goes on", tt.name)
				}
				if r.Failed() != (tt.want != "") {
					t.Errorf("%s: Failed is %v", tt.name, r.Failed())
				}
			})
			tt.end(r)
		})
		if (err == nil) != (tt.want == "") || err != nil && err.Error() != tt.want {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if strings.Join(order, " ") != "second first" {
			t.Errorf("%s: cleaned up %v", tt.name, order)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the directory is there", tt.name)
		}
	}
}

// A port is given once: a server may be started at its address long after another test has
// asked for one.
func TestFreeAddressIsReserved(t *testing.T) {
	t.Parallel()
	_, port, err := net.SplitHostPort(MustFreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	if err := reserve(n); runtime.GOOS == "linux" && !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("port %d can be reserved again: %v", n, err)
	}
}
