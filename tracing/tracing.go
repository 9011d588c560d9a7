// Package tracing sends traces to an OpenTelemetry collector. It is the only package that
// knows OpenTelemetry. A nil *Tracer is valid and does nothing, which costs nothing.
package tracing

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/time/rate"

	"github.com/thumbery/thumbery/tracing/internal/quiet"
)

func init() { quiet.End() }

// Tracer makes spans. It is safe for use by several goroutines.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New returns a Tracer that is configured by the variables OTEL_* as OpenTelemetry
// specifies them, or nil if they do not name a collector. The error names the one whose value
// is wrong or not supported, and what to write. version is that of the program. Run sends what is left at the
// end.
//
// Spans are sent in the background. A collector that is slow or gone costs a bounded queue
// of them, and a line of log now and then. These lines go to log.
func New(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	on, err := enabled()
	if !on || err != nil {
		return nil, err
	}
	if err := checkEnvironment(); err != nil {
		return nil, err
	}
	limitErrors(log)
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(semconv.ServiceName("thumbery"), semconv.ServiceVersion(version)),
		resource.WithFromEnv(), // which has the last word
	)
	if err != nil {
		log.Warn("tracing: not all is known about this machine", "cause", err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about), sdk.WithRawSpanLimits(limits()))
	return &Tracer{provider, provider.Tracer("github.com/thumbery/thumbery")}, nil
}

// enabled reports that the environment names a collector. By the specification one on this
// machine would be the default; but without a collector there must be no errors.
func enabled() (bool, error) {
	if strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") {
		return false, nil
	}
	switch exporter := os.Getenv("OTEL_TRACES_EXPORTER"); exporter {
	case "none":
		return false, nil
	case "":
		if cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT")) == "" {
			return false, nil
		}
	case "otlp":
	default:
		return false, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not supported: write otlp or none", exporter)
	}
	switch protocol := cmp.Or(os.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), os.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL")); protocol {
	case "", "http/protobuf":
		return true, nil
	default:
		return false, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL: %q is not supported: write http/protobuf, and the collector's port for it, 4318", protocol)
	}
}

// maxText bounds each text of a span, which may come from a client, in bytes.
const maxText = 2048

func limits() sdk.SpanLimits {
	l := sdk.NewSpanLimits() // of the environment
	if l.AttributeValueLengthLimit < 0 {
		l.AttributeValueLengthLimit = maxText
	}
	return l
}

// errorsEvery keeps a collector that is gone from filling the log.
const errorsEvery = 10 * time.Minute

// limitErrors has the SDK log to log, and not much.
func limitErrors(log *slog.Logger) {
	sometimes := rate.Sometimes{First: 1, Interval: errorsEvery}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		sometimes.Do(func() {
			log.Warn("tracing failed; other failures within the next ten minutes are not logged", "cause", err)
		})
	}))
	otel.SetLogger(logr.FromSlogHandler(log.Handler()))
}

// flushTime bounds how long the end of the process waits for the collector.
const flushTime = 5 * time.Second

// Run waits until ctx is done, and sends the spans that are left.
func (t *Tracer) Run(ctx context.Context) {
	<-ctx.Done()
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		otel.Handle(err)
	}
}

// ID returns the id of the trace that ctx belongs to, or "" if it is in none that is sent.
func (t *Tracer) ID(ctx context.Context) string {
	if t == nil {
		return ""
	}
	if s := trace.SpanContextFromContext(ctx); s.IsSampled() {
		return s.TraceID().String()
	}
	return ""
}
