//go:build unix

package digicertredis_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
	"github.com/go-digicert/digicert/digicerttest"
)

// Eight processes share the limits: the service refuses nothing, and from the first request to the last, they need little longer than
// one process would.
func TestFleetSharesTheLimits(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		windows := []digicert.Window{{Requests: 100, Per: 700 * time.Millisecond}, {Requests: 1000, Per: 8 * time.Second}}
		const processes, each = 8, 200
		run := func(n int, local bool) time.Duration {
			service := digicerttest.NewServer(t, digicerttest.WithRateLimits(windows...), digicerttest.WithLatency(5*time.Millisecond))
			j := job{
				Addrs: s.addrs, Cluster: s.cluster, Name: newName(), Windows: windows, URL: service.URL(), Key: service.Key(), Attempt: time.Minute,
				Requests: processes * each / n, Together: 64 / n, Local: local,
			}
			var workers []*worker
			for range n {
				workers = append(workers, j.start(t))
			}
			for _, w := range workers {
				for line := range w.lines {
					t.Error(line)
				}
				_ = w.cmd.Wait()
			}
			require.Equal(t, processes*each, service.Stats().Requests)
			require.Zero(t, service.Stats().Refused)
			sent := service.Requests()
			return sent[len(sent)-1].Time.Sub(sent[0].Time)
		}
		for range 3 { // a machine that stalls makes one of them slower
			one, all := run(1, true), run(processes, false)
			t.Logf("one process %s, %d processes %s: %.3f times as long", one.Round(time.Millisecond), processes, all.Round(time.Millisecond), float64(all)/float64(one))
			if all < one+one/10 {
				return
			}
		}
		t.Error("they need more than 1.1 times as long")
	})
}

// schedules is how many schedules TestFleetSurvives runs on each Redis; DIGICERT_TEST_SCHEDULES sets another number.
const schedules = 16

// Processes are killed, suspended and cut off from Redis. No window is exceeded, no slot is lost for good, no two holders count
// both, and every change is handled.
func TestFleetSurvives(t *testing.T) {
	onEach(t, func(t *testing.T, s *server) {
		seed, n := newSeed(t), schedules
		if text := os.Getenv("DIGICERT_TEST_SCHEDULES"); text != "" {
			var err error
			n, err = strconv.Atoi(text)
			require.NoError(t, err)
		}
		var mu sync.Mutex
		sum := make(map[string]int)
		run := func(first, n int) {
			work := make(chan int)
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() {
					for i := range work {
						f := &fleet{t: t, s: s, rng: rand.New(rand.NewPCG(seed, uint64(i)))}
						ok := t.Run(fmt.Sprint(i), f.run)
						mu.Lock()
						for what, n := range f.sum {
							sum[what] += n
						}
						if !ok {
							sum["failed"]++
						}
						mu.Unlock()
					}
				})
			}
			for i := range n {
				work <- first + i
			}
			close(work)
			wg.Wait()
		}
		// Of schedules in which this process stalled, the windows cannot be judged. Others run in their place.
		ran, judged := 0, 0
		for judged < n && ran < 3*n {
			run(ran, n-judged)
			ran += n - judged
			judged = ran - sum["stalled"]
		}
		t.Logf("%d schedules: %v", ran, sum)
		require.Equal(t, n, judged, "schedules in which this process did not stall")
		// A process that is suspended in the microseconds between its last look at its slot and the sending cannot be held back.
		require.LessOrEqual(t, sum["late"], 1+sum["suspended"]/200)
	})
}

// fleet is one schedule.
type fleet struct {
	t   *testing.T
	s   *server
	rng *rand.Rand
	sum map[string]int

	service *digicerttest.Server
	job     job
	workers []*worker
	mu      sync.Mutex
	arrived []time.Time
	out     []string // lines of all workers
	readers sync.WaitGroup
	stalled func() time.Duration
}

// watchStalls returns a function that returns the longest time for which this process did not run, and ends the measurement.
func watchStalls() func() time.Duration {
	end, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		var most time.Duration
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
				now := time.Now()
				most, last = max(most, now.Sub(last)), now
			case <-end:
				longest <- max(most, time.Since(last))
				return
			}
		}
	}()
	return func() time.Duration {
		close(end)
		return <-longest
	}
}

func (f *fleet) run(t *testing.T) {
	f.t, f.sum, f.stalled = t, make(map[string]int), watchStalls()
	windows := []digicert.Window{{Requests: 5, Per: 100 * time.Millisecond}, {Requests: 20, Per: 500 * time.Millisecond}}
	f.service = digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithLatency(2*time.Millisecond), digicerttest.WithRateLimits(windows...))
	f.service.OnRequest(func(*http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.arrived = append(f.arrived, time.Now())
	})
	f.job = job{
		Addrs: f.s.addrs, Cluster: f.s.cluster, Name: newName(), Windows: windows, URL: f.service.URL(), Key: f.service.Key(),
		Attempt: 400 * time.Millisecond, TTL: 400 * time.Millisecond, Together: 2, Watch: true,
	}
	var orders []digicert.OrderID
	for i := range 12 {
		id := digicert.OrderID(1000 + i)
		require.NoError(t, f.service.AddOrder(digicert.SubaccountOrder{ID: id, Status: digicert.OrderStatusPending, Subaccount: digicert.Subaccount{AccountID: 1}}))
		orders = append(orders, id)
	}
	for range 3 {
		f.workers = append(f.workers, nil)
		f.begin(len(f.workers) - 1)
	}
	f.await("a watch", func() bool {
		return slices.ContainsFunc(f.service.Requests(), func(r digicerttest.Request) bool { return strings.HasSuffix(r.Path, "/status-changes") })
	})

	var want []string
	for _, id := range orders {
		f.disturb()
		time.Sleep(time.Duration(f.rng.IntN(60)) * time.Millisecond)
		require.NoError(t, f.service.SetStatus(id, digicert.OrderStatusIssued))
		want = append(want, fmt.Sprintf("handled %d issued", id))
	}
	for _, w := range f.workers {
		w.signal(cont)
		w.tell("mend")
	}
	f.await("all changes", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return !slices.ContainsFunc(want, func(line string) bool { return !slices.Contains(f.out, line) })
	})
	for _, w := range f.workers {
		w.tell("end")
	}
	f.readers.Wait()
	f.check(windows)
}

// begin starts the worker with an index.
func (f *fleet) begin(i int) {
	w := f.job.start(f.t)
	f.workers[i] = w
	f.readers.Go(func() {
		for line := range w.lines {
			f.mu.Lock()
			f.out = append(f.out, line)
			f.mu.Unlock()
		}
	})
}

// disturb does something to a worker, and sometimes nothing.
func (f *fleet) disturb() {
	i := f.rng.IntN(len(f.workers))
	w, d := f.workers[i], time.Duration(f.rng.IntN(700))*time.Millisecond
	switch f.rng.IntN(5) {
	case 0:
		f.sum["killed"]++
		w.kill()
		f.begin(i)
	case 1, 2:
		f.sum["suspended"]++
		w.signal(stop)
		time.AfterFunc(d, func() { w.signal(cont) })
	case 3:
		f.sum["cut off"]++
		w.tell("cut")
		time.AfterFunc(d, func() { w.tell("mend") })
	}
}

func (f *fleet) await(what string, done func() bool) {
	f.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			f.t.Fatalf("no %s after a minute", what)
		}
	}
}

// check looks at what the service and the workers saw.
func (f *fleet) check(windows []digicert.Window) {
	t := f.t
	numbers := make(map[string]bool)
	for _, line := range f.out {
		number, ok := strings.CutPrefix(line, "counted ")
		if ok {
			require.False(t, numbers[number], "two processes counted to %s", number)
			numbers[number] = true
		}
	}
	f.sum["counted"] += len(numbers)
	slices.SortFunc(f.arrived, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
	f.sum["requests"] += len(f.arrived)
	switch refused := f.service.Stats().Refused; {
	case f.stalled() > f.job.Attempt/4:
		f.sum["stalled"]++ // the service, which runs in this process, may count requests after their slots have ended
		f.sum["late when stalled"] += refused
	case refused > 0:
		f.sum["late"] += refused
	default:
		(&counter{times: f.arrived}).check(t, 0, windows...)
	}

	// Every slot comes back after the longest that one can be held.
	time.Sleep(f.job.Attempt + f.job.Attempt/4 + windows[1].Per)
	rdb := f.s.machine(t, new(wire))
	l := digicertredis.NewLimiter(rdb, f.job.Name, windows...)
	require.NoError(t, use(t.Context(), l, new(counter), 0, 0))
	require.EqualValues(t, 1, keysOf(t, rdb, f.job.Name)["slots"])
}
