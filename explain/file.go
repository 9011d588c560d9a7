package explain

import (
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/thumbery/thumbery/pipeline"
	"github.com/thumbery/thumbery/variant"
)

// FileData is the Data of "file".
type FileData struct {
	Name  string `json:"name"`           // in the cache
	Tier  string `json:"tier,omitempty"` // memory or disk; "" if it is in neither
	Path  string `json:"path,omitempty"` // below the cache directory
	Bytes int64  `json:"bytes,omitempty"`
	Type  string `json:"type,omitempty"` // media type
	// Written is when the file was written, Used when it was last used, to the hour, and
	// Modified when its original was modified.
	Written  *time.Time `json:"written,omitempty"`
	Used     *time.Time `json:"used,omitempty"`
	Modified *time.Time `json:"modified,omitempty"`
	Usable   bool       `json:"usable"` // it is of the version of the original that the origin has, as far as is known
	// Requests is the popularity: requests within Window seconds, all of the last half of them
	// and perhaps more. More than Hot are hot; 0 is never.
	Requests int   `json:"requests"`
	Window   int64 `json:"window,omitempty"`
	Hot      int   `json:"hot,omitempty"`
}

func (s *story) file(out *Section) {
	a, isRaw := s.asked, s.asked.Variant.Kind == variant.Raw
	d := FileData{Name: string(s.request.Name()), Requests: a.Requests, Hot: a.HotAfter, Window: int64(a.HotWindow / time.Second), Usable: s.usable}
	out.Data = &d
	if isRaw {
		d.Name = string(s.request.ID().Name())
	}
	switch {
	case s.result != nil:
		s.found(out, &d)
	case s.Pipeline.Derivatives.Shared != nil && !isRaw:
		out.say("It is neither in memory nor on disk. The tier that servers share is asked before it is made.")
	default:
		out.say("It is neither in memory nor on disk.")
	}
	s.popularity(out)
}

// found describes the file that is the answer, or would be if it were usable.
func (s *story) found(out *Section, d *FileData) {
	b := s.result.Blob
	d.Tier, d.Path, d.Bytes, d.Type, d.Modified = "disk", b.Path, b.Size, s.result.MediaType, known(b.ModTime)
	text, onDisk := "It is on disk, as "+b.Path, b
	if s.result.Source == pipeline.FromMemory {
		d.Tier, text = "memory", "It is in memory, and on disk as "+b.Path
		if file, ok := s.Pipeline.Derivatives.PeekFile(s.result.Name); ok {
			onDisk = s.closing(file.Blob)
		}
	}
	written, used := onDisk.Times()
	d.Written, d.Used = known(written), known(used)
	text += ", with " + bytesOf(b.Size)
	if !written.IsZero() {
		text += "; it was written " + s.ago(written)
	}
	if !used.IsZero() {
		text += ", and last used " + s.ago(used) + " (to the hour)"
	}
	out.say("%s.", text)
	if !s.usable {
		out.say("It is not served: it is of another version of the original than the one that is known now.")
	}
}

func (s *story) popularity(out *Section) {
	a, is := s.asked, "not hot"
	if a.Requests > a.HotAfter {
		is = "hot"
	}
	switch {
	case a.Variant.Kind == variant.Raw:
		out.say("Requests for originals are not counted.")
	case a.HotAfter == 0:
		out.say("Its requests are not counted (--hot-after 0).")
	default:
		out.say("It is %s: %s within %s, and more than %d are needed.", is, english.Plural(a.Requests, "request", ""), span(a.HotWindow), a.HotAfter)
	}
}
