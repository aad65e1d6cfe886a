package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/go-kratos/kratos/v2/log"
	"go.opentelemetry.io/contrib/bridges/otelslog"
)

// newLogger sends the key-value pairs of Kratos' logger as OpenTelemetry log records.
//
// Kratos gives loggers no context, so a valuer hands it in as a pair: this is what joins a line to its span.
func newLogger(name string) log.Logger {
	return log.With(&logger{otelslog.NewLogger(name)}, "context", log.Valuer(func(ctx context.Context) any { return ctx }))
}

type logger struct {
	slog *slog.Logger
}

var levels = map[log.Level]slog.Level{
	log.LevelDebug: slog.LevelDebug,
	log.LevelInfo:  slog.LevelInfo,
	log.LevelWarn:  slog.LevelWarn,
	log.LevelError: slog.LevelError,
	log.LevelFatal: slog.LevelError + 4,
}

// Log implements log.Logger.
func (l *logger) Log(level log.Level, pairs ...any) error {
	ctx, message := context.Background(), ""
	attributes := make([]slog.Attr, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		key, value := fmt.Sprint(pairs[i]), pairs[i+1]
		if given, ok := value.(context.Context); ok {
			ctx = given
		} else if key == log.DefaultMessageKey {
			message = fmt.Sprint(value)
		} else {
			attributes = append(attributes, slog.Any(key, value))
		}
	}
	l.slog.LogAttrs(ctx, levels[level], message, attributes...)
	return nil
}
