package main

import (
	"context"
	"encoding/json"
	"log/slog"
	nethttp "net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-kratos/kratos/v3/errors"
	"github.com/go-kratos/kratos/v3/middleware/circuitbreaker"
	"github.com/go-kratos/kratos/v3/middleware/logging"
	"github.com/go-kratos/kratos/v3/middleware/recovery"
	"github.com/go-kratos/kratos/v3/transport/http"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"example.com/services/codes"
)

// stockClient calls stock through the client middleware of Kratos.
//
// A call that the breaker refuses never reaches the transport, so it has no span of its own: the line of the logging
// middleware tells it, which is why logging stands outside of circuitbreaker.
type stockClient struct {
	http *http.Client
}

func newStockClient(ctx context.Context, endpoint string, logger *slog.Logger) (*stockClient, error) {
	client, err := http.NewClient(ctx,
		http.WithEndpoint(endpoint),
		http.WithTimeout(300*time.Millisecond),
		http.WithTransport(otelhttp.NewTransport(nethttp.DefaultTransport)),
		http.WithErrorDecoder(decodeError),
		http.WithMiddleware(
			recovery.Recovery(),
			logging.Client(logger),
			circuitbreaker.Client(),
		),
	)
	return &stockClient{client}, err
}

func (s *stockClient) level(ctx context.Context, sku string) (*product, error) {
	var out product
	err := s.http.Invoke(ctx, "GET", "/v1/stock/level?sku="+url.QueryEscape(sku), nil, &out,
		http.Operation("/stock.v1.Stock/Level"), http.PathTemplate("/v1/stock/level"))
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
