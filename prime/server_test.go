package prime

import "testing"

func TestServer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Server{
		"http://127.0.0.1:8081": {base: "http://127.0.0.1:8081"}, "https://[::1]:1/": {base: "https://[::1]:1"},
		"unix:/run/a.sock": {"http://localhost", "/run/a.sock"},
		"":                 {}, "unix:": {}, "127.0.0.1:8081": {}, "http://": {}, "ftp://a": {}, "http://a/b": {}, "http://u:p@a": {}, "http://a?b": {},
	} {
		var s Server
		if err := s.UnmarshalText([]byte(text)); (err == nil) != (want.base != "") || s != want {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}
