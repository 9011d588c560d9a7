package op

import "testing"

// TestSpell: a number in the way of libvips' command line has no exponent, as it
// reads whole numbers up to one.
func TestSpell(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		1e6: "1000000", 1e7: "10000000", 2.725272e6: "2725272", 123456789: "123456789", 1e21: "1000000000000000000000", 0.5: "0.5", 1e-7: "0.0000001", -1.5e6: "-1500000", 0: "0",
	} {
		if got, list := spell(value), spell([]float64{value, 1}); got != want || list != want+" 1" {
			t.Errorf("%g is spelled %q, and %q in a list", value, got, list)
		}
	}
}

// TestSaysMemory: what libvips and its decoders say of memory is known, and what
// they say of damage is not taken for it.
func TestSaysMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"out of memory --- size == 103MB":                                                                 true,
		"VipsJpeg: Insufficient memory (case 4)":                                                          true,
		"gifload_buffer: Out of memory":                                                                   true,
		"heif: Memory allocation error (6.1000)":                                                          true,
		"TIFFFillStrip: No space for data buffer at scanline":                                             true,
		"Failed to allocate memory for strip byte counts":                                                 true,
		"vips_mapfile: unable to mmap":                                                                    true,
		"heif: Memory allocation error: Security limit exceeded: Image size exceeds the maximum (6.1000)": false,
		"pngload_buffer: libspng read error":                                                              false,
		"VipsJpeg: Premature end of JPEG file":                                                            false,
		"webp2vips: unable to parse image":                                                                false,
		"tiff2vips: read error":                                                                           false,
		"icc_transform: no known route to colourspace":                                                    false,
		"": false,
	} {
		if got := saysMemory(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
