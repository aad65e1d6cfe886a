package interop

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	zipkin "github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	zipkinhttp "github.com/openzipkin/zipkin-go/reporter/http"
)

// TestZipkinLens: the user interface of Zipkin as it is published, in a browser, asking /zipkin of the API. It finds a trace and
// shows it, draws who calls whom, and nothing that it asks is answered with an error.
func TestZipkinLens(t *testing.T) {
	c := client{name: "zipkin-lens"}
	need(t, c, "mvn")
	browser := chromium(t, c)
	dir := workplace(t, c)
	once(t, c, dir, "pom.xml", [][]string{{"mvn", "--quiet", "--batch-mode", "process-sources"}})
	f := startFusebox(t)
	id := report(t, f)
	site := lens(t, f, filepath.Join(dir, "target/lens/zipkin-lens"))

	minutes := func(n int) int64 { return time.Now().Add(time.Duration(n) * time.Minute).UnixMilli() }
	for _, want := range []struct {
		what, path string
		texts      []string
	}{
		{"trace", "/zipkin/traces/" + id, []string{"storefront", "payment", "get /pay", "charge"}},
		{"search", fmt.Sprintf("/zipkin/?serviceName=storefront&lookback=15m&limit=10&endTs=%d", minutes(1)), []string{"1 Result", "STOREFRONT", "get /pay"}},
		// The graph is a drawing; it is there when there are calls to draw.
		{"dependencies", fmt.Sprintf("/zipkin/dependency?startTime=%d&endTime=%d", minutes(-15), minutes(1)), []string{`data-testid="dependencies-graph"`}},
	} {
		eventually(t, want.what+" in the browser", time.Minute, func() error {
			page := site.seen(t, browser, want.path)
			for _, text := range want.texts {
				if !strings.Contains(strings.ToLower(page), strings.ToLower(text)) {
					return fmt.Errorf("%q is not in the page; it asked for\n%s\n%s", text, strings.Join(site.asked, "\n"), tail([]byte(page), 3000))
				}
			}
			return nil
		})
	}
	drawn := false
	for _, line := range site.asked {
		if !strings.HasPrefix(line, "200 ") {
			t.Errorf("the user interface was answered %s", line)
		}
		if address := strings.TrimPrefix(line, "200 "); strings.Contains(address, "/api/v2/dependencies?") {
			var calls []struct {
				Parent, Child string
				CallCount     int
			}
			answer, err := http.Get(address)
			if err := read(answer, err, &calls); err != nil {
				t.Error(err)
			}
			drawn = drawn || fmt.Sprint(calls) == "[{storefront payment 1}]"
		}
	}
	if !drawn {
		t.Errorf("the user interface did not ask who calls whom: %s", strings.Join(site.asked, "\n"))
	}
}

// report sends a trace of two services and returns its id.
func report(t *testing.T, f *fusebox) string {
	t.Helper()
	reports := zipkinhttp.NewReporter("http://" + f.http + "/api/v2/spans")
	tracer := func(service string) *zipkin.Tracer {
		endpoint, err := zipkin.NewEndpoint(service, "127.0.0.1:8080")
		if err != nil {
			t.Fatal(err)
		}
		tracer, err := zipkin.NewTracer(reports, zipkin.WithLocalEndpoint(endpoint), zipkin.WithTraceID128Bit(true), zipkin.WithSharedSpans(false))
		if err != nil {
			t.Fatal(err)
		}
		return tracer
	}
	server := tracer("storefront").StartSpan("get /pay", zipkin.Kind(model.Server))
	client := tracer("storefront").StartSpan("charge", zipkin.Kind(model.Client), zipkin.Parent(server.Context()))
	other := tracer("payment").StartSpan("charge", zipkin.Kind(model.Server), zipkin.Parent(client.Context()))
	other.Finish()
	client.Finish()
	server.Finish()
	if err := reports.Close(); err != nil {
		t.Fatal(err)
	}
	return server.Context().TraceID.String()
}

// website is the published files beside the API, as a reverse proxy would put them, and what was asked of the API.
type website struct {
	*httptest.Server
	mutex sync.Mutex
	asked []string
}

func lens(t *testing.T, f *fusebox, files string) *website {
	t.Helper()
	site := &website{}
	api := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: f.api})
	ask := api.Director
	api.Director = func(request *http.Request) {
		ask(request)
		request.Host = f.api
		request.Header.Del("Origin")
	}
	api.ModifyResponse = func(answer *http.Response) error {
		site.mutex.Lock()
		defer site.mutex.Unlock()
		site.asked = append(site.asked, fmt.Sprintf("%d %s", answer.StatusCode, answer.Request.URL))
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("/zipkin/api/", api)
	mux.HandleFunc("/zipkin/config.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"environment":"","queryLimit":10,"defaultLookback":900000,"searchEnabled":true,"dependency":{"enabled":true}}`)
	})
	mux.HandleFunc("/zipkin/", func(w http.ResponseWriter, r *http.Request) {
		file := filepath.Join(files, filepath.FromSlash(strings.TrimPrefix(r.URL.Path, "/zipkin")))
		if about, err := os.Stat(file); err != nil || about.IsDir() {
			file = filepath.Join(files, "index.html") // its own routes
		}
		http.ServeFile(w, r, file)
	})
	site.Server = httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site
}

// seen is the page as the browser has it when nothing is left to do.
func (w *website) seen(t *testing.T, browser, path string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+t.TempDir(),
		"--virtual-time-budget=20000", "--dump-dom", w.URL+path)
	page, err := command.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", browser, path, err)
	}
	return string(page)
}

func chromium(t *testing.T, c client) string {
	t.Helper()
	for _, name := range []string{os.Getenv("FUSEBOX_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	skip(t, c, "There is no Chromium here.")
	return ""
}
