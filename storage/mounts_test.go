package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/storage/storagetest"
)

func TestMountsConform(t *testing.T) {
	storagetest.Run(t, func(t *testing.T, objects map[string][]byte) storage.Origin {
		return mustMount(t, map[string]storage.Origin{"/": storagetest.NewFake(objects), "elsewhere/": fake("elsewhere")})
	})
}

func TestLookup(t *testing.T) {
	all := mustMount(t, map[string]storage.Origin{
		"/": fake("root"), "/avatars/": fake("avatars"), "avatars/old": fake("old"), "ü b": fake("odd"),
	})
	some := mustMount(t, map[string]storage.Origin{"a/b/": fake("ab")})
	tests := []struct {
		mounts            *storage.Mounts
		key, origin, rest string
	}{
		{all, "cat.jpg", "root", "cat.jpg"},
		{all, "avatars/x.png", "avatars", "x.png"},
		{all, "avatars/a/b.png", "avatars", "a/b.png"},
		{all, "avatars", "root", "avatars"},
		{all, "avatarsx/y", "root", "avatarsx/y"},
		{all, "x/avatars/y", "root", "x/avatars/y"},
		{all, "avatars/old/y", "old", "y"},
		{all, "avatars/older", "avatars", "older"},
		{all, "avatars/old", "avatars", "old"},
		{all, "ü b/x", "odd", "x"},
		{some, "a/b/c", "ab", "c"},
		{some, "a/b", "", ""},
		{some, "a/c", "", ""},
		{new(storage.Mounts), "a", "", ""},
	}
	for _, tt := range tests {
		origin, rest, ok := tt.mounts.Lookup(tt.key)
		if ok != (tt.origin != "") || ok && origin.String() != tt.origin || rest != tt.rest {
			t.Errorf("%s: %v %q %t, want %q %q", tt.key, origin, rest, ok, tt.origin, tt.rest)
		}
	}
}

func TestMountsOpen(t *testing.T) {
	root, avatars := fake("root", "avatars/x", "y"), fake("avatars", "z")
	m := mustMount(t, map[string]storage.Origin{"/": root, "avatars": avatars})
	if got, err := readAll(t, m, "avatars/z"); got != "avatars has z" {
		t.Errorf("avatars/z: %q, %v", got, err)
	}
	_, err := m.Open(t.Context(), "avatars/x")
	wantKind(t, err, storage.ErrNotFound)
	if root.TotalOpens() != 0 {
		t.Error("a shorter prefix was asked, too")
	}
	_, err = mustMount(t, map[string]storage.Origin{"a": root}).Open(t.Context(), "b")
	wantKind(t, err, storage.ErrNotFound)
}

func TestMountsAdd(t *testing.T) {
	m := mustMount(t, map[string]storage.Origin{"/": fake("root"), "avatars": fake("a")})
	for _, tt := range []struct{ prefix, problem string }{
		{"", "has a source already"},
		{"/avatars/", "has a source already"},
		{"a//b", "empty segment"},
		{"../b", `".."`},
		{"a\nb", "control character"},
		{"//", "too many slashes"},
		{"//a", "empty segment"},
	} {
		if err := m.Add(tt.prefix, fake("x")); err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%q: error is %v, want one with %q", tt.prefix, err, tt.problem)
		}
	}
	if got, want := m.String(), "/avatars/=a; /=root"; got != want {
		t.Errorf("String is %q, want %q", got, want)
	}
}

func TestMountsCheck(t *testing.T) {
	good, bad := fake("good"), fake("bad")
	bad.FailAll(errors.New("boom"))
	m := mustMount(t, map[string]storage.Origin{"/": good, "b": bad})
	if err := m.Check(t.Context()); err == nil || err.Error() != "bad: boom" {
		t.Errorf("error is %v, want bad: boom", err)
	}
	if err := new(storage.Mounts).Check(t.Context()); err == nil {
		t.Error("no mounts are fine")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := new(storage.Mounts).Open(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want context.Canceled", err)
	}
}

func mustMount(t *testing.T, origins map[string]storage.Origin) *storage.Mounts {
	t.Helper()
	m, err := storage.NewMounts(origins)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
