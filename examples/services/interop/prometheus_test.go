package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPrometheus: the server itself, which scrapes its own page and writes it to Fusebox as docs/prometheus.md tells.
func TestPrometheus(t *testing.T) {
	c := client{name: "prometheus"}
	program := prometheus(t, c)
	f := startFusebox(t)
	dir, listen := t.TempDir(), freeAddresses(t, 1)[0]
	written := snippet(t, f, "prometheus.md", "remote_write:")
	if strings.Contains(version(t, program), "version 2.") {
		written = without(written, "protobuf_message") // which is how version 2.0 of remote write is asked for
	}
	settings := "global: { scrape_interval: 1s }\nscrape_configs:\n  - job_name: shop/prometheus\n    static_configs: [{ targets: [" + listen + "] }]\n" + written
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, c.name, nil, program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+listen, "--enable-feature=exemplar-storage,native-histograms")
	for _, want := range []struct{ selector, function string }{
		{`up{service_name="prometheus",service_namespace="shop"}`, "value"},
		{`prometheus_remote_storage_samples_total{service_name="prometheus"}`, "value"},
		{`prometheus_tsdb_head_samples_appended_total{service_name="prometheus"}`, "rate"},
	} {
		eventually(t, want.selector, time.Minute, func() error {
			var answer struct{ Series []struct{ Value float64 } }
			if err := f.get("/api/v1/metrics/query", &answer, "selector", want.selector, "function", want.function, "agg", "sum"); err != nil {
				return err
			}
			if len(answer.Series) != 1 || answer.Series[0].Value <= 0 {
				return fmt.Errorf("it is %v", answer.Series)
			}
			return nil
		})
	}
	// What could not be written is sent again or dropped, and either is counted there.
	var refused struct{ Rows [][]any }
	if err := f.sql("SELECT max(value_double) FROM metrics WHERE metric_name IN ('prometheus_remote_storage_samples_failed_total', "+
		"'prometheus_remote_storage_samples_retried_total', 'prometheus_remote_storage_samples_dropped_total')", &refused); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(refused.Rows) != "[[0]]" {
		t.Errorf("Prometheus counted samples that were not taken: %v", refused.Rows)
	}
}

// prometheus is the program that FUSEBOX_PROMETHEUS names or the system has; scripts/setup unpacks Debian's package.
func prometheus(t *testing.T, c client) string {
	t.Helper()
	for _, name := range []string{os.Getenv("FUSEBOX_PROMETHEUS"), "prometheus"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skip(t, c, "There is no Prometheus here.")
	return ""
}

func version(t *testing.T, program string) string {
	t.Helper()
	text, err := exec.Command(program, "--version").CombinedOutput()
	if err != nil {
		t.Fatalf("%s --version: %v", program, err)
	}
	return string(text)
}

func without(text, word string) string {
	var kept []string
	for _, line := range strings.Split(text, "\n") {
		if !strings.Contains(line, word) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}
