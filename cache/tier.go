package cache

// Tier is one of the two parts of a cache directory.
type Tier int

// The tiers. Originals come first where both would do: giving one up costs a
// fetch only when a new size is asked for, and frees the most.
const (
	Originals   Tier = iota // what origins gave
	Derivatives             // what was made of it
)

// Tiers is how many there are.
const Tiers = 2

// String is the name of the tier's directory.
func (t Tier) String() string {
	if t == Originals {
		return "originals"
	}
	return "derivatives"
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
