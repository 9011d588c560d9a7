package explain

import (
	"fmt"
	"time"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/pipeline/originals"
	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/resize/header"
	"github.com/thumbery/thumbery/storage"
	"github.com/thumbery/thumbery/variant"
)

// OriginalData is the Data of "original".
type OriginalData struct {
	Backend string `json:"backend,omitempty"` // where its key is looked for
	Cached  bool   `json:"cached"`            // is on disk here
	File    string `json:"file,omitempty"`    // below the cache directory
	Bytes   int64  `json:"bytes,omitempty"`
	// Modified is the origin's Last-Modified, Fetched when the file was written, Used when it
	// was last used, to the hour, and Checked when the origin last confirmed it.
	Modified  *time.Time `json:"modified,omitempty"`
	Fetched   *time.Time `json:"fetched,omitempty"`
	Used      *time.Time `json:"used,omitempty"`
	Checked   *time.Time `json:"checked,omitempty"`
	ETag      string     `json:"etag,omitempty"`
	Freshness string     `json:"freshness,omitempty"` // as in the metrics: fresh, asking, changed, failed

	Header *HeaderData `json:"header,omitempty"` // if it is known

	AbsentUntil      *time.Time `json:"absent_until,omitempty"` // the negative cache
	QuarantinedUntil *time.Time `json:"quarantined_until,omitempty"`
	Crashes          int        `json:"crashes,omitempty"`      // of processes that worked on it
	BreakerOpen      bool       `json:"breaker_open,omitempty"` // the circuit breaker of its origin
	ReadOnly         bool       `json:"read_only,omitempty"`    // this server fetches nothing
}

// HeaderData is what is known of a picture without decoding it.
type HeaderData struct {
	Format      string `json:"format"`
	Width       int    `json:"width"` // as stored, before Orientation
	Height      int    `json:"height"`
	Orientation int    `json:"orientation"` // of EXIF, 1 to 8
	Pages       int    `json:"pages"`       // or frames
	Alpha       bool   `json:"alpha"`
	Depth       int    `json:"depth"` // bits a sample
	Colours     string `json:"colours"`
	Profile     bool   `json:"profile"` // carries a colour profile
	Palette     bool   `json:"palette"`
	Progressive bool   `json:"progressive"`
	Scans       int    `json:"scans,omitempty"` // of a JPEG
}

func (s *story) original(out *Section) {
	k := s.known
	d := OriginalData{AbsentUntil: known(k.AbsentUntil), QuarantinedUntil: known(k.QuarantinedUntil), Crashes: k.Crashes, BreakerOpen: k.Down, ReadOnly: k.ReadOnly}
	out.Data = &d
	if s.Backend != nil {
		if d.Backend = s.Backend(s.asked.Key); d.Backend == "" {
			out.say("No source of this server has keys like this.")
		} else {
			out.say("Its key is looked for in %s.", d.Backend)
		}
	}
	s.remembered(out)
	s.obtain(out)
	if k.Blob == nil {
		s.notCached(out)
	} else {
		s.cached(out, &d)
	}
	if s.header != nil {
		d.Header = headerData(*s.header)
	}
}

// cached describes the original on disk.
func (s *story) cached(out *Section, d *OriginalData) {
	b := s.known.Blob
	written, used := b.Times()
	d.Cached, d.File, d.Bytes = true, b.Path, b.Size
	d.Modified, d.Fetched, d.Used, d.Checked = known(b.ModTime), known(written), known(used), known(s.known.Checked)
	d.ETag, d.Freshness = s.known.ETag, s.known.Freshness.String()
	text := "It is in the cache, with " + bytesOf(b.Size)
	if !b.ModTime.IsZero() {
		text += ", and was last modified at " + s.at(b.ModTime)
	}
	if !s.known.Checked.IsZero() {
		text += "; its origin last confirmed it " + s.ago(s.known.Checked)
	}
	out.say("%s.", text)
	s.freshness(out)
	h, err := s.inspect()
	switch {
	case err != nil:
		if s.asked.Variant.Kind != variant.Raw && !s.fromMezzanine() && s.known.Freshness.Usable() {
			s.refuse(out, err)
		}
		out.say("%s", sentence(reason(err)))
	case h == nil:
		out.unknown("Its format and size are read by a child process: they are known %s.", onceMade)
	default:
		s.header = h
		out.say("%s", describe(*h))
		s.colours(out, *h)
	}
}

// inspect reads the header of the original, unless a child process would have to. It returns
// nil then.
func (s *story) inspect() (*header.Header, error) {
	k := s.known
	if k.HeaderKnown && s.asked.Variant.Page <= 1 {
		return &k.Header, nil
	}
	formats, src := resize.ReadBy(s.Pipeline.Render.Resizer), originals.SourceOf(k.Blob)
	f, err := resize.FormatOf(src, formats)
	if err != nil {
		return nil, err
	}
	if header.Probed.Has(f) {
		if k.HeaderKnown {
			return &k.Header, nil // of the first page
		}
		return nil, nil
	}
	h, err := header.Inspect(s.ctx, src.At, src.Size, formats)
	return &h, err
}

func (s *story) freshness(out *Section) {
	switch f := s.known.Freshness; f {
	case originals.Fresh:
		if s.Pipeline.Originals.Revalidate == 0 {
			out.say("This server never asks the origin again (--revalidate 0): if the picture was replaced there, the old one is served until it is forgotten (DELETE /cache/KEY), or has another version (v_) in the URL.")
		} else {
			out.say("It is fresh: the origin is asked again when its last answer is %s old (--revalidate). If the picture was replaced there, the old one is served until then.", span(s.Pipeline.Originals.Revalidate))
		}
	case originals.Error:
		out.say("It is stale: its origin should be asked whether it has another version, and does not answer.")
		s.remark(wrong, "its original is stale, as the origin does not answer")
	case originals.Revalidating:
		out.say("It is old enough to be asked for again, and served meanwhile.")
	default:
		out.say("It is not served any more: %s.", f)
	}
	if s.known.NextUse != "" {
		out.say("When it is used next, %s.", s.known.NextUse)
	}
}

// notCached describes an original that is not on disk.
func (s *story) notCached(out *Section) {
	switch k := s.known; {
	case s.inside != nil:
		s.header = &s.inside.Original
		out.say("It is not in the cache. Its mezzanine is, and says: %s", describe(*s.header))
	case k.HeaderKnown:
		s.header = &k.Header
		out.say("It is not in the cache. From the last time it is remembered: %s", describe(k.Header))
	default:
		out.say("It is not in the cache.")
	}
	if s.refusal != nil {
		return
	}
	if !s.fromMezzanine() {
		out.unknown("It has to be fetched if the picture is made.")
	}
	if s.header == nil {
		out.say("Its size, format and colours are known %s.", onceMade)
	}
}

// remembered says what else the server remembers, which may end the request.
func (s *story) remembered(out *Section) {
	k := s.known
	if !k.AbsentUntil.IsZero() {
		out.say("Every backend has said that it does not exist, which is remembered until %s (--negative-ttl). If it has been uploaded since, DELETE /cache/KEY or a bucket notification forgets that.", s.at(k.AbsentUntil))
	}
	if !k.QuarantinedUntil.IsZero() {
		out.say("It is in quarantine until %s, as processes died while they worked on it: nothing is made of it.", s.at(k.QuarantinedUntil))
	}
	if k.Down {
		out.say("The circuit breaker of its origin is open: nothing is fetched from there until it answers again.")
	}
	if k.ReadOnly {
		out.say("This server is in read-only mode, and fetches nothing.")
	}
}

// obtain refuses what can be made neither of the mezzanine nor of the original, in the order of
// pipeline and originals.
func (s *story) obtain(out *Section) {
	k, raw := s.known, s.asked.Variant.Kind == variant.Raw
	switch held := !k.QuarantinedUntil.IsZero() && !raw; {
	case s.fromMezzanine(), k.Blob != nil && k.Freshness.Usable():
		if held {
			s.refuse(out, originals.ErrQuarantined)
		}
	case !k.AbsentUntil.IsZero():
		s.refuse(out, storage.NotFound("negative cache", string(s.asked.Key)))
		if out.State == Refused {
			s.remark(wrong, "404 is remembered until %s", k.AbsentUntil.UTC().Format(time.RFC3339))
		}
	case k.ReadOnly:
		s.refuse(out, originals.ErrReadOnly)
	case s.Backend != nil && s.Backend(s.asked.Key) == "":
		s.refuse(out, storage.NotFound("mounts", string(s.asked.Key)))
	case k.Down:
		s.refuse(out, fmt.Errorf("%w: its circuit breaker is open", storage.ErrUnavailable))
	}
}

// fromMezzanine reports that the request is answered without the original, as
// pipeline.fromMezzanine decides.
func (s *story) fromMezzanine() bool {
	if s.inside == nil || !s.Pipeline.Mezzanines.Suits(s.asked.Variant) {
		return false
	}
	p, err := s.Pipeline.Render.Plan(s.inside.Original, s.asked.Variant, s.first.Accept)
	return err != nil || resize.MezzanineSuffices(s.inside.Header, p)
}

// raw is the original as an answer, if it is on disk.
func (s *story) raw() (result *pipeline.Result, usable bool) {
	b, f, name := s.known.Blob, s.known.Freshness, s.request.ID().Name()
	if b == nil {
		return nil, false
	}
	head := make([]byte, min(b.Size, header.PrologBytes))
	if n, err := b.At().ReadAt(head, 0); n < len(head) && err != nil {
		return nil, false
	}
	return &pipeline.Result{
		Blob: b, Name: name, Epoch: s.Pipeline.Epoch(name), MediaType: header.SniffMediaType(head), Source: pipeline.FromDisk, Stored: true,
		Stale: f == originals.Error, Revalidating: f == originals.Revalidating, OriginDown: s.known.Down,
	}, f.Usable()
}

func headerData(h header.Header) *HeaderData {
	colours := "rgb"
	if h.CMYK {
		colours = "cmyk"
	} else if h.Gray {
		colours = "gray"
	}
	return &HeaderData{
		Format: h.Format.String(), Width: h.Width, Height: h.Height, Orientation: h.Orientation, Pages: h.Pages, Alpha: h.Alpha, Depth: h.Depth,
		Colours: colours, Profile: h.ICC, Palette: h.Palette, Progressive: h.Progressive, Scans: h.Scans,
	}
}

// describe says what a picture is.
func describe(h header.Header) string {
	text := fmt.Sprintf("It is %s of %s pixels", named(h.Format), sides(h.Width, h.Height))
	if h.Pages > 1 {
		text += fmt.Sprintf(", with %d frames or pages", h.Pages)
	}
	if h.Alpha {
		text += ", which can be transparent"
	}
	if h.Progressive && h.Scans > 0 {
		text += fmt.Sprintf(", progressive with %d scans", h.Scans)
	}
	return text + "."
}

// colours says what becomes of colours that browsers might show differently.
func (s *story) colours(out *Section, h header.Header) {
	switch {
	case h.CMYK:
		out.say("Its colours are four inks (CMYK): they are converted to sRGB, by its profile if it has one, and the result has no profile.")
		s.remark(because, "the original is CMYK, and is converted to sRGB")
	case h.ICC:
		out.say("It carries a colour profile: its colours are converted to sRGB, and the result has no profile.")
	}
	if h.Depth > 8 {
		out.say("It has %d bits a sample; results have 8.", h.Depth)
	}
}
