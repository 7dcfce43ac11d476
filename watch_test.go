package digicert_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the service's reading of Mountain time, also where the system has no zones

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// account is an account in simulated time: its orders change, its service fails, and its clock may differ from the local
// one.
type account struct {
	*digicerttest.Server
	rng  *rand.Rand
	skew time.Duration // of the service's clock over the local one

	mu      sync.Mutex
	changed map[digicert.OrderID][]statusAt // every change, oldest first
	down    bool
}

type statusAt struct {
	status digicert.OrderStatus
	at     time.Time // by the service's clock
}

var denver = func() *time.Location {
	loc, err := time.LoadLocation("America/Denver")
	if err != nil {
		panic(err)
	}
	return loc
}()

func newAccount(t *testing.T, rng *rand.Rand, skew time.Duration, orders int) *account {
	t.Helper()
	a := &account{rng: rng, skew: skew, changed: make(map[digicert.OrderID][]statusAt)}
	opts := []digicerttest.Option{digicerttest.WithoutSamples(), digicerttest.WithClock(a.now)}
	if rng.IntN(2) == 0 {
		opts = append(opts, digicerttest.WithMountainTime(denver))
	}
	s, err := digicerttest.New(opts...)
	require.NoError(t, err)
	a.Server = s
	for id := range orders {
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(id + 1), DateCreated: a.now().Add(-24 * 365 * time.Hour)}))
	}
	return a
}

func (a *account) now() time.Time { return time.Now().Add(a.skew) }

// change gives an order another status.
func (a *account) change(t *testing.T) {
	statuses := []digicert.OrderStatus{"pending", "issued", "revoked", "rejected", "canceled"}
	a.mu.Lock()
	defer a.mu.Unlock()
	id := digicert.OrderID(1 + a.rng.IntN(a.Orders()))
	status := statuses[a.rng.IntN(len(statuses))]
	if err := a.SetStatus(id, status); err != nil {
		t.Error(err)
	}
	a.changed[id] = append(a.changed[id], statusAt{status, a.now()})
}

func (a *account) setDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// RoundTrip loses requests and answers, and takes its time.
func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	fate, before, after := a.rng.IntN(10), time.Duration(a.rng.Int64N(int64(3*time.Second))), time.Duration(a.rng.Int64N(int64(3*time.Second)))
	down := a.down
	a.mu.Unlock()
	time.Sleep(before)
	switch {
	case down || fate == 0:
		return nil, errors.New("no route to host")
	case fate == 1:
		return answerJSON(r, http.StatusServiceUnavailable, ``), nil
	}
	resp, err := a.Transport().RoundTrip(r)
	time.Sleep(after)
	if fate == 2 && err == nil {
		_ = resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

// memory is a checkpoint that can fail, before or after it has saved.
type memory struct {
	saved  time.Time
	fail   func() (before, after bool)
	onSave func(time.Time)
}

var errDisk = errors.New("disk full")

func (m *memory) Load(context.Context) (time.Time, error) { return m.saved, nil }

func (m *memory) Save(_ context.Context, t time.Time) error {
	before, after := m.fail()
	if before {
		return errDisk
	}
	m.saved = t
	m.onSave(t)
	if after {
		return errDisk
	}
	return nil
}

func TestWatchLosesNothing(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	const schedules = 1200
	for i := range schedules {
		synctest.Test(t, func(t *testing.T) {
			watchSchedule(t, fmt.Sprintf("schedule %d", i), rand.New(rand.NewPCG(seed, uint64(i))))
		})
		if t.Failed() {
			return
		}
	}
}

func watchSchedule(t *testing.T, name string, rng *rand.Rand) {
	// Anywhere in the year, so that some schedules have a night in which Mountain time skips or repeats an hour.
	time.Sleep(time.Duration(rng.Int64N(int64(400 * 24 * time.Hour))))
	skew := []time.Duration{0, time.Hour, -time.Hour, 40 * time.Second}[rng.IntN(4)]
	own := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) } // for another goroutine
	a, program := newAccount(t, own(), skew, 6), own()
	interval := []time.Duration{time.Minute, 10 * time.Minute, 3 * time.Hour}[rng.IntN(3)]
	c := a.Client(digicert.WithHTTPClient(&http.Client{Transport: a}),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 2, MinDelay: time.Second, MaxDelay: 2 * interval}))

	type delivered struct {
		change digicert.StatusChange
		run    int
		nth    int // how many changes the order had when it was delivered
	}
	var deliveries []delivered
	run := 0
	begun := false
	var begin time.Time
	last := make(map[digicert.OrderID]digicert.OrderStatus)
	checkpoint := &memory{}
	checkpoint.fail = func() (bool, bool) { n := program.IntN(30); return n == 0, n == 1 }
	checkpoint.onSave = func(saved time.Time) {
		if !begun {
			begun, begin = true, saved
			return
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		// What the checkpoint says is behind was handed over.
		for id, changes := range a.changed {
			if latest := changes[len(changes)-1]; latest.at.After(begin.Add(time.Minute)) && !latest.at.After(saved) {
				if last[id] != latest.status {
					t.Errorf("%s: the checkpoint is %s, order %d became %s at %s, and that was not delivered", name, saved, id, latest.status, latest.at)
				}
			}
		}
	}
	watch := func(ctx context.Context) {
		run++
		for change, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Interval: interval, Checkpoint: checkpoint}) {
			if err != nil {
				if ctx.Err() == nil && !errors.Is(err, errDisk) {
					t.Errorf("%s: %v", name, err)
				}
				return
			}
			if program.IntN(15) == 0 {
				return // killed before the change is acted upon
			}
			a.mu.Lock()
			last[change.OrderID] = change.Status
			deliveries = append(deliveries, delivered{change, run, len(a.changed[change.OrderID])})
			a.mu.Unlock()
			if program.IntN(15) == 0 {
				return // killed after that
			}
		}
	}

	// The program runs, and is started again whenever it has ended, except in its outages.
	ctx, cancel := context.WithCancel(t.Context())
	outage := make(chan struct{}, 1) // full while the program is down; a mutex would stop simulated time
	var kill context.CancelFunc
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			outage <- struct{}{}
			runCtx, stop := context.WithCancel(ctx)
			kill = stop
			<-outage
			watch(runCtx)
			stop()
			time.Sleep(time.Millisecond)
		}
	}()
	// The world goes on beside it.
	sleep := func(d time.Duration) { time.Sleep(time.Duration(rng.Int64N(int64(d)))) }
	sleep(10 * interval)
	for range 5 + rng.IntN(20) {
		for range 1 + rng.IntN(3) {
			a.change(t)
		}
		sleep(5 * interval)
		switch rng.IntN(15) {
		case 0:
			a.setDown(true)
			sleep(240 * interval)
			a.setDown(false)
		case 1:
			outage <- struct{}{}
			kill()
			for range rng.IntN(6) {
				sleep(5 * 24 * time.Hour)
				a.change(t)
			}
			sleep(5 * 24 * time.Hour)
			<-outage
		}
	}
	// At last everything rests for a while, and the watch has to be up to date.
	time.Sleep(30 * interval)
	cancel()
	<-done

	for id, changes := range a.changed {
		final := changes[len(changes)-1]
		require.Equal(t, final.status, last[id], "%s: the final status of order %d, of %s", name, id, final.at)
	}
	for i, d := range deliveries {
		for _, e := range deliveries[:i] {
			if e.run == d.run && e.change == d.change && e.nth == d.nth {
				t.Errorf("%s: %+v was delivered twice in one run", name, d.change)
			}
		}
	}
}

// still is an account whose service answers at once and never fails.
func still(t *testing.T, skew time.Duration, orders int) (*account, *digicert.Client) {
	a := newAccount(t, rand.New(rand.NewPCG(0, 0)), skew, orders)
	return a, a.Client()
}

func TestWatchYieldsEachChangeOnceAndReachesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(30 * time.Second)
			_ = a.SetStatus(1, "issued")
			time.Sleep(5 * time.Minute)
			_ = a.SetStatus(2, "revoked")
			_ = a.SetStatus(1, "issued") // a reissue: the same status, changed again
			time.Sleep(5 * time.Minute)
			cancel()
		}()
		var got []digicert.StatusChange
		var last error
		for change, err := range c.StatusChanges.Watch(ctx, nil) {
			if err != nil {
				last = err
				continue
			}
			require.NoError(t, last)
			got = append(got, digicert.StatusChange{OrderID: change.OrderID, Status: change.Status})
		}
		require.ErrorIs(t, last, context.Canceled)
		requireOneLine(t, last)
		require.ElementsMatch(t, []digicert.StatusChange{{OrderID: 1, Status: "issued"}, {OrderID: 2, Status: "revoked"}}, got[:2])
		// Polls reach back by the interval, the overlap of two minutes, and a margin.
		requests := a.Requests()
		for _, r := range requests[2:] {
			require.Contains(t, []string{"4", "5"}, r.Query().Get("minutes"), r.RawQuery)
		}
	})
}

func TestWatchOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute-time.Second)
		defer cancel()
		for _, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Start: time.Now(), Overlap: time.Hour, Interval: time.Minute}) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		requests := a.Requests()
		require.Len(t, requests, 10)
		require.Equal(t, "1", requests[0].Query().Get("minutes"), "the first one has nothing to reach back over")
		for _, r := range requests[1:] {
			require.Equal(t, "62", r.Query().Get("minutes"))
		}
	})
}

func TestWatchSavesItsStartAndThenEachPoll(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour, -50 * 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			a, c := still(t, skew, 3)
			require.NoError(t, a.SetStatusAt(3, "issued", a.now().Add(-5*time.Minute)), "before the start: no part of the watch")
			path := filepath.Join(t.TempDir(), "checkpoint")
			checkpoint := digicert.FileCheckpoint(path)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(90*time.Second, func() {
				_ = a.SetStatus(1, "issued")
				_ = a.SetStatus(2, "revoked")
			})
			start := a.now()
			n := 0
			var last error
			for change, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: checkpoint}) {
				if err != nil {
					last = err
					continue
				}
				require.NotEqual(t, digicert.OrderID(3), change.OrderID)
				saved, err := checkpoint.Load(ctx)
				require.NoError(t, err)
				require.WithinDuration(t, start.Add(time.Minute), saved, 3*time.Second, "it moves after the loop body only")
				if n++; n == 2 {
					cancel() // the last save happens all the same
				}
			}
			require.ErrorIs(t, last, context.Canceled)
			require.Equal(t, 2, n)
			saved, err := checkpoint.Load(t.Context())
			require.NoError(t, err)
			require.WithinDuration(t, start.Add(2*time.Minute), saved, 3*time.Second)
		})
	}
}

func TestLeavingTheWatchDoesNotMoveTheCheckpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		start := a.now()
		for id := range 3 {
			require.NoError(t, a.SetStatus(digicert.OrderID(id+1), "issued"))
		}
		checkpoint := digicert.FileCheckpoint(filepath.Join(t.TempDir(), "checkpoint"))
		for range 3 {
			n := 0
			for change, err := range c.StatusChanges.Watch(t.Context(), &digicert.WatchParams{Start: start, Checkpoint: checkpoint}) {
				require.NoError(t, err)
				require.Equal(t, digicert.OrderStatus("issued"), change.Status)
				if n++; n == 3 {
					break // the last one is not done
				}
			}
			require.Equal(t, 3, n, "and so the next watch begins with all of them")
			saved, err := checkpoint.Load(t.Context())
			require.NoError(t, err)
			require.True(t, saved.Equal(start))
		}
	})
}

func TestWhatEndsAWatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault digicerttest.Fault
		want  error // nil: the watch goes on
	}{
		{"a bad key", digicerttest.APIError(403, digicert.CodeInvalidKey, "No."), digicert.CodeInvalidKey},
		{"a missing permission", digicerttest.APIError(403, digicert.CodeMissingPermission, "No."), digicert.CodeMissingPermission},
		{"a status 401", digicerttest.Status(401, ``), digicert.ErrAccessDenied},
		{"a firewall's 403", digicerttest.HTMLPage(403), nil},
		{"trouble", digicerttest.HTMLPage(502), nil},
		{"another error", digicerttest.APIError(400, "odd", "Odd."), nil},
		{"a reset", digicerttest.Reset(), nil},
		{"garbage", digicerttest.Status(200, `]`), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, c := still(t, 0, 1)
				require.NoError(t, a.Inject(tt.fault.After(1).Times(20)))
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				time.AfterFunc(time.Second, func() { _ = a.SetStatus(1, "issued") })
				n := 0
				var last error
				for _, err := range c.StatusChanges.Watch(ctx, nil) {
					if err != nil {
						last = err
						continue
					}
					if n++; n == 1 {
						cancel()
					}
				}
				if tt.want != nil {
					require.ErrorIs(t, last, tt.want)
					require.Zero(t, n)
					return
				}
				require.ErrorIs(t, last, context.Canceled)
				require.Equal(t, 1, n)
			})
		})
	}
}

func TestWatchRefuses(t *testing.T) {
	t.Parallel()
	_, c := still(t, 0, 1)
	corrupt := filepath.Join(t.TempDir(), "corrupt")
	require.NoError(t, os.WriteFile(corrupt, []byte("yesterday"), 0o600))
	for _, p := range []*digicert.WatchParams{
		{Interval: -1},
		{Overlap: -1},
		{Checkpoint: digicert.FileCheckpoint(corrupt)},
		{Checkpoint: digicert.FileCheckpoint(filepath.Join(t.TempDir(), "no", "such", "folder"))},
	} {
		n := 0
		for change, err := range c.StatusChanges.Watch(t.Context(), p) {
			n++
			require.Error(t, err)
			require.Zero(t, change)
			requireOneLine(t, err)
		}
		require.Equal(t, 1, n)
	}
}

func TestFileCheckpoint(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "checkpoint")
	checkpoint := digicert.FileCheckpoint(path)
	saved, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	require.True(t, saved.IsZero())
	for _, at := range []time.Time{utc(2026, 1, 2, 3, 4, 5), utc(2026, 1, 2, 3, 4, 5).Add(123456789), time.Now()} {
		require.NoError(t, checkpoint.Save(t.Context(), at))
		saved, err = checkpoint.Load(t.Context())
		require.NoError(t, err)
		require.True(t, saved.Equal(at))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")

	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for n := range len(whole) {
		require.NoError(t, os.WriteFile(path, whole[:n], 0o600))
		_, err := checkpoint.Load(t.Context())
		require.ErrorContains(t, err, path, "cut after %d bytes", n)
	}
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = checkpoint.Load(t.Context())
	require.Error(t, err)
	require.Error(t, checkpoint.Save(t.Context(), time.Now()))
	entries, err = os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestSince(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	seed := randomSeed(t)
	for i, age := range []time.Duration{
		-time.Hour, 0, time.Second, time.Hour, 6 * day, 7*day - time.Minute, 7*day - 1, 7 * day, 7*day + 1, 8 * day, 14 * day, 30 * day, 400 * day,
	} {
		for _, skew := range []time.Duration{0, time.Hour, -time.Hour, 40 * day, -40 * day} {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				time.Sleep(time.Duration(rng.Int64N(int64(400 * day))))
				a, c := still(t, skew, 400)
				since := a.now().Add(-age)
				want := make(map[digicert.OrderID]digicert.OrderStatus)
				for id := digicert.OrderID(1); id <= 300; id++ { // anywhere since then
					status := []digicert.OrderStatus{"issued", "revoked"}[rng.IntN(2)]
					require.NoError(t, a.SetStatusAt(id, status, since.Add(time.Second+time.Duration(rng.Int64N(int64(max(age, 0))+1)))))
					if age > 0 {
						want[id] = status
					}
				}
				for id := digicert.OrderID(301); id <= 400; id++ { // too long ago, whatever the margin
					require.NoError(t, a.SetStatusAt(id, "issued", since.Add(-3*time.Hour)))
				}
				time.Sleep(time.Second)
				changes, err := c.StatusChanges.Since(t.Context(), since)
				require.NoError(t, err)
				got := make(map[digicert.OrderID]digicert.OrderStatus)
				for _, change := range changes {
					require.NotContains(t, got, change.OrderID)
					require.LessOrEqual(t, change.OrderID, digicert.OrderID(300), "age %s, skew %s", age, skew)
					got[change.OrderID] = change.Status
				}
				for id, status := range want {
					require.Equal(t, status, got[id], "age %s, skew %s, order %d", age, skew, id)
				}
				require.NotNil(t, changes)
			})
		}
	}
	_, c := still(t, 0, 1)
	_, err := c.StatusChanges.Since(t.Context(), time.Time{})
	requireParamError(t, err, "t")
}
