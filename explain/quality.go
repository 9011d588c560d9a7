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

// fullQuality is the quality for a client that does not save data.
func (s *story) fullQuality() int {
	p, err := resize.NewPlanWithNotes(*s.header, s.variant, s.asked.Accept&^variant.SaveData, s.Pipeline.Render.Settings, &resize.Notes{})
	if err != nil {
		return 0
	}
	return p.Output.Quality
}

func (s *story) quality(out *Section) {
	switch {
	case !s.parsed, s.asked.Variant.Kind != variant.Picture:
		out.State = Skipped
		return
	case s.planned == nil:
		out.State = Unknown
		out.say("Without a plan the quality is not known.")
		return
	}
	p, n := s.planned, s.notes
	d := QualityData{Quality: p.Output.Quality, From: string(n.Quality), SaveData: n.SaveData, Lossless: p.Output.Lossless, MaxBytes: p.MaxBytes}
	out.Data = &d
	text := ""
	switch {
	case n.Quality == resize.QualityUndefined:
		d.Quality = 0
		out.say(fmt.Sprintf("There is no quality: %s is lossless, or is to be.", named(p.Output.Format)))
	case n.Quality == resize.QualityOfServer:
		text = fmt.Sprintf("which is --quality of this server for %s: the URL gives none", proper(p.Output.Format))
	case s.ops.Preset != "" && !strings.Contains(s.ops.Canonical, ",q_"):
		d.From = "preset"
		text = "from the preset " + s.ops.Preset
	default:
		text = fmt.Sprintf("from q_%d in the URL", s.asked.Variant.Quality)
	}
	switch {
	case text == "":
	case n.SaveData:
		out.say(fmt.Sprintf("The quality is %d, as the client saves data: 70%% of %d, %s.", d.Quality, s.fullQuality(), text))
	default:
		out.say(fmt.Sprintf("The quality is %d, %s.", d.Quality, text))
	}
	if p.MaxBytes > 0 {
		out.say(fmt.Sprintf("bytes_%d lowers it, by halving, to the best that gives no more bytes (fewer colours for PNG and GIF); the file does not record where that was.", p.MaxBytes))
	}
	if p.Plain.Format != variant.FormatKeep && p.Plain.Quality > 0 && p.Plain.Format != variant.PNG {
		out.say(fmt.Sprintf("The %s that it is compared with has quality %d: the formats' scales differ.", proper(p.Plain.Format), p.Plain.Quality))
	}
}
