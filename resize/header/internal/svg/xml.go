package svg

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"

	"github.com/thumbery/thumbery/resize/header/internal/source"
)

// maxEntity is how long the value of an entity may be. Old drawing programs
// declare namespaces and styles so.
const maxEntity = 1 << 10

// literalEntity is the declaration of an entity that is nothing but text: it
// refers to no other, and so cannot grow, and to no file.
var literalEntity = regexp.MustCompile(`^<!ENTITY\s+[A-Za-z_][\w.-]*\s+(?:"([^"&%<]*)"|'([^'&%<]*)')\s*>\s*`)

// longestEntity checks a directive, that is all of <!DOCTYPE …> without its
// brackets, and returns how long the longest value is of the entities that it
// declares, or longest if that is more. All else that can be declared there
// changes what a parser reads, and is refused.
func longestEntity(d xml.Directive, longest int) (int, error) {
	if !bytes.HasPrefix(d, []byte("DOCTYPE")) {
		return 0, source.Broken("a directive that is no DOCTYPE")
	}
	_, rest, ok := bytes.Cut(d, []byte("["))
	if !ok {
		return longest, nil
	}
	rest = bytes.TrimSpace(rest)
	for {
		m := literalEntity.FindSubmatch(rest)
		if m == nil {
			break
		}
		rest = rest[len(m[0]):]
		if longest = max(longest, len(m[1]), len(m[2])); longest > maxEntity {
			return 0, source.TooLarge("an entity of %d bytes", longest)
		}
	}
	if !bytes.Equal(bytes.TrimSpace(rest), []byte("]")) {
		return 0, source.Broken("it declares more than plain entities")
	}
	return longest, nil
}

// markup counts what is in an XML document, without building anything of it.
type markup struct {
	r               *bufio.Reader
	elements, depth int
	references      int64 // to entities
}

// checkMarkup refuses a document of too many elements or levels, one whose
// entities would grow beyond maxSVGBytes when each reference is as long as
// entity, and one that is cut short.
func checkMarkup(s *source.Source, entity int) error {
	r := io.NewSectionReader(s.Reader(), 0, s.Size)
	m := &markup{r: bufio.NewReaderSize(r, source.Window)}
	for {
		err := m.next()
		switch {
		case err == io.EOF && m.depth > 0, err == io.ErrUnexpectedEOF:
			return source.CutShort("its markup")
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("reading the picture: %w", err)
		case m.elements > maxElements:
			return source.TooLarge("an SVG of more than %d elements", maxElements)
		case m.depth > maxDepth:
			return source.TooLarge("an SVG of more than %d levels", maxDepth)
		case m.references*int64(entity) > maxSVGBytes:
			return source.TooLarge("its entities grow beyond %d bytes", maxSVGBytes)
		}
	}
}

// next passes over the text before a tag, and that tag. io.EOF means that there
// is no further one.
func (m *markup) next() error {
	if err := m.until('<', false); err != nil {
		return err
	}
	head, err := m.r.Peek(8)
	if len(head) == 0 {
		return unexpected(err)
	}
	switch {
	case head[0] == '/':
		m.depth--
		return m.past("/", ">")
	case head[0] == '?':
		return m.past("?", "?>")
	case bytes.HasPrefix(head, []byte("!--")):
		return m.past("!--", "-->")
	case bytes.HasPrefix(head, []byte("![CDATA[")):
		return m.past("![CDATA[", "]]>")
	case head[0] == '!':
		return m.past("!", ">")
	}
	m.elements++
	m.depth++
	return unexpected(m.until('>', true))
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// until passes over all up to and with end, which counts only outside of
// quotes if in a tag, and counts references. A tag that ends in a slash closes
// itself.
func (m *markup) until(end byte, tag bool) error {
	var quote, last byte
	for {
		c, err := m.r.ReadByte()
		switch {
		case err != nil:
			return err
		case c == '&':
			m.references++
		case tag && quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		case c == end && quote == 0:
			if tag && last == '/' {
				m.depth--
			}
			return nil
		}
		last = c
	}
}

// past passes over start, which is there, and all up to and with end.
func (m *markup) past(start, end string) error {
	if _, err := m.r.Discard(len(start)); err != nil {
		return unexpected(err)
	}
	var tail []byte
	for string(tail) != end {
		c, err := m.r.ReadByte()
		if err != nil {
			return unexpected(err)
		}
		if len(tail) == len(end) {
			copy(tail, tail[1:])
			tail = tail[:len(end)-1]
		}
		tail = append(tail, c)
	}
	return nil
}
