"""Sends one trace, two logs and some metrics with the OpenTelemetry SDK for Python.

Usage: sdk.py grpc|http ENDPOINT none|gzip

Prints the ids it used, one `key value` a line. `sdk_python.rs` runs it and compares what was stored.
"""

import logging
import sys

from opentelemetry import trace
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

START = 1_763_800_000_000_000_000
MILLISECOND = 1_000_000


def exporters(protocol, endpoint, compression):
    """Span, log and metric exporter."""
    if protocol == "grpc":
        from grpc import Compression
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
        kinds = (OTLPSpanExporter, OTLPLogExporter, OTLPMetricExporter)
        return [kind(endpoint=endpoint, insecure=True, compression=how) for kind in kinds]
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    how = Compression.Gzip if compression == "gzip" else Compression.NoCompression
    kinds = ((OTLPSpanExporter, "traces"), (OTLPLogExporter, "logs"), (OTLPMetricExporter, "metrics"))
    return [kind(endpoint=f"{endpoint}/v1/{signal}", compression=how) for kind, signal in kinds]


def send_spans(provider):
    tracer = provider.get_tracer("recommendation", "0.24.0", attributes={"team": "shop"})
    linked = trace.SpanContext(0xFEEDBEEF, 0xCAFE, is_remote=True, trace_flags=trace.TraceFlags(1))
    parent = tracer.start_span(
        "/recommendation.v1.RecommendationService/List",
        kind=trace.SpanKind.SERVER,
        start_time=START,
        links=[trace.Link(linked, {"why": "batch"})],
        attributes={
            "rpc.system": "grpc",
            "rpc.grpc.status_code": 13,
            "http.status_code": "500",
            "cache.hit": False,
            "score": 0.75,
            "skus": ["a", "ü"],
            "counts": [1, 2],
        },
    )
    child = tracer.start_span(
        "ZREVRANGE", trace.set_span_in_context(parent), kind=trace.SpanKind.CLIENT, start_time=START + 5 * MILLISECOND
    )
    child.end(START + 9 * MILLISECOND)
    try:
        raise IndexError("list index out of range")
    except IndexError as error:
        parent.record_exception(error, timestamp=START + 10 * MILLISECOND)
    parent.set_status(trace.Status(trace.StatusCode.ERROR, "IndexError: list index out of range"))
    parent.end(START + 20 * MILLISECOND)
    return parent, child


def send_logs(provider, parent):
    logger = logging.getLogger("recommendation")
    logger.propagate = False
    logger.setLevel(logging.INFO)
    logger.addHandler(LoggingHandler(logger_provider=provider))
    logger.info("started with %d products", 12)
    with trace.use_span(parent, end_on_exit=False):
        logger.warning("cache unavailable", extra={"sku": "a-1", "attempt": 2})


def send_metrics(provider):
    meter = provider.get_meter("recommendation", "0.24.0")
    meter.create_counter("recommendations", "1", "Given recommendations.").add(5, {"kind": "catalog"})
    meter.create_up_down_counter("queue").add(-3)
    latency = meter.create_histogram("latency", "ms")
    spread = meter.create_histogram("spread", "ms")
    for sample in (1, 20, 300):
        latency.record(sample)
        spread.record(sample)
    meter.create_gauge("temperature", "Cel").set(21.5, {"room": "b"})


def main():
    protocol, endpoint, compression = sys.argv[1:]
    spans, logs, metrics = exporters(protocol, endpoint, compression)
    resource = Resource({"service.name": "recommendation", "service.version": "0.24.0", "process.pid": 17})

    tracer_provider = TracerProvider(resource=resource)
    tracer_provider.add_span_processor(BatchSpanProcessor(spans))
    logger_provider = LoggerProvider(resource=resource)
    logger_provider.add_log_record_processor(BatchLogRecordProcessor(logs))
    exponential = View(instrument_name="spread", aggregation=ExponentialBucketHistogramAggregation())
    reader = PeriodicExportingMetricReader(metrics, export_interval_millis=3_600_000)
    meter_provider = MeterProvider(metric_readers=[reader], resource=resource, views=[exponential])

    parent, child = send_spans(tracer_provider)
    send_logs(logger_provider, parent)
    send_metrics(meter_provider)
    for provider in (tracer_provider, logger_provider, meter_provider):
        provider.shutdown()

    print(f"trace_id {parent.get_span_context().trace_id:032x}")
    print(f"parent_id {parent.get_span_context().span_id:016x}")
    print(f"child_id {child.get_span_context().span_id:016x}")


if __name__ == "__main__":
    main()
