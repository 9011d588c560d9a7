package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/thumbery/thumbery/variant"
)

type serveCmd struct {
	linkFlags

	Listen string        `default:":8080" help:"Where to serve: HOST:PORT or unix:/PATH. Sockets given by systemd come first."`
	Admin  string        `default:"127.0.0.1:8081" help:"Where to serve /healthz, /readyz, /metrics and /debug/pprof; empty for nowhere. Keep it from the public."`
	Grace  time.Duration `default:"30s" help:"How long running requests may go on after SIGTERM."`

	Source   []sourceFlag `default:"${default_source}" sep:" " placeholder:"PREFIX=URL[,URL…]" help:"Where the originals under a prefix are: s3://bucket/prefix?endpoint=…&region=…&profile=…, or file:///dir; a comma makes a chain, asked in order. Repeatable; the longest prefix wins."`
	Cache    string       `default:"thumbery-cache" help:"The directory of the disk cache."`
	MaxBytes amount       `default:"64MiB" help:"The largest original that is fetched."`

	Sizes       []sizeFlag `placeholder:"300" help:"The only sides that may be asked for outside presets."`
	PresetsOnly bool       `help:"Serve nothing but presets, raw and info."`

	Hot       amount        `default:"64MiB" help:"How much of the derivatives to keep in memory, too. Not used with --accel."`
	Workers   int           `default:"0" help:"How many pictures are made at once; 0 is one for each CPU."`
	Queue     int           `default:"100" help:"How many may wait to be made; more are refused with 503."`
	MaxPixels amount        `default:"100M" help:"The most pixels of a picture, and of all that are made at once."`
	Quality   []qualityFlag `default:"jpeg=80,webp=75,avif=55" help:"Quality where the URL does not say it."`

	Accel  string        `placeholder:"/PREFIX" help:"Let nginx send what is on disk: answer with X-Accel-Redirect to this internal location."`
	MaxAge time.Duration `default:"720h" help:"How long browsers and proxies may keep a picture."`
	CORS   string        `name:"cors" placeholder:"ORIGIN" help:"Access-Control-Allow-Origin of every answer, such as *."`
	Log    string        `enum:"text,json" default:"text" help:"The log's format: text or json."`
}

// defaultSource serves the pictures that come with the code.
const defaultSource = "/=file:testdata"

// Run serves until SIGTERM or SIGINT.
func (c *serveCmd) Run(stdout io.Writer) error {
	log := c.logger()
	service, err := c.wire(log)
	if err != nil {
		return err
	}
	listeners, err := listen(c.Listen, c.Admin)
	if err != nil {
		return usage(err)
	}
	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	if len(c.Key) == 0 {
		log.Warn("URLs are not signed: whoever reaches this server can have any size made; see --key and --sizes")
	}
	if c.isDemo() {
		demo(stdout, listeners.public[0].Addr())
	}
	servers := servers{
		{newServer(service.public, log), listeners.public},
		{newServer(service.admin, log), listeners.admin},
	}
	return servers.run(stop, c.Grace, log)
}

func (c *serveCmd) logger() *slog.Logger {
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, nil))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, nil))
}

func (c *serveCmd) limits() variant.Limits {
	l := variant.Limits{PresetsOnly: c.PresetsOnly}
	for _, s := range c.Sizes {
		l.Sizes = append(l.Sizes, int(s))
	}
	return l
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
