package main

import (
	"errors"
	"strings"
	"time"
)

// serverFlags say where the server listens, and what it logs.
type serverFlags struct {
	Listen     string        `default:":8080" help:"Address of the public server: HOST:PORT or unix:/PATH. Sockets passed by systemd take precedence."`
	Admin      string        `default:"127.0.0.1:8081" help:"Address of the admin server, with /healthz, /readyz, /metrics, /debug/pprof, /cache, /switches and /prime; empty for none. Whoever reaches it can change things: keep it private."`
	AdminHost  []hostFlag    `placeholder:"NAME" sep:" " help:"Host name by which the admin server may be addressed, without a port, for example the name of its container. Requests for other hosts than these, localhost and IP addresses are refused, as a web page could send them (DNS rebinding). Repeatable."`
	HookSecret string        `secret:"" placeholder:"SECRET" help:"Accept bucket notifications at POST /hooks/s3 of the admin server from whoever knows this secret. Best set in the environment."`
	Grace      time.Duration `default:"30s" help:"How long running requests and background work may take to finish after SIGTERM."`
	Log        string        `enum:"text,json" default:"text" help:"Format of the log on standard error: text or json."`
}

func (f *serverFlags) validate() error {
	switch {
	case f.Grace < 0:
		return errors.New("--grace: must not be less than 0")
	case strings.ContainsAny(f.HookSecret, " \t\r\n"):
		return errors.New("--hook-secret: must have no spaces: MinIO would not send it")
	}
	return nil
}
