package lifecycle

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// Service is what a process runs until it is told to stop.
type Service struct {
	Servers    []Server
	Background Tasks
	Grace      time.Duration // for running requests and background work to end
	Log        *slog.Logger
	FlushLog   func() // writes the lines that are still buffered
}

// Run serves until ctx is done or a server fails, whose error it returns. Then it lets
// running requests and background work end.
func (s *Service) Run(ctx context.Context) (err error) {
	running, end := context.WithCancel(ctx)
	defer end()
	await := s.Background.Start(running)
	failed := servers(s.Servers).start(s.Log)
	s.notify(daemon.SdNotifyReady)
	s.FlushLog() // supervisors wait for these lines
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	end()
	s.Log.Info("stopping", "grace", s.Grace)
	s.FlushLog()
	s.finish(await)
	return err
}

// finish lets running requests and background work end, for at most Grace in total.
func (s *Service) finish(await func(context.Context) []string) {
	s.notify(daemon.SdNotifyStopping)
	ctx, cancel := context.WithTimeout(context.Background(), s.Grace)
	defer cancel()
	servers(s.Servers).shutdown(ctx, s.Log)
	if unfinished := await(ctx); len(unfinished) > 0 {
		s.Log.Warn("background work did not end within --grace", "tasks", unfinished)
	}
}

// notify tells systemd, if that started the program.
func (s *Service) notify(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.Log.Warn("cannot notify systemd", "cause", err)
	}
}
