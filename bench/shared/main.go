// Command shared measures the tier that servers share, with a MinIO on this machine: how long
// reading a derivative from it takes, beside making it, by kind; and whether misses take
// longer while the bucket is down or hangs.
//
//	go -C bench run ./shared [-rounds 3] [-misses 300]
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/thumbery/thumbery/bench/program"
	"github.com/thumbery/thumbery/internal/testkit/minio"
	"github.com/thumbery/thumbery/internal/testkit/outage"
	"github.com/thumbery/thumbery/internal/testkit/pinned"
)

func main() {
	rounds := flag.Int("rounds", 3, "how often each derivative is made and read; the fastest counts")
	misses := flag.Int("misses", 300, "how many misses are compared; 0 is none")
	flag.Parse()
	program.Main("shared", func(t pinned.T) error {
		b := &bench{store: minio.Start(t)}
		dir, err := os.MkdirTemp("", "bin")
		if err == nil {
			b.binary, _, err = program.Build(dir)
		}
		if err == nil && *rounds > 0 {
			err = b.kinds(t, *rounds)
		}
		if err == nil && *misses > 0 {
			err = b.down(t, *misses)
		}
		return err
	})
}

type bench struct {
	binary string
	store  *minio.Server
}

// start starts a server with an empty disk, and returns a client of it.
func (b *bench) start(t pinned.T, source string, args ...string) (*outage.Client, func(), error) {
	address, err := pinned.FreeAddress()
	if err != nil {
		return nil, nil, err
	}
	env := []string{"AWS_ACCESS_KEY_ID=" + b.store.AccessKey, "AWS_SECRET_ACCESS_KEY=" + b.store.SecretKey}
	p, err := program.Start(address, env, b.binary, append([]string{
		"serve", "--listen", address, "--admin", "", "--cache", t.TempDir(), "--source", "/=" + source, "--mezzanine", "0", "--no-sync",
	}, args...)...)
	if err != nil {
		return nil, nil, err
	}
	return outage.NewClient("http://"+address, 8), p.Terminate, nil
}

// get requests a path, and fails unless the answer is a picture, or JSON.
func get(t pinned.T, c *outage.Client, path string) (outage.Answer, error) {
	a := c.Get(t.Context(), path)
	if a.Status != 200 {
		return a, fmt.Errorf("%s: %d %.300s %w", path, a.Status, a.Body, a.Err)
	}
	return a, nil
}

// at returns a quantile of durations.
func at(percent int, all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[(len(all)-1)*percent/100]
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
