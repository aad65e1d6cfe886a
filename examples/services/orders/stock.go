package main

import (
	"context"
	"encoding/json"
	nethttp "net/http"
	"strconv"
	"time"

	aegis "github.com/go-kratos/aegis/circuitbreaker"
	"github.com/go-kratos/aegis/circuitbreaker/sre"
	"github.com/go-kratos/kratos/v2/errors"
	"github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/middleware/circuitbreaker"
	"github.com/go-kratos/kratos/v2/middleware/logging"
	"github.com/go-kratos/kratos/v2/middleware/metrics"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/middleware/tracing"
	"github.com/go-kratos/kratos/v2/transport/http"
	"go.opentelemetry.io/otel"

	"example.com/services/codes"
)

// stockClient calls stock through the client middleware of Kratos.
type stockClient struct {
	http *http.Client
}

func newStockClient(ctx context.Context, endpoint string, logger log.Logger) (*stockClient, error) {
	client, err := http.NewClient(ctx,
		http.WithEndpoint(endpoint),
		http.WithTimeout(300*time.Millisecond),
		http.WithErrorDecoder(decodeError),
		http.WithMiddleware(
			recovery.Recovery(),
			tracing.Client(),
			clientMetrics(),
			logging.Client(logger),
			circuitbreaker.Client(circuitbreaker.WithCircuitBreaker(func() aegis.CircuitBreaker {
				// The default, 100 requests in 3 s, never opens for an operation with fewer than 33 requests a second.
				return sre.NewBreaker(sre.WithRequest(20))
			})),
		),
	)
	return &stockClient{client}, err
}

func (s *stockClient) deduct(ctx context.Context, in *order) (*placed, error) {
	var out placed
	err := s.http.Invoke(ctx, "POST", "/v1/stock/deduct", in, &out,
		http.Operation("/stock.v1.Stock/Deduct"), http.PathTemplate("/v1/stock/deduct"))
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// decodeError keeps the code and the solution of stock in the metadata of the error, so that they travel on.
func decodeError(_ context.Context, response *nethttp.Response) error {
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		return nil
	}
	defer response.Body.Close()
	var failure codes.Failure
	if err := json.NewDecoder(response.Body).Decode(&failure); err != nil {
		return errors.New(response.StatusCode, "STOCK", err.Error())
	}
	return errors.New(response.StatusCode, "STOCK", failure.Message).
		WithMetadata(map[string]string{"biz_code": strconv.Itoa(failure.Code), "solution": failure.Solution})
}

func clientMetrics() middleware.Middleware {
	meter := otel.Meter("kratos")
	requests, err := metrics.DefaultRequestsCounter(meter, metrics.DefaultClientRequestsCounterName)
	if err != nil {
		log.Fatal(err)
	}
	seconds, err := metrics.DefaultSecondsHistogram(meter, metrics.DefaultClientSecondsHistogramName)
	if err != nil {
		log.Fatal(err)
	}
	return metrics.Client(metrics.WithRequests(requests), metrics.WithSeconds(seconds))
}
