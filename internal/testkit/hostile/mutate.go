package hostile

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/thumbery/thumbery/internal/testkit/odd"
)

// mostSeed is the largest file that is damaged, in bytes: larger ones take longer and show
// no more.
const mostSeed = 100 << 10

// formats are all that can be read, by the extensions of their files.
var formats = map[string]string{
	".jpg": "jpeg", ".png": "png", ".webp": "webp", ".avif": "avif", ".heic": "heic", ".gif": "gif", ".tif": "tiff", ".jxl": "jxl",
	".svg": "svg", ".jp2": "jp2", ".pdf": "pdf",
}

// Mutator makes damaged pictures from honest ones. It may be used concurrently.
type Mutator struct {
	seed    uint64
	formats []string
	seeds   map[string][]seed // by format
}

type seed struct {
	name string
	data []byte
}

// Mutant is a damaged picture and the options to request it with.
type Mutant struct {
	Number  int
	Format  string // of the file it was made of
	Name    string // says the number, and that file
	Options string
	Data    []byte
}

// NewMutator returns a Mutator for the pictures below testdata. The same seed gives the
// same files.
func NewMutator(testdata fs.FS, number uint64) (*Mutator, error) {
	m := &Mutator{seed: number, seeds: map[string][]seed{}}
	files, err := fs.ReadDir(testdata, "odd")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := fs.ReadFile(testdata, path.Join("odd", f.Name()))
		if err != nil {
			return nil, err
		}
		m.add(f.Name(), data)
	}
	for name, data := range samples() {
		m.add(name, data)
	}
	m.formats = slices.Sorted(maps.Keys(m.seeds))
	for _, of := range m.seeds {
		slices.SortFunc(of, func(a, b seed) int { return strings.Compare(a.name, b.name) })
	}
	if len(m.formats) != len(formats) {
		return nil, fmt.Errorf("there are pictures of %v only", m.formats)
	}
	return m, nil
}

func (m *Mutator) add(name string, data []byte) {
	if format, ok := formats[path.Ext(name)]; ok && len(data) > 0 && len(data) <= mostSeed {
		m.seeds[format] = append(m.seeds[format], seed{name, data})
	}
}

// samples are pictures of kinds that testdata does not have.
func samples() map[string][]byte {
	all := map[string][]byte{"frames.webp": odd.FramesWebP(120, 80, 9), "zero.webp": odd.ZeroWebP(300, 200), "scans-9.jpg": odd.ManyScans(120, 80, 9)}
	for _, bits := range []int{8, 16, 32, 64} {
		for samples := 1; samples <= 5; samples++ {
			for format := 1; format <= 3; format++ {
				all[fmt.Sprintf("%d-%d-%d.tif", bits, samples, format)] = odd.ZeroTIFF(120, 80, samples, bits, format, 32)
			}
		}
	}
	for _, colour := range []byte{odd.PNGGrey, odd.PNGRGB, odd.PNGRGBA} {
		for _, depth := range []int{8, 16} {
			name := fmt.Sprintf("%d-%d.png", colour, depth)
			all[name] = odd.PNG{Width: 120, Height: 80, Depth: depth, Colour: colour}.Encode()
			all["interlaced-"+name] = odd.PNG{Width: 120, Height: 80, Depth: depth, Colour: colour, Interlaced: true}.Encode()
		}
	}
	all["tile.tif"] = odd.TileTIFF(120, 80, 64, 64)
	return all
}

// Formats are the formats of the pictures, in the order in which they are used, again and
// again.
func (m *Mutator) Formats() []string { return m.formats }

// Make returns the mutant with a number, from 0.
func (m *Mutator) Make(n int) Mutant {
	r := rand.New(rand.NewPCG(m.seed, uint64(n)))
	format := m.formats[n%len(m.formats)]
	of := m.seeds[format]
	from := of[r.IntN(len(of))]
	data := m.change(r, format, from.data)
	return Mutant{n, format, fmt.Sprintf("%d-%s", n, from.name), options(r), data}
}

// change applies one to three changes, most often one: a file with more damage is refused
// before anything is decoded.
func (m *Mutator) change(r *rand.Rand, format string, from []byte) []byte {
	data := bytes.Clone(from)
	for range 1 + r.IntN(2)*r.IntN(3) {
		changes := anywhere
		if r.IntN(3) > 0 {
			changes = byFormat[format]
		}
		of := m.seeds[format]
		if next := changes[r.IntN(len(changes))](r, data, of[r.IntN(len(of))].data); len(next) > 0 {
			data = next
		}
	}
	return data
}

// change is a kind of damage. donor is another picture of the same format. It may write to
// data.
type change func(r *rand.Rand, data, donor []byte) []byte

// anywhere are the changes that do not depend on the format.
var anywhere = []change{flipBits, setBytes, setNumber, truncate, remove, double, splice}

func flipBits(r *rand.Rand, data, _ []byte) []byte {
	for range 1 + r.IntN(3) {
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
	}
	return data
}

func setBytes(r *rand.Rand, data, _ []byte) []byte {
	for range 1 + r.IntN(3) {
		data[r.IntN(len(data))] = byte(r.Uint32())
	}
	return data
}

// setNumber writes a number that is rarely valid somewhere, most often near the start.
func setNumber(r *rand.Rand, data, _ []byte) []byte {
	end := len(data)
	if r.IntN(3) > 0 {
		end = min(end, 256)
	}
	putNumber(r, data[r.IntN(end):])
	return data
}

// putNumber writes such a number in one to four bytes, in either byte order, to the start
// of b.
func putNumber(r *rand.Rand, b []byte) {
	size := 1 << r.IntN(3)
	numbers := []uint32{0, 1, 2, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff, r.Uint32() % 1000}
	v := numbers[r.IntN(len(numbers))]
	big := r.IntN(2) == 0
	for i := range min(size, len(b)) {
		at := i
		if big {
			at = size - 1 - i
		}
		b[i] = byte(v >> (8 * at))
	}
}

// truncate most often leaves nearly everything.
func truncate(r *rand.Rand, data, _ []byte) []byte {
	if from, _ := span(r, data); r.IntN(3) == 0 {
		return data[:max(1, from)]
	}
	return data[:len(data)-r.IntN(len(data)/16+1)]
}

// span is a random part of data, of at most a 16th of it.
func span(r *rand.Rand, data []byte) (from, to int) {
	from = r.IntN(len(data))
	return from, min(len(data), from+1+r.IntN(len(data)/16+1))
}

func remove(r *rand.Rand, data, _ []byte) []byte {
	from, to := span(r, data)
	return slices.Delete(data, from, to)
}

func double(r *rand.Rand, data, _ []byte) []byte {
	from, to := span(r, data)
	return slices.Insert(data, to, bytes.Clone(data[from:to])...)
}

// splice continues with the donor from somewhere.
func splice(r *rand.Rand, data, donor []byte) []byte {
	from, to := span(r, donor)
	at := r.IntN(len(data))
	if r.IntN(2) == 0 {
		return append(data[:at], donor[min(at, len(donor)-1):]...)
	}
	return slices.Insert(data, at, donor[from:to]...)
}
