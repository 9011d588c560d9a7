package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"sync"
	"time"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/engine"
	"github.com/thumbery/thumbery/resize/sandbox/internal/cgroup"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// Pool implements resize.Resizer with child processes. It is safe for use by several
// goroutines.
type Pool struct {
	config    Config
	env       []string
	groups    *cgroup.Groups // nil is none; set before started is closed
	null      *os.File
	setUp     *os.File // what each child is told
	setUpSize int64

	life    context.Context // ends with Close
	end     context.CancelFunc
	forks   chan func()    // for forkThread
	goes    sync.WaitGroup // all other goroutines, and requests
	slots   chan struct{}  // a place for each picture that may be made at a time
	waiting chan struct{}  // a token for each idle child

	started chan struct{} // closed when the first child is ready, or has failed
	failed  error         // then: why
	able    engine.Capabilities
	walls   []Wall

	closing sync.Once
	mu      sync.Mutex // life ends, and requests begin, under it
	idle    []*child   // the one to be used next is the last
	alive   map[*child]struct{}
	deaths  map[Cause]int64
	trouble trouble
}

var _ resize.Resizer = (*Pool)(nil)

// cpuOfPicture is how many seconds of CPU a picture takes at most, on average of those that a
// child makes, or of 60 if it makes fewer: a single one, or what is made of it with one
// decode, may take an hour on many processors. It is for children that nobody can kill:
// those that make pictures are killed long before.
const cpuOfPicture = 60

// New starts children, and returns while the first is starting. The error is that of the
// system; whether a child can be started at all, Capabilities says. The caller closes the
// Pool.
func New(c Config) (*Pool, error) {
	if c.Workers < 1 {
		return nil, errors.New("sandbox: there must be a worker")
	}
	c.Pictures = cmp.Or(c.Pictures, DefaultPictures)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	c.slowStart = cmp.Or(c.slowStart, 5*time.Second)
	c.startTimeout, c.patience = cmp.Or(c.startTimeout, 30*time.Second), cmp.Or(c.patience, 5*time.Second)
	p := &Pool{
		config: c, env: environment(), forks: make(chan func()),
		slots: make(chan struct{}, c.Workers), waiting: make(chan struct{}, c.Workers+1), started: make(chan struct{}),
		alive: map[*child]struct{}{}, deaths: map[Cause]int64{Signal: 0, Memory: 0, Time: 0, Protocol: 0},
	}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	keepDescriptors()
	p.life, p.end = context.WithCancel(context.Background())
	go p.forkThread()
	p.goes.Go(p.begin)
	return p, nil
}

// open opens the files that all children get.
func (p *Pool) open() (err error) {
	told, err := wire.SetUp{
		Build: p.config.Build, Engine: p.config.Engine, Memory: p.config.Memory, CPU: cpuOfPicture * int64(max(60, p.config.Pictures)),
	}.Encode()
	if err != nil {
		return err
	}
	if p.null, err = os.OpenFile(os.DevNull, os.O_RDWR, 0); err != nil {
		return err
	}
	p.setUpSize = int64(len(told))
	if p.setUp, err = sealed("setup", told); err != nil {
		p.null.Close()
	}
	return err
}

// Capabilities waits until the first child is ready, and returns what it can do, as all
// others do. The error says why it did not start, for the operator; the Pool is then of no
// use but to be closed. It is ctx's if that ends before.
func (p *Pool) Capabilities(ctx context.Context) (engine.Capabilities, error) {
	select {
	case <-p.started:
		return p.able, p.failed
	case <-ctx.Done():
		return engine.Capabilities{}, ctx.Err()
	}
}

// Describe starts one child and ends it, and returns what it says that it can do, and the
// walls around it. The errors are those of New and of Pool.Capabilities.
func Describe(ctx context.Context, c Config) (engine.Capabilities, []Wall, error) {
	c.alone = true
	p, err := New(c)
	if err != nil {
		return engine.Capabilities{}, nil, err
	}
	defer p.Close()
	able, err := p.Capabilities(ctx)
	return able, p.State().Walls, err
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
		p.null.Close()
		p.setUp.Close()
		p.groups.Close()
	})
}

// State says how the Pool is.
func (p *Pool) State() State {
	s := State{Workers: p.config.Workers}
	select {
	case <-p.started:
		s.Walls = p.walls
	default:
	}
	s.Degraded, s.Trouble = p.trouble.state()
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Alive, s.Idle, s.Deaths = len(p.alive), len(p.idle), maps.Clone(p.deaths)
	return s
}
