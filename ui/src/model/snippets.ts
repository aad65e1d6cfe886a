// Lines to copy that make a program send its telemetry here. Addresses are those of this very server.

export interface Addresses {
  grpc: string;
  http: string;
}

export interface Snippet {
  id: string;
  name: string;
  lines: (to: Addresses) => string;
}

const bare = (url: string) => url.replace(/^https?:\/\//, '');

export const SNIPPETS: Snippet[] = [
  {
    id: 'env',
    name: 'Environment',
    lines: ({ grpc }) => `export OTEL_EXPORTER_OTLP_ENDPOINT=${grpc}
export OTEL_EXPORTER_OTLP_PROTOCOL=grpc
export OTEL_SERVICE_NAME=my-service`,
  },
  {
    id: 'kratos',
    name: 'Go · Kratos',
    lines: ({ grpc }) => `exporter, err := otlptracegrpc.New(ctx,
	otlptracegrpc.WithEndpoint("${bare(grpc)}"), otlptracegrpc.WithInsecure())
if err != nil {
	return err
}
otel.SetTracerProvider(trace.NewTracerProvider(
	trace.WithBatcher(exporter),
	trace.WithResource(resource.NewSchemaless(semconv.ServiceName("my-service"))),
))
otel.SetTextMapPropagator(propagation.TraceContext{})

// Tracing stands outside of the breaker: refused calls get a span, too.
client, err := grpc.DialInsecure(ctx,
	grpc.WithEndpoint("discovery:///pay"),
	grpc.WithMiddleware(recovery.Recovery(), tracing.Client(), circuitbreaker.Client()),
)
server := http.NewServer(http.Middleware(
	recovery.Recovery(), tracing.Server(), ratelimit.Server(), logging.Server(logger),
))`,
  },
  {
    id: 'gin',
    name: 'Go · Gin',
    lines: ({ http }) => `// go get go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin
exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL("${http}"))
if err != nil {
	return err
}
otel.SetTracerProvider(trace.NewTracerProvider(trace.WithBatcher(exporter)))
otel.SetTextMapPropagator(propagation.TraceContext{})

router := gin.New()
router.Use(otelgin.Middleware("my-service"))`,
  },
  {
    id: 'java',
    name: 'Java',
    lines: ({ http }) => `java -javaagent:opentelemetry-javaagent.jar \\
  -Dotel.service.name=my-service \\
  -Dotel.exporter.otlp.endpoint=${http} \\
  -Dotel.exporter.otlp.protocol=http/protobuf \\
  -jar app.jar`,
  },
  {
    id: 'python',
    name: 'Python',
    lines: ({ grpc }) => `pip install opentelemetry-distro opentelemetry-exporter-otlp
opentelemetry-bootstrap -a install
OTEL_SERVICE_NAME=my-service \\
OTEL_EXPORTER_OTLP_ENDPOINT=${grpc} \\
OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED=true \\
opentelemetry-instrument python app.py`,
  },
  {
    id: 'node',
    name: 'Node.js',
    lines: ({ http }) => `npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node
OTEL_SERVICE_NAME=my-service \\
OTEL_EXPORTER_OTLP_ENDPOINT=${http} \\
node --require @opentelemetry/auto-instrumentations-node/register app.js`,
  },
  {
    id: 'collector',
    name: 'Collector',
    lines: ({ grpc }) => `exporters:
  otlp/fusebox:
    endpoint: ${bare(grpc)}
    tls:
      insecure: true
service:
  pipelines:
    traces: { receivers: [otlp], processors: [batch], exporters: [otlp/fusebox] }
    logs: { receivers: [otlp], processors: [batch], exporters: [otlp/fusebox] }
    metrics: { receivers: [otlp], processors: [batch], exporters: [otlp/fusebox] }`,
  },
  {
    id: 'curl',
    name: 'curl',
    lines: ({ http }) => `curl ${http}/v1/traces -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "hello"}}]},
    "scopeSpans": [{"spans": [{
      "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
      "name": "say hello", "kind": 2,
      "startTimeUnixNano": "'$(date +%s)000000000'", "endTimeUnixNano": "'$(date +%s)250000000'"
    }]}]
  }]
}'`,
  },
];

/** What the server listens on, as the reader's machine reaches it: the name in the address bar instead of a wildcard. */
export function reachable(url: string, hostname: string): string {
  return url.replace(/\/\/(0\.0\.0\.0|\[::\])(?=:|$)/, `//${hostname.includes(':') ? `[${hostname}]` : hostname}`);
}
