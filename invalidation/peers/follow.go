package peers

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/thumbery/thumbery/invalidation"
)

const (
	// The pause after an error doubles from the first to the second, which bounds how late
	// a node hears from a peer that is back.
	minPause = 100 * time.Millisecond
	maxPause = time.Second

	connectTimeout = time.Second
	requestTimeout = hold + 5*time.Second
	warnEvery      = time.Minute
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

// peer is an address at which the log of another node is followed.
type peer struct {
	*Peers
	base string
	stop func()

	// For follow alone.
	at    invalidation.Cursor // of the peer's log; the zero value before it is known
	saved time.Time
	// warned is when it was last logged that the peer cannot be heard.
	warned time.Time

	// Guarded by Peers.mu.
	status status
	log    string // the ID of the log that is followed, "" while it is not
	behind uint64
}

var (
	// errNoPeer means that an address is this node's own, or a second one of a peer.
	errNoPeer = errors.New("this node, or one that is followed at another address")
	// errCopied means that the cache directory of one node was copied to another one.
	errCopied = errors.New("it has the same log as this node: remove the directory invalidations from the cache of one of the two, and restart it")
)

func newClient(s Source) *http.Client {
	// A connection to a node that is out of reach ends after four seconds: later, the kernels
	// would wait longer and longer between two attempts to go on with it.
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 2 * time.Second, Interval: time.Second, Count: 2}}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: connectTimeout,
		MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true,
	}
	if s.dns != nil { // the certificate is that of the name, and not of the address
		transport.TLSClientConfig = &tls.Config{ServerName: s.dns.Hostname()}
	}
	return &http.Client{Transport: transport, Timeout: requestTimeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // or the token would go to another host
	}}
}

// follow asks for events and applies them, until ctx ends.
func (p *peer) follow(ctx context.Context) {
	defer p.set(unknown, "", 0)
	for pause := minPause; ctx.Err() == nil; {
		before, wait := p.at, time.Duration(0)
		err := p.poll(ctx)
		switch {
		case err == nil:
			if pause = minPause; p.at == before { // or a peer that answers at once would keep both busy
				wait = minPause
			}
		case errors.Is(err, errNoPeer):
			p.set(unknown, "", 0)
			wait = maxPause
		case ctx.Err() == nil:
			if now := time.Now(); now.Sub(p.warned) >= warnEvery { // the cause may be another one by then
				p.warned = now
				p.Logger.Warn("cannot hear from a peer which pictures to forget", "peer", p.base, "cause", err)
			}
			p.set(unreachable, "", p.behind)
			wait, pause = pause, min(2*pause, maxPause)
		}
		_ = invalidation.Sleep(ctx, wait-rand.N(wait/4+1))
	}
}

// set notes what others may know. It returns false if another address follows this log.
func (p *peer) set(s status, log string, behind uint64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, other := range p.peers {
		if other != p && log != "" && other.log == log {
			return false
		}
	}
	p.status, p.log, p.behind = s, log, behind
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
	if !p.set(reachable, a.Log, a.Behind) {
		return errNoPeer
	}
	if err := p.apply(ctx, a, asked.Add(time.Duration(a.Held)*time.Millisecond)); err != nil {
		return err
	}
	next := invalidation.Cursor{Log: a.Log, Seq: a.Next}
	if next != p.at || time.Since(p.saved) > saveEvery {
		p.Log.SaveCursor(a.Log, next)
		p.saved = time.Now()
	}
	p.at = next
	return nil
}

// begin begins to follow a log, where this node was in it the last time, or at its start.
func (p *peer) begin(ctx context.Context, a answer) error {
	own, err := p.Log.End(ctx)
	if err != nil {
		return err
	}
	switch {
	case a.Log == own.Log && a.Next > own.Seq: // the end of the own log was read later
		return errCopied
	case a.Log == own.Log:
		return errNoPeer
	}
	at, ok := p.Log.Cursor(a.Log)
	if !ok || at.Log != a.Log {
		at = invalidation.Cursor{Log: a.Log}
	}
	if !p.set(reachable, at.Log, a.Next-min(at.Seq, a.Next)) {
		return errNoPeer
	}
	p.at, p.saved = at, time.Time{}
	p.Logger.Info("hearing from a peer which pictures to forget", "peer", p.base, "log", a.Log, "after", at.Seq)
	return nil
}

// apply forgets pictures here, which the peer has told at that time, and relays what was
// forgotten.
func (p *peer) apply(ctx context.Context, a answer, told time.Time) error {
	born, err := p.Log.Born(ctx)
	if err != nil {
		return err
	}
	since := time.Since(born)
	isOlder := func(e event) bool { // than this cache: when it was appended, nothing was cached here
		return !born.IsZero() && since >= 0 && e.age() > since+clockMargin
	}
	if a.Lost > 0 && (len(a.Events) == 0 || !isOlder(a.Events[0])) {
		p.Log.ReportLost(p.base, a.Lost)
	}
	var relay []invalidation.Event
	err = invalidation.ForgetAll(ctx, p.Logger, slices.DeleteFunc(a.Events, isOlder), func(e event) error {
		err := p.Forget(e.Key)
		if err == nil { // late is how long this has taken, also if this process was stopped meanwhile
			relay = append(relay, invalidation.Event{Key: e.Key, Late: e.age()+time.Since(told) > late})
		}
		return err
	})
	if len(relay) == 0 || err != nil {
		return err
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
	if dns := p.Source.dns; dns != nil && dns.Scheme == "https" {
		req.Host = dns.Host
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
