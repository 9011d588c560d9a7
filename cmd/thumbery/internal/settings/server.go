package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/values"
	"github.com/thumbery/thumbery/internal/lifecycle"
	"github.com/thumbery/thumbery/internal/logbuf"
	"github.com/thumbery/thumbery/tracing"
)

// AdminFlags say how the admin listener is reached.
type AdminFlags struct {
	Admin string `default:"127.0.0.1:8081" help:"Address of the admin listener, with /healthz, /readyz, /metrics, /debug/pprof, /cache, /switches, /prime and the page /ui/: HOST:PORT or unix:/PATH; empty for none. Anyone who can reach it, and has the --admin-token, can change the server: keep it private."`
	TokenFlag
}

// Validate refuses what is no address. There may be none.
func (f *AdminFlags) Validate() error {
	if f.Admin == "" {
		return nil
	}
	if err := lifecycle.CheckAddress(f.Admin); err != nil {
		return fmt.Errorf("--admin: %w", err)
	}
	return nil
}

// ClientFlags are for commands that ask a running server on this machine.
type ClientFlags struct{ AdminFlags }

// Validate refuses to ask nobody.
func (f *ClientFlags) Validate() error {
	if f.Admin == "" {
		return errors.New("--admin: is empty: there is no admin listener to ask")
	}
	return nil
}

// TokenFlag is for all that ask the admin listener.
type TokenFlag struct {
	AdminToken string `secret:"" placeholder:"TOKEN" help:"Secret that the admin listener asks for (Authorization: Bearer TOKEN), but for /healthz, /readyz, /hooks/s3 and the files of the page. Required where --admin can be reached from other machines. Best set in the environment."`
}

// bearerToken is "" for none, or that of RFC 6750, 2.1, if it cannot be guessed.
var bearerToken = regexp.MustCompile(`^([A-Za-z0-9._~+/-]{16,1000}=*)?$`)

// Validate refuses a token that can be guessed. It is not part of parsing, as kong's errors show what could not be parsed.
func (f *TokenFlag) Validate() error {
	if !bearerToken.MatchString(f.AdminToken) {
		return errors.New("--admin-token: must have at least 16 characters, which are letters, digits or any of ._~+/-, as openssl rand -hex 32 prints them")
	}
	return nil
}

// ServerFlags say where the server listens, and what it logs.
type ServerFlags struct {
	AdminFlags

	Listen     string        `default:":8080" help:"Address of the public server: HOST:PORT or unix:/PATH. Sockets passed by systemd take precedence."`
	AdminHost  []values.Host `placeholder:"NAME" sep:" " help:"Host name by which the admin listener may be addressed, without a port, for example the name of its container. Requests for other hosts than these, localhost and IP addresses are refused, as a web page could send them (DNS rebinding). Repeatable."`
	HookSecret string        `secret:"" placeholder:"SECRET" help:"Accept bucket notifications at POST /hooks/s3 of the admin listener from clients that send this secret. Best set in the environment."`
	Drain      time.Duration `min:"0s" default:"0s" help:"How long to go on serving after SIGTERM, for example 5s, while /readyz is 503 and load balancers take this server out."`
	Grace      time.Duration `min:"0s" default:"30s" help:"How long running requests and background work may take to finish after SIGTERM and --drain."`
	Log        string        `enum:"text,json" default:"text" help:"Format of the log on standard error: text or json."`
}

// Validate refuses a secret that could not be sent.
func (f *ServerFlags) Validate() error {
	if strings.ContainsAny(f.HookSecret, " \t\r\n") {
		return errors.New("--hook-secret: must have no spaces: MinIO would not send it")
	}
	return nil
}

// Logger returns a log that writes to standard error through the buffer, which the caller
// starts.
func (f *ServerFlags) Logger() (*slog.Logger, *logbuf.Buffer) {
	b := logbuf.New(os.Stderr)
	var h slog.Handler = slog.NewTextHandler(b, nil)
	if f.Log == "json" {
		h = slog.NewJSONHandler(b, nil)
	}
	return slog.New(b.FlushOnWarn(tracing.Log(h))), b
}
