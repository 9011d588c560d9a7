package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/thumbery/thumbery/internal/failure"
)

// Step begins a span within the trace of ctx, if there is one. end ends it, with the error
// of the step.
func (t *Tracer) Step(ctx context.Context, name string) (step context.Context, end func(error)) {
	if t == nil || !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, func(error) {}
	}
	step, span := t.tracer.Start(ctx, name)
	return step, func(err error) {
		fail(span, err)
		span.End()
	}
}

// fail gives a span the error of its step. Errors of the client's own making do not mark the span as failed.
func fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	class := failure.Of(err)
	span.SetAttributes(semconv.ErrorTypeKey.String(class.String()))
	if !class.IsAnswer() && class != failure.Request && class != failure.Canceled {
		span.SetStatus(codes.Error, err.Error())
	}
}

// Answer is what the span of a request says about its answer, besides what HTTP says.
type Answer struct {
	Key, Ops string // "" if the URL is not one of a picture
	Outcome  string // as in the metrics
	Bytes    int64
	Cause    error // of an error
	// Work is the context of the request that began the work, if this one has waited for it.
	Work context.Context
}

// Answered describes the answer in the span of the request that ctx belongs to.
func (t *Tracer) Answered(ctx context.Context, a Answer) {
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.String("thumbery.outcome", a.Outcome), semconv.HTTPResponseBodySize(int(a.Bytes)))
	if a.Key != "" {
		span.SetAttributes(semconv.HTTPRoute(route), attribute.String("thumbery.key", a.Key), attribute.String("thumbery.ops", a.Ops))
	}
	if a.Cause != nil {
		span.SetAttributes(semconv.ErrorTypeKey.String(a.Outcome))
		span.RecordError(a.Cause)
	}
	if work := trace.SpanContextFromContext(a.Work); work.IsValid() {
		span.AddLink(trace.Link{SpanContext: work, Attributes: []attribute.KeyValue{attribute.Bool("thumbery.waited_for", true)}})
	}
}
