package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/thumbery/thumbery/internal/testkit/outage"
)

const (
	// zipfS is by how much less each derivative is asked for than the one before it:
	// the k-th as 1/k^s.
	zipfS = 0.9
	// sizesOfEach photograph are asked for: of 100 photographs, 10,000 derivatives.
	sizesOfEach = 100
	hotWindow   = "1m"
)

// zipf draws numbers from 0 on, the k-th as often as 1/(k+1)^s.
type zipf []float64 // sums of the parts up to each

func newZipf(n int, s float64) zipf {
	z, sum := make(zipf, n), 0.0
	for k := range z {
		sum += math.Pow(float64(k+1), -s)
		z[k] = sum
	}
	return z
}

func (z zipf) draw(random *rand.Rand) int {
	k, _ := slices.BinarySearch(z, random.Float64()*z[len(z)-1])
	return min(k, len(z)-1)
}

// ranked are the paths of all derivatives, in the order of how much they are asked
// for.
func ranked(photos []photo) (paths []string) {
	for _, p := range photos {
		for _, options := range zipfOptions() {
			paths = append(paths, "/"+options+"/"+keyOf(p))
		}
	}
	random := rand.New(rand.NewPCG(9, 9))
	random.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	return paths
}

func zipfOptions() (options []string) {
	for i := range sizesOfEach {
		options = append(options, fmt.Sprintf("%dx", 200+3*i))
	}
	return options
}

// policy tells the cache in front what to keep.
type policy struct {
	name  string
	after string // --hot-after; "" has it keep everything
}

// args are the server's flags.
func (p policy) args() []string {
	if p.after == "" {
		return nil
	}
	return []string{"--hot-after", p.after, "--hot-window", hotWindow, "--hot-header", "X-Accel-Expires: 3600"}
}

func (s *setup) measureZipf(ctx context.Context) error {
	paths := ranked(s.photos)
	cache, err := s.filled(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("# Zipf, s=%g, over %d derivatives that we have: %d requests, %d a second, through nginx\n", zipfS, len(paths), s.requests, s.rate)
	fmt.Printf("%-24s %10s %8s %12s %8s %12s %8s %8s %7s\n", "nginx keeps", "reach us", "part", "in nginx", "MB", "part of it", "p50 ms", "p99 ms", "failed")
	policies := []policy{{"everything", ""}}
	for _, after := range list(s.after) {
		policies = append(policies, policy{"what is hot after " + after, after})
	}
	everything := 0
	for _, p := range policies {
		if everything, err = s.throughNginx(ctx, cache, p, paths, everything); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Println()
	return s.measureHot(ctx, cache, policies[len(policies)-1], paths)
}

// filled has all derivatives made, and returns the cache directory.
func (s *setup) filled(ctx context.Context) (cache string, err error) {
	server, err := s.serve("")
	if err != nil {
		return "", err
	}
	defer server.end()
	_, err = server.prime(ctx, keysOf(s.photos), zipfOptions())
	return server.cache, err
}

// throughNginx has the traffic go through an empty nginx, and prints what reached
// us and what nginx has then. Its size is given as a part of that of the first,
// where that is not 0.
func (s *setup) throughNginx(ctx context.Context, cache string, p policy, paths []string, first int) (everything int, err error) {
	server, err := s.serve(cache, p.args()...)
	if err != nil {
		return 0, err
	}
	defer server.end()
	front, err := s.nginx(server, p, "")
	if err != nil {
		return 0, err
	}
	defer front.end()
	before, err := server.counted(ctx, "thumbery_requests_total")
	if err != nil {
		return 0, err
	}
	took := s.traffic(ctx, front.client, paths)
	after, err := server.counted(ctx, "thumbery_requests_total")
	if err != nil {
		return 0, err
	}
	files, bytes, err := under(front.kept)
	if err != nil {
		return 0, err
	}
	all := took.Count(http.StatusOK) + took.Failed()
	if first == 0 {
		first = files
	}
	fmt.Printf("%-24s %10.0f %8.3f %12d %8.1f %12.3f %8.2f %8.2f %7d\n", p.name, after-before, (after-before)/float64(all),
		files, float64(bytes)/1e6, float64(files)/float64(max(1, first)), millis(took, 50), millis(took, 99), took.Failed())
	return first, nil
}

// traffic asks for derivatives as often as their rank says, the same ones for every
// policy.
func (s *setup) traffic(ctx context.Context, c *client, paths []string) *outage.Took {
	random, z := rand.New(rand.NewPCG(7, 7)), newZipf(len(paths), zipfS)
	took := &outage.Took{}
	d := time.Duration(float64(s.requests) / float64(s.rate) * float64(time.Second))
	outage.Offer(ctx, float64(s.rate), d, func() func() {
		path := paths[z.draw(random)]
		return func() { took.Add(c.get(ctx, path)) }
	})
	return took
}
