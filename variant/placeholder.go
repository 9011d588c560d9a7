package variant

import "strings"

// Placeholder is what the JSON of /info/ has to show until a picture has loaded.
type Placeholder struct {
	Average string `json:"average"`     // "#rrggbb"
	Image   string `json:"placeholder"` // a tiny picture, as a data URI
}

const base64Characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="

// CSS is a background: the tiny picture over the average colour, or "none". What is neither
// a colour nor such a URI is left out, so that nothing else gets into a style. In an
// attribute it must be escaped; html/template wants it as a template.CSS.
func (p Placeholder) CSS() string {
	var parts []string
	if digits, ok := strings.CutPrefix(p.Average, "#"); ok && len(digits) == 6 && strings.Trim(digits, "0123456789abcdef") == "" {
		parts = append(parts, p.Average)
	}
	if p.isImage() {
		parts = append(parts, `url("`+p.Image+`") center / cover no-repeat`)
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, " ")
}

func (p Placeholder) isImage() bool {
	media, data, _ := strings.Cut(p.Image, ";base64,")
	switch media {
	case "data:image/webp", "data:image/jpeg", "data:image/png":
		return data != "" && strings.Trim(data, base64Characters) == ""
	}
	return false
}
