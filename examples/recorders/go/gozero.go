package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/core/trace"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpc"
)

// logs is a folder for what a library writes itself.
func logs(library string) string { return filepath.Join(os.Getenv("LOGS"), library) }

// goZero is a REST service whose handler fails, so that the breaker of its own server drops requests, and a client with one, which
// says so in its error. Both say more in the log file of the library.
func goZero(d *dependency) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := free.Addr().(*net.TCPAddr).Port
	free.Close()
	var settings rest.RestConf
	settings.Name, settings.Host, settings.Port = "shop", "127.0.0.1", port
	settings.MaxConns, settings.MaxBytes, settings.Timeout = 1000, 1<<20, 3000
	settings.Middlewares.Breaker, settings.Middlewares.Recover, settings.Middlewares.Trace = true, true, true
	settings.Telemetry = trace.Config{
		Name: "shop", Endpoint: strings.TrimPrefix(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://"), Sampler: 1, Batcher: "otlphttp",
	}
	settings.Log = logx.LogConf{ServiceName: "shop", Mode: "file", Encoding: "json", Path: logs("go-zero"), Level: "info", TimeFormat: "2006-01-02T15:04:05.000Z07:00"}
	server, err := rest.NewServer(settings)
	if err != nil {
		return err
	}
	server.AddRoute(rest.Route{Method: http.MethodGet, Path: "/charge", Handler: func(w http.ResponseWriter, _ *http.Request) {
		if d.broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}})
	go server.Start()
	defer server.Stop()
	time.Sleep(time.Second)
	d.story(25, 12*time.Second, func(context.Context) error {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/charge", port))
		if err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode >= 500 {
			return fmt.Errorf("charge answered %d", answer.StatusCode)
		}
		return nil
	})
	client := httpc.NewService("pay")
	d.story(25, 12*time.Second, func(ctx context.Context) error {
		answer, err := client.Do(ctx, http.MethodGet, d.url, nil)
		if err != nil {
			return err
		}
		answer.Body.Close()
		return nil
	})
	trace.StopAgent() // sends the rest
	return logx.Close()
}
