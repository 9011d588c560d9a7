package eviction

// Tier is one of the three parts of a cache directory.
type Tier int

// The tiers, in the order in which their files are removed if they were last used at the
// same time. An original frees the most space, and is only needed for what its mezzanine is
// too small for. A mezzanine frees less, and without it and the original the next new size
// costs a fetch and a whole decode. A derivative frees the least, and costs that with the
// next request.
const (
	Originals   Tier = iota // files of origins
	Mezzanines              // intermediate pictures, to make smaller ones from
	Derivatives             // what is sent
)

// Tiers is the number of tiers.
const Tiers = 3

// AllTiers returns the tiers in their order.
func AllTiers() []Tier { return []Tier{Originals, Mezzanines, Derivatives} }

// String returns the name of the tier's directory.
func (t Tier) String() string {
	return [Tiers]string{"originals", "mezzanines", "derivatives"}[t]
}

// PerTier has a T for each tier. In JSON its fields are those of the struct that embeds it.
type PerTier[T any] struct {
	Originals   T `json:"originals"`
	Mezzanines  T `json:"mezzanines"`
	Derivatives T `json:"derivatives"`
}

// Of returns the T of one tier.
func (p *PerTier[T]) Of(t Tier) *T {
	return [Tiers]*T{&p.Originals, &p.Mezzanines, &p.Derivatives}[t]
}

// Count is a number of files and their size.
type Count struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"` // of the bodies, as ls -l shows
	Disk  int64 `json:"disk"`  // bytes that the files take on the disk, as du shows
}

// Plus returns the sum.
func (c Count) Plus(d Count) Count {
	return Count{c.Files + d.Files, c.Bytes + d.Bytes, c.Disk + d.Disk}
}

// Minus returns the difference. Its fields may be negative.
func (c Count) Minus(d Count) Count {
	return Count{c.Files - d.Files, c.Bytes - d.Bytes, c.Disk - d.Disk}
}

func (c Count) positive() bool { return c.Files > 0 || c.Bytes > 0 || c.Disk > 0 }

func (c Count) covers(d Count) bool {
	return c.Files >= d.Files && c.Bytes >= d.Bytes && c.Disk >= d.Disk
}
