package explain

import (
	"fmt"
	"strings"

	"github.com/thumbery/thumbery/resize"
	"github.com/thumbery/thumbery/variant"
)

// QualityData is the Data of "quality".
type QualityData struct {
	Quality  int    `json:"quality,omitempty"` // 1 to 100; 0 if the encoding has none
	From     string `json:"from"`              // url, preset, server, or without
	SaveData bool   `json:"save_data"`         // it is 70% of that, for Save-Data
	Lossless bool   `json:"lossless"`
	MaxBytes int    `json:"max_bytes,omitempty"` // bytes_N: the best quality up to Quality that fits
}

func (s *story) quality(out *Section) {
	if s.planned == nil {
		out.unknown("Without a plan the quality is not known.")
		return
	}
	p, n := s.planned, s.notes
	d := QualityData{Quality: p.Output.Quality, From: string(n.Quality), SaveData: n.SaveData, Lossless: p.Output.Lossless, MaxBytes: p.MaxBytes}
	out.Data = &d
	from := fmt.Sprintf("from q_%d in the URL", s.asked.Variant.Quality)
	if n.Quality == resize.QualityOfServer {
		from = "which is --quality of this server for " + proper(p.Output.Format) + ": the URL gives none"
	} else if s.ops.Preset != "" && !strings.Contains(s.ops.Canonical, ",q_") && n.Quality == resize.QualityOfURL {
		d.From, from = "preset", "from the preset "+s.ops.Preset
	}
	switch {
	case n.Quality == resize.QualityUndefined:
		d.Quality = 0
		out.say("There is no quality: %s is lossless, or is to be.", named(p.Output.Format))
	case n.SaveData:
		out.say("The quality is %d, as the client saves data: 70%% of %d, %s.", d.Quality, s.fullQuality(), from)
	default:
		out.say("The quality is %d, %s.", d.Quality, from)
	}
	if p.MaxBytes > 0 {
		out.say("bytes_%d lowers it, by halving, to the best that gives no more bytes (fewer colours for PNG and GIF); the file does not record where that was.", p.MaxBytes)
	}
	if p.Plain.Format != variant.FormatKeep && p.Plain.Quality > 0 && p.Plain.Format != variant.PNG {
		out.say("The %s that it is compared with has quality %d: the formats' scales differ.", proper(p.Plain.Format), p.Plain.Quality)
	}
}

// fullQuality is the quality for a client that does not save data; 0 if there is none.
func (s *story) fullQuality() int {
	p, err := resize.NewPlanWithNotes(*s.header, s.variant, s.asked.Accept&^variant.SaveData, s.Pipeline.Render.Settings, &resize.Notes{})
	if err != nil {
		return 0
	}
	return p.Output.Quality
}
