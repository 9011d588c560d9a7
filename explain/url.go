package explain

import (
	"errors"
	"strings"
	"time"

	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/variant"
)

// URLData is the Data of "url".
type URLData struct {
	Options    string   `json:"options"`              // as written
	Key        string   `json:"key"`                  // of the picture
	Preset     string   `json:"preset,omitempty"`     // that Options begins with
	Meaning    []string `json:"meaning"`              // each option in words
	Effective  string   `json:"effective"`            // canonical options with preset and client hints
	Option     string   `json:"option,omitempty"`     // at fault
	Suggestion string   `json:"suggestion,omitempty"` // the nearest spelling that would do
}

func (s *story) url(out *Section) {
	d := URLData{Options: excerpt.Of(s.path.Ops), Key: string(s.path.Key), Meaning: []string{}}
	if e, ok := errors.AsType[*variant.Error](s.refusal); ok {
		d.Option, d.Suggestion = excerpt.Of(e.Option), excerpt.Of(e.Suggestion)
	}
	out.Data = &d
	if !s.parsed {
		out.State = Refused
		out.say("%s", sentence(excerpt.Of(reason(s.refusal))))
		return
	}
	d.Preset, d.Meaning, d.Effective = s.ops.Preset, s.ops.Explain(), s.asked.Variant.String()
	if s.path.Ops == s.ops.Canonical {
		out.say("The spelling is canonical.")
	} else {
		out.say("The canonical spelling is %s: the same picture, and the same file in the cache.", s.ops.Canonical)
	}
	for _, line := range d.Meaning {
		out.say("%s", ended(line))
	}
	if s.asked.Hinted {
		out.say("The client hints change the options to %s.", d.Effective)
	}
	if err := s.Limits.Permit(s.ops, s.Presets); err != nil {
		out.State = Refused
		out.say("This server does not permit it: %s", ended(reason(err)))
	}
}

// SignatureData is the Data of "signature".
type SignatureData struct {
	Required bool       `json:"required"`          // this server serves only signed URLs
	Keys     []string   `json:"keys"`              // ids of its keys, the signing one first
	KeyID    string     `json:"key_id,omitempty"`  // that the URL names
	Expires  *time.Time `json:"expires,omitempty"` // of the URL
	Scope    string     `json:"scope,omitempty"`   // that was signed instead of the options
	Message  string     `json:"message,omitempty"` // the text to be signed
	Signed   string     `json:"signed,omitempty"`  // the text that was signed, if it is another
	Differs  *int       `json:"differs,omitempty"` // the byte in which they differ first
	Fault    string     `json:"fault,omitempty"`   // what is wrong
	Signer   string     `json:"signer,omitempty"`  // id of the key that has signed
	URL      string     `json:"url,omitempty"`     // a valid one, if this listener may sign
}

func (s *story) signature(out *Section) {
	d := SignatureData{Required: !s.Keys.Empty(), Keys: append([]string{}, s.Keys.KeyIDs()...)}
	out.Data = &d
	given := s.path.Signature
	d.KeyID, d.Scope, d.Expires = given.KeyID, string(given.Scope), known(given.ExpiresAt())
	switch {
	case !d.Required && given.KeyID == "":
		out.say("This server has no keys: URLs are not signed.")
		return
	case !d.Required:
		out.say("This server has no keys: the signature means nothing.")
		return
	case !s.parsed && !strings.HasPrefix(s.question.Path, "/s."):
		out.State = Skipped
		return
	}
	if s.parsed && s.MaySign {
		d.URL = s.Keys.Sign(variant.Path{Ops: s.ops.Canonical, Key: s.path.Key}, time.Time{}).String()
	}
	if s.parsed {
		_, err := s.Keys.Verify(s.path, s.ops, s.Limits, s.Now())
		if err == nil {
			s.valid(out, given)
			return
		}
		s.refuse(out, err)
		out.say("%s", sentence(reason(err)))
		if until := given.ExpiresAt(); !until.IsZero() && !s.Now().Before(until) {
			out.say("It was valid until %s.", s.at(until))
			s.remark(wrong, "it was valid until %s", until.UTC().Format(time.RFC3339))
		}
	}
	s.diagnose(out, &d)
}

func (s *story) valid(out *Section, given variant.Signature) {
	until := "for ever"
	if given.Expires != "" {
		until = "until " + s.at(given.ExpiresAt())
	}
	out.say("The key %s has signed it; it is valid %s.", given.KeyID, until)
	if given.Scope != "" {
		out.say("The signature is for all options within %q, and these are.", given.Scope)
	}
}

// diagnose says what was signed, as far as it can be found out.
func (s *story) diagnose(out *Section, d *SignatureData) {
	found := s.Keys.Diagnose(s.question.Path, s.Presets)
	d.Message, d.Fault, d.Signer = excerpt.Of(found.Message), found.Fault, found.Signer
	if !s.parsed {
		out.State = Refused
	}
	if found.Fault != "" {
		out.say("The signature is wrong: %s.", found.Fault)
		s.remark(wrong, "the signature is wrong: %s", found.Fault)
	}
	if found.Message != "" {
		out.say("The text to be signed is %q.", d.Message)
	}
	if at := found.Differs(); at >= 0 {
		d.Signed, d.Differs = excerpt.Of(found.Signed), &at
		out.say("The text that was signed is %q: it differs from byte %d on.", d.Signed, at)
	}
	if d.URL != "" {
		out.say("Signed by this server it is %s", d.URL)
	}
}
