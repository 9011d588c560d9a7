package wire_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// FuzzDecodeAnswer: whatever a child says, what is taken of it is within bounds, and
// comes through a second time as it is.
func FuzzDecodeAnswer(f *testing.F) {
	for _, a := range []wire.Answer{
		{ID: 1, Last: true, Off: 4096, Len: 1 << 40},
		{ID: 2, Plan: 1, Err: &wire.Error{Kind: wire.Unsupported, Text: "x", Option: "y"}},
		{ID: 3, Found: &wire.Found{FocalX: 0.5}},
		{ID: 4, Header: probed()},
		{ID: 5, Ready: ready()},
	} {
		data, err := a.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := wire.DecodeAnswer(data)
		if err != nil {
			return
		}
		if a.Off < 0 || a.Len < 0 || a.Plan < 0 || a.Plan >= wire.MaxPlans {
			t.Fatalf("%+v", a)
		}
		if a.Header != nil && (a.Header.Pixels() <= 0 || a.Header.DecodePixels() <= 0 || a.Header.PixelBytes() <= 0) {
			t.Fatalf("%+v", *a.Header)
		}
		told := a
		told.Ready = nil
		checkTexts(t, reflect.ValueOf(told))
		again, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := wire.DecodeAnswer(again); err != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v, and then %+v, %v", a, b, err)
		}
		_ = a.Err.Err()
	})
}

// checkTexts finds all texts within v.
func checkTexts(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkTexts(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			checkTexts(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkTexts(t, v.Index(i))
		}
	case reflect.String:
		s := v.String()
		unfit := func(r rune) bool { return !unicode.IsPrint(r) }
		if len(s) > 500 || !utf8.ValidString(s) || strings.ContainsFunc(s, unfit) {
			t.Fatalf("a text %q", s)
		}
	}
}
