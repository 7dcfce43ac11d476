package digicert_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

var dateFaults = map[string]digicerttest.Fault{
	"ahead at first":   digicerttest.DateAhead(24 * time.Hour).Times(1),
	"ahead":            digicerttest.DateAhead(24 * time.Hour),
	"far ahead":        digicerttest.DateAhead(50 * 365 * 24 * time.Hour),
	"no clock at all":  digicerttest.DateAhead(250 * 365 * 24 * time.Hour),
	"behind":           digicerttest.DateBehind(24 * time.Hour),
	"year 1 at first":  digicerttest.DateBehind(290 * 365 * 24 * time.Hour).Times(1),
	"long ago":         digicerttest.DateBehind(290 * 365 * 24 * time.Hour),
	"growing":          digicerttest.DateGrowing(2 * time.Hour),
	"standing":         digicerttest.DateStanding(),
	"missing":          digicerttest.DateMissing(),
	"ahead now and so": digicerttest.DateAhead(26*time.Hour).Share(0.3, 1),
}

// TestWatchAndLyingDates checks that no Date hides or repeats a change while a process lives, nor costs a request.
func TestWatchAndLyingDates(t *testing.T) {
	t.Parallel()
	for name, fault := range dateFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, c := still(t, 0, 100)
				require.NoError(t, a.Inject(fault))
				const changes = 330
				go func() {
					time.Sleep(time.Second)
					for n := range changes {
						time.Sleep(5 * time.Minute)
						_ = a.SetStatus(digicert.OrderID(1+n%100), []digicert.OrderStatus{"issued", "revoked"}[n/100%2])
					}
				}()
				d := changes*5*time.Minute + time.Hour
				got := ids(t, c, &digicert.WatchParams{Interval: 5 * time.Minute}, d)
				require.Len(t, got, changes)
				for n, id := range got {
					require.Equal(t, digicert.OrderID(1+n%100), id)
				}
				polls := int(d / (5 * time.Minute))
				require.LessOrEqual(t, a.Stats().Requests, polls+changes+1, "one a poll, and one where a row may have changed again")
			})
		})
	}
}

// TestSinceAndLyingDates checks that Since ends, and loses nothing.
func TestSinceAndLyingDates(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, fault := range dateFaults {
		for _, age := range []time.Duration{0, time.Hour, 5 * day, 7 * day, 40 * day} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(500 * day)
				a, c := still(t, 0, 40)
				require.NoError(t, a.Inject(fault))
				since := a.now().Add(-age)
				for id := range 40 {
					require.NoError(t, a.SetStatusAt(digicert.OrderID(id+1), "issued", since.Add(time.Duration(id)*age/40)))
				}
				changes, err := c.StatusChanges.Since(t.Context(), since)
				require.NoError(t, err)
				require.Len(t, changes, 40, "%s, %s", name, age)
				const years = 60
				require.Less(t, a.Stats().Requests, years*54, "%s, %s", name, age)
			})
		}
	}
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 1)
		_, err := c.StatusChanges.Since(t.Context(), time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		require.Less(t, a.Stats().Requests, 60*54, "there was no order before 1970")
	})
}

// TestWatchYieldsTheSameStatusAgain checks an order that is issued, and much later issued once more.
func TestWatchYieldsTheSameStatusAgain(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{time.Minute, 5 * time.Minute, 3 * time.Hour} {
		for _, restart := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				a, c := still(t, 0, 2)
				checkpoint := new(stored)
				params := &digicert.WatchParams{Interval: interval, Checkpoint: checkpoint}
				var got []digicert.OrderID
				for range 5 {
					time.AfterFunc(interval/2+10*time.Second, func() { _ = a.SetStatus(1, "issued") })
					if !restart {
						continue
					}
					got = append(got, ids(t, c, params, 6*interval+30*time.Minute)...)
				}
				if !restart {
					for n := range 4 {
						time.AfterFunc(time.Duration(n+1)*(6*interval+30*time.Minute), func() { _ = a.SetStatus(1, "issued") })
					}
					got = ids(t, c, params, 30*interval+3*time.Hour)
				}
				require.Len(t, got, 5, "interval %s, restart %t", interval, restart)
			})
		}
	}
}

// TestWatchAsksAgainAfterASlowAnswer checks that an answer which came too late is not relied upon.
func TestWatchAsksAgainAfterASlowAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 1)
		require.NoError(t, a.Inject(digicerttest.RateLimited(4*time.Minute).After(5).Times(1)))
		require.Empty(t, ids(t, c, nil, 20*time.Minute))
		var minutes []string
		for _, r := range a.Requests() {
			minutes = append(minutes, r.Query().Get("minutes"))
		}
		// The sixth was refused, its repeat comes four minutes later, and so cannot show what it was to show.
		require.Equal(t, []string{"1", "4", "4", "4", "4", "4", "4", "8", "4", "4"}, minutes[:10])
	})
}

// TestWatchOnTwoClocks checks that the longer of the times is asked for that the local clock and the service's say.
func TestWatchOnTwoClocks(t *testing.T) {
	t.Parallel()
	for _, away := range []time.Duration{time.Hour, 3 * 24 * time.Hour, 20 * 24 * time.Hour} {
		for _, standsStill := range []string{"neither", "local", "service's"} {
			synctest.Test(t, func(t *testing.T) {
				a, c := still(t, 0, 3)
				checkpoint := new(stored)
				params := &digicert.WatchParams{Checkpoint: checkpoint}
				require.Empty(t, ids(t, c, params, time.Hour))
				if standsStill == "local" {
					a.setLocalClock(t, -away)
				} else {
					time.Sleep(away)
				}
				require.NoError(t, a.SetStatusAt(1, "issued", a.now().Add(-away+time.Second)))
				if standsStill == "service's" { // what it says, not what it counts by
					require.NoError(t, a.Inject(digicerttest.DateBehind(away)))
				}
				require.Equal(t, []digicert.OrderID{1}, ids(t, c, params, time.Hour), "%s, %s stands still", away, standsStill)
				require.Empty(t, ids(t, c, params, time.Hour))
			})
		}
	}
}

// TestWatchWithAWrongClockIsBounded checks that a local clock which is years ahead costs no endless catching up.
func TestWatchWithAWrongClockIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		checkpoint := new(stored)
		params := &digicert.WatchParams{Checkpoint: checkpoint}
		require.Empty(t, ids(t, c, params, time.Hour))
		a.setLocalClock(t, 0)
		time.Sleep(100 * 365 * 24 * time.Hour)
		a.ResetRequests()
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		for _, err := range c.StatusChanges.Watch(ctx, params) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		require.Less(t, a.Stats().Requests, 3*54+10)
	})
}

// TestWatchCatchesUp checks that a watch which was away for a month yields a change of every hour of it, once, on both readings
// of Mountain time, and on a night in which clocks are put back.
func TestWatchCatchesUp(t *testing.T) {
	t.Parallel()
	for _, zone := range []*time.Location{denver, time.FixedZone("MDT", -6*60*60)} {
		for start, hours := range map[time.Time]int{
			utc(2000, 1, 5, 0, 0, 0):  30 * 24,
			utc(2000, 2, 5, 0, 0, 0):  661, // the last range ends just behind seven days ago
			utc(2000, 3, 20, 0, 0, 0): 8 * 24, utc(2000, 10, 10, 0, 0, 0): 30 * 24,
		} {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(start))
				s, err := digicerttest.New(digicerttest.WithoutSamples(), digicerttest.WithMountainTime(zone))
				require.NoError(t, err)
				for id := range hours {
					require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(id + 1), DateCreated: time.Now().AddDate(-1, 0, 0)}))
				}
				c, params := s.Client(), &digicert.WatchParams{Checkpoint: new(stored)}
				require.Empty(t, ids(t, c, params, time.Hour))
				for id := range hours {
					require.NoError(t, s.SetStatus(digicert.OrderID(id+1), "issued"))
					time.Sleep(time.Hour)
				}
				s.ResetRequests()
				got := ids(t, c, params, time.Hour)
				require.Len(t, got, hours, "%s from %s", zone, start)
				slices.Sort(got)
				require.Len(t, slices.Compact(got), hours)
				require.Less(t, s.Stats().Requests, 60+10)
			})
		}
	}
}

// TestWatchAfterALieAboutTheTime checks that a Date a day ahead, after a clean end, brings nothing again, and hides nothing.
func TestWatchAfterALieAboutTheTime(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			a, c := still(t, 0, 10)
			checkpoint := new(stored)
			params := &digicert.WatchParams{Checkpoint: checkpoint}
			for id := range 10 {
				time.AfterFunc(time.Duration(10+10*id)*time.Minute, func() { _ = a.SetStatus(digicert.OrderID(id+1), "issued") })
			}
			require.Len(t, ids(t, c, params, 3*time.Hour), 10)
			want := []digicert.OrderID{}
			time.Sleep(time.Minute)
			if changed {
				want = append(want, 4)
				require.NoError(t, a.SetStatus(4, "issued"))
			}
			time.Sleep(time.Minute)
			require.NoError(t, a.Inject(digicerttest.DateAhead(24*time.Hour)))
			require.Equal(t, want, ids(t, c, params, time.Hour))
			require.Empty(t, ids(t, c, params, time.Hour))
		})
	}
	// Where it is the local clock that is wrong, the orders that have not changed again are not listed.
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 10)
		checkpoint := new(stored)
		params := &digicert.WatchParams{Checkpoint: checkpoint}
		for id := range 10 {
			time.AfterFunc(time.Duration(10+10*id)*time.Minute, func() { a.set(t, digicert.OrderID(id+1), "issued") })
		}
		require.Len(t, ids(t, c, params, 3*time.Hour), 10)
		const away = 20 * time.Hour
		a.mu.Lock()
		a.skew += away // time passes for the service only
		a.mu.Unlock()
		for _, id := range []digicert.OrderID{4, 5, 6} { // once more
			require.NoError(t, a.SetStatusAt(id, "issued", a.now().Add(-away/2)))
		}
		require.ElementsMatch(t, []digicert.OrderID{4, 5, 6}, ids(t, c, params, time.Hour))
	})
}

// TestWatchRangesAndRepeats checks an order that was known to have changed earlier than ranges reach back, and changes again
// in the hours that they have in common with the last poll.
func TestWatchRangesAndRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		params := &digicert.WatchParams{Checkpoint: new(stored)}
		time.AfterFunc(time.Minute, func() { _ = a.SetStatus(1, "issued") })
		time.AfterFunc(9*time.Hour, func() { _ = a.SetStatus(2, "issued") })
		require.Len(t, ids(t, c, params, 10*time.Hour), 2)
		time.Sleep(30 * time.Minute)
		require.NoError(t, a.SetStatus(1, "issued"))
		time.Sleep(10 * 24 * time.Hour)
		require.Equal(t, []digicert.OrderID{1}, ids(t, c, params, time.Hour), "the second one is a repeat, the first is not")
	})
}

// TestWatchKeepsItsStart checks that a new watch whose service does not answer begins where it was started, and not where it was
// answered.
func TestWatchKeepsItsStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		params := &digicert.WatchParams{Checkpoint: new(stored)}
		require.NoError(t, a.Inject(digicerttest.HTMLPage(503)))
		require.Empty(t, ids(t, c, params, time.Hour))
		require.NoError(t, a.SetStatus(1, "issued"))
		time.Sleep(time.Hour)
		a.ClearFaults()
		require.Equal(t, []digicert.OrderID{1}, ids(t, c, params, time.Hour))
	})
}

// TestWatchCatchesUpByTheRightClock checks that ranges, which are moments, miss no hour of an outage, whichever of the two clocks is
// wrong all the time.
func TestWatchCatchesUpByTheRightClock(t *testing.T) {
	t.Parallel()
	const hours, day = 12 * 24, 24 * time.Hour
	for name, tt := range map[string]struct {
		skew  time.Duration // of the service's clock
		fault digicerttest.Fault
	}{
		"the local clock is ahead":       {-20 * time.Hour, digicerttest.Fault{}},
		"the local clock is behind":      {20 * time.Hour, digicerttest.Fault{}},
		"the local clock is far ahead":   {-40 * day, digicerttest.Fault{}},
		"the local clock is far behind":  {40 * day, digicerttest.Fault{}},
		"the Dates are ahead":            {0, digicerttest.DateAhead(20 * time.Hour)},
		"the Dates are behind":           {0, digicerttest.DateBehind(20 * time.Hour)},
		"the Dates gain":                 {0, digicerttest.DateGrowing(2 * time.Hour)},
		"the Dates gain slowly":          {0, digicerttest.DateGrowing(20 * time.Minute)},
		"the Dates stand still":          {0, digicerttest.DateStanding()},
		"there are no Dates":             {0, digicerttest.DateMissing()},
		"nobody knows, and nearly right": {time.Hour, digicerttest.DateMissing()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(400 * day)
				s, err := digicerttest.New(digicerttest.WithoutSamples(), digicerttest.WithMountainTime(denver),
					digicerttest.WithClock(func() time.Time { return time.Now().Add(tt.skew) }))
				require.NoError(t, err)
				for id := range hours {
					require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(id + 1), DateCreated: time.Now().AddDate(-2, 0, 0)}))
				}
				if tt.fault.String() != "" {
					require.NoError(t, s.Inject(tt.fault))
				}
				c, params := s.Client(), &digicert.WatchParams{Checkpoint: new(stored)}
				require.Empty(t, ids(t, c, params, 30*time.Hour))
				for id := range hours {
					require.NoError(t, s.SetStatus(digicert.OrderID(id+1), "issued"))
					time.Sleep(time.Hour)
				}
				got := ids(t, c, params, time.Hour)
				slices.Sort(got)
				require.Len(t, slices.Compact(got), hours)
			})
		})
	}
}

// The first answer comes after an outage of more than seven days. If it says that the local clock is wrong by weeks, nothing
// shows which clock is right: both are asked by.
func TestWatchThatWaitedLongForItsFirstAnswer(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		skew  time.Duration // of the service's clock over the local one
		fault digicerttest.Fault
	}{
		"both clocks are right":         {0, digicerttest.Fault{}},
		"the local clock is far ahead":  {-40 * day, digicerttest.Fault{}},
		"the local clock is far behind": {40 * day, digicerttest.Fault{}},
		"the Dates are far ahead":       {0, digicerttest.DateAhead(40 * day)},
		"the Dates are far behind":      {0, digicerttest.DateBehind(40 * day)},
		"there are no Dates":            {0, digicerttest.DateMissing()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(400 * day)
				s, err := digicerttest.New(digicerttest.WithoutSamples(),
					digicerttest.WithClock(func() time.Time { return time.Now().Add(tt.skew) }))
				require.NoError(t, err)
				require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, DateCreated: time.Now().AddDate(-2, 0, 0)}))
				outage := digicerttest.Status(http.StatusServiceUnavailable, "")
				require.NoError(t, s.Inject(outage))
				var got []digicert.OrderID
				done := make(chan struct{})
				go func() {
					defer close(done)
					got = ids(t, s.Client(), &digicert.WatchParams{Interval: time.Hour}, 19*day)
				}()
				time.Sleep(10 * time.Minute)
				require.NoError(t, s.SetStatus(1, "issued"))
				time.Sleep(18 * day)
				s.ClearFaults()
				if tt.fault.String() != "" {
					require.NoError(t, s.Inject(tt.fault))
				}
				<-done
				require.Equal(t, []digicert.OrderID{1}, got)
			})
		})
	}
}
