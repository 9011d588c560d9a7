package storage_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/thumbery/thumbery/storage"
)

func TestParseSource(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, prefix string
		urls       []string
		out        string
	}{
		{"/=s3://bucket", "", []string{"s3://bucket"}, "/=s3://bucket"},
		{"=file:testdata", "", []string{"file:testdata"}, "/=file:testdata"},
		{"avatars=file:///srv/a", "avatars/", []string{"file:///srv/a"}, "/avatars/=file:///srv/a"},
		{"/a/b/=file:///srv/a", "a/b/", []string{"file:///srv/a"}, "/a/b/=file:///srv/a"},
		{
			"avatars/=s3://bucket-b/p?endpoint=http://127.0.0.1:9000&region=x,file:///srv/old", "avatars/",
			[]string{"s3://bucket-b/p?endpoint=http://127.0.0.1:9000&region=x", "file:///srv/old"},
			"/avatars/=s3://bucket-b/p?endpoint=http://127.0.0.1:9000&region=x,file:///srv/old",
		},
		{"/=file:///a%2Cb", "", []string{"file:///a%2Cb"}, "/=file:///a%2Cb"},
		{"/=file:///a%7Cb", "", []string{"file:///a%7Cb"}, "/=file:///a%7Cb"},
		{"/=file:a%7Cb%2C", "", []string{"file:a%7Cb%2C"}, "/=file:a%7Cb%2C"},
		{"a|b=s3://a|s3://b", "a|b/", []string{"s3://a | s3://b"}, "/a|b/=s3://a|s3://b"},
		{
			"/=s3://a?region=x|s3://b|s3://c,file:///old|file:///older,s3://d?x=%7C", "",
			[]string{"s3://a?region=x | s3://b | s3://c", "file:///old | file:///older", "s3://d?x=%7C"},
			"/=s3://a?region=x|s3://b|s3://c,file:///old|file:///older,s3://d?x=%7C",
		},
		{"10:30=file:x", "10:30/", []string{"file:x"}, "/10:30/=file:x"},
		{"/=s3://b?secret=hunter2&region=x", "", []string{"s3://b?secret=hunter2&region=x"}, "/=s3://b?secret=xxxxx&region=x"},
		{
			"/=s3://b?endpoint=http://me:hunter2@h&region=x", "",
			[]string{"s3://b?endpoint=http://me:hunter2@h&region=x"},
			"/=s3://b?endpoint=xxxxx&region=x",
		},
		{"/=s3://b?endpoint=http:%2F%2Fme:hunter2%40h", "", []string{"s3://b?endpoint=http:%2F%2Fme:hunter2%40h"}, "/=s3://b?endpoint=xxxxx"},
		{"/=s3://b?s%65cret=hunter2", "", []string{"s3://b?s%65cret=hunter2"}, "/=s3://b?s%65cret=xxxxx"},
	}
	for _, tt := range tests {
		got, err := storage.ParseSource(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		var urls []string
		for _, mirrors := range got.URLs {
			var texts []string
			for _, u := range mirrors {
				texts = append(texts, u.String())
			}
			urls = append(urls, strings.Join(texts, " | "))
		}
		if got.Prefix != tt.prefix || strings.Join(urls, " ") != strings.Join(tt.urls, " ") || got.String() != tt.out {
			t.Errorf("%s: %q %q, spelt %s; want %q %q, %s", tt.in, got.Prefix, urls, got, tt.prefix, tt.urls, tt.out)
		}
	}
}

func TestParseSourceRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, problem string }{
		{"", "prefix is missing"},
		{"s3://bucket", "prefix is missing"},
		{"s3://bucket?region=x", "prefix is missing"},
		{"file:dir?a=b", "prefix is missing"},
		{"/=", "empty"},
		{"/=s3://a,", "empty"},
		{"/=,s3://a", "empty"},
		{"/=|s3://a", "empty"},
		{"/=s3://a|", "empty"},
		{"/=s3://a||s3://b", "empty"},
		{"/=s3://a|,s3://b", "empty"},
		{"/=s3://a|b", "no scheme"},
		{"/=s3://a|s3://me:hunter2@bucket", "user or password"},
		{"/=/srv/pictures", "file:///srv/pictures"},
		{"/=pictures", "no scheme"},
		{"a//b=s3://c", "empty segment"},
		{"/=s3://a#b", "%23"},
		{"/=s3://a#", "%23"},
		{"/=s3://me:hunter2@bucket", "user or password"},
		{"/=s3://me:hunter2@bu cket", "not a URL"},
		{"/=s3://bucket:hunter2", "not a URL"},
		{"/=s3://b/%zz", "not a URL"},
		{"/=:hunter2", "not a URL"},
	}
	for _, tt := range tests {
		_, err := storage.ParseSource(tt.in)
		if err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: error is %v, want one with %q", tt.in, err, tt.problem)
		} else if strings.ContainsAny(err.Error(), "\n\r") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error has several lines or tells a password: %q", tt.in, err)
		}
	}
}

func TestCheckParameters(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query   string
		known   []string
		problem string
	}{
		{"", nil, ""},
		{"a=1&b=2", []string{"a", "b"}, ""},
		{"z=1&y=2&a=3", []string{"a", "b"}, `unknown parameter "y", "z": a s3: URL takes a, b`},
		{"a=1", nil, `unknown parameter "a": a s3: URL takes none`},
		{"a=1&a=1", []string{"a"}, `"a" is given 2 times`},
		{"a=%zz", []string{"a"}, "cannot be read"},
		{"a;b", []string{"a"}, "cannot be read"},
	}
	for _, tt := range tests {
		err := storage.CheckParameters(&url.URL{Scheme: "s3", Host: "b", RawQuery: tt.query}, tt.known...)
		if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: error is %v, want %q", tt.query, err, tt.problem)
		}
	}
}

// FuzzParseSource: what is accepted is spelt such that it parses to the same.
func FuzzParseSource(f *testing.F) {
	for _, seed := range []string{"/=s3://bucket", "a/b=file:x,file:///y%2C", "=s3://b?endpoint=http://h:1&region=x", "//=x:", "a=b:c#d", "/=s3://a|s3://b?x=|,file:%7c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		source, err := storage.ParseSource(s)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Errorf("error has several lines: %q", err)
			}
			return
		}
		if len(source.URLs) == 0 || len(source.URLs[0]) == 0 || source.Prefix != "" && !strings.HasSuffix(source.Prefix, "/") {
			t.Fatalf("%q: %+v", s, source)
		}
		if !strings.ContainsAny(source.Prefix, "=") {
			again, err := storage.ParseSource(source.String())
			if err != nil || again.String() != source.String() || !sameShape(again, source) {
				t.Errorf("%q is spelt %q, which gives %q, %v", s, source, again, err)
			}
		}
	})
}

func sameShape(a, b storage.Source) bool {
	return slices.EqualFunc(a.URLs, b.URLs, func(a, b []*url.URL) bool { return len(a) == len(b) })
}
