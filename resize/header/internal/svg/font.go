package svg

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// Bounds on the size of a font: librsvg panics at some millions of pixels, which ends
// the process.
const (
	maxFontSize  = 1e5 // pixels
	maxFontScale = 100 // times the size of what it is in
)

// checkFonts refuses an SVG with a larger font, as far as that is said in one place:
// by an attribute, a property, or a style sheet, as font-size or in font.
func checkFonts(b []byte) error {
	b = bytes.ToLower(b)
	for {
		_, after, found := bytes.Cut(b, []byte("font"))
		if !found {
			return nil
		}
		b = after
		value, isSize := fontValue(after)
		if isSize && bytes.IndexByte(value, '&') >= 0 {
			return source.TooLarge("the drawing hides in references how large a font is")
		}
		for word := range bytes.FieldsFuncSeq(value, func(r rune) bool { return r <= ' ' || r == ',' || r == '/' }) {
			if size, most := fontLength(word); size > most {
				return source.TooLarge("the drawing has a font of %.40q, the limit is %d pixels", word, int(maxFontSize))
			}
		}
	}
}

// fontValue is what is given to font, or to font-size, by what follows "font"; nothing
// where that is another word. It has no colon, so that no byte is in two values.
func fontValue(after []byte) (value []byte, isSize bool) {
	const blanks = " \t\r\n\f"
	after, isSize = bytes.CutPrefix(after, []byte("-size"))
	after = bytes.TrimLeft(after, blanks)
	if len(after) == 0 || after[0] != ':' && after[0] != '=' {
		return nil, false
	}
	after = bytes.TrimLeft(after[1:], blanks+"\"'")
	if end := bytes.IndexAny(after, ";\"'<>{}:="); end >= 0 {
		after = after[:end]
	}
	return after, isSize
}

// fontLength is the size that a word of CSS stands for, in pixels or as a multiple,
// and the most that it may be.
func fontLength(word []byte) (size, most float64) {
	end := 0
	for end < len(word) && (word[end] <= '9' || word[end] == 'e' && end+1 < len(word) && word[end+1] <= '9') {
		end++
	}
	unit := string(word[end:])
	if unit == "" && bytes.HasSuffix(word, []byte("%")) { // which is less than 9, too
		end, unit = end-1, "%"
	}
	size, err := strconv.ParseFloat(string(word[:end]), 64)
	if end == 0 || err != nil && !errors.Is(err, strconv.ErrRange) { // one out of range is infinite
		return 0, maxFontSize
	}
	switch unit {
	case "%":
		return size / 100, maxFontScale
	case "em", "rem", "ex", "ch":
		return size, maxFontScale
	case "pt":
		size *= 4. / 3
	case "pc":
		size *= 16
	case "in":
		size *= 96
	case "cm":
		size *= 96 / 2.54
	case "mm":
		size *= 96 / 25.4
	}
	return size, maxFontSize
}
