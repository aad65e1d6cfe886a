package main

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// fileCore writes a context as trace_id and span_id, which is all that a line in a file can say of it.
type fileCore struct {
	zapcore.Core
}

func (f fileCore) With(fields []zapcore.Field) zapcore.Core {
	return fileCore{f.Core.With(plain(fields))}
}

func (f fileCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if f.Enabled(entry.Level) {
		return checked.AddCore(entry, f)
	}
	return checked
}

func (f fileCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	return f.Core.Write(entry, plain(fields))
}

func plain(fields []zapcore.Field) []zapcore.Field {
	out := make([]zapcore.Field, 0, len(fields)+1)
	for _, field := range fields {
		ctx, ok := field.Interface.(context.Context)
		if !ok {
			out = append(out, field)
			continue
		}
		if span := trace.SpanContextFromContext(ctx); span.IsValid() {
			out = append(out, zap.Stringer("trace_id", span.TraceID()), zap.Stringer("span_id", span.SpanID()))
		}
	}
	return out
}
