package admin

import (
	"bytes"
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
	"github.com/thumbery/thumbery/variant"
)

const (
	// maxPriming bounds the body of a job, in bytes.
	maxPriming = 16 << 20
	// maxPrimingKeys bounds its keys; what is more is listed by its prefix, or
	// comes in another job.
	maxPrimingKeys = 250_000
	// maxPrefix is as long as S3 lets a key be, in bytes.
	maxPrefix = 1024
)

// primingBody is the body of POST /prime.
type primingBody struct {
	Keys       []string `json:"keys"`
	Prefix     *string  `json:"prefix"`
	Since      string   `json:"since"`
	Ops        []string `json:"ops"`
	Presets    []string `json:"presets"`
	AllPresets bool     `json:"all_presets"`
	Formats    string   `json:"formats"`
}

// parse reads the body of POST /prime. Errors about options and keys are of the
// kinds of variant.
func (p *Priming) parse(body []byte) (j JobRequest, err error) {
	b, err := decodePriming(body)
	if err == nil {
		err = b.pictures(&j)
	}
	if err == nil {
		j.Variants, err = p.variants(b)
	}
	switch {
	case err != nil:
		return JobRequest{}, err
	case b.Formats != "" && b.Formats != "auto":
		return JobRequest{}, fmt.Errorf(`formats is %q: it can be "auto", for each format that f_auto can choose`, b.Formats)
	}
	j.AllFormats = b.Formats == "auto"
	return j, nil
}

func decodePriming(body []byte) (b primingBody, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		return b, fmt.Errorf("the body is to be a JSON object: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return b, errors.New("there is something after the JSON object")
	}
	return b, nil
}

// pictures finds out of which pictures the job is.
func (b *primingBody) pictures(j *JobRequest) (err error) {
	if len(b.Keys) > maxPrimingKeys {
		return fmt.Errorf("there are %d keys, and may be %d: take a prefix, or several jobs", len(b.Keys), maxPrimingKeys)
	}
	if j.Keys, err = parseKeys(b.Keys); err != nil {
		return err
	}
	if b.Prefix != nil {
		j.List, j.Prefix = true, *b.Prefix
	}
	if len(j.Prefix) > maxPrefix || !utf8.ValidString(j.Prefix) || strings.HasPrefix(j.Prefix, "/") {
		return fmt.Errorf("the prefix %q is not the beginning of a key", api.Shortened(j.Prefix))
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

func parseKeys(texts []string) ([]variant.Key, error) {
	keys := make([]variant.Key, 0, len(texts))
	for i, text := range texts {
		key, err := variant.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("keys[%d], %q: %w", i, api.Shortened(text), err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// variants resolves what is to be made of each picture.
func (p *Priming) variants(b primingBody) ([]variant.Variant, error) {
	ops := slices.Clone(b.Ops)
	for _, name := range b.Presets {
		if _, ok := p.Presets[name]; !ok {
			return nil, fmt.Errorf("there is no preset %q, but %q", api.Shortened(name), slices.Sorted(maps.Keys(p.Presets)))
		}
		ops = append(ops, name)
	}
	return p.Variants(ops, b.AllPresets)
}

// primer answers /prime and /jobs.
type primer struct {
	*Priming
	log *slog.Logger
}

// start answers POST /prime.
func (p *primer) start(w http.ResponseWriter, r *http.Request) {
	body, ok := readAll(w, r, maxPriming)
	if !ok {
		return
	}
	j, err := p.parse(body)
	if err != nil {
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	status, err := p.Jobs.Start(j)
	if err != nil {
		p.refuse(w, r, err)
		return
	}
	p.log.Info("a job was started", "job", status.ID, "keys", len(j.Keys), "listed", j.List, "prefix", j.Prefix,
		"since", j.Since, "variants", len(j.Variants), "client", r.RemoteAddr)
	where := "/jobs/" + status.ID
	w.Header().Set("Location", where)
	writeJSON(w, http.StatusAccepted, map[string]string{"id": status.ID, "url": where})
}

// refuse answers with the status that the public side has for such an error, and
// with the name of its kind: of two with 503 one may be over in a moment.
func (p *primer) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, kind := api.Classify(err)
	p.log.Warn("a job was refused", "client", r.RemoteAddr, "cause", err)
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", api.RetryAfterSeconds)
	}
	writeJSON(w, status, map[string]string{"error": err.Error(), "kind": kind})
}

// all answers GET /jobs.
func (p *primer) all(w http.ResponseWriter, _ *http.Request) {
	jobs := p.Jobs.All()
	if jobs == nil {
		jobs = []JobStatus{}
	}
	writeJSON(w, http.StatusOK, map[string][]JobStatus{"jobs": jobs})
}

// show answers GET /jobs/<id>.
func (p *primer) show(w http.ResponseWriter, r *http.Request) {
	status, ok := p.Jobs.Status(r.PathValue("id"))
	if !ok {
		noJob(w)
		return
	}
	writeJSON(w, http.StatusOK, status)
}

// stop answers DELETE /jobs/<id>, with what the job had done by then. One that has
// ended stays as it is.
func (p *primer) stop(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if !p.Jobs.Stop(id) {
		noJob(w)
		return
	}
	p.log.Info("a job was stopped", "job", id, "client", r.RemoteAddr)
	p.show(w, r)
}

func noJob(w http.ResponseWriter) {
	writeJSON(w, http.StatusNotFound, map[string]string{"error": "there is no such job: GET /jobs has those that there are"})
}
