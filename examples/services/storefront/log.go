package main

import (
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/bridges/otelzap"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"gopkg.in/natefinch/lumberjack.v2"
)

// newLogger writes every line twice: as JSON to a file that rotates, and as an OpenTelemetry log record.
func newLogger(file string) *zap.Logger {
	cores := []zapcore.Core{otelzap.NewCore("storefront")}
	if file != "" {
		rotating := &lumberjack.Logger{Filename: file, MaxSize: 10, MaxBackups: 3, Compress: true}
		cores = append(cores, fileCore{zapcore.NewCore(
			zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(rotating), zap.InfoLevel)})
	}
	return zap.New(zapcore.NewTee(cores...))
}

// traced makes a line belong to the span of the request: otelzap takes trace and span from a field that holds a context.
func traced(c *gin.Context) zap.Field {
	return zap.Any("context", c.Request.Context())
}

func accessLog() gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		zap.L().Info("request", traced(c), zap.String("route", c.FullPath()),
			zap.Int("status", c.Writer.Status()), zap.Duration("took", time.Since(start)))
	}
}
