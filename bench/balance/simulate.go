package main

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// traffic is what is requested.
type traffic struct {
	pictures int
	zipf     float64 // the k-th picture is requested as often as 1/k^zipf
	rate     float64 // requests a second
	seconds  float64
	hotAfter int // --hot-after, in --hot-window 1m
}

// outcome is what came of it.
type outcome struct {
	busiest    float64 // requests of the busiest node, by the mean of all
	reach      float64 // part of the requests that reached a node
	duplicates float64 // pictures that more than one node has, by all
	moved      float64 // pictures that move when a node goes
	joined     float64 // pictures that move when a node comes
}

// keys are the pictures' keys in the order of their popularity, another one for each seed.
func (t traffic) keys(seed uint64) []string {
	keys := make([]string, t.pictures)
	for i := range keys {
		keys[i] = fmt.Sprintf("pictures/%05d.jpg", i)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	random.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return keys
}

// sums of the parts of all pictures up to each.
func (t traffic) sums() []float64 {
	sums, sum := make([]float64, t.pictures), 0.0
	for k := range sums {
		sum += math.Pow(float64(k+1), -t.zipf)
		sums[k] = sum
	}
	return sums
}

func numbers(n int) (all []int) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

// simulate has the traffic go through a scheme in front of n nodes.
func simulate(s scheme, n int, t traffic, seed uint64) outcome {
	keys, sums := t.keys(seed), t.sums()
	random := rand.New(rand.NewPCG(seed, 2))
	r := s.ring(numbers(n))
	c := &cluster{load: load{running: make([]int, n)}, kept: make([]float64, len(keys)), counts: make([]counter, len(keys))}
	requests, served, has := 0, make([]float64, n), make([]bool, len(keys)*n) // by picture and node
	took := max(s.running, 1) * float64(n) / t.rate                           // on average, for a request
	const warm = 120                                                          // seconds until all counters and caches are filled
	for now := 0.0; now < warm+t.seconds; now += random.ExpFloat64() / t.rate {
		k, _ := slices.BinarySearch(sums, random.Float64()*sums[len(sums)-1])
		counts := now >= warm
		if counts {
			requests++
		}
		c.end(now)
		if now < c.kept[k] {
			continue
		}
		node := s.pick(r, keys[k], &c.load, random)
		if s.factor > 0 {
			c.begin(node, now+random.ExpFloat64()*took)
		}
		if hot := c.counts[k].add(now) > t.hotAfter; s.edge.seconds > 0 && hot {
			c.kept[k] = now + s.edge.seconds
		}
		has[k*n+node] = true
		if counts {
			served[node]++
		}
	}
	return s.judge(served, requests, has, n, keys)
}

func (s scheme) judge(served []float64, requests int, has []bool, n int, keys []string) outcome {
	total := 0.0
	for _, count := range served {
		total += count
	}
	several, all := 0, 0
	for k := range keys {
		copies := 0
		for _, is := range has[k*n : (k+1)*n] {
			if is {
				copies++
			}
		}
		if copies > 0 {
			all++
		}
		if copies > 1 {
			several++
		}
	}
	return outcome{
		busiest: slices.Max(served) * float64(n) / total, reach: total / float64(requests),
		duplicates: float64(several) / float64(all),
		moved:      moved(s.ring(numbers(n)), s.ring(without(numbers(n), n/2)), keys, func(node int) int { return skip(node, n/2) }),
		joined:     moved(s.ring(numbers(n)), s.ring(numbers(n+1)), keys, func(node int) int { return node }),
	}
}

// without leaves one out.
func without(numbers []int, at int) []int { return slices.Delete(slices.Clone(numbers), at, at+1) }

// skip is the index before another one was left out.
func skip(index, left int) int {
	if index >= left {
		return index + 1
	}
	return index
}

// moved is the part of the keys that another node has, whose indexes are translated.
func moved(before, after ring, keys []string, index func(int) int) float64 {
	count := 0
	for _, key := range keys {
		was, is := before.points[before.find(before.points, key)].node, after.points[after.find(after.points, key)].node
		if index(is) != was {
			count++
		}
	}
	return float64(count) / float64(len(keys))
}

// cluster is the state of nodes and edge.
type cluster struct {
	load
	ends   ends
	kept   []float64 // until when the edge has a picture
	counts []counter
}

func (c *cluster) begin(node int, end float64) {
	c.running[node]++
	c.total++
	heap.Push(&c.ends, ending{end, node})
}

func (c *cluster) end(now float64) {
	for len(c.ends) > 0 && c.ends[0].at <= now {
		e := heap.Pop(&c.ends).(ending)
		c.running[e.node]--
		c.total--
	}
}

// counter counts as api does: in the half minute, and in that before.
type counter struct{ half, current, previous int }

func (c *counter) add(now float64) int {
	switch half := int(now / 30); half - c.half {
	case 0:
	case 1:
		c.half, c.previous, c.current = half, c.current, 0
	default:
		c.half, c.previous, c.current = half, 0, 0
	}
	c.current++
	return c.previous + c.current
}

// ending is when a running request ends. ends are a heap of them.
type ending struct {
	at   float64
	node int
}

type ends []ending

func (e ends) Len() int           { return len(e) }
func (e ends) Less(i, j int) bool { return e[i].at < e[j].at }
func (e ends) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *ends) Push(x any)        { *e = append(*e, x.(ending)) }
func (e *ends) Pop() any {
	last := (*e)[len(*e)-1]
	*e = (*e)[:len(*e)-1]
	return last
}
