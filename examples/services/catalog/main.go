// catalog is a Kratos v3 service. Its middleware stands in the documented order: recovery, logging, and then
// circuitbreaker in the client, ratelimit in the server.
//
// In v3 tracing and metrics are no part of the core. Here OpenTelemetry's own HTTP instrumentation makes them, around all
// middleware; github.com/go-kratos/kratos/contrib/otel/v3 has middleware for both, which stands between recovery and logging.
package main

import (
	"context"
	"log/slog"
	nethttp "net/http"
	"os"

	"github.com/go-kratos/kratos/v3"
	"github.com/go-kratos/kratos/v3/log"
	"github.com/go-kratos/kratos/v3/middleware/logging"
	"github.com/go-kratos/kratos/v3/middleware/ratelimit"
	"github.com/go-kratos/kratos/v3/middleware/recovery"
	"github.com/go-kratos/kratos/v3/transport/http"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"example.com/services/telemetry"
)

func main() {
	ctx := context.Background()
	stop, err := telemetry.Start(ctx)
	if err != nil {
		slog.Error("telemetry", "error", err)
		os.Exit(1)
	}
	logger := log.NewLogger(otelslog.NewHandler("catalog")) // records carry the trace of their context
	log.SetDefault(logger)

	stock, err := newStockClient(ctx, os.Getenv("STOCK"), logger)
	if err != nil {
		slog.Error("client of stock", "error", err)
		os.Exit(1)
	}
	server := http.NewServer(
		http.Address(os.Getenv("LISTEN")),
		http.ErrorEncoder(encodeError),
		http.Filter(func(next nethttp.Handler) nethttp.Handler {
			return otelhttp.NewHandler(next, "catalog", otelhttp.WithSpanNameFormatter(route))
		}),
		http.Middleware(
			recovery.Recovery(),
			logging.Server(logger),
			ratelimit.Server(ratelimit.WithLimiter(newLimiter(os.Getenv("PRODUCTS_PER_SECOND")))),
		),
	)
	register(server, &catalog{stock: stock})

	app := kratos.New(kratos.Name("catalog"), kratos.Logger(logger), kratos.Server(server))
	if err := app.Run(); err != nil {
		slog.Error("run", "error", err)
	}
	_ = stop(ctx)
}

// route names spans by what the mux will match: a path with an id in it would be a name of its own.
func route(_ string, r *nethttp.Request) string {
	return r.Method + " /v1/products/{sku}"
}
