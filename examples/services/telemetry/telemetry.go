// Package telemetry turns on traces, metrics and logs. Where they go is said by the standard OTEL_* variables alone:
//
//	OTEL_SERVICE_NAME=orders
//	OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318
//	OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf      # or grpc
//
// It may be copied as it is: nothing in here knows which back end listens.
package telemetry

import (
	"context"
	"errors"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/log/global"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// Start sets the global providers. What it returns sends what is left and stops them; call it last.
//
// Producers bring metrics that are counted elsewhere, such as those of a Prometheus registry.
func Start(ctx context.Context, producers ...metric.Producer) (stop func(context.Context) error, err error) {
	about, err := resource.New(ctx,
		resource.WithTelemetrySDK(), resource.WithHost(), resource.WithProcessPID(),
		resource.WithFromEnv(), // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win
	)
	if err != nil {
		return nil, err
	}
	spans, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return nil, err
	}
	for _, producer := range producers {
		autoexport.WithFallbackMetricProducer(func(context.Context) (metric.Producer, error) { return producer, nil })
	}
	points, err := autoexport.NewMetricReader(ctx)
	if err != nil {
		return nil, err
	}
	records, err := autoexport.NewLogExporter(ctx)
	if err != nil {
		return nil, err
	}

	traces := trace.NewTracerProvider(trace.WithResource(about), trace.WithBatcher(spans))
	metrics := metric.NewMeterProvider(metric.WithResource(about), metric.WithReader(points))
	logs := log.NewLoggerProvider(log.WithResource(about), log.WithProcessor(log.NewBatchProcessor(records)))
	otel.SetTracerProvider(traces)
	otel.SetMeterProvider(metrics)
	global.SetLoggerProvider(logs)
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))

	return func(ctx context.Context) error {
		return errors.Join(traces.Shutdown(ctx), metrics.Shutdown(ctx), logs.Shutdown(ctx))
	}, nil
}
