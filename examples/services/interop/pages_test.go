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

// TestPages: the commands of the pages of Zipkin, Jaeger and Loki, as they stand there, and what they sent is found.
func TestPages(t *testing.T) {
	need(t, client{name: "curl"}, "sh", "curl")
	f := startFusebox(t)
	for _, page := range []string{"zipkin.md", "loki.md", "jaeger.md"} {
		commands := 0
		for _, text := range snippets(t, f, page, "sh") {
			if !strings.Contains(text, "curl ") {
				continue // settings, which tests of their own use
			}
			commands++
			// So that an answer that is an error makes the command fail.
			command := exec.Command("sh", "-e", "-c", "curl() { command curl --silent --show-error --fail-with-body \"$@\"; }\n"+text)
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", page, err, text, output)
			}
		}
		if commands == 0 {
			t.Errorf("%s shows no command", page)
		}
	}
	const trace = "463ac35c9f6413ad48485a3953bb6124"
	eventually(t, "what the pages sent", 30*time.Second, func() error {
		var spans struct{ Services []string }
		if err := f.get("/api/v1/traces/"+trace, &spans); err != nil {
			return err
		}
		var lines struct {
			Logs []struct {
				ServiceName string `json:"service_name"`
				Body        any
			}
		}
		if err := f.get("/api/v1/traces/"+trace+"/logs", &lines); err != nil {
			return err
		}
		if found := fmt.Sprintf("%v %v", spans.Services, lines.Logs); found != "[pay] [{shop stock is low}]" {
			return fmt.Errorf("found %s", found)
		}
		return nil
	})
}

// variables are those that commands of a page export, as NAME=VALUE.
func variables(commands string) []string {
	var found []string
	for _, line := range strings.Split(commands, "\n") {
		if variable, is := strings.CutPrefix(line, "export "); is {
			found = append(found, variable)
		}
	}
	return found
}

// snippet is the only one of a page with this text.
func snippet(t *testing.T, f *fusebox, page, text string) string {
	t.Helper()
	var found []string
	for _, snippet := range snippets(t, f, page, "") {
		if strings.Contains(snippet, text) {
			found = append(found, snippet)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s has %d snippets with %q", page, len(found), text)
	}
	return found[0]
}

// snippets are those of a page in a language (empty: any), with the addresses of this server for the usual ones.
func snippets(t *testing.T, f *fusebox, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for at, block := range strings.Split("\n"+string(text), "\n```") {
		named, snippet, _ := strings.Cut(block, "\n")
		if at%2 == 1 && (language == "" || language == named) {
			found = append(found, strings.NewReplacer("127.0.0.1:4317", f.grpc, "127.0.0.1:4318", f.http, "127.0.0.1:4319", f.api).Replace(snippet))
		}
	}
	return found
}
