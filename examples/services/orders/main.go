// orders is a Kratos v2 service. Its middleware stands in the documented order: recovery, tracing, metrics, logging, and
// then circuitbreaker in the client, ratelimit in the server.
package main

import (
	"context"
	"os"

	"github.com/go-kratos/kratos/v2"
	"github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/middleware/logging"
	"github.com/go-kratos/kratos/v2/middleware/metrics"
	"github.com/go-kratos/kratos/v2/middleware/ratelimit"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/middleware/tracing"
	"github.com/go-kratos/kratos/v2/transport/http"
	"go.opentelemetry.io/otel"

	"example.com/services/telemetry"
)

func main() {
	ctx := context.Background()
	stop, err := telemetry.Start(ctx)
	if err != nil {
		log.Fatal(err)
	}
	logger := newLogger("orders")

	stock, err := newStockClient(ctx, os.Getenv("STOCK"), logger)
	if err != nil {
		log.Fatal(err)
	}
	server := http.NewServer(
		http.Address(os.Getenv("LISTEN")),
		http.ErrorEncoder(encodeError),
		http.Middleware(
			recovery.Recovery(),
			tracing.Server(),
			serverMetrics(),
			logging.Server(logger),
			ratelimit.Server(ratelimit.WithLimiter(newLimiter(os.Getenv("ORDERS_PER_SECOND")))),
		),
	)
	register(server, &orders{stock: stock})

	app := kratos.New(kratos.Name("orders"), kratos.Logger(logger), kratos.Server(server))
	if err := app.Run(); err != nil {
		log.Error(err)
	}
	_ = stop(ctx)
}

func serverMetrics() middleware.Middleware {
	meter := otel.Meter("kratos")
	requests, err := metrics.DefaultRequestsCounter(meter, metrics.DefaultServerRequestsCounterName)
	if err != nil {
		log.Fatal(err)
	}
	seconds, err := metrics.DefaultSecondsHistogram(meter, metrics.DefaultServerSecondsHistogramName)
	if err != nil {
		log.Fatal(err)
	}
	return metrics.Server(metrics.WithRequests(requests), metrics.WithSeconds(seconds))
}
