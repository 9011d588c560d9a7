package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/alecthomas/kong"

	"github.com/thumbery/thumbery/cmd/thumbery/internal/exit"
	"github.com/thumbery/thumbery/cmd/thumbery/internal/settings"
	"github.com/thumbery/thumbery/internal/lifecycle"
)

type serveCmd struct {
	settings.ServerFlags `group:"server"`
	AppFlags
	settings.ProxyFlags   `group:"proxy"`
	settings.ClusterFlags `group:"cluster"`
}

// Validate is called by kong.
func (c *serveCmd) Validate() error {
	if c.Peers != "" && c.Admin == "" {
		return errors.New("--peers: give --admin, too: the other nodes ask there what to forget")
	}
	return nil
}

// Run serves until SIGTERM or SIGINT.
func (c *serveCmd) Run(stdout io.Writer, ctx *kong.Context) error {
	lifecycle.OutliveReaders()
	log, buffer := c.Logger()
	defer buffer.Start()()
	slog.SetDefault(log) // for panics that are recovered
	for _, warning := range settings.ExposedSecrets(ctx) {
		log.Warn(warning)
	}
	c.SetGOGC()
	running := lifecycle.Service{Drain: c.Drain, Grace: c.Grace, Log: log, FlushLog: buffer.Flush}
	service, err := c.wire(running.Stopping, log)
	if err != nil {
		return err
	}
	defer service.workers.Close() // after the last request
	listeners, err := c.listen()
	if err != nil {
		return exit.Usage(err)
	}
	stop, cancel := lifecycle.UntilSignal()
	defer cancel()
	c.greet(stdout, log, listeners)
	running.Public, running.Admin = lifecycle.NewServer(service.public, listeners.Public, log), lifecycle.NewServer(service.admin, listeners.Admin, log)
	for _, events := range service.events {
		running.Public.HTTP.RegisterOnShutdown(events.Close)
	}
	running.Background = service.background
	return running.Run(stop)
}

// listen opens the listeners. Without a token, other machines must not be able to reach the
// admin listener.
func (c *serveCmd) listen() (lifecycle.Listeners, error) {
	l, err := lifecycle.Listen(c.Listen, c.Admin)
	if exposed := l.Exposed(); err == nil && exposed != nil && c.AdminToken == "" {
		err = fmt.Errorf("--admin: other machines can reach %v, and anyone who does can change the server: set THUMBERY_ADMIN_TOKEN to a secret (openssl rand -hex 32), or THUMBERY_ADMIN to 127.0.0.1:8081 or unix:/PATH", exposed)
	}
	return l, err
}

// greet warns if URLs are not signed, and says where the page is.
func (c *serveCmd) greet(stdout io.Writer, log *slog.Logger, l lifecycle.Listeners) {
	if !c.Signed() {
		log.Warn("URLs are not signed: anyone who can reach this server can request any size; see --key and --sizes")
	}
	if c.isDemo() {
		demo(stdout, l.Public[0].Addr())
		return
	}
	for _, admin := range l.Admin {
		if tcp, ok := admin.Addr().(*net.TCPAddr); ok {
			log.Info("the page is at http://" + clickable(tcp.String()) + "/ui/")
		}
	}
}

// isDemo reports that the server only shows the pictures that come with the code, to
// everybody.
func (c *serveCmd) isDemo() bool {
	return len(c.Source) == 1 && c.Source[0].String() == settings.DefaultSource && len(c.Key) == 0 && c.AdminToken == ""
}

// demo prints what to click on.
func demo(stdout io.Writer, addr fmt.Stringer) {
	fmt.Fprintf(stdout, "Thumbery is serving the pictures in testdata. Try it:\n\n  http://%s/ui/\n\n", clickable(addr.String()))
}

// clickable makes a listener's address one for a browser.
func clickable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return "localhost:" + port
	}
	return address
}
