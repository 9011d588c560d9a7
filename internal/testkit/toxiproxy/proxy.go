package toxiproxy

import (
	"net/http"

	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

// Proxy forwards connections to a server. Its methods are for one goroutine at a time.
type Proxy struct {
	Address string // 127.0.0.1:port, for as long as the Server runs

	server   *Server
	name     string
	settings map[string]any
}

// New makes a proxy to upstream, a host:port.
func (s *Server) New(t pinned.T, name, upstream string) *Proxy {
	t.Helper()
	address := pinned.MustFreeAddress(t)
	p := &Proxy{Address: address, server: s, name: name}
	p.settings = map[string]any{"name": name, "listen": address, "upstream": upstream, "enabled": true}
	if err := p.create(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *Proxy) create() error { return p.server.call(http.MethodPost, "/proxies", p.settings) }

// Down closes all connections and refuses new ones.
func (p *Proxy) Down() error { return p.enable(false) }

// Up ends Down.
func (p *Proxy) Up() error { return p.enable(true) }

func (p *Proxy) enable(enabled bool) error {
	return p.server.call(http.MethodPost, "/proxies/"+p.name, map[string]bool{"enabled": enabled})
}

// Toxic is a fault in what the server sends.
type Toxic struct {
	kind       string
	toxicity   float64
	attributes map[string]int64
}

// Latency delays everything by ms milliseconds.
func Latency(ms int64) Toxic { return Toxic{"latency", 1, map[string]int64{"latency": ms}} }

// Bandwidth limits each connection to kB kilobytes a second.
func Bandwidth(kB int64) Toxic { return Toxic{"bandwidth", 1, map[string]int64{"rate": kB}} }

// ResetPeer resets a connection (RST) some milliseconds after the first bytes arrive, none
// of which get through.
func ResetPeer(ms int64) Toxic { return Toxic{"reset_peer", 1, map[string]int64{"timeout": ms}} }

// LimitData closes a connection after some bytes.
func LimitData(bytes int64) Toxic { return Toxic{"limit_data", 1, map[string]int64{"bytes": bytes}} }

// Lingerless makes connections end with a reset (RST), however they end: toxiproxy does so
// with ResetPeer, even if that never acts.
func Lingerless() Toxic { return Toxic{"reset_peer", 0, map[string]int64{"timeout": 0}} }

// Timeout lets nothing through, and closes connections after ms milliseconds; 0 is never.
func Timeout(ms int64) Toxic { return Toxic{"timeout", 1, map[string]int64{"timeout": ms}} }

// Slicer forwards everything in pieces of about that many bytes, with pauses of some
// microseconds.
func Slicer(bytes, microseconds int64) Toxic {
	return Toxic{"slicer", 1, map[string]int64{"average_size": bytes, "size_variation": bytes / 2, "delay": microseconds}}
}

// AddToxic adds toxics of different kinds, behind those that exist.
func (p *Proxy) AddToxic(toxics ...Toxic) error {
	for _, toxic := range toxics {
		settings := map[string]any{
			"name": toxic.kind, "type": toxic.kind, "stream": "downstream", "toxicity": toxic.toxicity, "attributes": toxic.attributes,
		}
		if err := p.server.call(http.MethodPost, "/proxies/"+p.name+"/toxics", settings); err != nil {
			return err
		}
	}
	return nil
}

// Clear removes all toxics, ends Down and closes all connections. It replaces the proxy:
// toxiproxy takes seconds to remove toxics that hold bytes back.
func (p *Proxy) Clear() error {
	if err := p.server.call(http.MethodDelete, "/proxies/"+p.name, nil); err != nil {
		return err
	}
	return p.create()
}
