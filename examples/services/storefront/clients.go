package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/afex/hystrix-go/hystrix"
	"github.com/gin-gonic/gin"
	"github.com/sony/gobreaker/v2"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.uber.org/zap"

	"example.com/services/codes"
)

// clients calls the other services, each behind a breaker of another library.
type clients struct {
	http   *http.Client
	orders *gobreaker.CircuitBreaker[any]
}

func newClients(logger *zap.Logger) *clients {
	hystrix.SetLogger(hystrixLog{logger})
	hystrix.ConfigureCommand("catalog", hystrix.CommandConfig{
		Timeout: 1000, MaxConcurrentRequests: 100, RequestVolumeThreshold: 20, SleepWindow: 3000, ErrorPercentThreshold: 50,
	})
	return &clients{
		http: &http.Client{Timeout: 500 * time.Millisecond, Transport: otelhttp.NewTransport(http.DefaultTransport)},
		orders: gobreaker.NewCircuitBreaker[any](gobreaker.Settings{
			Name:     "orders",
			Interval: 5 * time.Second,
			Timeout:  3 * time.Second,
			ReadyToTrip: func(counts gobreaker.Counts) bool {
				return counts.Requests >= 20 && counts.TotalFailures*2 >= counts.Requests
			},
			IsSuccessful: func(err error) bool { return !breaks(err) },
			OnStateChange: func(name string, from, to gobreaker.State) {
				logger.Warn("circuit breaker state changed",
					zap.String("name", name), zap.Stringer("from", from), zap.Stringer("to", to))
			},
		}),
	}
}

// breaks says whether an error is a failure of whom we called, and not of who asks.
func breaks(err error) bool {
	var failure codes.Failure
	return err != nil && !(errors.As(err, &failure) && failure.Status < 500)
}

// hystrixLog brings hystrix-go to say when circuits open and close; by default it says nothing.
type hystrixLog struct {
	logger *zap.Logger
}

func (h hystrixLog) Printf(format string, items ...any) { h.logger.Warn(fmt.Sprintf(format, items...)) }

func (s *clients) order(c *gin.Context) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	_, err = s.orders.Execute(func() (any, error) {
		return nil, s.call(c.Request.Context(), http.MethodPost, os.Getenv("ORDERS")+"/v1/orders", body)
	})
	finish(c, err, errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests))
}

func (s *clients) product(c *gin.Context) {
	var theirs error // what the caller did wrong: no failure of catalog
	err := hystrix.DoC(c.Request.Context(), "catalog", func(ctx context.Context) error {
		err := s.call(ctx, http.MethodGet, os.Getenv("CATALOG")+"/v1/products/"+c.Param("sku"), nil)
		if !breaks(err) {
			theirs, err = err, nil
		}
		return err
	}, nil)
	if err == nil {
		err = theirs
	}
	finish(c, err, errors.Is(err, hystrix.ErrCircuitOpen))
}

func (s *clients) level(c *gin.Context) {
	err := throughSentinel("stock", func() error {
		return s.call(c.Request.Context(), http.MethodGet, os.Getenv("STOCK")+"/v1/stock/level?sku="+c.Param("sku"), nil)
	})
	finish(c, err, errors.Is(err, errBlocked))
}

// call is an error when the answer is none with status 200: the failure that the other service tells.
func (s *clients) call(ctx context.Context, method, url string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := s.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode == http.StatusOK {
		_, err = io.Copy(io.Discard, answer.Body)
		return err
	}
	failure := codes.ShopFailed
	if err := json.NewDecoder(answer.Body).Decode(&failure); err != nil {
		return err
	}
	failure.Status = answer.StatusCode
	return failure
}

// finish answers, and leaves the error where otelgin and the log find it.
func finish(c *gin.Context, err error, refused bool) {
	if err == nil {
		c.JSON(http.StatusOK, gin.H{"ok": true})
		return
	}
	_ = c.Error(err)
	answer := codes.ShopFailed
	var failure codes.Failure
	switch {
	case refused:
		answer = codes.ShopRefused
	case errors.As(err, &failure) && failure.Status < 500:
		answer = failure // passed on as it came
	default:
		answer.Cause = failure.Code // 0 when nobody answered
	}
	zap.L().Warn("call failed", traced(c), zap.Int("code", answer.Code), zap.Error(err))
	c.AbortWithStatusJSON(answer.Status, answer)
}
