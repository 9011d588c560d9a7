package explain

import (
	"fmt"

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
	preset, ok := s.Presets[s.ops.Preset]
	switch {
	case n.Quality == resize.QualityUndefined:
		d.Quality = 0
		out.say(fmt.Sprintf("There is no quality: a %s is lossless, or is to be.", proper(p.Output.Format)))
	case n.Quality == resize.QualityOfServer:
		out.say(fmt.Sprintf("The quality is %d, which is --quality of this server for %s: the URL gives none.", d.Quality, proper(p.Output.Format)))
	case ok && preset.Quality == s.asked.Variant.Quality:
		d.From = "preset"
		out.say(fmt.Sprintf("The quality is %d, from the preset %s.", d.Quality, s.ops.Preset))
	default:
		out.say(fmt.Sprintf("The quality is %d, from q_%d in the URL.", d.Quality, s.asked.Variant.Quality))
	}
	if n.SaveData {
		out.say("That is 70% of what it would be, as the client saves data.")
	}
	if p.MaxBytes > 0 {
		out.say(fmt.Sprintf("bytes_%d lowers it, by halving, to the best that gives no more bytes (fewer colours for PNG and GIF); the file does not record where that was.", p.MaxBytes))
	}
	if p.Plain.Format != variant.FormatKeep && p.Plain.Quality > 0 && p.Plain.Format != variant.PNG {
		out.say(fmt.Sprintf("The %s that it is compared with has quality %d: the formats' scales differ.", proper(p.Plain.Format), p.Plain.Quality))
	}
}
