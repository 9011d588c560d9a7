package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/variant"
)

// Hook is what to do with bucket notifications. All fields but Observe are needed.
// Its functions are called by several goroutines at once.
type Hook struct {
	// Secret is what the sender must know; "" refuses everybody.
	Secret string
	// Keys are those under which an object of a bucket is served. The object's
	// name is as the sender gives it, and may be no key at all.
	Keys func(bucket, object string) []variant.Key
	// Created and Removed are told of each key whose object has changed. They
	// are called again after an error, if the sender repeats itself.
	Created, Removed func(variant.Key) error
	// Observe, if not nil, is told what came of each record: "created",
	// "removed", "ignored" or "failed"; and of requests without the secret
	// "forbidden", and without a notification "malformed".
	Observe func(outcome string)
}

func (h *Hook) observe(outcome string) {
	if h.Observe != nil {
		h.Observe(outcome)
	}
}

// hooks answers /hooks/s3.
type hooks struct {
	*Hook
	log *slog.Logger
}

// hooked is the answer: how many records were what.
type hooked struct {
	Created int    `json:"created"`
	Removed int    `json:"removed"`
	Ignored int    `json:"ignored"`
	Failed  int    `json:"failed,omitempty"`
	Error   string `json:"error,omitempty"`
}

// take answers POST /hooks/s3. The sender repeats what was not answered with 2xx,
// which does no harm.
func (h *hooks) take(w http.ResponseWriter, r *http.Request) {
	if h.Hook == nil || h.Secret == "" {
		writeJSON(w, http.StatusForbidden, map[string]string{
			"error": "notifications are not taken: start the server with --hook-secret, and give the sender the same one",
		})
		return
	}
	if !h.knows(r) {
		h.forbid(w, r)
		return
	}
	body, ok := readAll(w, r, maxNotification)
	if !ok {
		h.observe("malformed")
		return
	}
	events, subscribe, err := parseNotification(body)
	if err != nil {
		h.observe("malformed")
		h.log.Warn("cannot read a notification", "client", r.RemoteAddr, "cause", err)
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	if subscribe != "" {
		h.log.Warn("SNS wants its subscription confirmed: if it is yours, open the URL", "url", api.Shortened(subscribe), "client", r.RemoteAddr)
	}
	answer := h.doAll(events)
	status := http.StatusOK
	if answer.Failed > 0 {
		status = http.StatusInternalServerError
	}
	writeJSON(w, status, answer)
}

// forbid asks for the secret, by both ways in which it may come: SNS sends what is
// in the URL it was given only after it was asked.
func (h *hooks) forbid(w http.ResponseWriter, r *http.Request) {
	h.observe("forbidden")
	h.log.Warn("a notification without the secret", "client", r.RemoteAddr)
	w.Header()["Www-Authenticate"] = []string{"Bearer", `Basic realm="thumbery"`}
	writeJSON(w, http.StatusUnauthorized, map[string]string{
		"error": "the secret is wrong or missing: send it as Authorization: Bearer SECRET, or as the password of Basic",
	})
}

// knows reports that a request has the secret: MinIO sends its auth_token as a
// bearer's, SNS the password of its URL.
func (h *hooks) knows(r *http.Request) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return same(password, h.Secret)
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.EqualFold(scheme, "Bearer") && same(strings.TrimSpace(token), h.Secret)
}

// same takes as long whatever is given, also in another length.
func same(given, secret string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(secret))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// doAll does what events ask for, each whether or not others fail.
func (h *hooks) doAll(events []event) (answer hooked) {
	for _, e := range events {
		change, err := h.do(e)
		switch {
		case err != nil:
			answer.Failed++
			answer.Error = "not all could be forgotten; the log has the causes"
			h.observe("failed")
			h.log.Error("cannot do what a notification asks for", "event", e.name, "bucket", e.bucket, "object", e.object, "cause", err)
			continue
		case change == created:
			answer.Created++
		case change == removed:
			answer.Removed++
		default:
			answer.Ignored++
		}
		h.observe(change.String())
		h.log.Info("notified of an object", "change", change, "event", e.name, "bucket", e.bucket, "object", e.object)
	}
	return answer
}

// do returns what was done: nothing for an object that is not served.
func (h *hooks) do(e event) (change, error) {
	tell := map[change]func(variant.Key) error{created: h.Created, removed: h.Removed}[e.change]
	if tell == nil {
		return otherChange, nil
	}
	keys := h.Keys(e.bucket, e.object)
	if len(keys) == 0 {
		return otherChange, nil
	}
	var errs []error
	for _, key := range keys {
		if err := tell(key); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return e.change, errors.Join(errs...)
}
