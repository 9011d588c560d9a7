package variant

import "slices"

// Accept is what FormatAuto depends on in a client's headers. A preference occurs only
// together with both of its formats, so there are 32 different values. They are part of
// names on disk: a member keeps its number.
type Accept uint8

// The members of Accept. Without a preference, AVIF comes before JPEG XL, and that before
// WebP.
const (
	AcceptWebP Accept = 1 << iota
	AcceptAVIF
	PreferWebP // both are accepted, and WebP is given more weight than AVIF
	SaveData   // fewer bytes are wanted, at the cost of quality
	AcceptJXL
	PreferJXL // to AVIF, in the same way
	PreferWebPToJXL
)

// Accepts is one more than the greatest Accept.
const Accepts = 1 << 7

// named are the formats that count only for clients that name them, the best first.
var named = [...]struct {
	format Format
	accept Accept
}{{AVIF, AcceptAVIF}, {JXL, AcceptJXL}, {WebP, AcceptWebP}}

// preferences are the exceptions from that order.
var preferences = [...]struct {
	prefer, both  Accept
	better, worse Format
}{
	{PreferWebP, AcceptWebP | AcceptAVIF, WebP, AVIF},
	{PreferJXL, AcceptAVIF | AcceptJXL, JXL, AVIF},
	{PreferWebPToJXL, AcceptWebP | AcceptJXL, WebP, JXL},
}

// NewAccept returns the Accept of a client that gives each format that weight; one without
// a positive weight is not accepted.
func NewAccept(weight func(Format) int) (a Accept) {
	for _, n := range named {
		if weight(n.format) > 0 {
			a |= n.accept
		}
	}
	for _, p := range preferences {
		if a&p.both == p.both && weight(p.better) > weight(p.worse) {
			a |= p.prefer
		}
	}
	return a
}

// Only returns a without the formats that may refuses, and without the preferences that
// have no effect then.
func (a Accept) Only(may func(Format) bool) Accept {
	for _, n := range named {
		if !may(n.format) {
			a &^= n.accept
		}
	}
	for _, p := range preferences {
		if a&p.both != p.both {
			a &^= p.prefer
		}
	}
	return a
}

// Formats returns the formats that a accepts besides JPEG, PNG and GIF, the preferred first.
func (a Accept) Formats() (list []Format) {
	for _, n := range named {
		if a&n.accept != 0 {
			list = append(list, n.format)
		}
	}
	slices.SortStableFunc(list, a.compare)
	return list
}

// compare is negative if a prefers x to y against their order in named.
func (a Accept) compare(x, y Format) int {
	for _, p := range preferences {
		switch {
		case a&p.prefer == 0:
		case p.better == x && p.worse == y:
			return -1
		case p.better == y && p.worse == x:
			return 1
		}
	}
	return 0
}
