package sandbox

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/sandbox/internal/wire"
)

// FuzzAnswers: whatever packets a child answers with, and whatever is in the file for its
// results, the parent takes nothing but a picture of the plan's format and size.
func FuzzAnswers(f *testing.F) {
	good := picture(plan.Size())
	for _, a := range []wire.Answer{
		{ID: 1, Last: true, Len: int64(len(good))},
		{ID: 1, Last: true, Off: 1, Len: int64(len(good))},
		{ID: 1, Last: true, Len: 1 << 40},
		{ID: 1, Last: true, Err: &wire.Error{Kind: wire.Broken, Text: "broken"}},
		{ID: 1, Last: true, Len: int64(len(good)), Err: &wire.Error{Kind: wire.Bytes}},
		{ID: 0},
		{ID: 2},
	} {
		message, err := a.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(message, good)
		f.Add(append(append(message, '\n'), message...), good)
	}
	f.Fuzz(func(t *testing.T, packets, results []byte) {
		data, told, err := answered(t, packets, results)
		if err == nil && told == nil && data == nil {
			t.Fatal("there is neither a result nor an error")
		}
		if data == nil {
			return
		}
		if err != nil || int64(len(data)) > roomFor(plan) {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		if err := resize.CheckResult(bytes.NewReader(data), int64(len(data)), plan); err != nil {
			t.Fatal(err)
		}
	})
}

// answered is what comes of a request that is answered with packets, one a line.
func answered(t *testing.T, packets, results []byte) (data []byte, told, err error) {
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newChild(ours)
	ours.Close()
	if err != nil {
		t.Fatal(err)
	}
	var peer sync.WaitGroup
	defer peer.Wait()
	defer c.conn.Close()
	room := 128 << 10 // of the socket, where nobody reads yet
	for packet := range strings.SplitSeq(string(packets), "\n") {
		if room -= len(packet) + 1<<10; len(packet) == 0 || room < 0 {
			continue
		}
		if _, err := theirs.WriteString(packet); err != nil {
			t.Fatal(err)
		}
	}
	peer.Go(func() { // as a child would
		theirs.Read(make([]byte, wire.MaxMessage))
		theirs.Close()
	})
	files, err := pack(resize.InMemory(nil), roomFor(plan))
	if err != nil {
		t.Fatal(err)
	}
	defer files.close()
	files.results.WriteAt(results[:min(len(results), 1<<20)], 0)
	r := wire.Request{Kind: wire.Resize, Plans: []resize.Plan{plan}}
	err = c.exchange(t.Context(), r, files.files, func(a wire.Answer) (err error) {
		if err = check(r.Kind, a); err == nil {
			told = a.Err.Err()
			data, err = result(a, files.results, roomFor(plan), plan)
		}
		return err
	})
	return data, told, err
}
