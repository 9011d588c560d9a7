package sandbox

import (
	"os"
	"testing"
)

// BenchmarkResize is what a picture costs besides its making.
func BenchmarkResize(b *testing.B) {
	p, err := New(Config{Worker: os.Args[0], Build: "test", Workers: 1, Pictures: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Close()
	b.ReportAllocs()
	src := saying("fine")
	for b.Loop() {
		if _, err := p.Resize(b.Context(), src, original, plan); err != nil {
			b.Fatal(err)
		}
	}
}
