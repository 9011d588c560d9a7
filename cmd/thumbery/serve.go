package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/alecthomas/kong"
	"github.com/coreos/go-systemd/v22/daemon"
)

type serveCmd struct {
	serverFlags `group:"server"`
	appFlags
	proxyFlags `group:"proxy"`
}

// Validate is called by kong, and says what is wrong with a flag before anything
// has started.
func (c *serveCmd) Validate() error {
	for _, validate := range []func() error{c.serverFlags.validate, c.appFlags.validate, c.proxyFlags.validate} {
		if err := validate(); err != nil {
			return err
		}
	}
	return nil
}

// Run serves until SIGTERM or SIGINT.
func (c *serveCmd) Run(stdout io.Writer, ctx *kong.Context) error {
	outliveReaders()
	log, flush, stopLog := c.logger()
	defer stopLog()
	slog.SetDefault(log) // for panics that are recovered
	logExposedSecrets(ctx, log)
	c.setGOGC()
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
	c.greet(stdout, log, listeners.public[0].Addr())
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

// finish lets running requests and background work end, for at most --grace in total.
func (c *serveCmd) finish(servers servers, await func(context.Context) []string, log *slog.Logger) {
	notify(daemon.SdNotifyStopping, log)
	ctx, cancel := context.WithTimeout(context.Background(), c.Grace)
	defer cancel()
	servers.shutdown(ctx, log)
	if unfinished := await(ctx); len(unfinished) > 0 {
		log.Warn("left background work that did not end in time", "tasks", unfinished)
	}
}

// greet warns of a server that makes whatever anybody wants, and shows what to click on
// where it serves the pictures that come with the code.
func (c *serveCmd) greet(stdout io.Writer, log *slog.Logger, addr fmt.Stringer) {
	if !c.signed() {
		log.Warn("URLs are not signed: whoever reaches this server can have any size made; see --key and --sizes")
	}
	if c.isDemo() {
		demo(stdout, addr)
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

// notify tells systemd, if that started the program.
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
