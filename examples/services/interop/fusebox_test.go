package interop

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// fusebox is a server with a data directory of its own. It may be killed and started again at the same addresses.
type fusebox struct {
	grpc, http, api string
	data            string
	process         *process
}

func startFusebox(t *testing.T) *fusebox {
	t.Helper()
	addresses := freeAddresses(t, 3)
	f := &fusebox{addresses[0], addresses[1], addresses[2], t.TempDir(), nil}
	f.start(t)
	return f
}

func (f *fusebox) start(t *testing.T) {
	t.Helper()
	f.process = start(t, "fusebox", nil, server, "serve",
		"--data-dir", f.data, "--otlp-grpc", f.grpc, "--otlp-http", f.http, "--api", f.api)
	eventually(t, "fusebox is ready", 60*time.Second, func() error {
		answer, err := http.Get("http://" + f.api + "/readyz")
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz answers %s", answer.Status)
		}
		return nil
	})
}

// get asks the API, for instance get("/api/v1/breakers", &into, "range", "5m").
func (f *fusebox) get(path string, into any, parameters ...string) error {
	query := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		query.Add(parameters[i], parameters[i+1])
	}
	answer, err := http.Get("http://" + f.api + path + "?" + query.Encode())
	return read(answer, err, into)
}

// sql asks in SQL; rows are objects.
func (f *fusebox) sql(question string, into any) error {
	body, _ := json.Marshal(map[string]string{"query": question})
	request, err := http.NewRequest(http.MethodPost, "http://"+f.api+"/api/v1/sql", strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	answer, err := http.DefaultClient.Do(request)
	return read(answer, err, into)
}

func read(answer *http.Response, err error, into any) error {
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", answer.Status, text)
	}
	return json.Unmarshal(text, into)
}
