package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
)

// The public listener has the page only where it serves nothing but the pictures that come
// with the code, to everybody.
func TestIsDemo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sources []string
		keys    []string
		want    bool
	}{
		{[]string{settings.DefaultSource}, nil, true},
		{[]string{settings.DefaultSource}, []string{"k1:a-secret-of-the-tests"}, false},
		{[]string{settings.DefaultSource, "/a=" + strings.TrimPrefix(settings.DefaultSource, "/=")}, nil, false},
		{[]string{"/=file:///srv/pictures"}, nil, false},
		{[]string{"/=s3://bucket"}, nil, false},
		{nil, nil, false},
	} {
		c := serveCmd{}
		c.Key = tt.keys
		for _, text := range tt.sources {
			var s values.Source
			if err := s.UnmarshalText([]byte(text)); err != nil {
				t.Fatal(err)
			}
			c.Source = append(c.Source, s)
		}
		if got := c.isDemo(); got != tt.want {
			t.Errorf("%q, %q: %t", tt.sources, tt.keys, got)
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
