package digicert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	rng *rand.Rand

	mu       sync.Mutex
	skew     time.Duration                   // of the service's clock over the local one
	changed  map[digicert.OrderID][]statusAt // every change, oldest first
	down     bool
	dates    dateLie
	told     int // answers with a Date
	answers  []time.Time
	failures []time.Time                    // of requests
	ends     []time.Time                    // of processes
	listed   map[digicert.OrderID][]seenRow // what answers that arrived had, the last one last
}

type statusAt struct {
	status digicert.OrderStatus
	at     time.Time // by the service's clock
}

// seenRow is a change that an answer listed.
type seenRow struct {
	status digicert.OrderStatus
	nth    int // of its order's changes, from 1
	at     time.Time
}

// dateLie makes the Date of the n-th answer of what it should be; zero: there is none.
type dateLie func(rng *rand.Rand, n int, date time.Time) time.Time

var dateLies = map[string]dateLie{
	"exact":        func(_ *rand.Rand, _ int, date time.Time) time.Time { return date },
	"missing":      func(*rand.Rand, int, time.Time) time.Time { return time.Time{} },
	"standing":     func(*rand.Rand, int, time.Time) time.Time { return time.Date(2000, 3, 1, 0, 0, 0, 0, time.UTC) },
	"year 1":       func(*rand.Rand, int, time.Time) time.Time { return time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC) },
	"growing":      func(_ *rand.Rand, n int, date time.Time) time.Time { return date.Add(time.Duration(n) * 2 * time.Hour) },
	"a day ahead":  func(_ *rand.Rand, _ int, date time.Time) time.Time { return date.Add(24 * time.Hour) },
	"a day behind": func(_ *rand.Rand, _ int, date time.Time) time.Time { return date.Add(-24 * time.Hour) },
	"ahead at first": func(_ *rand.Rand, n int, date time.Time) time.Time {
		if n == 0 {
			return date.Add(24 * time.Hour)
		}
		return date
	},
	"one of three behind": func(rng *rand.Rand, _ int, date time.Time) time.Time {
		if rng.IntN(3) == 0 {
			return date.Add(-time.Duration(rng.Int64N(int64(48 * time.Hour))))
		}
		return date
	},
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
	a := &account{
		rng: rng, skew: skew, dates: dateLies["exact"],
		changed: make(map[digicert.OrderID][]statusAt), listed: make(map[digicert.OrderID][]seenRow),
	}
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

// change gives an order another status, or the same once more.
func (a *account) change(t *testing.T) {
	statuses := []digicert.OrderStatus{"issued", "issued", "revoked", "reissue_pending"}
	a.mu.Lock()
	defer a.mu.Unlock()
	id := digicert.OrderID(1 + a.rng.IntN(a.Orders()))
	status := statuses[a.rng.IntN(len(statuses))]
	if err := a.SetStatus(id, status); err != nil {
		t.Error(err)
	}
	a.changed[id] = append(a.changed[id], statusAt{status, a.now()})
}

// set gives an order a status.
func (a *account) set(t *testing.T, id digicert.OrderID, status digicert.OrderStatus) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.SetStatus(id, status); err != nil {
		t.Error(err)
	}
	a.changed[id] = append(a.changed[id], statusAt{status, a.now()})
}

// setLocalClock moves the local clock by d, as the watch sees it: the world moves the other way.
func (a *account) setLocalClock(t *testing.T, d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.skew -= d
	for id, changes := range a.changed {
		for i := range changes {
			changes[i].at = changes[i].at.Add(-d)
		}
		latest := changes[len(changes)-1]
		if err := a.SetStatusAt(id, latest.status, latest.at); err != nil {
			t.Error(err)
		}
	}
	for _, times := range [][]time.Time{a.answers, a.failures, a.ends} {
		for i := range times {
			times[i] = times[i].Add(-d)
		}
	}
}

func (a *account) setDown(down bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down = down
}

// RoundTrip loses requests and answers, takes its time, and lies about the time.
func (a *account) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	fate, before, after := a.rng.IntN(10), time.Duration(a.rng.Int64N(int64(3*time.Second))), time.Duration(a.rng.Int64N(int64(3*time.Second)))
	if a.rng.IntN(50) == 0 {
		before = 50 * time.Second // nearly as long as an attempt may take
	}
	down := a.down
	a.mu.Unlock()
	time.Sleep(before)
	if down || fate <= 2 {
		a.mu.Lock()
		a.failures = append(a.failures, a.now())
		a.mu.Unlock()
	}
	switch {
	case down || fate == 0:
		return nil, errors.New("no route to host")
	case fate == 1:
		return answerJSON(r, http.StatusServiceUnavailable, ``), nil
	}
	a.mu.Lock()
	resp, err := a.Transport().RoundTrip(r)
	var list struct {
		Orders []digicert.StatusChange `json:"orders"`
	}
	var seen []func()
	if err == nil {
		body, readErr := io.ReadAll(resp.Body)
		err = errors.Join(readErr, json.Unmarshal(body, &list))
		resp.Body = io.NopCloser(bytes.NewReader(body))
		for _, row := range list.Orders {
			l := seenRow{row.Status, len(a.changed[row.OrderID]), time.Time{}}
			seen = append(seen, func() { l.at = a.now(); a.listed[row.OrderID] = append(a.listed[row.OrderID], l) })
		}
		date := a.dates(a.rng, a.told, a.now())
		a.told++
		resp.Header.Del("Date")
		if !date.IsZero() {
			resp.Header.Set("Date", date.UTC().Format(http.TimeFormat))
		}
	}
	a.mu.Unlock()
	time.Sleep(after)
	if err != nil {
		return nil, err
	}
	if fate == 2 {
		return nil, errors.New("connection reset by peer")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers = append(a.answers, a.now())
	for _, note := range seen {
		note()
	}
	return resp, nil
}

// memory is a checkpoint that can fail, before or after it has saved, and whose process can die.
type memory struct {
	state  *[]byte
	fail   func() (before, after bool)
	onSave func()
	dead   bool
}

var errDisk = errors.New("disk full")

func (m *memory) Load(context.Context) ([]byte, error) { return *m.state, nil }

func (m *memory) Save(_ context.Context, state []byte) error {
	if m.dead {
		return nil
	}
	before, after := m.fail()
	if before {
		return errDisk
	}
	*m.state = bytes.Clone(state)
	m.onSave()
	if after {
		return errDisk
	}
	return nil
}

// schedule is a watch that is started again whenever it ends, and what it handed over.
type schedule struct {
	*account
	name     string
	rng      *rand.Rand
	params   digicert.WatchParams
	state    []byte
	handed   map[digicert.OrderID]map[int]int // how often each change was
	again    map[digicert.OrderID]map[int]int // how often more it may be
	acted    []time.Time
	unsaved  []func() // what a crash allows to come again
	longAway bool     // an outage of more than seven days, after which hours overlap
	polls    bool     // whether the program polls by itself
}

func bump(m map[digicert.OrderID]map[int]int, id digicert.OrderID, nth int) {
	if m[id] == nil {
		m[id] = make(map[int]int)
	}
	m[id][nth]++
}

// run is one life of the watch.
func (s *schedule) run(t *testing.T, ctx context.Context, c *digicert.Client) {
	m := &memory{state: &s.state}
	m.fail = func() (bool, bool) { n := s.rng.IntN(60); return n == 0, n == 1 }
	m.onSave = func() { s.unsaved = nil }
	params := s.params
	params.Checkpoint = m
	// The end of a life: clean, or as by SIGKILL.
	defer func() {
		for _, allow := range s.unsaved {
			allow()
		}
		s.mu.Lock()
		s.ends = append(s.ends, s.now())
		s.mu.Unlock()
		s.unsaved = nil
	}()
	for change, err := range c.StatusChanges.Watch(ctx, &params) {
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, errDisk) {
				t.Errorf("%s: %v", s.name, err)
			}
			return
		}
		s.mu.Lock()
		listed := s.listed[change.OrderID]
		nth := 0
		for _, l := range listed {
			if l.status == change.Status {
				nth = l.nth
			}
		}
		s.mu.Unlock()
		id, fate := change.OrderID, s.rng.IntN(30)
		allow := func() { bump(s.again, id, nth) }
		if fate == 0 { // the program dies before the change is acted upon
			m.dead = true
			return
		}
		bump(s.handed, id, nth)
		s.acted = append(s.acted, s.now())
		if fate == 2 { // it ends cleanly on a change that is not done
			allow()
			return
		}
		s.unsaved = append(s.unsaved, allow)
		switch fate {
		case 1: // and after that
			m.dead = true
			return
		case 3:
			time.Sleep(time.Duration(s.rng.Int64N(int64(2 * time.Second))))
		}
	}
}

// runPolls is one life of a program that polls by itself, and stores what it does with the changes together with the state.
func (s *schedule) runPolls(ctx context.Context, c *digicert.Client) {
	end := func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ends = append(s.ends, s.now())
	}
	defer end()
	for ctx.Err() == nil {
		poll, err := c.StatusChanges.Poll(ctx, s.state, &digicert.PollParams{Start: s.params.Start})
		if err == nil {
			if s.rng.IntN(15) == 0 {
				return // the program dies before it commits
			}
			for _, change := range poll.Changes {
				nth := 0
				s.mu.Lock()
				for _, l := range s.listed[change.OrderID] {
					if l.status == change.Status {
						nth = l.nth
					}
				}
				s.mu.Unlock()
				bump(s.handed, change.OrderID, nth)
				s.acted = append(s.acted, s.now())
			}
			s.state = poll.State
		} else {
			end() // what it was told in vain
		}
		select {
		case <-ctx.Done():
		case <-time.After(s.params.Interval):
		}
	}
}

// excused reports whether a change may have been taken for a repeat: it followed another that ended in the same status, too
// soon for the windows of two polls to tell them apart.
func (s *schedule) excused(id digicert.OrderID, nth int, listed time.Time) bool {
	changes := s.changed[id]
	this := changes[nth-1]
	between := func(times []time.Time, a, b time.Time) bool {
		return slices.ContainsFunc(times, func(at time.Time) bool { return at.After(a) && at.Before(b) })
	}
	for i, later := range changes[nth:] {
		latest := later.at.Add(s.params.Interval + time.Minute)
		switch {
		case later.status == this.status && later.at.Sub(this.at) < 2*time.Minute:
			return true // two changes between the requests of one poll
		case later.status == this.status && !listed.IsZero() && later.at.Sub(listed) < 2*time.Minute:
			return true // two answers in a row have the order, in the same state
		case later.status == this.status && s.handed[id][nth+1+i] > 0 && between(s.failures, this.at, latest):
			return true // two changes of a poll that failed in between, which end in the same status, are one
		case !listed.IsZero() && s.endedAfter(listed):
			return true // the process ended before it got to it
		}
	}
	limit := 10*time.Minute + 30*time.Second
	if s.longAway {
		limit = 6 * time.Hour
		if !strings.Contains(s.name, "exact") {
			limit += 48 * time.Hour // ranges are moments, by one clock or the other
		}
	}
	for _, earlier := range changes[:nth-1] {
		if earlier.status != this.status {
			continue
		}
		if this.at.Sub(earlier.at) <= limit {
			return true
		}
		for _, answer := range s.answers { // while an answer was on its way, or the next question
			d := this.at.Sub(answer)
			if d > -time.Minute && d < time.Minute || s.longAway && d > 0 && d < limit {
				return true
			}
		}
	}
	return false
}

// endedAfter reports whether the process that was given an answer ended while it handed over the changes of that poll, or before.
func (s *schedule) endedAfter(answer time.Time) bool {
	i := slices.IndexFunc(s.ends, func(end time.Time) bool { return !end.Before(answer) })
	if i < 0 {
		return true
	}
	var polls int
	var last time.Time
	for _, at := range s.acted {
		if !at.Before(answer) && !at.After(s.ends[i]) && at.Sub(last) > s.params.Interval/2 {
			polls, last = polls+1, at
		}
	}
	return polls <= 1
}

func (s *schedule) check(t *testing.T, repeats bool) {
	for i := range len(s.answers) - 1 {
		s.longAway = s.longAway || s.answers[i+1].Sub(s.answers[i]) > 4*24*time.Hour
	}
	for id, listed := range s.listed {
		for _, l := range listed {
			if s.handed[id][l.nth] == 0 && !s.excused(id, l.nth, l.at) {
				t.Errorf("%s: change %d of order %d, %v, was listed and not handed over", s.name, l.nth, id, s.changed[id][l.nth-1])
				return
			}
		}
	}
	for id, times := range s.handed {
		for nth, n := range times {
			if allowed := 1 + s.again[id][nth]; n > allowed && !repeats {
				t.Errorf("%s: change %d of order %d, %v, was handed over %d times", s.name, nth, id, s.changed[id][max(nth, 1)-1], n)
				return
			}
		}
	}
	for id, changes := range s.changed {
		if nth := len(changes); s.handed[id][nth] == 0 && !s.excused(id, nth, time.Time{}) {
			t.Errorf("%s: the last change of order %d, %v, was never handed over", s.name, id, changes[nth-1])
			return
		}
	}
}

func TestWatchLosesNothing(t *testing.T) {
	t.Parallel()
	losesNothing(t, 1200, false)
}

// losesNothing runs schedules in which programs watch, or poll by themselves.
func losesNothing(t *testing.T, schedules int, polls bool) {
	seed := randomSeed(t)
	lies := slices.Sorted(maps.Keys(dateLies))
	for i := range schedules {
		lie := lies[i%len(lies)]
		synctest.Test(t, func(t *testing.T) {
			watchSchedule(t, fmt.Sprintf("schedule %d, Date %s", i, lie), dateLies[lie], polls, rand.New(rand.NewPCG(seed, uint64(i))))
		})
		if t.Failed() {
			return
		}
	}
}

func watchSchedule(t *testing.T, name string, dates dateLie, polls bool, rng *rand.Rand) {
	// Anywhere in the year, so that some schedules have a night in which Mountain time skips or repeats an hour.
	time.Sleep(time.Duration(rng.Int64N(int64(400 * 24 * time.Hour))))
	skew := []time.Duration{0, 40 * time.Second}[rng.IntN(2)]
	if strings.HasSuffix(name, "exact") { // one of two clocks has to be right
		skew = []time.Duration{0, time.Hour, -time.Hour, 40 * 24 * time.Hour, -40 * 24 * time.Hour}[rng.IntN(5)]
	}
	own := func() *rand.Rand { return rand.New(rand.NewPCG(rng.Uint64(), rng.Uint64())) } // for another goroutine
	a := newAccount(t, own(), skew, 6)
	a.dates = dates
	interval := []time.Duration{time.Minute, 10 * time.Minute, 3 * time.Hour}[rng.IntN(3)]
	c := a.Client(digicert.WithHTTPClient(&http.Client{Transport: a}),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 2, MinDelay: time.Second, MaxDelay: 2 * interval}))
	s := &schedule{
		account: a, name: name, rng: own(), params: digicert.WatchParams{Interval: interval}, polls: polls,
		handed: make(map[digicert.OrderID]map[int]int), again: make(map[digicert.OrderID]map[int]int),
	}

	if polls {
		s.params.Start = time.Now() // the first poll may fail, and the next one is the first then
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
			if s.polls {
				s.runPolls(runCtx, c)
			} else {
				s.run(t, runCtx, c)
			}
			stop()
			time.Sleep(time.Millisecond)
		}
	}()
	// The world goes on beside it.
	sleep := func(d time.Duration) { time.Sleep(time.Duration(rng.Int64N(int64(d)))) }
	time.Sleep(2 * time.Minute) // the watch has begun
	// Dates that differ from answer to answer let a process think that more time has passed since the last one than has.
	repeats := strings.Contains(name, "growing") || strings.Contains(name, "one of three")
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
		case 1, 2:
			outage <- struct{}{}
			kill()
			time.Sleep(time.Minute) // until it has ended
			for range rng.IntN(6) {
				sleep([]time.Duration{time.Minute, time.Hour, 5 * 24 * time.Hour}[rng.IntN(3)])
				a.change(t)
			}
			sleep([]time.Duration{time.Minute, time.Hour, 5 * 24 * time.Hour}[rng.IntN(3)])
			<-outage
		}
	}
	// At last everything rests for a while, and the watch has to be up to date.
	time.Sleep(30 * interval)
	cancel()
	<-done
	s.check(t, repeats)
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

// stored is a checkpoint in memory.
type stored struct {
	state []byte
	saves int
}

func (s *stored) Load(context.Context) ([]byte, error) { return s.state, nil }

func (s *stored) Save(_ context.Context, state []byte) error {
	s.state = bytes.Clone(state)
	s.saves++
	return nil
}

// ids runs a watch for d and returns the orders that it yielded.
func ids(t *testing.T, c *digicert.Client, params *digicert.WatchParams, d time.Duration) []digicert.OrderID {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	list := []digicert.OrderID{}
	for change, err := range c.StatusChanges.Watch(ctx, params) {
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			continue
		}
		list = append(list, change.OrderID)
	}
	return list
}

func TestWatchSavesItsStartAndThenEachPoll(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{0, time.Hour, -time.Hour, -50 * 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			a, c := still(t, skew, 3)
			require.NoError(t, a.SetStatusAt(3, "issued", a.now().Add(-5*time.Minute)), "before the start: no part of the watch")
			checkpoint := digicert.FileCheckpoint(filepath.Join(t.TempDir(), "checkpoint"))
			load := func() string {
				saved, err := checkpoint.Load(t.Context())
				require.NoError(t, err)
				return string(saved)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			time.AfterFunc(30*time.Second, func() {
				require.NotEmpty(t, load(), "the start is saved")
				_ = a.SetStatus(1, "issued")
				_ = a.SetStatus(2, "revoked")
			})
			var before string
			n := 0
			var last error
			for change, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: checkpoint}) {
				if err != nil {
					last = err
					continue
				}
				require.NotEqual(t, digicert.OrderID(3), change.OrderID)
				switch n++; n {
				case 1:
					before = load()
				case 2:
					require.NotEqual(t, before, load(), "the first change was handled")
					before = load()
					cancel() // the last save happens nevertheless
				}
			}
			require.ErrorIs(t, last, context.Canceled)
			require.Equal(t, 2, n)
			require.NotEqual(t, before, load())
			require.Empty(t, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour), "a clean end repeats nothing")
		})
	}
}

func TestWatchHandlesAChangeWhenTheLoopBodyReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		start := a.now()
		for id := range 3 {
			require.NoError(t, a.SetStatus(digicert.OrderID(id+1), "issued"))
		}
		checkpoint := digicert.FileCheckpoint(filepath.Join(t.TempDir(), "checkpoint"))
		var got [][]digicert.OrderID
		for range 3 {
			var run []digicert.OrderID
			for change, err := range c.StatusChanges.Watch(t.Context(), &digicert.WatchParams{Start: start, Checkpoint: checkpoint}) {
				require.NoError(t, err)
				if run = append(run, change.OrderID); len(run) == 2 {
					break // the second one is not done
				}
				if len(got) == 2 {
					break
				}
			}
			got = append(got, run)
		}
		require.Equal(t, [][]digicert.OrderID{{3, 2}, {2, 1}, {1}}, got)
	})
}

// TestWatchSavesWhenItIsLeft checks that what was handled in the same moment as the last save is saved, however the loop is left.
func TestWatchSavesWhenItIsLeft(t *testing.T) {
	t.Parallel()
	for _, leave := range []string{"break", "cancel", "panic"} {
		synctest.Test(t, func(t *testing.T) {
			a, c := still(t, 0, 5)
			params := &digicert.WatchParams{Start: a.now(), Checkpoint: new(stored)}
			for id := range 5 {
				require.NoError(t, a.SetStatus(digicert.OrderID(id+1), "issued"))
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := 0
			func() {
				defer func() { _ = recover() }()
				for _, err := range c.StatusChanges.Watch(ctx, params) {
					if err != nil {
						require.ErrorIs(t, err, context.Canceled)
						continue
					}
					if n++; n < 4 {
						continue
					}
					switch leave {
					case "break":
						return
					case "panic":
						panic("in the loop body")
					}
					cancel() // this one is handled too
				}
			}()
			want := []digicert.OrderID{2, 1}
			if leave == "cancel" {
				want = want[1:]
			}
			require.Equal(t, want, ids(t, c, params, time.Hour), leave)
		})
	}
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
		{Start: time.Now().Add(time.Hour)},
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
