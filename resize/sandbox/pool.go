package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// Pool implements resize.Resizer with child processes. It is safe for use by several
// goroutines.
type Pool struct {
	config    Config
	env       []string
	null      *os.File
	setUp     *os.File // what each child is told
	setUpSize int64

	life    context.Context // ends with Close
	end     context.CancelFunc
	forks   chan func()    // for forkThread
	goes    sync.WaitGroup // all other goroutines
	starts  chan struct{}  // a place for each child that may be started at a time
	slots   chan struct{}  // a place for each picture that may be made at a time
	waiting chan struct{}  // a token for each idle child

	started chan struct{} // closed when first and startErr are there
	first   ready         // what the first child says
	failed  error         // why it did not start

	closing sync.Once
	mu      sync.Mutex // life ends, and goes grows, under it
	idle    []*child   // the last one used last
	alive   map[*child]struct{}
	deaths  map[Cause]int64
	trouble trouble
}

var _ resize.Resizer = (*Pool)(nil)

// cpuOfPicture is how many seconds of CPU a picture takes at most. It is for children that
// nobody can kill: those that make pictures are killed long before.
const cpuOfPicture = 60

// patience is how long a picture whose turn it is waits for a child to start.
const patience = 5 * time.Second

// New starts children, and returns while the first is starting. The error is that of the
// system; whether a child can be started at all, Capabilities says. The caller closes the
// Pool.
func New(c Config) (*Pool, error) {
	if c.Workers < 1 {
		return nil, errors.New("sandbox: there must be a worker")
	}
	c.Pictures = cmp.Or(c.Pictures, DefaultPictures)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	p := &Pool{
		config: c, env: environment(), forks: make(chan func()),
		starts: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), slots: make(chan struct{}, c.Workers),
		waiting: make(chan struct{}, c.Workers+1), started: make(chan struct{}),
		alive: map[*child]struct{}{}, deaths: map[Cause]int64{},
	}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	p.life, p.end = context.WithCancel(context.Background())
	go p.forkThread()
	p.goes.Go(p.begin)
	return p, nil
}

// open opens the files that all children get.
func (p *Pool) open() (err error) {
	told, err := wire.SetUp{
		Build: p.config.Build, Engine: p.config.Engine, Memory: p.config.Memory, CPU: cpuOfPicture * int64(p.config.Pictures),
	}.Encode()
	if err != nil {
		return err
	}
	if p.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	if p.setUp, err = anonymous("setup"); err == nil {
		_, err = p.setUp.Write(told)
	}
	if err == nil {
		err = seal(p.setUp)
	}
	if err != nil {
		p.closeFiles()
	}
	p.setUpSize = int64(len(told))
	return err
}

func (p *Pool) closeFiles() {
	p.null.Close()
	if p.setUp != nil {
		p.setUp.Close()
	}
}

// begin starts the first child, and then the others.
func (p *Pool) begin() {
	c, is, err := p.launch(p.life)
	if err == nil && p.config.Require {
		if without := missing(is.walls); len(without) > 0 {
			err = fmt.Errorf("this system does not offer %s: %s", without[0].Name, without[0].Missing)
			is.capabilities = engine.Capabilities{}
			c.kill()
			c.conn.Close()
		}
	}
	p.first, p.failed = is, err
	close(p.started)
	if err != nil {
		return
	}
	for _, w := range missing(is.walls) {
		p.config.Log.Warn("this system does not offer a part of the sandbox of child processes", "part", w.Name, "why", w.Missing)
	}
	p.admit(c)
	for range p.config.Workers {
		p.goes.Go(p.grow)
	}
}

// Capabilities waits until the first child is ready, and returns what it can do, as all
// others do. The error says why it did not start, for the operator; the Pool is then of no
// use but to be closed. It is ctx's if that ends before.
func (p *Pool) Capabilities(ctx context.Context) (engine.Capabilities, error) {
	select {
	case <-p.started:
		return p.first.capabilities, p.failed
	case <-ctx.Done():
		return engine.Capabilities{}, ctx.Err()
	}
}

// grow starts one child, in as many tries as it takes, with pauses that grow.
func (p *Pool) grow() {
	for p.rest(p.trouble.pause()) {
		p.starts <- struct{}{}
		c, is, err := p.launch(p.life)
		<-p.starts
		if err == nil && is.capabilities != p.first.capabilities {
			err = errors.New("it cannot do the same as those before: the program was replaced")
			c.kill()
			c.conn.Close()
		}
		if err == nil {
			p.trouble.started()
			p.admit(c)
			return
		}
		if p.life.Err() == nil {
			p.trouble.notStarted(err.Error())
			p.config.Log.Error("a child process that makes pictures cannot be started", "err", err)
		}
	}
}

// rest reports whether the Pool goes on after that long.
func (p *Pool) rest(d time.Duration) bool {
	if d > 0 {
		select {
		case <-time.After(d):
		case <-p.life.Done():
		}
	}
	return p.life.Err() == nil
}

// admit puts a new child to the others.
func (p *Pool) admit(c *child) {
	p.mu.Lock()
	p.alive[c] = struct{}{}
	p.mu.Unlock()
	p.goes.Go(func() {
		<-c.reaped
		p.gone(c)
	})
	p.give(c)
}

// give makes a child idle. It ends instead if the Pool is closed.
func (p *Pool) give(c *child) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.life.Err() != nil {
		c.kill()
		c.conn.Close()
		return
	}
	p.idle = append(p.idle, c)
	p.waiting <- struct{}{} // never blocks: it has room for all children
}

// enter waits until one more picture may be made. The caller calls leave.
func (p *Pool) enter(ctx context.Context) (leave func(), err error) {
	if err := endOf(ctx); err != nil {
		return nil, err
	}
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-ctx.Done():
		return nil, endOf(ctx)
	}
}

// take returns a child that nobody else uses, the one that was used last, as its memory is
// warm. The caller gives, loses or replaces it.
func (p *Pool) take(ctx context.Context) (*child, error) {
	for {
		if err := p.wait(ctx); err != nil {
			return nil, err
		}
		if c := p.pop(); c != nil {
			return c, nil
		}
	}
}

// wait waits for the token of an idle child.
func (p *Pool) wait(ctx context.Context) error {
	select {
	case <-p.waiting:
		return nil
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.waiting:
		return nil
	case <-ctx.Done():
		return endOf(ctx)
	case <-p.life.Done():
		return resize.ErrNoProcess
	case <-late.C:
		return resize.ErrNoProcess
	}
}

// pop takes the idle child that was used last; nil if there is none, or if it is no good.
func (p *Pool) pop() *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := len(p.idle) - 1
	if last < 0 { // it died after its token was taken
		return nil
	}
	c := p.idle[last]
	p.idle = p.idle[:last]
	switch {
	case c.isQuiet():
		return c
	case p.life.Err() != nil:
		c.kill()
		c.conn.Close()
	default:
		p.goes.Go(func() { p.lose(context.Background(), c, offend("it said something while it was idle"), Death{}) })
	}
	return nil
}

// gone replaces a child that has ended while it was idle. Whoever uses one that ends
// replaces it.
func (p *Pool) gone(c *child) {
	p.mu.Lock()
	at := slices.Index(p.idle, c)
	if at >= 0 {
		p.idle = slices.Delete(p.idle, at, at+1)
		select {
		case <-p.waiting:
		default: // who has its token finds one child less
		}
	}
	p.mu.Unlock()
	if at >= 0 {
		p.lose(context.Background(), c, nil, Death{})
	}
}

// lose ends a child that can go on no more, for the reason err, starts another, and tells
// the observer. d is what is known about the picture.
func (p *Pool) lose(ctx context.Context, c *child, err error, d Death) Death {
	d.Cause, d.Detail = c.autopsy(err)
	if c.pictures == 0 {
		p.trouble.diedEarly(string(d.Cause) + ": " + d.Detail)
	}
	p.replace(c)
	if p.life.Err() != nil || d.Cause == Time && ctx.Err() != nil && !outOfTime(ctx) {
		return d // nobody waited for it any more
	}
	p.mu.Lock()
	p.deaths[d.Cause]++
	p.mu.Unlock()
	if p.config.Observer != nil {
		p.config.Observer.Died(ctx, d)
	}
	return d
}

// replace ends a child, if it has not ended, and starts another.
func (p *Pool) replace(c *child) {
	c.kill()
	c.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.alive, c)
	if p.life.Err() == nil {
		p.goes.Go(p.grow)
	}
}

// Close kills all children, and returns when they are gone. Calls that are not finished
// fail.
func (p *Pool) Close() {
	p.closing.Do(func() {
		p.mu.Lock()
		p.end()
		for c := range p.alive {
			c.kill()
		}
		p.mu.Unlock()
		p.goes.Wait()
		close(p.forks)
		p.closeFiles()
	})
}

// State says how the Pool is.
func (p *Pool) State() State {
	s := State{Workers: p.config.Workers, Deaths: map[Cause]int64{}}
	select {
	case <-p.started:
		s.Walls = p.first.walls
	default:
	}
	s.Degraded, s.Trouble = p.trouble.state()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Alive, s.Idle = len(p.alive), len(p.idle)
	for _, cause := range Causes {
		s.Deaths[cause] = p.deaths[cause]
	}
	return s
}
