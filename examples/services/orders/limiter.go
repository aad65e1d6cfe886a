package main

import (
	"strconv"

	"github.com/go-kratos/aegis/ratelimit"
	"golang.org/x/time/rate"
)

// limiter takes the place of BBR, which looks at the CPU: this one lets a fixed number of orders a second through.
type limiter struct {
	tokens *rate.Limiter
}

func newLimiter(perSecond string) *limiter {
	limit, err := strconv.Atoi(perSecond)
	if err != nil {
		return &limiter{rate.NewLimiter(rate.Inf, 0)}
	}
	return &limiter{rate.NewLimiter(rate.Limit(limit), limit)}
}

// Allow implements ratelimit.Limiter.
func (l *limiter) Allow() (ratelimit.DoneFunc, error) {
	if !l.tokens.Allow() {
		return nil, ratelimit.ErrLimitExceed
	}
	return func(ratelimit.DoneInfo) {}, nil
}
