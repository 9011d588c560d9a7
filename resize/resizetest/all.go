package resizetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/internal/testkit/sample"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/variant"
)

// outcome is what ResizeAll told done.
type outcome struct {
	i    int
	data []byte
	err  error
}

// makeAll collects outcomes, and holds r to their order.
func makeAll(t *testing.T, r resize.Resizer, ctx context.Context, src []byte, h header.Header, plans []resize.Plan) ([]outcome, error) {
	t.Helper()
	var all []outcome
	err := r.ResizeAll(ctx, resize.InMemory(src), h, plans, func(i int, data []byte, err error) {
		all = append(all, outcome{i, data, err})
	})
	if len(all) != len(plans) {
		t.Fatalf("%d plans, done was called %d times", len(plans), len(all))
	}
	for i, o := range all {
		if o.i != i {
			t.Fatalf("call %d was for plan %d", i, o.i)
		}
	}
	return all, err
}

func plansOf(t *testing.T, r resize.Resizer, src []byte, options ...string) (h header.Header, plans []resize.Plan) {
	t.Helper()
	for _, ops := range options {
		var p resize.Plan
		h, p = planOf(t, r, src, ops)
		plans = append(plans, p)
	}
	return h, plans
}

// runAll: all geometries at once, and a few, from the small to the large and back.
func runAll(t *testing.T, r resize.Resizer) {
	m := Quarters(400, 300)
	var every []string
	for _, ops := range geometries {
		every = append(every, ops+",f_png", ops+",f_jpeg,q_95")
	}
	for _, o := range sample.Every(5, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		stored := Stored(m, o)
		for name, src := range map[string][]byte{"jpeg": JPEG(stored), "png": PNG(stored)} {
			src = Oriented(src, o)
			for _, options := range [][]string{every, {"20x,f_png", "90x50,f_jpeg,g_ne"}, {"12x9,f_png"}, {}} {
				if o > 1 && len(options) == len(every) {
					options = every[5*o : 5*o+8]
				}
				t.Run(fmt.Sprintf("%s %d of %d", name, o, len(options)), func(t *testing.T) { checkAll(t, r, src, sample.Every(5, options)) })
			}
		}
	}
}

func checkAll(t *testing.T, r resize.Resizer, src []byte, options []string) {
	if len(options) == 0 {
		options = []string{"50x40,f_png"}
	}
	h, plans := plansOf(t, r, src, options...)
	all, err := makeAll(t, r, t.Context(), src, h, plans)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range all {
		t.Run(options[i], func(t *testing.T) {
			if o.err != nil {
				t.Fatal(o.err)
			}
			if m := checkMade(t, o.data, plans[i]); m != nil {
				compareQuarters(t, m, plans[i])
			}
		})
	}
}

func runAllErrors(t *testing.T, r resize.Resizer) {
	photo := JPEG(Quarters(400, 300))
	h, plans := plansOf(t, r, photo, "40x", "80x", "20x")
	for what, c := range map[string]struct {
		src  []byte
		kind error
	}{
		"cut in its tables": {photo[:200], header.ErrBroken},
		"of another format": {PNG(Quarters(400, 300)), header.ErrNotPicture},
	} {
		all, err := makeAll(t, r, t.Context(), c.src, h, plans)
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", what, err, c.kind)
		}
		for _, o := range all {
			if !errors.Is(o.err, c.kind) || o.data != nil {
				t.Errorf("%s, plan %d: %d bytes, %v", what, o.i, len(o.data), o.err)
			}
		}
	}
	plans[1].Output.Format = variant.TIFF
	all, err := makeAll(t, r, t.Context(), photo, h, plans)
	if err != nil {
		t.Errorf("one plan fails, and all of them: %v", err)
	}
	if u, ok := errors.AsType[*resize.UnsupportedError](all[1].err); !ok || u.Option != "f_tiff" {
		t.Errorf("a format that is not written: %v", all[1].err)
	}
	for _, i := range []int{0, 2} {
		if all[i].err != nil {
			t.Errorf("plan %d fails with another: %v", i, all[i].err)
		} else {
			compareQuarters(t, checkMade(t, all[i].data, plans[i]), plans[i])
		}
	}
}

// runAllCancelled: before, and between two plans.
func runAllCancelled(t *testing.T, r resize.Resizer) {
	src := PNG(Quarters(400, 300))
	h, plans := plansOf(t, r, src, "40x", "80x", "20x")
	ctx, cancel := context.WithCancel(t.Context())
	var outs [][]byte
	var errs []error
	err := r.ResizeAll(ctx, resize.InMemory(src), h, plans, func(_ int, data []byte, err error) {
		outs, errs = append(outs, data), append(errs, err)
		cancel()
	})
	if !errors.Is(err, context.Canceled) || len(errs) != 3 || errs[0] != nil || outs[0] == nil {
		t.Fatalf("cancelled after the first: %v, %v", err, errs)
	}
	again, err := makeAll(t, r, ctx, src, h, plans)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	for i := range plans {
		if i > 0 && (!errors.Is(errs[i], context.Canceled) || outs[i] != nil) || !errors.Is(again[i].err, context.Canceled) || again[i].data != nil {
			t.Errorf("plan %d: %v, and before: %v", i, errs[i], again[i].err)
		}
	}
}

// runMezzanines: what is planned for the original is carried out on its mezzanine.
func runMezzanines(t *testing.T, r resize.Resizer) {
	m := Quarters(800, 600)
	s := resize.Settings{MezzanineSide: 450, MezzanineOver: 1 << 18, CanWrite: r.CanWrite}
	for _, o := range sample.Every(5, []int{1, 2, 3, 4, 5, 6, 7, 8}) {
		src := Oriented(JPEG(Stored(m, o)), o)
		h, _ := planOf(t, r, src, "20x")
		p, ok := s.Mezzanine(h)
		if !ok {
			t.Fatal("it has no mezzanine")
		}
		body, err := r.Resize(t.Context(), resize.InMemory(src), h, p)
		if err != nil {
			t.Fatal(err)
		}
		packed := resize.PackMezzanine(h, int64(len(src)), body)
		mezzanine, err := resize.UnpackMezzanine(bytes.NewReader(packed), int64(len(packed)))
		if err != nil {
			t.Fatal(err)
		}
		for i, ops := range sample.Every(3, geometries) {
			_, p := planOf(t, r, src, ops+",f_jpeg,q_95")
			if (o == 1 || i%4 == o%4) && resize.MezzanineSuffices(mezzanine.Header, p) {
				t.Run(fmt.Sprintf("%d %s", o, ops), func(t *testing.T) { checkMezzanine(t, r, mezzanine, p) })
			}
		}
	}
}

func checkMezzanine(t *testing.T, r resize.Resizer, m resize.Mezzanine, p resize.Plan) {
	src, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.Resize(t.Context(), resize.InMemory(src), m.Header, p)
	if err != nil {
		t.Fatal(err)
	}
	compareQuarters(t, checkMade(t, out, p), p)
}
