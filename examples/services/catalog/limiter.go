package main

import (
	"errors"
	"strconv"

	"github.com/go-kratos/kratos/v3/middleware/ratelimit"
	"golang.org/x/time/rate"
)

// limiter takes the place of BBR, which looks at the CPU: this one lets a fixed number of requests a second through.
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
		return nil, errors.New("no token left")
	}
	return func(ratelimit.DoneInfo) {}, nil
}
