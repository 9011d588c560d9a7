package sandbox

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var tr trouble
		for i, want := range []time.Duration{0, 0, 10, 20, 40, 80, 160, 320, 640, 1000, 1000} {
			bad, text := tr.state()
			if got := tr.pause(); got != want*time.Millisecond || bad != (i >= degraded) || bad != (text != "") {
				t.Errorf("after %d deaths: a pause of %v, degraded %t, %q", i, got, bad, text)
			}
			tr.diedEarly("signal")
		}
		time.Sleep(calm + time.Second)
		if bad, _ := tr.state(); bad || tr.pause() != 0 {
			t.Error("it is not forgotten")
		}
		tr.diedEarly("signal")
		tr.diedEarly("signal")
		tr.made()
		if tr.pause() != 0 {
			t.Error("a picture was made, and the next start waits")
		}
		for range 100 {
			tr.notStarted("no memory")
		}
		tr.made() // by a child that is still there
		if bad, text := tr.state(); !bad || text != "no memory" || tr.pause() != maxPause {
			t.Errorf("%t, %q", bad, text)
		}
		tr.started()
		if bad, _ := tr.state(); bad || tr.pause() != 0 {
			t.Error("a child was started, and the next start waits")
		}
	})
}

func TestTail(t *testing.T) {
	t.Parallel()
	var said tail
	for range 10_000 {
		said.Write([]byte("0123456789\n"))
	}
	said.Write([]byte("the end"))
	if s := said.String(); len(s) != keptFirst+keptLast || s[:11] != "0123456789\n" || s[len(s)-7:] != "the end" {
		t.Errorf("%d bytes", len(s))
	}
	if said.summary() != "0123456789" {
		t.Error(said.summary())
	}
	var large tail
	large.Write(make([]byte, 1<<20))
	large.Write([]byte("x"))
	if s := large.String(); len(s) != keptFirst+keptLast || s[len(s)-1] != 'x' || cap(large.last) > 4*keptLast {
		t.Errorf("%d bytes in %d", len(s), cap(large.last))
	}
	for text, want := range map[string]string{
		"":                               "",
		"\n\nVIPS-WARNING **: odd\nhm\n": "hm",
		"(x:1): GLib-WARNING **: odd\n":  "(x:1): GLib-WARNING **: odd",
		"VIPS-WARNING **: odd\ndenied: fork\nfree(): invalid pointer\nmore":    "free(): invalid pointer",
		"warning: out of memory soon\nSIGSEGV: segmentation violation\nPC=0x1": "SIGSEGV: segmentation violation",
	} {
		var said tail
		said.Write([]byte(text))
		if got := said.summary(); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
