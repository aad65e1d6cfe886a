// storefront is a Gin service: otelgin, Sentinel as middleware, clients behind hystrix-go, gobreaker and Sentinel, Prometheus
// /metrics, and zap JSON logs through lumberjack and to OpenTelemetry at once.
package main

import (
	"context"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	prombridge "go.opentelemetry.io/contrib/bridges/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.uber.org/zap"

	"example.com/services/telemetry"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	// What Prometheus would scrape also goes out over OTLP, so that nobody has to scrape.
	stop, err := telemetry.Start(ctx, prombridge.NewMetricProducer(prombridge.WithGatherer(registries)))
	if err != nil {
		zap.L().Fatal("telemetry", zap.Error(err))
	}
	logger := newLogger(os.Getenv("LOG_FILE"))
	zap.ReplaceGlobals(logger)
	if err := guard(logger); err != nil {
		logger.Fatal("sentinel", zap.Error(err))
	}

	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: routes(newClients(logger))}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		logger.Error("listen", zap.Error(err))
	}
	_ = stop(context.Background())
}

func routes(clients *clients) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.GET("/metrics", gin.WrapH(promhttp.HandlerFor(registries, promhttp.HandlerOpts{})))
	api := router.Group("/api", gin.Recovery(), otelgin.Middleware("storefront"), accessLog(), limit())
	api.POST("/orders", clients.order)
	api.GET("/products/:sku", clients.product)
	api.GET("/stock/:sku", clients.level)
	api.GET("/search", func(c *gin.Context) { c.JSON(http.StatusOK, gin.H{"found": []string{}}) })
	return router
}

// guard starts Sentinel. What it exports is read by registries, so it needs no port of its own.
func guard(logger *zap.Logger) error {
	if err := sentinel.InitWithConfig(sentinelConfig()); err != nil {
		return err
	}
	return loadRules()
}
