package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/thumbery/thumbery/api"
	"github.com/thumbery/thumbery/pipeline"
)

// hotFlags say which derivatives are hot, and how caches in front are told.
type hotFlags struct {
	HotAfter  int           `placeholder:"N" help:"What is asked for more than N times in --hot-window is hot: it is kept in memory, and --hot-header is sent."`
	HotWindow time.Duration `default:"1m" help:"The time in which --hot-after counts."`
	HotHeader hotHeaderFlag `placeholder:"'X-Accel-Expires: 3600'" help:"Tell a cache in front to keep what is hot, and by the opposite value to keep nothing else: X-Accel-Expires for nginx, 'Surrogate-Control: max-age=3600' for Varnish. See deploy/nginx-cache.conf and deploy/varnish.vcl."`
}

// hotHeaderFlag is NAME: VALUE.
type hotHeaderFlag struct{ api.HotHeader }

func (h *hotHeaderFlag) UnmarshalText(text []byte) (err error) {
	h.HotHeader, err = api.ParseHotHeader(string(text))
	return err
}

func (f *hotFlags) validate() error {
	switch {
	case f.HotAfter < 0 || f.HotAfter > api.MaxHotAfter:
		return fmt.Errorf("--hot-after: must be from 0 to %d", api.MaxHotAfter)
	case f.HotWindow < time.Second:
		return errors.New("--hot-window: must be a second or more")
	case f.HotAfter == 0 && f.HotHeader.Name != "":
		return errors.New("--hot-header: nothing is hot: give --hot-after, too")
	}
	return nil
}

func (f *hotFlags) hotHeaders(p *pipeline.Pipeline) api.HotHeaders {
	return api.HotHeaders{After: f.HotAfter, Window: f.HotWindow, Header: f.HotHeader.HotHeader, Warm: p.Warm}
}
