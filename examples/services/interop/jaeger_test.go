package interop

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	jaegerlog "github.com/opentracing/opentracing-go/log"
	jaegerclient "github.com/uber/jaeger-client-go"
	jaegerconfig "github.com/uber/jaeger-client-go/config"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/jaeger"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"
)

// TestJaegerClient: Jaeger's own client for Go, configured by the variables that docs/jaeger.md names.
func TestJaegerClient(t *testing.T) {
	f := startFusebox(t)
	export(t, snippet(t, f, "jaeger.md", "export JAEGER_ENDPOINT"))
	settings, err := jaegerconfig.FromEnv()
	if err != nil {
		t.Fatal(err)
	}
	settings.ServiceName, settings.Gen128Bit = "jaeger-client", true
	tracer, closer, err := settings.NewTracer()
	if err != nil {
		t.Fatal(err)
	}
	parent := tracer.StartSpan("get /pay", ext.SpanKindRPCServer)
	child := tracer.StartSpan("charge", opentracing.ChildOf(parent.Context()), ext.SpanKindRPCClient)
	ext.Error.Set(child, true)
	child.LogFields(jaegerlog.String("event", "asked the bank"))
	child.Finish()
	parent.Finish()
	if err := closer.Close(); err != nil { // sends the rest
		t.Fatal(err)
	}
	one := parent.Context().(jaegerclient.SpanContext).TraceID()
	arrived(t, f, fmt.Sprintf("%016x%016x", one.High, one.Low), "jaeger-client", "[{get /pay server unset false} {charge client error false}]")
}

// TestJaegerExporter: the exporter for Jaeger that OpenTelemetry had for Go, told where as docs/jaeger.md does.
func TestJaegerExporter(t *testing.T) {
	f := startFusebox(t)
	export(t, snippet(t, f, "jaeger.md", "export OTEL_EXPORTER_JAEGER_ENDPOINT"))
	exporter, err := jaeger.New(jaeger.WithCollectorEndpoint())
	if err != nil {
		t.Fatal(err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "jaeger-exporter"))
	provider := trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))
	ctx, parent := provider.Tracer("interop").Start(context.Background(), "get /pay", api.WithSpanKind(api.SpanKindServer))
	_, child := provider.Tracer("interop").Start(ctx, "charge", api.WithSpanKind(api.SpanKindClient))
	child.RecordError(fmt.Errorf("card refused"))
	child.End()
	parent.End()
	if err := provider.Shutdown(context.Background()); err != nil { // sends the rest
		t.Fatal(err)
	}
	arrived(t, f, parent.SpanContext().TraceID().String(), "jaeger-exporter", "[{get /pay server unset false} {charge client unset false}]")
}

// export sets the variables that commands of a page do.
func export(t *testing.T, commands string) {
	t.Helper()
	for _, variable := range variables(commands) {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
}

// arrived waits for a trace of one service with these spans: name, kind, status, and whether the parent is missing.
func arrived(t *testing.T, f *fusebox, id, service, spans string) {
	t.Helper()
	eventually(t, "the spans of "+service, 30*time.Second, func() error {
		var trace struct {
			Services []string
			Spans    []struct {
				Name, Kind    string
				Status        string `json:"status_code"`
				ParentMissing bool   `json:"parent_missing"`
			}
		}
		if err := f.get("/api/v1/traces/"+id, &trace); err != nil {
			return err
		}
		if fmt.Sprint(trace.Services) != "["+service+"]" || fmt.Sprint(trace.Spans) != spans {
			return fmt.Errorf("found %+v", trace)
		}
		return nil
	})
}
