package interop

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// guard is a breaker of the shop, and how a caller can tell that it refused.
type guard struct {
	service, name string
	source        string   // how Fusebox can know its states
	streams       []string // whose calls pass it
	refused       int      // the code of an answer, or of its cause
	adaptive      bool     // refuses a share of the calls and has no states
	miss          string   // why Fusebox does not count its refused calls rightly yet
}

// trip is a time in which a breaker refused.
type trip struct {
	opened, closed time.Time
	refused        int
}

// lived is what the callers saw of a breaker: from the first refused call to the first that went through again. Of an adaptive
// breaker, which lets some through all the time, to the last that it refused; ten quiet seconds part two trips, and fewer
// than three refusals are none. So Fusebox defines them too.
func (g guard) lived(calls []call) []trip {
	var trips []trip
	open, last := false, time.Time{}
	for _, c := range g.own(calls) {
		if c.code == g.refused || c.cause == g.refused {
			if !open && !g.adaptive && len(trips) > 0 && c.sent.Before(trips[len(trips)-1].closed) {
				trips[len(trips)-1].refused++ // refused before the breaker closed, only the answer came after
				continue
			}
			if !open || g.adaptive && c.ended.Sub(last) > 10*time.Second {
				trips, open = append(trips, trip{opened: c.ended}), true
			}
			last = c.ended
			trips[len(trips)-1].refused++
			trips[len(trips)-1].closed = last
		} else if open && !g.adaptive && c.status != 0 && c.status < 500 && c.sent.After(last) {
			trips[len(trips)-1].closed, open = c.ended, false
		}
	}
	if !g.adaptive {
		return trips
	}
	var enough []trip
	for _, t := range trips {
		if t.refused >= 3 {
			enough = append(enough, t)
		}
	}
	return enough
}

// refusals is how many calls the breaker refused.
func (g guard) refusals(calls []call) (count int) {
	for _, c := range g.own(calls) {
		if c.code == g.refused || c.cause == g.refused {
			count++
		}
	}
	return count
}

func (g guard) own(calls []call) []call {
	var own []call
	for _, c := range calls {
		for _, stream := range g.streams {
			if c.stream == stream {
				own = append(own, c)
			}
		}
	}
	sort.Slice(own, func(i, j int) bool { return own[i].ended.Before(own[j].ended) })
	return own
}

// apart is the shortest stage in which stock is broken.
func apart() time.Duration {
	shortest := time.Hour
	for _, stage := range schedule {
		if stage.stock != "ok" {
			shortest = min(shortest, stage.length)
		}
	}
	return shortest
}

// found is a trip that Fusebox tells.
type found struct {
	service, name, method string
	trip
	opening, closing [2]time.Time // from when to when it may have been: as well as the source knows it
}

// matched is a trip that happened and was found.
type matched struct {
	guard          guard
	method         string
	opened, closed time.Duration // found minus happened
}

// compare pairs what happened with what was found, each once: the same breaker, opened in the same stage of the schedule. The times
// in which stock is well part the trips, so a machine that is busy with other work makes no pair of two that are not the same.
func compare(guards []guard, calls []call, told []found) (pairs []matched, missed, invented []string) {
	used := make([]bool, len(told))
	for _, g := range guards {
		for _, t := range g.lived(calls) {
			best := -1
			for i, f := range told {
				if used[i] || f.service != g.service || f.name != g.name || away(f.opened, t.opened) > apart() {
					continue
				}
				if best < 0 || away(f.opened, t.opened) < away(told[best].opened, t.opened) {
					best = i
				}
			}
			if best < 0 {
				missed = append(missed, fmt.Sprintf("%s %s: %s", g.service, g.name, t))
				continue
			}
			used[best] = true
			pairs = append(pairs, matched{g, told[best].method, told[best].opened.Sub(t.opened), told[best].closed.Sub(t.closed)})
		}
	}
	for i, f := range told {
		if !used[i] {
			invented = append(invented, fmt.Sprintf("%s %s (%s): %s", f.service, f.name, f.method, f.trip))
		}
	}
	return pairs, missed, invented
}

func (t trip) String() string {
	return fmt.Sprintf("%s to %s, %d refused", t.opened.UTC().Format("15:04:05.000"), t.closed.UTC().Format("15:04:05.000"), t.refused)
}

func away(a, b time.Time) time.Duration { return a.Sub(b).Abs() }

// table is the score by source, as it stands in benches/RESULTS.md.
func table(guards []guard, calls []call, pairs []matched, invented []found) string {
	var text strings.Builder
	text.WriteString("| source | happened | found | right | precision | recall | median error of opening and closing | greatest |\n|---|---|---|---|---|---|---|---|\n")
	sources := map[string]bool{}
	for _, g := range guards {
		if sources[g.source] {
			continue
		}
		sources[g.source] = true
		happened, right, wrong := 0, 0, 0
		for _, other := range guards {
			if other.source == g.source {
				happened += len(other.lived(calls))
			}
		}
		var errors []time.Duration
		for _, pair := range pairs {
			if pair.guard.source == g.source {
				right++
				errors = append(errors, pair.opened.Abs(), pair.closed.Abs())
			}
		}
		for _, f := range invented {
			if sourceOf(guards, f) == g.source {
				wrong++
			}
		}
		median, greatest := spread(errors)
		fmt.Fprintf(&text, "| %s | %d | %d | %d | %.2f | %.2f | %.3f s | %.3f s |\n", g.source, happened, right+wrong, right,
			share(right, right+wrong), share(right, happened), median.Seconds(), greatest.Seconds())
	}
	return text.String()
}

// sourceOf says in which line of the table an invented trip counts: that of its breaker, else that of its service.
func sourceOf(guards []guard, f found) string {
	source := ""
	for _, g := range guards {
		if g.service == f.service && (source == "" || g.name == f.name) {
			source = g.source
		}
	}
	return source
}

func spread(errors []time.Duration) (median, greatest time.Duration) {
	if len(errors) == 0 {
		return 0, 0
	}
	sort.Slice(errors, func(i, j int) bool { return errors[i] < errors[j] })
	return errors[len(errors)/2], errors[len(errors)-1]
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}
