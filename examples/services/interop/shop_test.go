package interop

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// shop is the four services, each with other settings of its exporter.
type shop struct {
	storefront, orders, catalog, stock string // base addresses
	log                                string // of storefront
	processes                          map[string]*process
}

func startShop(t *testing.T, f *fusebox) *shop {
	t.Helper()
	free := freeAddresses(t, 4)
	s := &shop{
		storefront: "http://" + free[0], orders: "http://" + free[1], catalog: "http://" + free[2], stock: "http://" + free[3],
		log: filepath.Join(t.TempDir(), "storefront.log"), processes: map[string]*process{},
	}
	grpc := []string{"OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + f.grpc}
	gin := variables(snippet(t, f, "gin.md", "export OTEL_EXPORTER_OTLP_ENDPOINT"))
	kratos := variables(snippet(t, f, "kratos.md", "export OTEL_EXPORTER_OTLP_ENDPOINT"))
	for i, service := range []struct {
		name        string
		exporter    []string
		environment []string
	}{
		{"storefront", gin, []string{"ORDERS=" + s.orders, "CATALOG=" + s.catalog, "STOCK=" + s.stock, "LOG_FILE=" + s.log}},
		{"orders", grpc, []string{"STOCK=" + s.stock, "ORDERS_PER_SECOND=30"}},
		{"catalog", append(kratos, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"), []string{"STOCK=" + s.stock, "PRODUCTS_PER_SECOND=30"}},
		{"stock", append(grpc, "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"), nil},
	} {
		environment := append(append(service.exporter, service.environment...), // of variables that come twice the last counts
			"LISTEN="+free[i],
			"OTEL_SERVICE_NAME="+service.name,
			"OTEL_RESOURCE_ATTRIBUTES=service.instance.id="+service.name+"-1,deployment.environment.name=interop",
			"OTEL_METRIC_EXPORT_INTERVAL=1000",
			"OTEL_BSP_SCHEDULE_DELAY=500",
			"OTEL_BLRP_SCHEDULE_DELAY=500",
			// A machine that is busy with other work must not make the SDKs drop what they have.
			"OTEL_EXPORTER_OTLP_TIMEOUT=60000", "OTEL_BSP_EXPORT_TIMEOUT=60000", "OTEL_BLRP_EXPORT_TIMEOUT=60000",
			"OTEL_BSP_MAX_QUEUE_SIZE=65536", "OTEL_BLRP_MAX_QUEUE_SIZE=65536",
		)
		s.processes[service.name] = start(t, service.name, environment, filepath.Join(programs, service.name))
	}
	for _, address := range []string{s.storefront, s.orders, s.catalog, s.stock} {
		eventually(t, "a service listens", 30*time.Second, func() error {
			answer, err := http.Get(address)
			if err == nil {
				answer.Body.Close()
			}
			return err
		})
	}
	return s
}

// set turns the switch of stock.
func (s *shop) set(t *testing.T, mode string) time.Time {
	t.Helper()
	request, err := http.NewRequest(http.MethodPut, s.stock+"/switch?mode="+mode, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("switch to %s: %v %v", mode, answer, err)
	}
	answer.Body.Close()
	return time.Now()
}

// failures is how often stock answered with each code. It may be more than callers saw: some had stopped waiting.
func (s *shop) failures(t *testing.T) map[string]int {
	t.Helper()
	answer, err := http.Get(s.stock + "/failures")
	counts := map[string]int{}
	if err := read(answer, err, &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// stop ends the services, callers first; each sends what it has left.
func (s *shop) stop(t *testing.T) {
	t.Helper()
	for _, name := range []string{"storefront", "orders", "catalog", "stock"} {
		s.processes[name].stop(t, name)
	}
	if _, err := os.Stat(s.log); err != nil {
		t.Error(fmt.Errorf("storefront wrote no log file: %w", err))
	}
}
