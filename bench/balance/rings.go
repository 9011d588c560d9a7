package main

import (
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"sort"
	"strconv"
	"strings"
)

// ring is where a balancer looks a picture up: points on a circle of 32 bits, each of a
// node, in their order.
type ring struct {
	points []point
	// find returns the point that a picture's key belongs to.
	find func(points []point, key string) int
}

type point struct {
	at   uint32
	node int
}

func newRing(points []point, find func([]point, string) int) ring {
	sort.SliceStable(points, func(i, j int) bool { return points[i].at < points[j].at })
	return ring{points, find}
}

// walk calls yield with the nodes for a key, the first one first, until it returns false.
// A node may come several times.
func (r ring) walk(key string, yield func(node int) bool) {
	from := r.find(r.points, key)
	for i := range r.points {
		if !yield(r.points[(from+i)%len(r.points)].node) {
			return
		}
	}
}

// next is the first point at or after a place, which may be len(points).
func next(points []point, at uint32) int {
	return sort.Search(len(points), func(i int) bool { return points[i].at >= at })
}

// nginxRing is that of nginx's "hash … consistent": 160 points for each unit of a server's
// weight, each of them the CRC-32 of the server's address and the point before.
func nginxRing(addresses []string, weight int) ring {
	var points []point
	for node, address := range addresses {
		host, port, _ := strings.Cut(address, ":")
		base := crc32.ChecksumIEEE([]byte(host + "\x00" + port))
		before := uint32(0)
		for range weight * 160 {
			before = crc32.Update(base, crc32.IEEETable, binary.LittleEndian.AppendUint32(nil, before))
			points = append(points, point{before, node})
		}
	}
	return newRing(points, func(points []point, key string) int {
		return next(points, crc32.ChecksumIEEE([]byte(key))) % len(points)
	})
}

// haproxyRing is that of HAProxy's "hash-type consistent" with the default function: 16
// points for each unit of weight, numbered from the server's id, and the point that is
// nearest to the key.
func haproxyRing(ids []int, weight int) ring {
	const pointsOfWeight, idRange = 16, 256 * 16
	var points []point
	for node, id := range ids {
		for i := range weight * pointsOfWeight {
			points = append(points, point{avalanche(uint32(id*idRange + i)), node})
		}
	}
	return newRing(points, func(points []point, key string) int {
		at := avalanche(sdbm(key))
		after := next(points, at) % len(points)
		before := (after - 1 + len(points)) % len(points)
		if at-points[before].at <= points[after].at-at {
			return before
		}
		return after
	})
}

// sdbm is the hash function of the sdbm library.
func sdbm(key string) (h uint32) {
	for _, c := range []byte(key) {
		h = uint32(c) + h*65599
	}
	return h
}

// avalanche is Bob Jenkins' mixing of an integer, and a multiplication with 3 * 2^30 + 1.
func avalanche(a uint32) uint32 {
	a += 0x7ed55d16 + a<<12
	a ^= 0xc761c23c ^ a>>19
	a += 0x165667b1 + a<<5
	a = (a + 0xd3a2646c) ^ a<<9
	a += 0xfd7046c5 + a<<3
	a ^= 0xb55a4f09 ^ a>>16
	return a * (3<<30 + 1)
}

// varnishRing is that of Varnish's shard director: the points of a backend are the SHA-256
// of its name and a number. Behind the last point comes no first one.
func varnishRing(names []string, replicas int) ring {
	var points []point
	for node, name := range names {
		for i := range replicas {
			points = append(points, point{sha32(name + strconv.Itoa(i)), node})
		}
	}
	return newRing(points, func(points []point, key string) int {
		return min(next(points, sha32(key)), len(points)-1)
	})
}

func sha32(s string) uint32 {
	sum := sha256.Sum256([]byte(s))
	return binary.LittleEndian.Uint32(sum[len(sum)-4:])
}

// moduloRing is nginx's "hash" without "consistent": the part of CRC-32 that it uses,
// modulo the number of servers.
func moduloRing(servers int) ring {
	var points []point
	for node := range servers {
		points = append(points, point{uint32(node), node})
	}
	return newRing(points, func(points []point, key string) int {
		return int(crc32.ChecksumIEEE([]byte(key))>>16&0x7fff) % len(points)
	})
}
