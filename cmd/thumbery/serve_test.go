package main

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/storage"
)

// The public listener has the page only where it serves nothing but the pictures that come
// with the code, to everybody.
func TestIsDemo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sources []string
		keys    []string
		token   string
		want    bool
	}{
		{[]string{settings.DefaultSource}, nil, "", true},
		{[]string{settings.DefaultSource}, nil, "a-token", false},
		{[]string{settings.DefaultSource}, []string{"k1:a-secret-of-the-tests"}, "", false},
		{[]string{settings.DefaultSource, "/a=" + strings.TrimPrefix(settings.DefaultSource, "/=")}, nil, "", false},
		{[]string{"/=file:///srv/pictures"}, nil, "", false},
		{[]string{"/=s3://bucket"}, nil, "", false},
		{nil, nil, "", false},
	} {
		c := serveCmd{}
		c.Key, c.AdminToken = tt.keys, tt.token
		for _, text := range tt.sources {
			var s storage.Source
			if err := s.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			c.Source = append(c.Source, s)
		}
		if got := c.isDemo(); got != tt.want {
			t.Errorf("%q, %q, %q: %t", tt.sources, tt.keys, tt.token, got)
		}
	}
}

// There is one address to open.
func TestDemoAddress(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{"::": "localhost", "127.0.0.1": "127.0.0.1"} {
		var out bytes.Buffer
		demo(&out, &net.TCPAddr{IP: net.ParseIP(ip), Port: 8080})
		if text := out.String(); strings.Count(text, "http") != 1 || !strings.Contains(text, "http://"+want+":8080/ui/\n") {
			t.Errorf("%s: %s", ip, text)
		}
	}
}

// Where nothing is printed for the demo, the log says where the page is, if a browser can open it.
func TestPageAddress(t *testing.T) {
	t.Parallel()
	listen := func(network, address string) []net.Listener {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		return []net.Listener{l}
	}
	public, tcp := listen("tcp", "127.0.0.1:0"), listen("tcp", "127.0.0.1:0")
	page := "the page is at http://" + tcp[0].Addr().String() + "/ui/"
	for _, tt := range []struct {
		admin []net.Listener
		demo  bool
		want  string
	}{
		{tcp, false, page},
		{tcp, true, ""},
		{listen("unix", filepath.Join(t.TempDir(), "admin.sock")), false, ""},
		{nil, false, ""},
	} {
		c := serveCmd{}
		if tt.demo {
			var s storage.Source
			if err := s.UnmarshalText([]byte(settings.DefaultSource)); err != nil {
				t.Fatal(err)
			}
			c.Source = append(c.Source, s)
		}
		var log bytes.Buffer
		c.greet(io.Discard, slog.New(slog.NewTextHandler(&log, nil)), lifecycle.Listeners{Public: public, Admin: tt.admin})
		if got := log.String(); strings.Contains(got, "the page") != (tt.want != "") || !strings.Contains(got, tt.want) {
			t.Errorf("%v, demo %t: %s", tt.admin, tt.demo, got)
		}
	}
}
