package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/pipeline/gate"
	"github.com/thumbery/thumbery/prime"
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxPriming bounds the body, in bytes.
	maxPriming = 16 << 20
	// maxPrimingKeys bounds its keys. A client with more gives a prefix, or sends several
	// requests.
	maxPrimingKeys = 250_000
	// maxPrefix is the length of the longest key of S3, in bytes.
	maxPrefix = 1024
)

// Priming is what POST /prime needs. Rules are those of the public side, so that only
// derivatives are made that a URL can name.
type Priming struct {
	variant.Rules
	// Run runs a job and reports its progress, one call at a time. The last report says how
	// the job ended. An error before the first report means that the job did not start, for
	// example a *resize.UnsupportedError.
	Run func(ctx context.Context, r PrimeRequest, report func(prime.Progress)) error
}

// PrimeRequest says which variants to make of which originals. It has at least one variant,
// and at least one key or List.
type PrimeRequest struct {
	Keys []variant.Key
	// List adds the originals whose keys begin with Prefix, which may be "", and if Since
	// is not 0, only those modified within that time.
	List   bool
	Prefix string
	Since  time.Duration
	// Variants have no duplicates, and the server's format where the options have none.
	Variants []variant.Variant
	// AllFormats is as in prime.Job.
	AllFormats bool
}

func (p *Priming) parse(body []byte) (j PrimeRequest, err error) {
	b, err := decodePriming(body)
	if err == nil {
		err = j.selectPictures(b)
	}
	if err == nil {
		j.Variants, err = p.variants(b)
	}
	switch {
	case err != nil:
		return PrimeRequest{}, err
	case b.Formats != "" && b.Formats != "auto":
		return PrimeRequest{}, fmt.Errorf(`formats is %q: it can be "auto", for each format that f_auto can choose`, b.Formats)
	}
	j.AllFormats = b.Formats == "auto"
	return j, nil
}

func decodePriming(body []byte) (b prime.Body, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, fmt.Errorf("the body must be a JSON object: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return b, errors.New("there is something after the JSON object")
	}
	return b, nil
}

func (j *PrimeRequest) selectPictures(b prime.Body) (err error) {
	if len(b.Keys) > maxPrimingKeys {
		return fmt.Errorf("there are %d keys, the limit is %d: give a prefix, or send several requests", len(b.Keys), maxPrimingKeys)
	}
	if j.Keys, err = parseKeys(b.Keys); err != nil {
		return err
	}
	if b.Prefix != nil {
		j.List, j.Prefix = true, *b.Prefix
	}
	if len(j.Prefix) > maxPrefix || !utf8.ValidString(j.Prefix) || strings.HasPrefix(j.Prefix, "/") {
		return fmt.Errorf("the prefix %q is not the beginning of a key", excerpt.Of(j.Prefix))
	}
	if b.Since != "" {
		if j.Since, err = time.ParseDuration(b.Since); err != nil || j.Since <= 0 {
			return fmt.Errorf("since is %q, and not how long ago something was uploaded at most, such as 24h", b.Since)
		}
		if len(j.Keys) > 0 && !j.List {
			return errors.New(`since is for what is listed: give a prefix ("" is everything) and no keys, or no since`)
		}
		j.List = true
	}
	if len(j.Keys) == 0 && !j.List {
		return errors.New(`there are no pictures: give keys, or a prefix ("" is everything)`)
	}
	return nil
}

func parseKeys(texts []variant.Key) ([]variant.Key, error) {
	keys := make([]variant.Key, 0, len(texts))
	for i, text := range texts {
		key, err := variant.ParseKey(string(text))
		if err != nil {
			return nil, fmt.Errorf("keys[%d], %q: %w", i, excerpt.Of(string(text)), err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

func (p *Priming) variants(b prime.Body) ([]variant.Variant, error) {
	ops := slices.Clone(b.Ops)
	for _, name := range b.Presets {
		if _, ok := p.Presets[name]; !ok {
			return nil, fmt.Errorf("there is no preset %q, but %q", excerpt.Of(name), slices.Sorted(maps.Keys(p.Presets)))
		}
		ops = append(ops, name)
	}
	return p.Variants(ops, b.AllPresets)
}

const (
	// primeStreams is how many jobs may run at once.
	primeStreams = 4
	// lineTimeout is how long a client may take to read a line.
	lineTimeout = 10 * time.Second
)

// primeHandler answers POST /prime with a stream of lines, each a prime.Progress. The job
// ends when the client goes, or does not read.
type primeHandler struct {
	*Priming
	log         *slog.Logger
	streams     chan struct{}
	lineTimeout time.Duration
}

func newPrimeHandler(p *Priming, log *slog.Logger) *primeHandler {
	return &primeHandler{p, log, make(chan struct{}, primeStreams), lineTimeout}
}

func (h *primeHandler) serve(w http.ResponseWriter, r *http.Request) {
	body, ok := readAll(w, r, maxPriming)
	if !ok {
		return
	}
	j, err := h.parse(body)
	if err != nil {
		api.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		h.refuse(w, r, fmt.Errorf("%w: %d jobs are running", gate.ErrBusy, primeStreams))
		return
	}
	h.log.Info("priming", "keys", len(j.Keys), "listed", j.List, "prefix", j.Prefix, "since", j.Since, "variants", len(j.Variants), "client", r.RemoteAddr)
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	stream := &progressStream{w: w, cancel: cancel, lineTimeout: h.lineTimeout}
	if err = h.Run(ctx, j, stream.write); !stream.begun {
		h.refuse(w, r, err)
		return
	}
	s := stream.last
	log := h.log.With("state", s.State, "pictures", s.Finished, "made", s.Made, "there", s.There,
		"failed", s.Failed, "not_pictures", s.NotPictures, "left_out", s.LeftOut, "client", r.RemoteAddr)
	if err != nil {
		log = log.With("cause", err)
	}
	log.Info("priming has ended")
}

type progressStream struct {
	w      http.ResponseWriter
	cancel context.CancelFunc // ends the work
	begun  bool
	broken bool
	last   prime.Progress

	lineTimeout time.Duration
}

func (s *progressStream) write(p prime.Progress) {
	s.last = p
	if s.broken {
		return
	}
	control := http.NewResponseController(s.w)
	if !s.begun {
		s.begun = true
		_ = control.SetReadDeadline(time.Time{}) // the body was read: nothing more has to come
		s.w.Header().Set("Content-Type", "application/x-ndjson")
		s.w.Header().Set("Cache-Control", "no-store")
		s.w.Header().Set("Connection", "close") // no other request may inherit the deadlines
	}
	_ = control.SetWriteDeadline(time.Now().Add(s.lineTimeout)) // a ResponseWriter of a test has none
	err := json.NewEncoder(s.w).Encode(p)
	if err == nil {
		err = control.Flush()
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		s.broken = true
		s.cancel()
	}
}

// refuse answers with the status and the problem type that the public side has for an
// error: one 503 may be over in a moment, and another may not.
func (h *primeHandler) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, kind := api.Classify(err)
	h.log.Warn("priming was refused", "client", r.RemoteAddr, "cause", err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", api.RetryAfterSeconds)
	}
	api.WriteJSON(w, status, map[string]string{"error": err.Error(), "kind": kind})
}
