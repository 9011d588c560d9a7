package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"time"

	"github.com/alecthomas/kong"
	"github.com/coreos/go-systemd/v22/daemon"
)

type serveCmd struct {
	coreFlags
	hotFlags

	Listen string `default:":8080" help:"Where to serve: HOST:PORT or unix:/PATH. Sockets given by systemd come first."`
	Admin  string `default:"127.0.0.1:8081" help:"Where to serve /healthz, /readyz, /metrics, /debug/pprof, and what changes things: /cache, /switches, /prime, /jobs; empty for nowhere. Keep it from the public."`

	AdminHost []hostFlag `placeholder:"NAME" sep:" " help:"A name by which --admin may be asked, such as that of its container, without a port. Requests for other hosts than these, localhost and addresses are refused, as a web page can send them (DNS rebinding). Repeatable."`

	Grace time.Duration `default:"30s" help:"How long running requests and background work may go on after SIGTERM."`

	permitFlags
	MaxVersions int `default:"16" help:"How many versions (v_) of one picture are fetched within an hour, unless URLs are signed; one more is refused with 429, and what is kept is served. 0 is any number."`

	Hot      amount `default:"64MiB" help:"How much of the derivatives to keep in memory, too. Not used with --accel and --sendfile-header."`
	NoHot    bool   `help:"Keep nothing in memory, at first: see PATCH /switches of --admin."`
	Adaptive bool   `help:"Where f_auto comes to AVIF that is not there, give the next best at once, to be kept for a minute, and make the AVIF for who asks next."`
	Queue    int    `default:"100" help:"How many may wait to be made; more are refused with 503."`

	Accel          string `placeholder:"/PREFIX" xor:"handover" help:"Let nginx send what is on disk: answer with X-Accel-Redirect to this internal location."`
	SendfileHeader string `placeholder:"X-Sendfile" xor:"handover" help:"Let lighttpd or Apache send what is on disk: answer with this header and the file's path."`

	Fallback string `placeholder:"redirect|FILE" help:"What to answer when a picture cannot be had: redirect sends the browser to the original in S3 instead of a 503, of a chain to one place of it, whether or not it is there; whoever may have a picture then gets its original, also where presets or watermarks are to keep it back. The file of a picture is shown in the size asked for, with the status of the error."`

	MaxAge time.Duration `default:"720h" help:"How long browsers and proxies may keep a picture."`
	CORS   string        `name:"cors" placeholder:"ORIGIN" help:"Access-Control-Allow-Origin of every answer, such as *."`
	Log    string        `enum:"text,json" default:"text" help:"The log's format: text or json."`
}

// defaultSource serves the pictures that come with the code.
const defaultSource = "/=file:testdata"

// Validate is called by kong, and says what is wrong with a flag before anything
// has started.
func (c *serveCmd) Validate() error {
	if err := c.permitFlags.validate(c.Preset); err != nil {
		return err
	}
	for _, validate := range []func() error{c.coreFlags.validate, c.hotFlags.validate} {
		if err := validate(); err != nil {
			return err
		}
	}
	for flag, n := range map[string]int64{
		"--queue": int64(c.Queue), "--max-versions": int64(c.MaxVersions), "--grace": int64(c.Grace), "--max-age": int64(c.MaxAge),
	} {
		if n < 0 {
			return fmt.Errorf("%s: must not be less than 0", flag)
		}
	}
	switch {
	case !corsOrigin.MatchString(c.CORS):
		return fmt.Errorf("--cors: %q is neither * nor an origin such as https://example.com", c.CORS)
	case !accelPrefix.MatchString(c.Accel):
		return fmt.Errorf("--accel: %q is no prefix such as /cache/", c.Accel)
	}
	return nil
}

var (
	corsOrigin  = regexp.MustCompile(`^(|\*|null|[a-z][a-z0-9+.-]*://[^/?#\s]+)$`)
	accelPrefix = regexp.MustCompile(`^(|(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?)$`)
)

// Run serves until SIGTERM or SIGINT.
func (c *serveCmd) Run(stdout io.Writer, ctx *kong.Context) error {
	outliveReaders()
	log, flush, stopLog := c.logger()
	defer stopLog()
	slog.SetDefault(log) // for panics that are recovered
	logExposedSecrets(ctx, log)
	c.relaxGC()
	service, err := c.wire(log)
	if err != nil {
		return err
	}
	listeners, err := listen(c.Listen, c.Admin)
	if err != nil {
		return usage(err)
	}
	stop, cancel := untilSignal()
	defer cancel()
	if len(c.Key) == 0 {
		log.Warn("URLs are not signed: whoever reaches this server can have any size made; see --key and --sizes")
	}
	if c.isDemo() {
		demo(stdout, listeners.public[0].Addr())
	}
	running, end := context.WithCancel(stop)
	defer end()
	await := service.background.start(running)
	servers := servers{
		{newServer(service.public, log), listeners.public},
		{newServer(service.admin, log), listeners.admin},
	}
	failed := servers.start(log)
	notify(daemon.SdNotifyReady, log)
	flush() // whoever has started it waits for these lines
	select {
	case <-stop.Done():
	case err = <-failed:
	}
	end()
	log.Info("stopping", "grace", c.Grace)
	flush()
	c.finish(servers, await, log)
	return err
}

// finish lets running requests and background work end, for at most --grace in all.
func (c *serveCmd) finish(servers servers, await func(context.Context) []string, log *slog.Logger) {
	notify(daemon.SdNotifyStopping, log)
	ctx, cancel := context.WithTimeout(context.Background(), c.Grace)
	defer cancel()
	servers.shutdown(ctx, log)
	if unfinished := await(ctx); len(unfinished) > 0 {
		log.Warn("left background work that did not end in time", "tasks", unfinished)
	}
}

func (c *serveCmd) isDemo() bool {
	return len(c.Source) == 1 && c.Source[0].String() == defaultSource && len(c.Key) == 0
}

// Limits of a connection, against clients that open many and say little.
const (
	headerTimeout  = 10 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
)

func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// notify tells systemd, if it is there.
func notify(state string, log *slog.Logger) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("cannot notify systemd", "cause", err)
	}
}

// demo prints what to click on.
func demo(stdout io.Writer, addr fmt.Stringer) {
	base := "http://" + clickable(addr.String())
	fmt.Fprintf(stdout, "Thumbery is serving the pictures in testdata. Try:\n")
	for _, path := range []string{"/300x200/photos/cat.jpg", "/600x,f_auto/photos/coast.jpg", "/info/photos/cat.jpg"} {
		fmt.Fprintf(stdout, "  %s%s\n", base, path)
	}
}
