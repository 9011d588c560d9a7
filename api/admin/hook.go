package admin

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/internal/excerpt"
	"github.com/thumbery/thumbery/variant"
)

// Hook handles bucket notifications. All fields are required. Its functions
// are called by several goroutines at once.
type Hook struct {
	// Secret is the sender's password or bearer token; "" refuses every sender.
	Secret string
	// Keys returns the keys under which an object of a bucket is served. The object's name
	// comes from the sender, and need not be a valid key.
	Keys func(bucket, object string) []variant.Key
	// Created and Removed are called with each key whose object has changed, and again if
	// the sender retries after an error.
	Created, Removed func(variant.Key) error
	// Observe is called with the outcome of each record ("created",
	// "removed", "ignored" or "failed"), and of each request without the secret
	// ("forbidden") or without a notification ("malformed").
	Observe func(outcome string)
}

type hookHandler struct {
	*Hook
	log      *slog.Logger
	refusals *refusals
}

type hookAnswer struct {
	Created int    `json:"created"`
	Removed int    `json:"removed"`
	Ignored int    `json:"ignored"`
	Failed  int    `json:"failed,omitempty"`
	Error   string `json:"error,omitempty"`
}

// serve answers POST /hooks/s3. The sender retries unless the status is 2xx; records that
// are handled twice do no harm.
func (h *hookHandler) serve(w http.ResponseWriter, r *http.Request) {
	if h.Hook == nil || h.Secret == "" {
		api.WriteError(w, http.StatusForbidden, "notifications are disabled: start the server with --hook-secret, and configure the sender with the same secret")
		return
	}
	if !h.isAuthorized(r) {
		h.forbid(w, r)
		return
	}
	body, ok := readAll(w, r, maxNotification)
	if !ok {
		h.Observe("malformed")
		return
	}
	events, subscribe, err := parseNotification(body)
	if err != nil {
		h.Observe("malformed")
		h.log.Warn("cannot parse a bucket notification", "client", r.RemoteAddr, "cause", err)
		api.WriteError(w, http.StatusBadRequest, err.Error())
		return
	}
	if subscribe != "" {
		h.log.Warn("SNS asks to confirm a subscription: if it is yours, open the URL", "url", excerpt.Of(subscribe), "client", r.RemoteAddr)
	}
	answer := h.applyAll(events)
	status := http.StatusOK
	if answer.Failed > 0 {
		status = http.StatusInternalServerError
	}
	api.WriteJSON(w, status, answer)
}

// forbid asks for the secret in both ways in which it may be sent: SNS sends the password
// of its URL only after a 401.
func (h *hookHandler) forbid(w http.ResponseWriter, r *http.Request) {
	h.Observe("forbidden")
	h.refusals.warn("refused a bucket notification without the secret", "client", r.RemoteAddr)
	w.Header()["Www-Authenticate"] = []string{"Bearer", `Basic realm="thumbery"`}
	api.WriteError(w, http.StatusUnauthorized, "the secret is wrong or missing: send it as Authorization: Bearer SECRET, or as the password of Basic")
}

// isAuthorized reports that a request has the secret: MinIO sends its auth_token as a bearer
// token, SNS the password of its URL.
func (h *hookHandler) isAuthorized(r *http.Request) bool {
	if _, password, ok := r.BasicAuth(); ok {
		return equalSecrets(password, h.Secret)
	}
	return equalSecrets(bearer(r), h.Secret)
}

func (h *hookHandler) applyAll(events []event) (answer hookAnswer) {
	for _, e := range events {
		change, err := h.apply(e)
		switch {
		case err != nil:
			answer.Failed++
			answer.Error = "some objects could not be removed from the cache; see the log"
			h.Observe("failed")
			h.log.Error("cannot apply a bucket notification", "event", e.name, "bucket", e.bucket, "object", e.object, "cause", err)
			continue
		case change == created:
			answer.Created++
		case change == removed:
			answer.Removed++
		default:
			answer.Ignored++
		}
		h.Observe(change.String())
		h.log.Info("applied a bucket notification", "change", change, "event", e.name, "bucket", e.bucket, "object", e.object)
	}
	return answer
}

// apply calls the function for an event and returns the change, otherChange if the object
// is not served.
func (h *hookHandler) apply(e event) (change, error) {
	handler := map[change]func(variant.Key) error{created: h.Created, removed: h.Removed}[e.change]
	if handler == nil {
		return otherChange, nil
	}
	keys := h.Keys(e.bucket, e.object)
	if len(keys) == 0 {
		return otherChange, nil
	}
	var errs error
	for _, key := range keys {
		if err := handler(key); err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", key, err))
		}
	}
	return e.change, errs
}
