package interop

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	zipkin "github.com/openzipkin/zipkin-go"
	zipkinmodel "github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"github.com/openzipkin/zipkin-go/reporter"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"
	"github.com/prometheus/client_golang/exp/api/remote"
	writev2 "github.com/prometheus/client_golang/exp/api/remote/genproto/v2"
)

// TestZipkinReporter: the tracer and the reporter of Zipkin for Go, in JSON and in protobuf.
func TestZipkinReporter(t *testing.T) {
	f := startFusebox(t)
	for name, serializer := range map[string]reporter.SpanSerializer{"json": reporter.JSONSerializer{}, "protobuf": zipkin_proto3.SpanSerializer{}} {
		reports := zipkinhttp.NewReporter("http://"+f.http+"/api/v2/spans", zipkinhttp.Serializer(serializer))
		endpoint, err := zipkin.NewEndpoint("zipkin-"+name, "127.0.0.1:8080")
		if err != nil {
			t.Fatal(err)
		}
		tracer, err := zipkin.NewTracer(reports, zipkin.WithLocalEndpoint(endpoint))
		if err != nil {
			t.Fatal(err)
		}
		parent := tracer.StartSpan("get /pay", zipkin.Kind(zipkinmodel.Server))
		child := tracer.StartSpan("charge", zipkin.Parent(parent.Context()), zipkin.Kind(zipkinmodel.Client))
		zipkin.TagError.Set(child, "card refused")
		child.Annotate(time.Now(), "asked the bank")
		child.Finish()
		parent.Finish()
		if err := reports.Close(); err != nil { // sends the rest
			t.Fatal(err)
		}
		id := parent.Context().TraceID.String()
		if len(id) == 16 {
			id = "0000000000000000" + id
		}
		arrived(t, f, id, "zipkin-"+name, "[{get /pay server unset false} {charge client error false}]")
	}
}

// TestRemoteWrite: the client of Prometheus' own library, which speaks version 2 and checks what the answer says was written.
func TestRemoteWrite(t *testing.T) {
	f := startFusebox(t)
	api, err := remote.NewAPI("http://" + f.http)
	if err != nil {
		t.Fatal(err)
	}
	symbols := writev2.NewSymbolTable()
	labels := symbols.SymbolizeLabels([]string{"__name__", "charges_total", "job", "remote", "instance", "127.0.0.1:9"}, nil)
	request := &writev2.Request{
		Timeseries: []*writev2.TimeSeries{{
			LabelsRefs: labels,
			Metadata:   &writev2.Metadata{Type: writev2.Metadata_METRIC_TYPE_COUNTER},
			Samples: []*writev2.Sample{
				{Value: 3, Timestamp: time.Now().Add(-15 * time.Second).UnixMilli()},
				{Value: 5, Timestamp: time.Now().UnixMilli()},
			},
		}},
	}
	request.Symbols = symbols.Symbols()
	written, err := api.Write(context.Background(), remote.WriteV2MessageType, request)
	if err != nil || written.Samples != 2 {
		t.Fatalf("wrote %+v: %v", written, err)
	}
	eventually(t, "the counter", 30*time.Second, func() error {
		var answer struct{ Series []struct{ Value float64 } }
		if err := f.get("/api/v1/metrics/query", &answer, "selector", `charges_total{service_name="remote"}`, "function", "value", "agg", "sum"); err != nil {
			return err
		}
		if len(answer.Series) != 1 || answer.Series[0].Value != 5 {
			return fmt.Errorf("it is %v", answer.Series)
		}
		return nil
	})
}

// TestPromtail: the client of Promtail, configured as docs/loki.md tells, in its two formats.
func TestPromtail(t *testing.T) {
	c := client{name: "promtail"}
	dir := workplace(t, c)
	fetch(t, c, dir, "go", "build", "-buildvcs=false", "-o", "promtail", ".")
	f := startFusebox(t)
	for _, encode := range []bool{false, true} {
		settings := snippet(t, f, "loki.md", "clients:") + fmt.Sprintf("\n    encode_json: %t\n", encode)
		file := filepath.Join(t.TempDir(), "promtail.yaml")
		if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
		program := exec.Command(filepath.Join(dir, "promtail"), file)
		var input strings.Builder
		for n := range 100 {
			fmt.Fprintf(&input, "line %d of %t\n", n, encode)
		}
		program.Stdin = strings.NewReader(input.String())
		if output, err := program.CombinedOutput(); err != nil || len(output) > 0 { // it writes what went wrong
			t.Fatalf("promtail: %v\n%s", err, output)
		}
		eventually(t, "the lines", 30*time.Second, func() error {
			var answer struct{ Rows [][]any }
			question := fmt.Sprintf("SELECT count(DISTINCT body), count(*), min(severity_text), min(resource_attributes->>'cluster') "+
				"FROM logs WHERE service_name = 'shop' AND body LIKE '%%%t'", encode)
			if err := f.sql(question, &answer); err != nil {
				return err
			}
			if fmt.Sprint(answer.Rows) != "[[100 100 warn eu-1]]" {
				return fmt.Errorf("found %v", answer.Rows)
			}
			return nil
		})
	}
}

// TestLokiPush: a handler of Python's logging for Loki.
func TestLokiPush(t *testing.T) {
	c := client{name: "loki"}
	need(t, c, "python3")
	dir := workplace(t, c)
	once(t, c, dir, "requirements.txt", [][]string{
		{"python3", "-m", "venv", "venv"},
		{"venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"},
	})
	f := startFusebox(t)
	const trace = "463ac35c9f6413ad48485a3953bb6124"
	program := startIn(t, c.name, dir, []string{"LOKI=http://" + f.http, "TRACE=" + trace}, filepath.Join(dir, "venv/bin/python"), "push.py")
	<-program.ended
	eventually(t, "the lines", 30*time.Second, func() error {
		var answer struct{ Rows [][]any }
		if err := f.sql("SELECT body, severity_text, trace_id IS NOT NULL FROM logs WHERE service_name = 'shop' ORDER BY time", &answer); err != nil {
			return err
		}
		want := fmt.Sprintf("[[stock is low trace_id=%s warning true] [stock is gone error false]]", trace)
		if fmt.Sprint(answer.Rows) != want {
			return fmt.Errorf("found %v, not %s", answer.Rows, want)
		}
		return nil
	})
	answer, err := http.Get("http://" + f.api + "/api/v1/traces/" + trace + "/logs")
	var logs struct{ Logs []any }
	if err := read(answer, err, &logs); err != nil || len(logs.Logs) != 1 {
		t.Errorf("the trace has the lines %v: %v", logs.Logs, err)
	}
}
