// stock is the dependency of the other services: net/http, instrumented with otelhttp and log/slog. A switch breaks it:
//
//	curl -X PUT 'localhost:8001/switch?mode=failing'     # ok, slow, failing, limited
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	failures "example.com/services/codes"
	"example.com/services/telemetry"
)

// How slow slow is: longer than any caller waits.
const slow = 800 * time.Millisecond

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	stop, err := telemetry.Start(ctx)
	if err != nil {
		slog.Error("telemetry", "error", err)
		os.Exit(1)
	}
	slog.SetDefault(otelslog.NewLogger("stock"))

	server := &http.Server{Addr: os.Getenv("LISTEN"), Handler: routes()}
	go func() {
		<-ctx.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		slog.Error("listen", "error", err)
	}
	_ = stop(context.Background())
}

func routes() http.Handler {
	var mode atomic.Value
	mode.Store("ok")
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /switch", func(w http.ResponseWriter, r *http.Request) {
		mode.Store(r.URL.Query().Get("mode"))
		slog.InfoContext(r.Context(), "switched", "mode", mode.Load())
	})
	// How often which code was told, for who wants to check what a back end says.
	mux.HandleFunc("GET /failures", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(told.counts()) })
	handle := func(pattern string, answer http.HandlerFunc) {
		mux.Handle(pattern, otelhttp.NewHandler(behave(&mode, answer), pattern))
	}
	handle("POST /v1/stock/deduct", deduct)
	handle("GET /v1/stock/level", level)
	return mux
}

// behave does to a request what the switch says.
func behave(mode *atomic.Value, next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch mode.Load() {
		case "slow":
			select {
			case <-time.After(slow):
			case <-r.Context().Done(): // nobody waits any more
				return
			}
		case "failing":
			fail(w, r, failures.StockAway)
			return
		case "limited":
			fail(w, r, failures.StockLimited)
			return
		}
		next(w, r)
	})
}

func deduct(w http.ResponseWriter, r *http.Request) {
	var order struct {
		SKU string `json:"sku"`
	}
	if err := json.NewDecoder(r.Body).Decode(&order); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if order.SKU == "sold-out" {
		fail(w, r, failures.SoldOut)
		return
	}
	left(w, order.SKU)
}

func level(w http.ResponseWriter, r *http.Request) {
	left(w, r.URL.Query().Get("sku"))
}

func left(w http.ResponseWriter, sku string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"sku": sku, "left": 17})
}

// fail answers with a code, and leaves it on the span and in a log line.
func fail(w http.ResponseWriter, r *http.Request, f failures.Failure) {
	span := trace.SpanFromContext(r.Context())
	span.SetAttributes(attribute.Int("error.code", f.Code))
	if f.Status >= 500 {
		span.SetStatus(codes.Error, f.Message)
	}
	slog.WarnContext(r.Context(), f.Error())
	told.add(f.Text())
	f.Write(w)
}

// tally counts failures by code.
type tally struct {
	mutex  sync.Mutex
	byCode map[string]int
}

var told = tally{byCode: map[string]int{}}

func (t *tally) add(code string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.byCode[code]++
}

func (t *tally) counts() map[string]int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return maps.Clone(t.byCode)
}
