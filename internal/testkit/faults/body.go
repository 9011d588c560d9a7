package faults

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// spoil forwards a request and breaks the body of the answer. It writes to the connection
// itself, as net/http refuses to send broken answers.
func (p *Proxy) spoil(w http.ResponseWriter, r *http.Request, fault Fault, changed <-chan struct{}) {
	answer, body, err := p.fetch(r)
	if err != nil {
		panic(http.ErrAbortHandler) // as a server does that fails half-way
	}
	if r.Method != http.MethodGet || answer.StatusCode != http.StatusOK || len(body) == 0 {
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = w.Write(body) // the client may have left
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer conn.Close()
	writeSpoilt(conn, buffered.Writer, answer.Header, body, fault, changed)
}

// fetch forwards a request and reads the answer.
func (p *Proxy) fetch(r *http.Request) (*http.Response, []byte, error) {
	out := r.Clone(r.Context())
	out.RequestURI = ""
	answer := &recorder{header: http.Header{}}
	p.reverse.ServeHTTP(answer, out)
	return &http.Response{StatusCode: answer.status, Header: answer.header}, answer.body, r.Context().Err()
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   []byte
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) { r.status = status }

func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	r.body = append(r.body, p...)
	return len(p), nil
}

func writeSpoilt(conn net.Conn, w *bufio.Writer, header http.Header, body []byte, fault Fault, changed <-chan struct{}) {
	length := len(body)
	switch fault {
	case LongerLength:
		length += 1000
	case ShorterLength:
		length = length * 3 / 4
	}
	header = header.Clone()
	header.Set("Content-Length", fmt.Sprint(length))
	header.Set("Connection", "close")
	fmt.Fprint(w, "HTTP/1.1 200 OK\r\n")
	_ = header.Write(w) // errors stay in w until Flush
	fmt.Fprint(w, "\r\n")
	switch fault {
	case CutBody:
		_, _ = w.Write(body[:length/2])
	case StalledBody:
		_, _ = w.Write(body[:length/2])
		if w.Flush() == nil {
			<-ended(conn, changed)
		}
	case SlowBody:
		trickle(conn, w, body, changed)
	default:
		_, _ = w.Write(body)
	}
	_ = w.Flush() // the client may have left
}

// trickle writes a body at 100 kB/s, and the rest at once when the fault ends.
func trickle(conn net.Conn, w *bufio.Writer, body []byte, changed <-chan struct{}) {
	const piece, every = 5000, 50 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	over := ended(conn, changed)
	for len(body) > piece {
		_, _ = w.Write(body[:piece])
		if w.Flush() != nil {
			return
		}
		body = body[piece:]
		select {
		case <-over:
			_, _ = w.Write(body)
			return
		case <-tick.C:
		}
	}
	_, _ = w.Write(body)
}

// ended is closed when the client has left or the fault is over.
func ended(conn net.Conn, changed <-chan struct{}) <-chan struct{} {
	left := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, conn) // ends when the connection does
		close(left)
	}()
	over := make(chan struct{})
	go func() {
		select {
		case <-left:
		case <-changed:
		}
		close(over)
	}()
	return over
}
