package digicert_test

import (
	"context"
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
