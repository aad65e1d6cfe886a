package interop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// rounds of ten spans, ten records and a point each; the server is killed and away in the middle.
const rounds = 60

func TestCollector(t *testing.T) {
	t.Parallel()
	f := startFusebox(t)
	exporters := []string{"otlp_grpc", "otlp_http"} // gzip, zstd
	senders := map[string]*sender{}
	for _, exporter := range exporters {
		listen := freeAddresses(t, 2)
		start(t, "collector "+exporter, []string{
			"LISTEN_GRPC=" + listen[0], "LISTEN_HTTP=" + listen[1],
			"FUSEBOX_GRPC=" + f.grpc, "FUSEBOX_HTTP=http://" + f.http, "EXPORTER=" + exporter,
		}, filepath.Join(programs, "collector"), "--config", "../collector/collector.yaml")
		eventually(t, "collector "+exporter+" listens", 30*time.Second, func() error {
			connection, err := net.Dial("tcp", listen[0])
			if err == nil {
				err = connection.Close()
			}
			return err
		})
		senders[exporter] = newSender(t, exporter, listen[0])
	}
	for round := range rounds {
		switch round {
		case rounds / 3:
			f.process.kill()
		case rounds * 2 / 3:
			f.start(t)
		}
		for _, exporter := range exporters {
			senders[exporter].send(t, round)
		}
		time.Sleep(100 * time.Millisecond) // a pace, so that batches are under way when the server dies
	}
	for _, exporter := range exporters {
		for _, want := range []struct {
			what, question string
			count          int
		}{
			{"spans", "SELECT count(*), count(DISTINCT name) FROM spans WHERE service_name = '%s'", rounds * 10},
			{"log records", "SELECT count(*), count(DISTINCT body) FROM logs WHERE service_name = '%s'", rounds * 10},
			{"points", "SELECT count(*), count(DISTINCT time) FROM metrics WHERE service_name = '%s' AND metric_name = 'rounds'", rounds},
		} {
			eventually(t, exporter+": all "+want.what, 60*time.Second, func() error {
				var answer struct{ Rows [][]int }
				if err := f.sql(fmt.Sprintf(want.question, exporter), &answer); err != nil {
					return err
				}
				if fmt.Sprint(answer.Rows) != fmt.Sprintf("[[%d %d]]", want.count, want.count) {
					return fmt.Errorf("there are %v (all, different ones) of %d", answer.Rows, want.count)
				}
				return nil
			})
		}
	}
}

// sender is a service: it gives everything to the collector at once and keeps nothing back.
type sender struct {
	spans   *trace.TracerProvider
	logs    *sdklog.LoggerProvider
	metrics *sdkmetric.MeterProvider
	counter metric.Int64Counter
}

func newSender(t *testing.T, name, address string) *sender {
	t.Helper()
	ctx := context.Background()
	about := resource.NewSchemaless(attribute.String("service.name", name))
	spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithEndpoint(address), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := otlploggrpc.New(ctx, otlploggrpc.WithEndpoint(address), otlploggrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	points, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithEndpoint(address), otlpmetricgrpc.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	s := &sender{
		spans: trace.NewTracerProvider(trace.WithResource(about), trace.WithBatcher(spans)),
		logs:  sdklog.NewLoggerProvider(sdklog.WithResource(about), sdklog.WithProcessor(sdklog.NewBatchProcessor(records))),
		metrics: sdkmetric.NewMeterProvider(sdkmetric.WithResource(about),
			sdkmetric.WithReader(sdkmetric.NewPeriodicReader(points, sdkmetric.WithInterval(time.Hour)))),
	}
	if s.counter, err = s.metrics.Meter("interop").Int64Counter("rounds"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *sender) send(t *testing.T, round int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for n := range 10 {
		_, span := s.spans.Tracer("interop").Start(ctx, fmt.Sprintf("span %d-%d", round, n))
		span.SetAttributes(attribute.String("padding", strings.Repeat("x", 200)))
		span.End()
		var record log.Record
		record.SetTimestamp(time.Now())
		record.SetBody(attribute.StringValue(fmt.Sprintf("line %d-%d", round, n)))
		s.logs.Logger("interop").Emit(ctx, record)
	}
	s.counter.Add(ctx, 1)
	if err := errors.Join(s.spans.ForceFlush(ctx), s.logs.ForceFlush(ctx), s.metrics.ForceFlush(ctx)); err != nil {
		t.Fatalf("the collector did not take round %d: %v", round, err)
	}
}
