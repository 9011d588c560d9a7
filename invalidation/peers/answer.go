package peers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/thumbery/thumbery/invalidation"
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxEvents bounds the events of an answer.
	maxEvents = 1000
	maxAge    = 1 << 40 // milliseconds, 34 years
	// maxAnswer bounds its bytes: in JSON, each byte of a key takes 6 at most.
	maxAnswer = maxEvents * (6*variant.MaxKeyBytes + 128)
)

// answer is what GET /invalidations answers: a JSON object with the fields before Events, and
// then one for each event (NDJSON).
type answer struct {
	Log    string `json:"log"`
	Next   uint64 `json:"next"`   // the Seq to ask for the next time
	Behind uint64 `json:"behind"` // how many events are after that
	Lost   uint64 `json:"lost"`   // as in invalidation.Batch
	// Held is how long the request was held before it was answered, in milliseconds. The
	// rest of the time it took was under way.
	Held   int64   `json:"held_ms"`
	Events []event `json:"-"`
}

type event struct {
	Seq uint64      `json:"seq"`
	Key variant.Key `json:"key"`
	// Age is how long ago it was appended, in milliseconds, when the answer was written:
	// the clocks of two machines are not compared. It is below maxAge.
	Age int64 `json:"age_ms"`
}

func (e event) age() time.Duration { return time.Duration(e.Age) * time.Millisecond }

// answerOf leaves out what a peer has told.
func answerOf(b invalidation.Batch, now time.Time) answer {
	a := answer{Log: b.Next.Log, Next: b.Next.Seq, Behind: b.Behind, Lost: b.Lost}
	for _, e := range b.Events {
		if !e.Relayed {
			a.Events = append(a.Events, event{e.Seq, e.Key, min(max(0, now.Sub(e.At).Milliseconds()), maxAge-1)})
		}
	}
	return a
}

func (a answer) write(w io.Writer) error {
	lines := json.NewEncoder(w)
	err := lines.Encode(a)
	for i := 0; i < len(a.Events) && err == nil; i++ {
		err = lines.Encode(a.Events[i])
	}
	return err
}

var errAnswer = errors.New("not an answer of GET /invalidations")

// readAnswer reads what write has written. What it accepts can be trusted as far as the
// peer can: IDs and keys are valid, and events are in order.
func readAnswer(r io.Reader) (a answer, err error) {
	lines := json.NewDecoder(io.LimitReader(r, maxAnswer))
	if err := lines.Decode(&a); err != nil {
		return a, fmt.Errorf("%w: %w", errAnswer, err)
	}
	if !invalidation.IsID(a.Log) || a.Held < 0 || a.Held >= maxAge {
		return a, fmt.Errorf("%w: the log is %.40q, and it was held for %d ms", errAnswer, a.Log, a.Held)
	}
	for last := uint64(0); ; {
		var e event
		if err := lines.Decode(&e); err == io.EOF {
			return a, nil
		} else if err != nil {
			return a, fmt.Errorf("%w: %w", errAnswer, err)
		}
		_, err := variant.ParseKey(string(e.Key))
		if err != nil || e.Seq <= last || e.Seq > a.Next || e.Age < 0 || e.Age >= maxAge || len(a.Events) == maxEvents {
			return a, fmt.Errorf("%w: after event %d comes %+.100v", errors.Join(errAnswer, err), last, e)
		}
		last = e.Seq
		a.Events = append(a.Events, e)
	}
}
