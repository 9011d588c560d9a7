package variant

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScopes(t *testing.T) {
	t.Parallel()
	p := presets(t, "thumb=300x200", "small=64x64,q_40")
	limits := Limits{Sizes: []int{300, 600}}
	list := Scope("320x~640x200,~dpr_2~dpr_3,blur_40,f_auto~f_webp")
	for _, tt := range []struct {
		scope  Scope
		inside string
		not    string // options segments that are outside
	}{
		{"", "300x 999x,q_3 raw thumb", ""},
		{ScopePresets, "thumb small", "thumb,300x 300x200 raw info 64x64,q_40"},
		{ScopeSizes, "300x x600 300x600 w_300 300x300,fit_cover 300x,dpr_2,f_webp f_auto,300x", "300x,q_80 300x,up_1 300x300,fit_inside 300x,v_2 300x,dl raw info thumb thumb,300x"},
		{list, "320x,blur_40,f_auto 640x200,dpr_3,blur_40,f_webp 320x,dpr_2,blur_40,f_auto", "320x 320x,f_auto 320x,blur_40 blur_40,320x,f_auto w_320,blur_40,f_auto 320x,dpr_1,blur_40,f_auto 320x,blur_40,f_auto,q_1 321x,blur_40,f_auto raw thumb"},
		{"info", "info", "info_gps raw 300x"},
		{"thumb~300x,~f_webp", "thumb thumb,f_webp 300x,f_webp", "small small,f_webp thumb,f_auto f_webp"},
	} {
		for _, ops := range strings.Fields(tt.inside + " " + tt.not) {
			o, err := p.Parse(ops)
			if err != nil {
				t.Fatal(err)
			}
			err = tt.scope.permit(ops, o, limits)
			want := slices.Contains(strings.Fields(tt.inside), ops)
			if (err == nil) != want || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("%q permits %q: %v, want %v", tt.scope, ops, err, want)
			}
		}
	}
	o, err := p.Parse("300x")
	if err != nil {
		t.Fatal(err)
	}
	if err := ScopeSizes.permit("300x", o, Limits{}); !errors.Is(err, ErrForbidden) {
		t.Errorf("a server without --sizes permits all of them: %v", err)
	}
}

func TestParseScope(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"presets", "sizes", "320x", "320x~640x,~dpr_2", "~dpr_2", strings.Repeat("q", maxScopeBytes)} {
		if s, err := ParseScope(good); err != nil || string(s) != good {
			t.Errorf("ParseScope(%q) = %q, %v", good, s, err)
		}
	}
	for _, bad := range []string{"", ",", "320x,", ",320x", "~", "320x~", "320x~~640x", "~~320x", "320X", "3*", "a b", "a/b", strings.Repeat("q", maxScopeBytes+1)} {
		if s, err := ParseScope(bad); !errors.Is(err, ErrOptions) {
			t.Errorf("ParseScope(%q) = %q, %v", bad, s, err)
		}
	}
}

// A list permits nothing but what it is short for, and two paths that differ in what is
// covered have different messages.
func FuzzScope(f *testing.F) {
	f.Add("320x~640x,~dpr_2,f_auto", "640x,f_auto", "cat.jpg", uint32(0))
	f.Add("~a,~a,a", "a,a", "a~b/c", uint32(7))
	f.Fuzz(func(t *testing.T, scope, ops, key string, expires uint32) {
		s, err := ParseScope(scope)
		if err != nil || key == "" || strings.Count(scope, ",") > 4 || strings.Count(scope, scopeMark) > 16 {
			return
		}
		all := spelledOut(strings.Split(scope, ","))
		if s.lists(ops) && !slices.Contains(all, ops) {
			t.Errorf("%q permits %q", scope, ops)
		}
		p := Path{Signature: Signature{Scope: s}, Ops: ops, Key: Key(key)}
		if expires > 0 {
			p.Signature.Expires = time.Unix(int64(expires), 0).UTC().Format("20060102150405")
		}
		message := p.message()
		rest := strings.TrimLeft(message, "0123456789")
		gotScope, gotKey, _ := strings.Cut(strings.TrimPrefix(rest, scopeMark), "/")
		if rest[:1] != scopeMark || message[:len(message)-len(rest)] != p.Signature.Expires || gotScope != scope || gotKey != key {
			t.Errorf("%+v has the message %q", p, message)
		}
	})
}

// spelledOut lists the options segments that a list is short for.
func spelledOut(places []string) []string {
	if len(places) == 0 {
		return []string{""}
	}
	var all []string
	for _, rest := range spelledOut(places[1:]) {
		for spelling := range strings.SplitSeq(places[0], scopeMark) {
			all = append(all, strings.Trim(spelling+","+rest, ","))
		}
	}
	return all
}
