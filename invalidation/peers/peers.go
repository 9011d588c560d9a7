// Package peers lets the nodes of a cluster tell each other which pictures are to be
// forgotten: each asks all others for the events of their logs (GET /invalidations, by long
// polling), and applies them: follow.go asks and forgets, handler.go answers.
//
// Asking has three advantages over telling: the cursor is kept with the cache that it
// describes, so a node that was down, paused or out of reach hears what it has missed, even
// under a new address; nobody has to know who should hear; and a node that is gone for ever
// leaves no queue behind.
package peers

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/internal/panics"
	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

// Config is what Peers are made of. All fields are required, but for Token.
type Config struct {
	Source Source
	Token  string // sent as Authorization: Bearer, unless it is ""
	Log    *invalidation.Log
	// Forget forgets a picture on this node. It is called by several goroutines, and again
	// after an error.
	Forget func(key variant.Key) error
	Logger *slog.Logger
}

// Peers follow the logs of other nodes.
type Peers struct {
	Config
	client *http.Client
	lookUp func(ctx context.Context, network, host string) ([]netip.Addr, error)

	failed bool // the last look-up of the addresses; for Run alone

	mu    sync.Mutex
	peers map[string]*peer // by base URL
}

// New returns Peers that do nothing before Run.
func New(c Config) *Peers {
	return &Peers{Config: c, client: newClient(c.Source), lookUp: net.DefaultResolver.LookupNetIP, peers: map[string]*peer{}}
}

const (
	// resolveEvery is the pause between two look-ups of the peers' addresses.
	resolveEvery   = 3 * time.Second
	resolveTimeout = 5 * time.Second
	// forgetCursorsEvery is the pause between two ForgetCursors.
	forgetCursorsEvery = 24 * time.Hour
)

// Run follows all peers until ctx ends. Those whose address is not among the peers' any more
// are followed no longer.
func (p *Peers) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	var cleaned time.Time
	for {
		p.update(ctx, &running)
		if now := time.Now(); now.Sub(cleaned) >= forgetCursorsEvery {
			cleaned = now
			if err := p.Log.ForgetCursors(); err != nil {
				p.Logger.Warn("cannot remove the cursors of peers that are gone", "cause", err)
			}
		}
		if invalidation.Sleep(ctx, resolveEvery-rand.N(resolveEvery/4)) != nil {
			return
		}
	}
}

// update begins and ends following, as the peers' addresses say. If they cannot be resolved,
// all stays as it is.
func (p *Peers) update(ctx context.Context, running *sync.WaitGroup) {
	limited, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	bases, err := p.Source.resolve(limited, p.lookUp)
	if err != nil && !p.failed && ctx.Err() == nil {
		p.Logger.Warn("cannot look up the peers", "cause", err)
	}
	if p.failed = err != nil; p.failed {
		return
	}
	if len(bases) > maxPeers {
		p.Logger.Error("there are too many peers: the others do not tell this node what to forget", "peers", len(bases), "limit", maxPeers)
		bases = bases[:maxPeers]
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for base, peer := range p.peers {
		if !slices.Contains(bases, base) {
			peer.stop()
			delete(p.peers, base)
		}
	}
	for _, base := range bases {
		if p.peers[base] != nil {
			continue
		}
		following, stop := context.WithCancel(ctx)
		peer := &peer{Peers: p, base: base, stop: stop}
		p.peers[base] = peer
		running.Go(func() { panics.Loop(following, "invalidations", peer.follow) })
	}
}

// State is what the metrics say about the peers, without this node.
type State struct {
	Reachable, Unreachable int
	// Behind is how many events this node has not applied yet, of all that it knows of.
	Behind uint64
}

// State returns the state of all peers.
func (p *Peers) State() (s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, peer := range p.peers {
		switch peer.status {
		case reachable:
			s.Reachable++
		case unreachable:
			s.Unreachable++
		}
		s.Behind += peer.behind
	}
	return s
}
