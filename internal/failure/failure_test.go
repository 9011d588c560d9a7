package failure_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/thumbery/thumbery/internal/failure"
)

type own struct{ error }

func (own) Class() failure.Class { return failure.Refused }

func TestOf(t *testing.T) {
	t.Parallel()
	notFound := failure.New(failure.NotFound, "not found")
	unavailable := failure.New(failure.Unavailable, "unavailable")
	for _, tt := range []struct {
		name string
		err  error
		want failure.Class
	}{
		{"nil", nil, failure.Unknown},
		{"no class", errors.New("x"), failure.Unknown},
		{"sentinel", notFound, failure.NotFound},
		{"wrapped", fmt.Errorf("x: %w", notFound), failure.NotFound},
		{"text only", fmt.Errorf("x: %v", notFound), failure.Unknown},
		{"method", own{errors.New("x")}, failure.Refused},
		{"the outermost counts", own{unavailable}, failure.Refused},
		{"replaced", failure.With(failure.Server, fmt.Errorf("%w: x", unavailable)), failure.Server},
		{"both", fmt.Errorf("%w: %w", notFound, unavailable), failure.Unavailable},
		{"both, the other way round", errors.Join(unavailable, notFound), failure.Unavailable},
		{"one of two", errors.Join(errors.New("x"), notFound), failure.NotFound},
		{"canceled", fmt.Errorf("x: %w", context.Canceled), failure.Canceled},
		{"deadline", fmt.Errorf("x: %w", context.DeadlineExceeded), failure.Canceled},
		{"canceled and unavailable", fmt.Errorf("%w: %w", unavailable, context.Canceled), failure.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := failure.Of(tt.err); got != tt.want {
				t.Errorf("Of is %v, want %v", got, tt.want)
			}
		})
	}
}

func TestWithIsFound(t *testing.T) {
	t.Parallel()
	unavailable := failure.New(failure.Unavailable, "unavailable")
	refused := failure.With(failure.Refused, fmt.Errorf("%w: refused", unavailable))
	err := fmt.Errorf("x: %w", refused)
	if !errors.Is(err, refused) || !errors.Is(err, unavailable) || errors.Is(unavailable, refused) {
		t.Error("errors.Is does not find both sentinels, and only them")
	}
	if got := err.Error(); got != "x: unavailable: refused" {
		t.Errorf("the text is %q", got)
	}
}

func TestPredicates(t *testing.T) {
	t.Parallel()
	for class, want := range map[failure.Class]struct{ answer, transient bool }{
		failure.Unknown:     {false, false},
		failure.Answered:    {true, false},
		failure.NotFound:    {true, true},
		failure.Refused:     {true, true},
		failure.Request:     {false, false},
		failure.Picture:     {false, false},
		failure.Quarantined: {false, true},
		failure.Unavailable: {false, true},
		failure.Server:      {false, true},
		failure.Busy:        {false, true},
		failure.Canceled:    {false, true},
	} {
		if class.IsAnswer() != want.answer || class.IsTransient() != want.transient {
			t.Errorf("%v: IsAnswer %v, IsTransient %v", class, class.IsAnswer(), class.IsTransient())
		}
	}
}
