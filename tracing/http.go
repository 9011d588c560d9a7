package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Handler gives each request a span, which belongs to the trace of its traceparent.
func (t *Tracer) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return otelhttp.NewHandler(next, "", append(t.options(), otelhttp.WithSpanNameFormatter(spanName))...)
}

// route is that of all pictures.
const route = "/{ops}/{key}"

// spanName has one of few values, whatever a client sends.
func spanName(_ string, r *http.Request) string {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return "HTTP"
	}
	return r.Method + " " + route
}

// Transport gives each request a span and its traceparent, if its context belongs to a trace.
// Others, such as those that ask whether an origin is back, have none.
func (t *Tracer) Transport(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return otelhttp.NewTransport(next, append(t.options(),
		otelhttp.WithFilter(func(r *http.Request) bool { return trace.SpanContextFromContext(r.Context()).IsValid() }),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "S3 " + r.Method }))...)
}

func (t *Tracer) options() []otelhttp.Option {
	return []otelhttp.Option{otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(traceContext{})}
}

// traceContext is W3C Trace Context, without a state that is longer than everybody must
// accept: S3 refuses requests whose header is too long, and so a client could have them fail.
type traceContext struct{ propagation.TraceContext }

// maxState is that length, in bytes (W3C Trace Context, 3.3.1.5).
const maxState = 512

// Extract implements propagation.TextMapPropagator.
func (c traceContext) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	ctx = c.TraceContext.Extract(ctx, carrier)
	if s := trace.SpanContextFromContext(ctx); s.TraceState().Len() > 0 && len(s.TraceState().String()) > maxState {
		ctx = trace.ContextWithRemoteSpanContext(ctx, s.WithTraceState(trace.TraceState{}))
	}
	return ctx
}
