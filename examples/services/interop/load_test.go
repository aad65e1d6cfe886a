package interop

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// call is one request, and how it ended.
type call struct {
	stream      string
	sent, ended time.Time
	trace       string
	status      int // 0: no answer
	code, cause int
}

// load makes calls with a steady pace and remembers all of them.
type load struct {
	client  *http.Client
	mutex   sync.Mutex
	calls   []call
	waiting sync.WaitGroup
}

func newLoad() *load {
	return &load{client: &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// stream is requests of one kind.
type stream struct {
	name, method, url string
	body              func(n int) string
	perSecond         int
}

// run calls until the context ends. A pace that cannot be kept becomes slower; calls never pile up.
func (l *load) run(ctx context.Context, s stream) {
	l.waiting.Add(1)
	go func() {
		defer l.waiting.Done()
		pace := time.NewTicker(time.Second / time.Duration(s.perSecond))
		defer pace.Stop()
		running := make(chan struct{}, 64)
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-pace.C:
			}
			running <- struct{}{}
			l.waiting.Add(1)
			go func() {
				defer func() { <-running; l.waiting.Done() }()
				l.add(l.one(s, n))
			}()
		}
	}()
}

func (l *load) add(c call) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.calls = append(l.calls, c)
}

func (l *load) count() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.calls)
}

// since is the calls that ended after there were so many.
func (l *load) since(count int) []call {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return slices.Clone(l.calls[count:])
}

// all waits for calls under way; the contexts of all streams have ended.
func (l *load) all() []call {
	l.waiting.Wait()
	return l.calls
}

func (l *load) one(s stream, n int) call {
	var ids [24]byte
	_, _ = rand.Read(ids[:])
	c := call{stream: s.name, trace: hex.EncodeToString(ids[:16]), sent: time.Now()}
	body := ""
	if s.body != nil {
		body = s.body(n)
	}
	request, err := http.NewRequest(s.method, s.url, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Content-Type", "application/json")
	// The services go on with this trace: it is known here before it is stored there.
	request.Header.Set("traceparent", "00-"+c.trace+"-"+hex.EncodeToString(ids[16:])+"-01")
	answer, err := l.client.Do(request)
	c.ended = time.Now()
	if err != nil {
		return c
	}
	defer answer.Body.Close()
	c.status = answer.StatusCode
	var failure struct{ Code, Cause int }
	if json.NewDecoder(answer.Body).Decode(&failure) == nil {
		c.code, c.cause = failure.Code, failure.Cause
	}
	return c
}
