package variant

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/thumbery/thumbery/internal/nearest"
)

func quoteForPeople(s string) string { return strconv.Quote(s) }

// notInGrammar reports a character that no option contains.
func notInGrammar(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
}

// badCharacter suggests lower case, and our separators for those of other services.
func badCharacter(token string, at int) error {
	guess := strings.NewReplacer(":", "_", "=", "_", "*", "x").Replace(strings.ToLower(token))
	e := &Error{
		Kind: ErrOptions, Option: token,
		Reason: fmt.Sprintf("has the character %q; options are written with a-z, 0-9, \".\", \"_\" and \"-\"", []rune(token[at:])[0]),
	}
	if strings.ContainsFunc(guess, notInGrammar) {
		return e // as Parse would call badCharacter again
	}
	if _, err := Parse(guess); err == nil {
		e.Suggestion = guess
	}
	return e
}

// unknownOption suggests the nearest option or size.
func unknownOption(token, name string) error {
	e := &Error{Kind: ErrOptions, Option: token, Reason: "is unknown"}
	if isDigits(name) && name == token {
		e.Suggestion = token + "x"
		return e
	}
	if best, ok := nearest.Word(token, kindWords); ok {
		e.Suggestion = best
		return e
	}
	candidates := make([]string, 0, len(options))
	for i := range options {
		candidates = append(candidates, options[i].name)
	}
	best, ok := nearest.Word(name, candidates)
	if !ok {
		return e
	}
	e.Suggestion = best + token[len(name):]
	if o := optionsByName[best]; o != nil {
		if _, err := Parse(e.Suggestion); err != nil {
			e.Suggestion = o.usage
		}
	}
	return e
}

// badValue suggests the nearest word where the value is one of a list.
func badValue(token, name string, err error) error {
	e := &Error{Kind: ErrOptions, Option: token, Reason: err.Error()}
	if w, ok := errors.AsType[*wordError](err); ok {
		if best, ok := nearest.Word(w.given, w.allowed); ok {
			e.Suggestion = name + "_" + best
		}
	}
	return e
}
