package variant

import (
	"fmt"
	"slices"
	"strings"
)

// Scope is what a signature permits if it does not cover the options themselves, so that
// a browser writes them without a secret: ScopePresets, ScopeSizes, or a list such as
// "320x~640x~1280x,~dpr_2,f_auto".
//
// A list has the form of options. Each place, between commas, has the spellings that are
// permitted there, separated by "~"; "~dpr_2", with an empty one first, may be left out.
// The options of the URL must be in the same order, as they are written. So a list is a
// short way to write a finite number of options segments, and permits nothing but these.
// A place without an empty spelling cannot be left out, such as "wm_logo" or "blur_40".
type Scope string

const (
	// ScopePresets permits each preset of the server, with nothing after it.
	ScopePresets Scope = "presets"
	// ScopeSizes permits the sizes of Limits.Sizes, in each format, and the DPRs that are
	// permitted with them; nothing if the server has no such list.
	ScopeSizes Scope = "sizes"
)

// scopeMark separates the scope from the rest of the signature, and the spellings within a
// place. Neither base64url nor options contain it.
const scopeMark = "~"

// maxScopeBytes bounds a scope: 16 sizes, three DPRs and all formats fit.
const maxScopeBytes = 256

// ParseScope checks the form of a scope: at most 256 bytes, the characters of options, and
// no place that is empty. It returns an *Error of kind ErrOptions.
func ParseScope(s string) (Scope, error) {
	if s == "" || len(s) > maxScopeBytes {
		return "", scopeError(fmt.Sprintf("has %d bytes, and may have 1 to %d", len(s), maxScopeBytes))
	}
	for place := range strings.SplitSeq(s, ",") {
		spellings := strings.Split(strings.TrimPrefix(place, scopeMark), scopeMark)
		for _, spelling := range spellings {
			if spelling == "" || strings.ContainsFunc(spelling, notInGrammar) {
				return "", scopeError("is neither presets nor sizes, nor a list such as 320x~640x,~dpr_2,f_auto")
			}
		}
	}
	return Scope(s), nil
}

func scopeError(reason string) error {
	return &Error{Kind: ErrOptions, Reason: "the scope of the signature " + reason}
}

// permit returns an *Error of kind ErrForbidden if o, written as ops, is outside the scope.
func (s Scope) permit(ops string, o Ops, l Limits) error {
	switch {
	case s == ScopeSizes && len(l.Sizes) == 0:
		return forbidden("the signature is for the sizes of this server, which has no list of them (--sizes)")
	case !s.covers(ops, o):
		return forbidden(fmt.Sprintf("the signature is for other options: %s", s))
	}
	return nil
}

// covers reports whether o, written as ops, is within the scope. Whether the server has its
// sizes or its preset, the scope does not know.
func (s Scope) covers(ops string, o Ops) bool {
	switch s {
	case "":
		return true
	case ScopePresets:
		return o.Bare
	case ScopeSizes:
		only, err := Variant{Width: o.Variant.Width, Height: o.Variant.Height, DPR: o.Variant.DPR, Format: o.Variant.Format}.normal()
		return err == nil && o.Preset == "" && o.Variant == only
	}
	return s.lists(ops)
}

// lists reports whether ops is one of the options segments that s, a list, is short for.
func (s Scope) lists(ops string) bool {
	options := strings.Split(ops, ",")
	for place := range strings.SplitSeq(string(s), ",") {
		spellings := strings.Split(place, scopeMark)
		switch {
		case len(options) > 0 && options[0] != "" && slices.Contains(spellings, options[0]):
			options = options[1:]
		case spellings[0] != "":
			return false
		}
	}
	return len(options) == 0
}
