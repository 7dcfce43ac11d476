// Bench measures AllOrders and Orders.All against their bounds and prints a table; it fails where a bound is missed.
//
//	go run ./bench
//
// The service is digicerttest in a process of its own, and so is the measuring of memory: the program starts itself again for both.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	var (
		only    = flag.String("only", "latency,speed,heap", "what to measure, separated by commas")
		rounds  = flag.Int("rounds", 15, "rounds of speed, of which the median counts; latency takes 3 at the most")
		profile = flag.String("cpuprofile", "", "the `file` for a CPU profile of AllOrders in the rounds of speed")

		serveOrders = flag.Int("serve", 0, "be the service, with so many orders, until standard input ends")
		latency     = flag.Duration("latency", 0, "of the service")
		limits      = flag.Bool("limits", false, "let the service enforce its rate limits")
		own         = flag.Bool("own", false, "let the orders of the service be the account's own")
		heapOf      = flag.String("heap-of", "", "print the live heap of listing the service at this URL")
		heapOrders  = flag.Int("heap-orders", 100_000, "how many orders that service has")
	)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	switch {
	case *serveOrders > 0:
		err = serve(*serveOrders, *latency, *limits, *own)
	case *heapOf != "":
		err = printHeap(ctx, *heapOf, *heapOrders)
	default:
		err = run(ctx, strings.Split(*only, ","), *rounds, *profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errMissed = errors.New("a bound is missed")

func run(ctx context.Context, only []string, rounds int, profile string) error {
	fmt.Printf("%s, %s/%s, %d CPUs\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Println("| measure | measured | bound | |")
	fmt.Println("|---|---|---|---|")
	var t table
	for _, m := range []struct {
		name string
		run  func() error
	}{
		{"latency", func() error { return t.latency(ctx, min(rounds, 3)) }},
		{"speed", func() error {
			return errors.Join(t.speed(ctx, subaccountOrders, rounds, profile), t.speed(ctx, ownOrders, rounds, ""))
		}},
		{"heap", func() error { return t.heap(ctx) }},
	} {
		if slices.Contains(only, m.name) {
			if err := m.run(); err != nil {
				return fmt.Errorf("%s: %w", m.name, err)
			}
		}
	}
	fmt.Println()
	for _, note := range t.notes {
		fmt.Println(note)
	}
	if t.missed {
		return errMissed
	}
	return nil
}

// table prints what was measured as it comes.
type table struct {
	missed bool
	notes  []string
}

func (t *table) row(ok bool, measure, measured, bound string) {
	verdict := "ok"
	if !ok {
		verdict, t.missed = "MISSED", true
	}
	fmt.Printf("| %s | %s | %s | %s |\n", measure, measured, bound, verdict)
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// latency measures how well pages in flight hide the time that an answer takes.
func (t *table) latency(ctx context.Context, rounds int) error {
	const (
		orders  = 90_000
		answer  = 250 * time.Millisecond
		flights = 8
		bound   = (1 + (orders/1000+flights-1)/flights) * answer * 11 / 10
	)
	var took []time.Duration
	var refused, wrong, requests int64
	for range rounds {
		err := withService(ctx, orders, answer, true, false, func(url string) error {
			counted := newCountingClient()
			client, err := newClient(url, digicert.WithPageConcurrency(flights), digicert.WithHTTPClient(counted.client))
			if err != nil {
				return err
			}
			begin := time.Now()
			tally, err := subaccountOrders.list(ctx, client, nil)
			took = append(took, time.Since(begin))
			refused += counted.refused.Load()
			requests = counted.requests.Load()
			// The service has as many orders, each with an id of its own: as many different ids are all of them.
			wrong += int64(max(tally.rows, orders) - tally.different)
			return err
		})
		if err != nil {
			return err
		}
	}
	t.row(median(took) <= bound, "90,000 orders, 250 ms an answer, 8 pages in flight", seconds(median(took)), "≤ "+seconds(bound))
	t.row(refused == 0, "answers with 429 in it", strconv.FormatInt(refused, 10), "0")
	t.row(wrong == 0, "orders missing or doubled in it", strconv.FormatInt(wrong, 10), "0")
	t.note("latency: %s; %d requests each", all(took), requests)
	return nil
}

// minFaster is how many times faster a listing has to be than the plain loop. From Go 1.27 on encoding/json is built on
// the decoder that the library uses, and faster.
func minFaster() float64 {
	var minor int
	if _, err := fmt.Sscanf(runtime.Version(), "go1.%d", &minor); err == nil && minor < 27 {
		return 2.2
	}
	return 2.0
}

// speed measures what a listing costs beside what anybody would write.
func (t *table) speed(ctx context.Context, l orderList, rounds int, profile string) error {
	const orders = 100_000
	bound := minFaster()
	var ours, theirs []time.Duration
	var ourBytes, theirBytes []uint64
	var ratios []float64
	err := withService(ctx, orders, 0, false, l.own, func(url string) error {
		for round := range rounds + 1 {
			runtime.GC()
			theirTime, theirAlloc, err := measure(orders, func() (tally, error) { return l.plainly(ctx, url) })
			if err != nil {
				return err
			}
			client, err := newClient(url, digicert.WithLimiter(digicert.PaceWith(rate.NewLimiter(rate.Inf, 0))))
			if err != nil {
				return err
			}
			stopProfile := func() error { return nil }
			if profile != "" && round == rounds {
				if stopProfile, err = startProfile(profile); err != nil {
					return err
				}
			}
			runtime.GC()
			ourTime, ourAlloc, err := measure(orders, func() (tally, error) { return l.list(ctx, client, nil) })
			if err := errors.Join(err, stopProfile()); err != nil {
				return err
			}
			if round == 0 {
				continue // to warm up
			}
			ours, theirs = append(ours, ourTime), append(theirs, theirTime)
			ourBytes, theirBytes = append(ourBytes, ourAlloc), append(theirBytes, theirAlloc)
			ratios = append(ratios, theirTime.Seconds()/ourTime.Seconds())
		}
		return nil
	})
	if err != nil {
		return err
	}
	faster := median(theirs).Seconds() / median(ours).Seconds()
	less := float64(median(ourBytes)) / float64(median(theirBytes))
	t.row(faster >= bound, l.name+", 100,000 orders, no latency, no limiter: speed against net/http and json.NewDecoder",
		fmt.Sprintf("%.2f ×", faster), fmt.Sprintf("≥ %.1f ×", bound))
	t.row(less <= 0.4, "bytes allocated in it", fmt.Sprintf("%.2f ×", less), "≤ 0.4 ×")
	t.note("speed: %s %s; plain %s", l.name, all(ours), all(theirs))
	t.note("speed: ratios of the rounds %.2f to %.2f", slices.Min(ratios), slices.Max(ratios))
	t.note("bytes allocated: %s %.1f MB, plain %.1f MB", l.name, float64(median(ourBytes))/1e6, float64(median(theirBytes))/1e6)
	return nil
}

// measure runs a listing of so many orders and returns how long it took and how much it allocated.
func measure(orders int, f func() (tally, error)) (time.Duration, uint64, error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	got, err := f()
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	if err == nil && (got.rows != orders || got.different != orders) {
		err = fmt.Errorf("%d rows with %d ids instead of %d", got.rows, got.different, orders)
	}
	return took, after.TotalAlloc - before.TotalAlloc, err
}

func startProfile(path string) (stop func() error, err error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}

// heap measures whether memory grows with the list.
func (t *table) heap(ctx context.Context) error {
	var live []float64
	for _, orders := range []int{100_000, 1_000_000} {
		err := withService(ctx, orders, 0, false, false, func(url string) error {
			out, err := exec.CommandContext(ctx, os.Args[0], "-heap-of", url, "-heap-orders", strconv.Itoa(orders)).Output()
			if err != nil {
				return fmt.Errorf("%w: %s", err, stderrOf(err))
			}
			fields := strings.Fields(string(out))
			if len(fields) != 2 || fields[0] != strconv.Itoa(orders) {
				return fmt.Errorf("%q instead of the heap of %d orders", out, orders)
			}
			n, err := strconv.ParseFloat(fields[1], 64)
			live = append(live, n)
			return err
		})
		if err != nil {
			return err
		}
	}
	growth := live[1]/live[0] - 1
	t.row(growth <= 0.1, "live heap, 1,000,000 orders against 100,000", fmt.Sprintf("%+.1f %%", 100*growth), "≤ +10 %")
	t.note("live heap: %.2f MB with 100,000 orders, %.2f MB with 1,000,000", live[0]/1e6, live[1]/1e6)
	return nil
}

func stderrOf(err error) []byte {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

// printHeap lists the orders of a service and prints their number and the largest live heap on the way.
func printHeap(ctx context.Context, url string, orders int) error {
	client, err := newClient(url, digicert.WithLimiter(digicert.PaceWith(rate.NewLimiter(rate.Inf, 0))))
	if err != nil {
		return err
	}
	// The same number of samples from a short list as from a long one: with more of them, the highest is higher by chance alone.
	const samples = 50
	var most uint64
	got, err := subaccountOrders.list(ctx, client, func(row int) {
		if row%(orders/samples) != 0 {
			return
		}
		time.Sleep(30 * time.Millisecond) // so that the pages in flight are there: the worst that there is
		runtime.GC()
		runtime.GC() // what a sync.Pool holds survives the first
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	})
	fmt.Println(got.rows, most)
	return err
}

func newClient(url string, opts ...digicert.Option) (*digicert.Client, error) {
	return digicert.NewClient(key(), append(opts, digicert.WithBaseURL(url))...)
}

// key is the one that all servers of digicerttest know.
func key() string {
	s, err := digicerttest.New()
	if err != nil {
		panic(err) // it has no options that could be wrong
	}
	return s.Key()
}

// withService calls f while a process of its own serves.
func withService(ctx context.Context, orders int, latency time.Duration, limits, own bool, f func(url string) error) error {
	cmd := exec.CommandContext(ctx, os.Args[0], "-serve", strconv.Itoa(orders), "-latency", latency.String(),
		fmt.Sprintf("-limits=%t", limits), fmt.Sprintf("-own=%t", own))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	url, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		err = f(strings.TrimSpace(url))
	}
	return errors.Join(err, in.Close(), cmd.Wait())
}

// serve is the process that withService starts.
func serve(orders int, latency time.Duration, limits, own bool) error {
	opts := []digicerttest.Option{digicerttest.WithLatency(latency), digicerttest.WithoutSamples()}
	if !own {
		opts = append(opts, digicerttest.WithOrders(1, orders))
	}
	if limits {
		opts = append(opts, digicerttest.WithRateLimits())
	}
	s, err := digicerttest.Start(opts...)
	if err != nil {
		return err
	}
	defer s.Close()
	if own {
		if err := addOwnOrders(s, orders); err != nil {
			return err
		}
	}
	runtime.GC() // of what generating left, so that it does not run while the client is measured
	fmt.Println(s.URL())
	for in := bufio.NewReader(os.Stdin); err == nil; {
		_, err = in.ReadByte()
	}
	return nil
}

func median[T time.Duration | uint64](values []T) T {
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func all(times []time.Duration) string {
	var texts []string
	for _, d := range times {
		texts = append(texts, seconds(d))
	}
	return strings.Join(texts, ", ")
}
