package main

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// suffix has one picture made, and returns the file name suffix that makes
// libvips save with the same options.
func (s *service) suffix(file string, o op) (string, error) {
	body, err := get(http.DefaultClient, s.url(file, o, 0))
	if err != nil {
		return "", err
	}
	switch {
	case bytes.HasPrefix(body, []byte("\xFF\xD8")):
		return jpegSuffix(body), nil
	case bytes.HasPrefix(body, []byte("\x89PNG")):
		return ".png[compression=6,strip]", nil
	case bytes.HasPrefix(body, []byte("RIFF")):
		return fmt.Sprintf(".webp[Q=%d,strip]", resize.DefaultQuality(variant.WebP)), nil
	}
	return "", fmt.Errorf("%s: a picture of an unknown kind", file)
}

// jpegSuffix looks at how a JPEG is coded. libjpeg's own Huffman tables begin
// with the lengths 0 1 5 1 (ITU-T T.81, K.3.1); others were made for the
// picture.
func jpegSuffix(jpeg []byte) string {
	suffix := fmt.Sprintf(".jpg[Q=%d,strip", resize.DefaultQuality(variant.JPEG))
	interlaced, optimized := false, true
	for rest := jpeg[2:]; len(rest) > 8 && rest[0] == 0xFF && rest[1] != 0xDA; {
		size := 2 + int(rest[2])<<8 + int(rest[3])
		switch rest[1] {
		case 0xC2:
			interlaced = true
		case 0xC4:
			if bytes.HasPrefix(rest[4:], []byte{0, 0, 1, 5, 1}) {
				optimized = false
			}
		}
		if size > len(rest) {
			break
		}
		rest = rest[size:]
	}
	if optimized {
		suffix += ",optimize-coding"
	}
	if interlaced {
		suffix += ",interlace"
	}
	return suffix + "]"
}
