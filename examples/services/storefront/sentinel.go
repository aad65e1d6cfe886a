package main

import (
	"errors"
	"net/http"
	"net/http/httptest"

	sentinel "github.com/alibaba/sentinel-golang/api"
	"github.com/alibaba/sentinel-golang/core/base"
	"github.com/alibaba/sentinel-golang/core/circuitbreaker"
	"github.com/alibaba/sentinel-golang/core/config"
	"github.com/alibaba/sentinel-golang/core/flow"
	"github.com/alibaba/sentinel-golang/exporter/metric"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"example.com/services/codes"
)

// registries is everything this process counts: its own registry and Sentinel's, which can only be read as text.
var registries = prometheus.Gatherers{prometheus.DefaultGatherer, prometheus.GathererFunc(sentinelMetrics)}

func sentinelMetrics() ([]*dto.MetricFamily, error) {
	answer := httptest.NewRecorder()
	metric.HTTPHandler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return nil, err
	}
	var own []*dto.MetricFamily
	for name, family := range families {
		if len(name) > len("sentinel_go_") && name[:len("sentinel_go_")] == "sentinel_go_" {
			own = append(own, family)
		}
	}
	return own, nil
}

func sentinelConfig() *config.Entity {
	entity := config.NewDefaultConfig()
	entity.Sentinel.App.Name = "storefront"
	entity.Sentinel.Log.Metric.FlushIntervalSec = 0 // no metric files
	return entity
}

func loadRules() error {
	_, err := flow.LoadRules([]*flow.Rule{{
		Resource: "GET:/api/search", TokenCalculateStrategy: flow.Direct, ControlBehavior: flow.Reject,
		Threshold: 20, StatIntervalInMs: 1000, // searches a second
	}})
	if err != nil {
		return err
	}
	_, err = circuitbreaker.LoadRules([]*circuitbreaker.Rule{{
		Resource: "stock", Strategy: circuitbreaker.ErrorRatio, Threshold: 0.5,
		MinRequestAmount: 10, StatIntervalMs: 2000, RetryTimeoutMs: 3000,
	}})
	return err
}

// limit asks Sentinel before every request. The resource is named as the adapter of Sentinel names it: GET:/api/search.
func limit() gin.HandlerFunc {
	return func(c *gin.Context) {
		entry, blocked := sentinel.Entry(c.Request.Method+":"+c.FullPath(),
			sentinel.WithResourceType(base.ResTypeWeb), sentinel.WithTrafficType(base.Inbound))
		if blocked != nil {
			c.AbortWithStatusJSON(codes.ShopLimited.Status, codes.ShopLimited)
			return
		}
		defer entry.Exit()
		c.Next()
	}
}

// errBlocked says that Sentinel let a call of ours not through.
var errBlocked = errors.New("blocked by sentinel")

// throughSentinel calls under the breaker of a resource.
func throughSentinel(resource string, call func() error) error {
	entry, blocked := sentinel.Entry(resource, sentinel.WithTrafficType(base.Outbound))
	if blocked != nil {
		return errors.Join(errBlocked, blocked)
	}
	defer entry.Exit()
	err := call()
	if breaks(err) {
		sentinel.TraceError(entry, err)
	}
	return err
}
