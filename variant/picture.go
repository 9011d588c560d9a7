package variant

import (
	"strings"
)

// Tag describes an <img>, or a <picture> with one <source> for each format.
type Tag struct {
	Widths     []int     // as for Srcset; the greatest is that of the src
	Densities  []float64 // as for Densities, if there are no widths
	Sizes      string    // the attribute of that name, such as "(max-width: 40em) 100vw, 40em"
	Formats    []Format  // the best first; none for an <img> alone
	Alt        string
	Attributes []Attribute // more of the <img>, in their order
}

// Attribute is one of HTML. It is left out if its value is empty.
type Attribute struct{ Name, Value string }

var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// Picture returns the HTML of t, with all values escaped. The <img> has ops as they are,
// and each <source> has its format in place of theirs. It returns an *Error as Srcset and
// Densities do, and one of kind ErrOptions for the name of an attribute that is none.
func (l Links) Picture(ops, key string, t Tag) (string, error) {
	var b strings.Builder
	for _, format := range t.Formats {
		srcset, err := l.candidatesFor(withFormat(ops, format), key, t)
		if err != nil {
			return "", err
		}
		b.WriteString("<source" + attributes(Attribute{"type", "image/" + format.String()}, Attribute{"srcset", srcset}, Attribute{"sizes", t.Sizes}) + ">")
	}
	img, err := l.img(ops, key, t)
	if err != nil || len(t.Formats) == 0 {
		return img, err
	}
	return "<picture>" + b.String() + img + "</picture>", nil
}

func (l Links) img(ops, key string, t Tag) (string, error) {
	for _, a := range t.Attributes {
		if !isName(strings.ToLower(a.Name)) {
			return "", &Error{Kind: ErrOptions, Reason: quoteForPeople(a.Name) + " is not the name of an attribute"}
		}
	}
	src, err := l.src(ops, key, t.Widths)
	if err != nil {
		return "", err
	}
	srcset := ""
	if len(t.Widths)+len(t.Densities) > 0 {
		if srcset, err = l.candidatesFor(ops, key, t); err != nil {
			return "", err
		}
	}
	return "<img" + attributes(Attribute{"src", src}, Attribute{"srcset", srcset}, Attribute{"sizes", t.Sizes}) +
		` alt="` + escapeHTML.Replace(t.Alt) + `"` + attributes(t.Attributes...) + ">", nil // alt is never left out
}

// candidatesFor is the srcset of a <source>.
func (l Links) candidatesFor(ops, key string, t Tag) (string, error) {
	switch {
	case len(t.Widths) > 0:
		return l.Srcset(ops, key, t.Widths...)
	case len(t.Densities) > 0:
		return l.Densities(ops, key, t.Densities...)
	}
	return l.URL(ops, key)
}

func withFormat(ops string, f Format) string {
	var kept []string
	for option := range strings.SplitSeq(ops, ",") {
		if option != "" && !strings.HasPrefix(option, "f_") {
			kept = append(kept, option)
		}
	}
	return strings.Join(append(kept, "f_"+f.String()), ",")
}

// attributes spells those that have a value.
func attributes(all ...Attribute) string {
	var b strings.Builder
	for _, a := range all {
		if a.Value != "" {
			b.WriteString(" " + a.Name + `="` + escapeHTML.Replace(a.Value) + `"`)
		}
	}
	return b.String()
}
