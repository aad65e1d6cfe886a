package main

import (
	"context"
	"time"

	"github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
)

// sentinelGo writes its record log and its metric log beside the spans; LOGS says where.
func sentinelGo(d *dependency) error {
	settings := config.NewDefaultConfig()
	settings.Sentinel.App.Name = "shop"
	settings.Sentinel.Log.Dir = logs("sentinel-go")
	if err := api.InitWithConfig(settings); err != nil {
		return err
	}
	if _, err := circuitbreaker.LoadRules([]*circuitbreaker.Rule{{
		Resource: "pay", Strategy: circuitbreaker.ErrorCount, RetryTimeoutMs: 1000, MinRequestAmount: 3, StatIntervalMs: 10000, Threshold: 3,
	}}); err != nil {
		return err
	}
	if _, err := flow.LoadRules([]*flow.Rule{{
		Resource: "search", TokenCalculateStrategy: flow.Direct, ControlBehavior: flow.Reject, Threshold: 2, StatIntervalInMs: 10000,
	}}); err != nil {
		return err
	}
	guarded := func(resource string) error {
		entry, blocked := api.Entry(resource)
		if blocked != nil {
			return blocked
		}
		defer entry.Exit()
		if err := d.ask(); err != nil {
			api.TraceError(entry, err)
			return err
		}
		return nil
	}
	d.story(8, 1200*time.Millisecond, func(context.Context) error { return guarded("pay") })
	for range 4 {
		spanned(func(context.Context) error { return guarded("search") })
	}
	time.Sleep(3 * time.Second) // the metric log is written a second or two later
	return nil
}
