package main

import (
	"context"

	"github.com/thumbery/thumbery/api/admin"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// primeParallel is how many pictures of a job are fetched and made at once; the engine
// takes one after the other.
const primeParallel = 4

// primeServer primes for POST /prime, until the server stops.
type primeServer struct {
	core    *core
	stopped context.Context
	stop    context.CancelFunc
}

func newPrimeServer(c *core) *primeServer {
	stopped, stop := context.WithCancel(context.Background())
	return &primeServer{c, stopped, stop}
}

// run is a task: all priming ends with ctx.
func (p *primeServer) run(ctx context.Context) {
	<-ctx.Done()
	p.stop()
}

// prime is admin.Priming.Run.
func (p *primeServer) prime(ctx context.Context, r admin.PrimeRequest, report func(prime.Progress)) error {
	if p.core.Originals.ReadOnly() {
		return originals.ErrReadOnly
	}
	if err := writable(p.core.Render.Settings, r.Variants); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.stopped, cancel)()
	job := prime.Job{Variants: r.Variants, AllFormats: r.AllFormats, Keys: r.Keys, Parallel: primeParallel}
	if r.List {
		s := prime.Selection{Origins: p.core.origins.Mounts, Prefix: r.Prefix, Since: r.Since}
		job.List, job.Count = s.List, s.List
	}
	return p.core.primeRunner().Run(ctx, job, report)
}

func (c *core) primeRunner() *prime.Runner {
	return &prime.Runner{Engine: c.primer, Down: c.origins.Down}
}

// writable refuses formats that could not be made of any picture.
func writable(s resize.Settings, variants []variant.Variant) error {
	for _, v := range variants {
		if v.Format > variant.FormatAuto && !s.CanWrite(v.Format) {
			return &resize.UnsupportedError{Option: "f_" + v.Format.String()}
		}
	}
	return nil
}
