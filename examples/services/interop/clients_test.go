package interop

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"
)

// client is a service in another language that calls stock through a circuit breaker: examples/clients.
type client struct {
	name    string // its folder, and its page of the documentation
	prepare func(t *testing.T, c client) (dir string)
	refused int // the code it answers with when its breaker refuses
}

var clients = []client{
	{"python", preparePython, 7001002},
	{"node", prepareNode, 7002002},
	{"java", prepareJava, 7003002},
	{"spring", prepareJava, 7004002},
}

// TestClients does the same to each: it works, its dependency fails until the breaker refuses, and is well again.
func TestClients(t *testing.T) {
	for _, c := range clients {
		t.Run(c.name, func(t *testing.T) {
			dir := c.prepare(t, c)
			begin := time.Now()
			f := startFusebox(t)
			free := freeAddresses(t, 2)
			s := &shop{stock: "http://" + free[1], processes: map[string]*process{}}
			often := []string{"OTEL_METRIC_EXPORT_INTERVAL=1000", "OTEL_BSP_SCHEDULE_DELAY=500", "OTEL_BLRP_SCHEDULE_DELAY=500"}
			start(t, "stock", append([]string{
				"OTEL_SERVICE_NAME=stock", "LISTEN=" + free[1],
				"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=http://" + f.http,
			}, often...), filepath.Join(programs, "stock"))
			_, port, _ := net.SplitHostPort(free[0])
			launch(t, c, f, dir, append([]string{
				"PORT=" + port, "FLASK_RUN_PORT=" + port, "STOCK=" + s.stock,
				"OTEL_RESOURCE_ATTRIBUTES=service.instance.id=" + c.name + "-1",
			}, often...))
			for _, address := range []string{s.stock, "http://" + free[0]} {
				eventually(t, c.name+" listens", 5*time.Minute, func() error {
					answer, err := http.Get(address + "/none")
					if err == nil {
						answer.Body.Close()
					}
					return err
				})
			}
			calls := c.live(t, s, "http://"+free[0])
			window := []string{"start", begin.UTC().Format(time.RFC3339Nano), "end", time.Now().Add(time.Minute).UTC().Format(time.RFC3339Nano)}
			summary(t, calls)
			c.trace(t, f, calls)
			c.metric(t, f, calls)
			c.codes(t, f, s.failures(t), calls, window)
			c.trip(t, f, calls, window)
		})
	}
}

// live goes from well over failing to well again; how long that takes is up to the program.
func (c client) live(t *testing.T, s *shop, address string) []call {
	t.Helper()
	l := newLoad()
	l.client.Timeout = 30 * time.Second // the first request of a virtual machine takes its time
	order := func() call {
		answer := l.one(stream{name: c.name, method: http.MethodPost, url: address + "/orders/book"}, 0)
		l.add(answer)
		return answer
	}
	until := func(what string, most int, enough func(call) bool) {
		for range most {
			if enough(order()) {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		summary(t, l.calls)
		t.Fatalf("%s: not after %d calls", what, most)
	}
	well := func(a call) bool { return a.status == http.StatusOK }
	count := 0
	until("ten calls that are well", 100, func(a call) bool {
		if well(a) {
			count++
		}
		return count == 10
	})
	s.set(t, "failing")
	until("the breaker refuses", 100, func(a call) bool { return a.code == c.refused })
	for range 4 {
		order()
	}
	s.set(t, "ok")
	until("well again", 600, well)
	for range 4 {
		order()
	}
	return l.all()
}

// trace: the call through the service is one trace, and its log line belongs to it.
func (c client) trace(t *testing.T, f *fusebox, calls []call) {
	last := calls[len(calls)-1]
	eventually(t, "the trace", 60*time.Second, func() error {
		var trace struct {
			Services []string
			Spans    []struct {
				ServiceName   string `json:"service_name"`
				ParentMissing bool   `json:"parent_missing"`
			}
		}
		if err := f.get("/api/v1/traces/"+last.trace, &trace); err != nil {
			return err
		}
		sort.Strings(trace.Services)
		want := []string{c.name, "stock"}
		sort.Strings(want)
		if fmt.Sprint(trace.Services) != fmt.Sprint(want) {
			return fmt.Errorf("services %v, not %v", trace.Services, want)
		}
		orphans := 0
		for _, span := range trace.Spans {
			if span.ParentMissing {
				orphans++
			}
		}
		if orphans != 1 { // its parent is this test
			return fmt.Errorf("%d spans without their parent among %+v", orphans, trace.Spans)
		}
		return nil
	})
	eventually(t, "the log line", 60*time.Second, func() error {
		var answer struct {
			Logs []struct {
				ServiceName string `json:"service_name"`
				Body        any
				SpanID      string `json:"span_id"`
			}
		}
		if err := f.get("/api/v1/traces/"+last.trace+"/logs", &answer); err != nil {
			return err
		}
		for _, line := range answer.Logs {
			if line.ServiceName == c.name && line.SpanID != "" && strings.Contains(fmt.Sprint(line.Body), "ordered book") {
				return nil
			}
		}
		return fmt.Errorf("not among %+v", answer.Logs)
	})
}

// metric: the histogram of requests has every call.
func (c client) metric(t *testing.T, f *fusebox, calls []call) {
	const duration = "http.server.request.duration"
	eventually(t, duration, 60*time.Second, func() error {
		var answer struct{ Series []struct{ Value float64 } }
		// Asked by method: whether the service listens was asked with GET.
		selector := fmt.Sprintf(`%s{service_name=%q,http.request.method="POST"}`, duration, c.name)
		if err := f.get("/api/v1/metrics/query", &answer, "selector", selector, "function", "value", "agg", "sum", "of", "count"); err != nil {
			return err
		}
		if len(answer.Series) != 1 || int(answer.Series[0].Value) != len(calls) {
			return fmt.Errorf("%s is %v after %d calls", selector, answer.Series, len(calls))
		}
		return nil
	})
}

// codes: that of stock is counted where it was born, though the client passes it on as one of its own; that of a refusal is the client's.
func (c client) codes(t *testing.T, f *fusebox, failures map[string]int, calls []call, window []string) {
	refusals := 0
	for _, a := range calls {
		if a.code == c.refused {
			refusals++
		}
	}
	for _, want := range []struct {
		code, service string
		happened      int
	}{
		{"5001001", "stock", failures["5001001"]},
		{strconv.Itoa(c.refused), c.name, refusals},
	} {
		eventually(t, "code "+want.code, 60*time.Second, func() error {
			var answer struct {
				Codes []struct {
					Code  string
					Count float64
					Born  []struct{ Service string }
				}
			}
			if err := f.get("/api/v1/errors/codes", &answer, window...); err != nil {
				return err
			}
			for _, told := range answer.Codes {
				if told.Code != want.code {
					continue
				}
				if int(told.Count) != want.happened || len(told.Born) != 1 || told.Born[0].Service != want.service {
					return fmt.Errorf("counted %v times, born in %v; it happened %d times in %s", told.Count, told.Born, want.happened, want.service)
				}
				return nil
			}
			return fmt.Errorf("not there among %v", answer.Codes)
		})
	}
}

// trip: one, from the last call that failed to the first that was well again, with as many refused calls as there were.
func (c client) trip(t *testing.T, f *fusebox, calls []call, window []string) {
	refused := 0
	var opening, closing [2]time.Time // between them it happened
	for i, a := range calls {
		if a.code == c.refused {
			if refused == 0 {
				opening = [2]time.Time{calls[i-1].sent, a.ended}
			}
			refused++
			closing[0] = a.sent
		}
	}
	closing[1] = calls[len(calls)-1].ended
	eventually(t, "the trip", 60*time.Second, func() error {
		told, err := askTrips(f, window)
		if err != nil {
			return err
		}
		if len(told) != 1 || told[0].name != "stock" || told[0].refused != refused {
			return fmt.Errorf("%+v, and %d calls were refused", told, refused)
		}
		// What is told holds an instant at which it may have happened. Two clocks of one machine: a hair's breadth is allowed. A gauge
		// or a counter is known to the interval of its export, and the neighbouring one where a busy machine exports late.
		const hair = 50 * time.Millisecond
		for _, at := range []struct {
			what           string
			told, happened [2]time.Time
		}{{"opened", told[0].opening, opening}, {"closed", told[0].closing, closing}} {
			margin := hair + at.told[1].Sub(at.told[0])
			if at.told[1].Before(at.happened[0].Add(-margin)) || at.told[0].After(at.happened[1].Add(margin)) {
				return fmt.Errorf("%s between %s and %s, it was between %s and %s", at.what, at.told[0], at.told[1], at.happened[0], at.happened[1])
			}
		}
		t.Logf("%s: %d refused, told by %s", c.name, refused, told[0].method)
		return nil
	})
}
