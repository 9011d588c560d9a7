package api

import (
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// logRequest writes a line of the access log. It bypasses slog.Logger, which would look
// up the line of code that called it.
func (s *server) logRequest(r *http.Request, rec *responseRecorder, now time.Time, took time.Duration) {
	level := slog.LevelInfo
	if rec.status >= 500 && rec.status != http.StatusNotImplemented { // 501 is for the client to fix
		level = slog.LevelError
	}
	ctx := r.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	line := slog.NewRecord(now, level, "request", 0)
	line.AddAttrs(
		slog.String("id", rec.id), slog.String("method", r.Method), slog.String("path", Shortened(r.URL.EscapedPath())),
		slog.Int("status", rec.status), slog.Int64("bytes", rec.bytes),
		slog.String("outcome", rec.outcome), slog.Duration("took", took), slog.String("client", r.RemoteAddr),
	)
	if rec.cause != nil {
		line.AddAttrs(slog.Any("cause", rec.cause))
	}
	// An error of the log cannot be logged.
	_ = s.Log.Handler().Handle(ctx, line)
}

// maxLogged is longer than any path that names a picture.
const maxLogged = 2048

// Shortened returns text of a client as it is logged or quoted: its first 2 KiB,
// cut between two characters.
func Shortened(s string) string {
	if len(s) > maxLogged {
		return strings.ToValidUTF8(s[:maxLogged], "") + "…"
	}
	return s
}
