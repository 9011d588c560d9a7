package e2e

import (
	"io"
	"net/http"
	"testing"
)

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Get sends a GET request and ends the test if no answer comes. Headers are names and
// values in turn.
func Get(t testing.TB, url string, headers ...string) Response { return Ask(t, "GET", url, headers...) }

// Ask is Get with another method.
func Ask(t testing.TB, method, url string, headers ...string) Response {
	t.Helper()
	r, err := Do(method, url, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Client does not decompress, follow redirects or add headers by itself.
var Client = &http.Client{
	Transport:     &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Do is Ask for goroutines, which must not end the test.
func Do(method, url string, headers ...string) (Response, error) {
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		return Response{}, err
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := Client.Do(req)
	if err != nil {
		return Response{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return Response{res.StatusCode, res.Header, body}, err
}
