package digicerttest_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// TestConcurrentFaults checks that a fault affects the right number of concurrent requests.
func TestConcurrentFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.Inject(digicerttest.Status(503, "").Times(25)))
	var bad atomic.Int64
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range 10 {
				got, err := send(t, &http.Client{Transport: s.Transport()}, http.MethodGet, s.URL()+orderPath, s.Key())
				if err == nil && got.status == 503 {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 25, bad.Load())
}

func TestWhichRequestsFaultsAffect(t *testing.T) {
	t.Parallel()
	const ok, bad = 200, 503
	fault := digicerttest.Status(bad, "")
	for _, tt := range []struct {
		name   string
		faults []digicerttest.Fault
		want   map[string][]int // statuses by path, which are requested in turn
	}{
		{"always", []digicerttest.Fault{fault}, map[string][]int{reissuePath: {bad, bad, bad}, orderPath: {bad, bad, bad}, "/nowhere": {bad}}},
		{"twice", []digicerttest.Fault{fault.Times(2)}, map[string][]int{reissuePath: {bad, bad, ok, ok}}},
		{"after two, once", []digicerttest.Fault{fault.After(2).Times(1)}, map[string][]int{reissuePath: {ok, ok, bad, ok}}},
		{
			"on an endpoint",
			[]digicerttest.Fault{fault.On(digicerttest.SubaccountOrders).Times(1)},
			map[string][]int{reissuePath: {ok, ok}, orderPath: {bad, ok}, "/nowhere": {501}},
		},
		{
			"on two endpoints",
			[]digicerttest.Fault{fault.On(digicerttest.SubaccountOrders, digicerttest.Reissues)},
			map[string][]int{reissuePath: {bad}, orderPath: {bad}, changesPath + "?minutes=1": {ok}},
		},
		{
			"one after the other",
			[]digicerttest.Fault{fault.Times(1), digicerttest.HTMLPage(502).Times(1)},
			map[string][]int{reissuePath: {bad, 502, ok}},
		},
		{
			"none by chance",
			[]digicerttest.Fault{fault.Share(1e-300, 1)},
			map[string][]int{reissuePath: {ok, ok, ok}},
		},
		{
			"all by chance",
			[]digicerttest.Fault{fault.Share(1, 1)},
			map[string][]int{reissuePath: {bad, bad, bad}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(tt.faults...))
			for path, want := range tt.want {
				var got []int
				for range want {
					got = append(got, get(t, s, path).status)
				}
				require.Equal(t, want, got, path)
			}
		})
	}
}

func TestShareOfRequests(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	run := func(seed uint64) (which []bool, n int) {
		s, err := digicerttest.New()
		require.NoError(t, err)
		require.NoError(t, s.Inject(digicerttest.Status(503, "").Share(0.25, seed)))
		for range 2000 {
			bad := get(t, s, reissuePath).status == 503
			which = append(which, bad)
			if bad {
				n++
			}
		}
		require.Equal(t, n, s.Stats().Faulted)
		return which, n
	}
	first, n := run(seed)
	require.InDelta(t, 500, n, 120) // six standard deviations
	again, _ := run(seed)
	require.Equal(t, first, again)
	other, _ := run(seed + 1)
	require.NotEqual(t, first, other)
}

// TestFaultsSkipRefusals checks that a fault for bodies waits for a successful answer.
func TestFaultsSkipRefusals(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.TruncateSilently().Times(1)))
	requireError(t, get(t, s, "/nowhere"), 501, "not_implemented")
	requireError(t, get(t, s, orderPath+"?limit=x"), 400, "invalid_parameter|limit")
	require.Zero(t, s.Stats().Faulted)
	require.NotEqual(t, sample(t, "reissues"), get(t, s, reissuePath).body)
	require.Equal(t, 1, s.Stats().Faulted)
	require.JSONEq(t, sample(t, "reissues"), get(t, s, reissuePath).body)
}

// TestFaultsInFrontDoNotCount checks that requests that do not reach the service do not count against its
// limits.
func TestFaultsInFrontDoNotCount(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New(digicerttest.WithRateLimits(digicert.Window{Requests: 1, Per: time.Hour}))
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.HTMLPage(502).Times(3)))
	var got []int
	for range 5 {
		got = append(got, get(t, s, reissuePath).status)
	}
	require.Equal(t, []int{502, 502, 502, 200, 429}, got)
	require.Equal(t, digicerttest.Stats{Requests: 5, Refused: 1, Faulted: 3}, s.Stats())
}

func TestFaultsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := digicerttest.New(digicerttest.WithLatency(time.Second))
		require.NoError(t, err)
		require.NoError(t, s.Inject(
			digicerttest.Delay(2*time.Second), digicerttest.HTMLPage(502).Times(1), digicerttest.Status(500, "").Times(1),
			digicerttest.Truncate().Times(1), digicerttest.TruncateSilently().Times(1), digicerttest.HugeBody(10), digicerttest.HugeBody(20),
			digicerttest.Drip(7, time.Millisecond), digicerttest.Delay(4*time.Second),
		))
		start := time.Now()
		require.Equal(t, 502, get(t, s, reissuePath).status)
		require.Equal(t, 7*time.Second, time.Since(start))
		require.Equal(t, 500, get(t, s, reissuePath).status)

		_, err = send(t, &http.Client{Transport: s.Transport()}, http.MethodGet, s.URL()+reissuePath, s.Key())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a body is cut once, by the first")
		short := get(t, s, reissuePath)
		whole := get(t, s, reissuePath)
		require.Equal(t, whole.body[:len(whole.body)/2], short.body)
		require.Equal(t, 30, len(whole.body)-len(strings.TrimSpace(whole.body)))
	})
}

func TestInjectRefuses(t *testing.T) {
	t.Parallel()
	fine := digicerttest.Reset()
	for _, tt := range []struct {
		fault digicerttest.Fault
		text  string
	}{
		{digicerttest.Fault{}, "without a kind: the zero Fault does nothing"},
		{digicerttest.Status(199, ""), "status: status 199 is outside 200 to 599"},
		{digicerttest.HTMLPage(600), "html: status 600 is outside 200 to 599"},
		{digicerttest.APIError(0, "a", "b"), "error: status 0 is outside 200 to 599"},
		{digicerttest.Redirect(""), "redirect: a redirect requires a URL"},
		{digicerttest.Delay(0), "delay: the duration 0s is not positive"},
		{digicerttest.RateLimited(-time.Second), "rate-limited: the duration -1s is not positive"},
		{digicerttest.Drip(0, time.Second), "drip: the number of bytes, 0, is not positive"},
		{digicerttest.Drip(1, 0), "drip: the duration 0s is not positive"},
		{digicerttest.HugeBody(-1), "huge-body: the number of bytes, -1, is not positive"},
		{digicerttest.GzipBomb(0), "gzip-bomb: the number of bytes, 0, is not positive"},
		{fine.Times(0), "reset: the number of times must be positive"},
		{fine.Times(-1), "reset: the number of times must be positive"},
		{fine.After(-1), "reset: the number of requests to skip is negative"},
		{fine.Share(0, 1), "reset: the share must be above 0 and at most 1"},
		{fine.Share(1.1, 1), "reset: the share must be above 0 and at most 1"},
		{fine.Share(math.NaN(), 1), "reset: the share must be above 0 and at most 1"},
		{fine.On("elsewhere"), `reset: the endpoint "elsewhere" does not exist`},
		{fine.Header("a", "b"), "reset: only a fault that sends its own response can have a header"},
		{digicerttest.RepeatPrimary().On(digicerttest.StatusChanges), "repeat-primary: it affects the endpoint reissues only"},
	} {
		s, err := digicerttest.New()
		require.NoError(t, err)
		require.EqualError(t, s.Inject(fine, tt.fault), "digicerttest: fault "+tt.text)
		require.Equal(t, 200, get(t, s, reissuePath).status, "none is added")
	}
}

func TestFaultsAreValues(t *testing.T) {
	t.Parallel()
	base := digicerttest.Status(500, "").On(digicerttest.Reissues).Header("A", "1")
	one, two := base.On(digicerttest.StatusChanges).Header("B", "2"), base.On(digicerttest.SubaccountOrders).Header("C", "3")
	require.Equal(t, "status=500,endpoint=reissues,header=A:1", base.String())
	require.Equal(t, "status=500,endpoint=reissues,endpoint=status-changes,header=A:1,header=B:2", one.String())
	require.Equal(t, "status=500,endpoint=reissues,endpoint=subaccount-orders,header=A:1,header=C:3", two.String())

	s, err := digicerttest.New()
	require.NoError(t, err)
	once := digicerttest.Status(500, "").Times(1)
	require.NoError(t, s.Inject(once))
	require.Equal(t, 500, get(t, s, reissuePath).status)
	require.NoError(t, s.Inject(once), "which is not used up")
	require.Equal(t, 500, get(t, s, reissuePath).status)
}

// TestFaults checks that the active faults are listed with what is left of them, and can be injected again.
func TestFaults(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.Empty(t, s.Faults())
	always, twice, later := digicerttest.Delay(time.Nanosecond), digicerttest.Status(503, "").On(digicerttest.Orders).Times(2), digicerttest.HTMLPage(502).On(digicerttest.Reissues).After(3)
	require.NoError(t, s.Inject(always, twice, later))
	texts := func() (list []string) {
		for _, f := range s.Faults() {
			list = append(list, fmt.Sprintf("%s %d", f.Fault, f.Acted))
		}
		return list
	}
	require.Equal(t, []string{"delay=1ns 0", "status=503,times=2,endpoint=orders 0", "html=502,after=3,endpoint=reissues 0"}, texts())
	get(t, s, "/order/certificate")
	get(t, s, reissuePath)
	require.Equal(t, []string{"delay=1ns 2", "status=503,times=1,endpoint=orders 1", "html=502,after=2,endpoint=reissues 0"}, texts())
	get(t, s, "/order/certificate")
	require.Equal(t, []string{"delay=1ns 3", "html=502,after=2,endpoint=reissues 0"}, texts())

	again := newServer(t)
	for _, f := range s.Faults() {
		require.NoError(t, again.Inject(f.Fault))
	}
	require.Equal(t, "delay=1ns", again.Faults()[0].Fault.String())
	s.ClearFaults()
	require.Empty(t, s.Faults())
}
