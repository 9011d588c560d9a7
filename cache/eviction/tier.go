package eviction

// Tier is one of the three parts of a cache directory.
type Tier int

// The tiers, in the order in which they are given up where files of all would do,
// as they were used at the same time. An original frees the most, and is missed
// only when something is asked for that its mezzanine is too small for. A
// mezzanine frees less, and without it and the original the next new size costs a
// fetch and a whole decode; a derivative frees the least, and costs that as soon as
// it is asked for again.
const (
	Originals   Tier = iota // what origins gave
	Mezzanines              // large pictures made of that, to make smaller ones of
	Derivatives             // what was made to be sent
)

// Tiers is how many there are.
const Tiers = 3

// AllTiers returns the tiers, in their order.
func AllTiers() []Tier { return []Tier{Originals, Mezzanines, Derivatives} }

// String is the name of the tier's directory.
func (t Tier) String() string {
	switch t {
	case Originals:
		return "originals"
	case Mezzanines:
		return "mezzanines"
	}
	return "derivatives"
}

// PerTier is something of each tier. In JSON its fields are those of what it is
// embedded in.
type PerTier[T any] struct {
	Originals   T `json:"originals"`
	Mezzanines  T `json:"mezzanines"`
	Derivatives T `json:"derivatives"`
}

// Of returns what is of one tier.
func (p *PerTier[T]) Of(t Tier) *T {
	switch t {
	case Originals:
		return &p.Originals
	case Mezzanines:
		return &p.Mezzanines
	}
	return &p.Derivatives
}

// Count is a number of files and what they take.
type Count struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"` // of the bodies: what ls -l shows
	Disk  int64 `json:"disk"`  // bytes that the file system gives back for them: what du shows
}

// Plus is the sum.
func (c Count) Plus(d Count) Count {
	return Count{c.Files + d.Files, c.Bytes + d.Bytes, c.Disk + d.Disk}
}

// Minus is the difference; its fields may be negative.
func (c Count) Minus(d Count) Count {
	return Count{c.Files - d.Files, c.Bytes - d.Bytes, c.Disk - d.Disk}
}

// positive reports that something is there of at least one kind.
func (c Count) positive() bool { return c.Files > 0 || c.Bytes > 0 || c.Disk > 0 }

// covers reports that there is as much as d of each kind.
func (c Count) covers(d Count) bool {
	return c.Files >= d.Files && c.Bytes >= d.Bytes && c.Disk >= d.Disk
}
