package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/bulkhead"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
)

// failsafeGo says nothing by itself; its listener is logged as its documentation shows.
func failsafeGo(d *dependency) error {
	breaker := circuitbreaker.NewBuilder[any]().
		WithFailureThreshold(3).
		WithDelay(time.Second).
		OnStateChanged(func(event circuitbreaker.StateChangedEvent) {
			slog.Warn("circuit breaker state changed", "name", "pay", "from", event.OldState.String(), "to", event.NewState.String())
		}).
		Build()
	d.story(8, 1200*time.Millisecond, func(context.Context) error {
		_, err := failsafe.With(breaker).Get(func() (any, error) { return nil, d.ask() })
		return err
	})
	full := bulkhead.New[any](1)
	if err := full.AcquirePermit(nil); err != nil { // somebody is in it
		return err
	}
	limited := ratelimiter.NewBursty[any](1, time.Hour)
	for _, policy := range []failsafe.Policy[any]{full, limited, limited} {
		spanned(func(context.Context) error {
			_, err := failsafe.With(policy).Get(func() (any, error) { return nil, d.ask() })
			return err
		})
	}
	return nil
}
