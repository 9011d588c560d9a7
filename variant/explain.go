package variant

import "fmt"

// Explain says in words what o asks for, one line an option, after a preset's name.
func (o Ops) Explain() []string {
	lines := o.Variant.Explain()
	if o.Preset == "" {
		return lines
	}
	return append([]string{fmt.Sprintf("preset %s, together: %s", o.Preset, o.Variant)}, lines...)
}

// Explain says in words what v asks for, one line an option, in canonical
// order.
func (v Variant) Explain() []string {
	var lines []string
	if v.Kind == Raw {
		lines = append(lines, "raw: the original's bytes, as they are")
	}
	if v.Kind == Info {
		lines = append(lines, "info: JSON about the original")
	}
	if v.Kind == InfoGPS {
		lines = append(lines, "info_gps: JSON about the original, with the place where it was taken")
	}
	if v.Width > 0 || v.Height > 0 {
		lines = append(lines, sizeString(v)+": "+v.explainSize())
	}
	for i := range options {
		o := &options[i]
		args, ok := o.print(&v)
		if !ok {
			continue
		}
		spelled := o.name
		if args != "" {
			spelled += "_" + args
		}
		lines = append(lines, spelled+": "+o.help)
	}
	if len(lines) == 0 {
		lines = append(lines, nothing+": the picture in its own size, stripped and recompressed")
	}
	return lines
}

func (v Variant) explainSize() string {
	switch {
	case v.Height == 0:
		return fmt.Sprintf("%d pixels wide, as high as it comes out", v.Width)
	case v.Width == 0:
		return fmt.Sprintf("%d pixels high, as wide as it comes out", v.Height)
	case v.Fit == FitCover:
		return fmt.Sprintf("fills %d by %d pixels, what hangs over is cut", v.Width, v.Height)
	default:
		return fmt.Sprintf("a box of %d by %d pixels", v.Width, v.Height)
	}
}
