package faults

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/thumbery/thumbery/e2e"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

// DNS fails for the name of the S3 server, or does not answer. Needs root, for a
// resolv.conf of its own.
func TestNameNotFound(t *testing.T) {
	t.Parallel()
	const pictures = 12
	names := startNames(t)
	backend := breakable(t, "s3")[0]
	source := regexp.MustCompile(`127\.0\.0\.1:`).ReplaceAllString(backend.Source(), "s3.example:")
	s := serveWithNames(t, append(shortTimeouts(), "--source", "/="+source, "--cache", t.TempDir())...)
	m := mixture(t, s.URL, pictures)
	for name, answer := range map[string]int32{"no such name": nxdomain, "server failure": servfail, "silence": silence} {
		t.Run(name, func(t *testing.T) {
			names.answer.Store(answer)
			e2e.Must(t, backend.Restore()) // closes the connections that there are
			tally := askAll(t, m)
			names.answer.Store(found)
			if tally.Count(outage.Unseen, http.StatusOK) > 0 {
				t.Error("the fault is none")
			}
			wantHonest(t, tally)
			wantRecovery(t, m)
		})
	}
}

// serveWithNames is Serve in a mount namespace in which nameServer answers for all names.
func serveWithNames(t *testing.T, args ...string) *e2e.Server {
	t.Helper()
	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolv, []byte("nameserver "+nameServer+"\noptions timeout:1 attempts:1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `mount --bind "$0" /etc/resolv.conf && exec "$@"`
	if out, err := exec.Command("unshare", "--mount", "sh", "-c", script, resolv, "true").CombinedOutput(); err != nil {
		t.Skipf("cannot have a resolv.conf of our own, which needs root: %v: %s", err, out)
	}
	s := e2e.StartCommand(t, append([]string{
		"unshare", "--mount", "sh", "-c", script, resolv, "env", "GODEBUG=netdns=go", // the C library's resolver may ask others first
		e2e.Binary, "serve", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
	}, args...))
	s.AwaitAddresses(t)
	return s
}

// nameServer is a loopback address that nobody else uses.
const nameServer = "127.71.53.5"

// Answers of the name server: DNS response codes (RFC 1035, 4.1.1), or none.
const (
	found    = 0
	servfail = 2
	nxdomain = 3
	silence  = -1
)

// nameserver is a DNS server that gives everybody the same answer.
type nameserver struct{ answer atomic.Int32 }

func startNames(t *testing.T) *nameserver {
	t.Helper()
	conn, err := net.ListenPacket("udp", nameServer+":53")
	if err != nil {
		t.Skipf("cannot be a name server, which needs root: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	n := &nameserver{}
	go n.serve(conn)
	return n
}

func (n *nameserver) serve(conn net.PacketConn) {
	query := make([]byte, 512)
	for {
		size, from, err := conn.ReadFrom(query)
		if err != nil {
			return
		}
		if code := n.answer.Load(); code != silence {
			_, _ = conn.WriteTo(reply(query[:size], byte(code)), from) // a client without an answer asks again
		}
	}
}

// reply is an answer to a query: with the code, and, if that is found and an IPv4 address
// was asked for, with 127.0.0.1 (RFC 1035, 4).
func reply(query []byte, code byte) []byte {
	const header, typeA = 12, 1
	end := header
	for end < len(query) && query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 1 + 4 // the root, type and class
	if end > len(query) {
		return nil
	}
	out := append([]byte{query[0], query[1], 0x81, 0x80 | code, 0, 1, 0, 0, 0, 0, 0, 0}, query[header:end]...)
	if code == found && query[end-3] == typeA {
		out[7] = 1 // one answer: the same name, A, IN, no time to live, four bytes
		out = append(out, 0xC0, header, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
	}
	return out
}
