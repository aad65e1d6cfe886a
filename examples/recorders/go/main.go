// recorders runs one library through the same story: five calls that are well, a dependency that fails until calls are refused, and
// one that is well again. What the library and OpenTelemetry say of it goes where the standard OTEL_* variables say; ../record
// sends it to Fusebox and keeps what came as a recording for the tests of governance.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

var libraries = map[string]func(*dependency) error{
	"failsafe-go": failsafeGo,
	"go-zero":     goZero,
	"sentinel-go": sentinelGo,
}

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, library string) error {
	tell := libraries[library]
	if tell == nil {
		return fmt.Errorf("there is no library %q", library)
	}
	stop, err := telemetry(ctx)
	if err != nil {
		return err
	}
	return errors.Join(tell(newDependency()), stop(ctx))
}

// telemetry starts the providers; what is returned sends the rest.
func telemetry(ctx context.Context) (func(context.Context) error, error) {
	spans, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	records, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, err
	}
	points, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, err
	}
	tracing := trace.NewTracerProvider(trace.WithBatcher(spans))
	logging := log.NewLoggerProvider(log.WithProcessor(log.NewBatchProcessor(records)))
	measuring := metric.NewMeterProvider(metric.WithReader(points))
	otel.SetTracerProvider(tracing)
	otel.SetMeterProvider(measuring)
	slog.SetDefault(otelslog.NewLogger("shop", otelslog.WithLoggerProvider(logging)))
	return func(ctx context.Context) error {
		return errors.Join(tracing.Shutdown(ctx), logging.Shutdown(ctx), measuring.Shutdown(ctx))
	}, nil
}

// dependency is a server that can be broken.
type dependency struct {
	url    string
	broken atomic.Bool
}

func newDependency() *dependency {
	d := &dependency{}
	d.url = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if d.broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})).URL + "/pay"
	return d
}

// ask fails when the dependency does.
func (d *dependency) ask() error {
	answer, err := http.Get(d.url)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode >= 500 {
		return fmt.Errorf("pay answered %d", answer.StatusCode)
	}
	return nil
}

// story makes the calls; between failing and well again it waits until a breaker would try.
func (d *dependency) story(failing int, wait time.Duration, call func(context.Context) error) {
	for range 5 {
		spanned(call)
	}
	d.broken.Store(true)
	for range failing {
		spanned(call)
	}
	d.broken.Store(false)
	time.Sleep(wait)
	for range 5 {
		spanned(call)
	}
}

// spanned makes a call as a service does that knows OpenTelemetry and not the library: the span gets the error.
func spanned(call func(context.Context) error) {
	ctx, span := otel.Tracer("shop").Start(context.Background(), "charge")
	defer span.End()
	if err := call(ctx); err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
	}
}
