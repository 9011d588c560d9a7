package peers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/invalidation"
)

const (
	// The pause after an error doubles from the first to the second, which bounds how late
	// a node hears from a peer that is back.
	minPause = 100 * time.Millisecond
	maxPause = time.Second
	// again is when an address is asked again that was this node's, or a second one of a
	// peer.
	again = 30 * time.Second

	connectTimeout = time.Second
	requestTimeout = hold + 5*time.Second
	// saveEvery keeps the cursor in a log that has no events from being forgotten.
	saveEvery = 24 * time.Hour

	// late is the age from which on an event is told to the caches in front of this
	// node once more: they were purged before it has forgotten the picture.
	late = 500 * time.Millisecond
	// clockMargin is how far this machine's clock may have been set since the log was
	// created.
	clockMargin = 10 * time.Minute
)

type status uint8

const (
	unknown status = iota // not answered yet, or not a peer of its own
	reachable
	unreachable
)

// peer is an address at which the log of another node is followed. status and behind, and
// at.Log for others than follow, are guarded by Peers.mu.
type peer struct {
	*Peers
	base string
	stop func()

	at    invalidation.Cursor // of the peer's log; the zero value before it is known
	saved time.Time

	status status
	behind uint64
}

// errNotPeer means that an address is this node's own, or that another address has the same
// log.
var errNotPeer = errors.New("not another peer")

func newClient(s Source) *http.Client {
	// A connection to a node that is out of reach ends after four seconds: later, the kernels
	// would wait longer and longer between two attempts to go on with it.
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 2}}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
	}
	if s.name != "" { // it has the certificate, and not the address
		transport.TLSClientConfig = &tls.Config{ServerName: s.name}
	}
	return &http.Client{Transport: transport, Timeout: requestTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // or the token would go elsewhere
	}}
}

// follow asks for events and applies them, until ctx ends.
func (p *peer) follow(ctx context.Context) {
	defer p.set(unknown, invalidation.Cursor{}, 0)
	pause := minPause
	for ctx.Err() == nil {
		err := p.poll(ctx)
		switch {
		case err == nil:
			pause = minPause
			continue
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNotPeer):
			p.set(unknown, invalidation.Cursor{}, 0)
			sleep(ctx, again)
			continue
		}
		if p.status != unreachable {
			p.Logger.Warn("cannot hear from a peer which pictures to forget", "peer", p.base, "cause", err)
		}
		p.set(unreachable, invalidation.Cursor{}, p.behind)
		sleep(ctx, pause)
		pause = min(2*pause, maxPause)
	}
}

// set notes what others may know. Of two addresses of one log, the first one follows it.
func (p *peer) set(s status, at invalidation.Cursor, behind uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, other := range p.peers {
		if other != p && at.Log != "" && other.at.Log == at.Log {
			return false
		}
	}
	p.status, p.at, p.behind = s, at, behind
	return true
}

// poll sends one request, and applies the answer.
func (p *peer) poll(ctx context.Context) error {
	asked := time.Now()
	a, err := p.ask(ctx)
	if err != nil {
		return err
	}
	if a.Log != p.at.Log {
		return p.begin(ctx, a)
	}
	if a.Lost > 0 {
		p.Log.ReportLost(p.base, a.Lost)
	}
	underWay := time.Since(asked) - time.Duration(a.Held)*time.Millisecond
	if err := p.apply(ctx, a.Events, max(0, underWay)); err != nil {
		return err
	}
	next := invalidation.Cursor{Log: a.Log, Seq: a.Next}
	if next != p.at || time.Since(p.saved) > saveEvery {
		if err := p.Log.SaveCursor(a.Log, next); err != nil {
			p.Logger.Warn("what a peer has told will be forgotten again after a restart", "peer", p.base, "cause", err)
		}
		p.saved = time.Now()
	}
	p.set(reachable, next, a.Behind)
	return nil
}

// begin begins to follow a log, where this node was in it the last time, or at its start.
func (p *peer) begin(ctx context.Context, a answer) error {
	own, err := p.Log.End(ctx)
	if err != nil {
		return err
	}
	at, ok := p.Log.Cursor(a.Log)
	if !ok || at.Log != a.Log {
		at = invalidation.Cursor{Log: a.Log}
	}
	p.saved = time.Time{}
	if a.Log == own.Log || !p.set(reachable, at, a.Next-min(at.Seq, a.Next)) {
		return errNotPeer
	}
	p.Logger.Info("hearing from a peer which pictures to forget", "peer", p.base, "log", a.Log, "after", at.Seq)
	return nil
}

// apply forgets pictures here. The caches in front are told of those that they may have got
// again meanwhile: an answer may have waited for a node that hung.
func (p *peer) apply(ctx context.Context, events []event, underWay time.Duration) error {
	if len(events) == 0 {
		return nil
	}
	born, err := p.Log.Born(ctx)
	if err != nil {
		return err
	}
	var relay []invalidation.Event
	for _, e := range events {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		age := time.Duration(e.Age) * time.Millisecond
		if since := time.Since(born); !born.IsZero() && since >= 0 && age > since+clockMargin {
			continue // when it was appended, nothing was cached here
		}
		age += underWay
		p.Forget(e.Key, age)
		relay = append(relay, invalidation.Event{Key: e.Key, Late: age > late})
	}
	return p.Log.Relay(ctx, relay...)
}

func (p *peer) ask(ctx context.Context) (answer, error) {
	query := url.Values{}
	if p.at.Log != "" {
		query = url.Values{"log": {p.at.Log}, "after": {strconv.FormatUint(p.at.Seq, 10)}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/invalidations?"+query.Encode(), nil)
	if err != nil {
		return answer{}, err
	}
	if p.Source.scheme == "https" {
		req.Host = net.JoinHostPort(p.Source.name, p.Source.port)
	}
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return answer{}, fmt.Errorf("the answer is %s", res.Status)
	}
	return readAnswer(res.Body)
}
