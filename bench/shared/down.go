package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
	"github.com/thumbery/thumbery/internal/testkit/toxiproxy"
)

// contestant is a server, and how long its misses took.
type contestant struct {
	name   string
	client *outage.Client
	took   []time.Duration
}

// down compares misses of servers whose bucket is down, or hangs, with those of one without a
// shared tier, which take turns.
func (b *bench) down(t pinned.T, misses int) error {
	proxies := toxiproxy.Start(t)
	stopped, hanging := proxies.New(t, "stopped", b.store.Endpoint[len("http://"):]), proxies.New(t, "hanging", b.store.Endpoint[len("http://"):])
	if err := stopped.Down(); err != nil {
		return err
	}
	if err := hanging.AddToxic(toxiproxy.Timeout(0)); err != nil {
		return err
	}
	var all []*contestant
	for name, args := range map[string][]string{
		"without --shared": nil,
		"bucket stopped":   {"--shared", "s3://shared?endpoint=http://" + stopped.Address},
		"bucket hanging":   {"--shared", "s3://shared?endpoint=http://" + hanging.Address},
	} {
		client, stop, err := b.start(t, "file:testdata/photos", args...)
		if err != nil {
			return err
		}
		defer stop()
		all = append(all, &contestant{name: name, client: client})
	}
	slices.SortFunc(all, func(a, b *contestant) int { return len(b.name) - len(a.name) }) // without comes first
	return compare(t, all, misses)
}

// warmUp is how many misses open the circuit breaker.
const warmUp = 20

func compare(t pinned.T, all []*contestant, misses int) error {
	for i := range warmUp + misses {
		if i == warmUp {
			for _, c := range all {
				fmt.Printf("%s: the first %d misses took %.1f ms (median), at most %.1f\n", c.name, warmUp, ms(at(50, c.took)), ms(at(100, c.took)))
				c.took = nil
			}
			time.Sleep(3 * time.Second) // what hangs has failed
		}
		for turn := range all {
			c := all[(i+turn)%len(all)]
			a, err := get(t, c.client, fmt.Sprintf("/%dx/cat.jpg", 200+i))
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.took = append(c.took, a.Took)
		}
	}
	for _, c := range all {
		var ratios []float64
		for i, took := range c.took {
			ratios = append(ratios, took.Seconds()/all[0].took[i].Seconds())
		}
		slices.Sort(ratios)
		fmt.Printf("%s: %d misses, all answered 200: median %.2f ms, p90 %.2f ms; median of the ratios to the first: %.3f\n", c.name, len(c.took), ms(at(50, c.took)), ms(at(90, c.took)), ratios[len(ratios)/2])
	}
	return nil
}
