// Status changes since a moment of any age.

package digicert

import (
	"context"
	"time"
)

// Margins of what Since and Watch ask for.
const (
	// zoneMargin is how far the service's reading of a range may be off: it is documented as UTC−6, and
	// may be UTC−7 in winter.
	zoneMargin = time.Hour
	// rangeStep is how far one range gets. With a margin on either side, and one more hour for the night in which a
	// zone repeats one, it is at most seven days on any clock.
	rangeStep = MaxTimeFrame - 4*zoneMargin
	// clockMargin covers that moments are told in whole seconds, and the time between the sending of a request and the
	// service's reading of the changes.
	clockMargin = time.Minute
	// maxClockError is how far the service's clock and the local one are believed to be apart: a clock that was never set
	// shows 1970. A Date that is further away is no clock.
	maxClockError = 60 * 365 * 24 * time.Hour
	// maxClockRaises is how often one call believes that it is later than it thought.
	maxClockRaises = 3
)

// oldestChange is before any order of the service.
var oldestChange = time.Unix(0, 0)

// Since returns the orders whose status changed since t, of any age, each once and with its latest
// status, in the order in which their changes were met, the oldest first. Rows without an order id are all returned.
//
// The changes of the last seven days are asked for by minutes and seconds, older ones by ranges. How long ago t is, the
// local clock says and the Date of the answers; the longer time is asked for. The service does not
// say when an order changed and reads ranges in a time zone that is not known for certain, so the
// result may hold changes from before t: less than two hours for a t older than seven days, else a few minutes, or by how
// much one of the clocks is wrong. Whatever the dates say, it ends after a bounded number of requests: one for each
// seven days since t or 1970, and a few.
func (s *StatusChangesService) Since(ctx context.Context, t time.Time) ([]StatusChange, error) {
	if t.IsZero() {
		return nil, paramErrorf("t", "it is the zero time")
	}
	if t.Before(oldestChange) {
		t = oldestChange
	}
	var (
		clock  latestClock
		met    changeList
		margin = clockMargin
	)
	for {
		now := clock.now()
		age := max(now.Sub(t), 0)
		// Where the clocks differ much, ranges are more exact than the longer of two times.
		byRange := age > margin && (age+margin > MaxTimeFrame || clock.behind() > zoneMargin)
		window := min(age+margin, MaxTimeFrame)
		params := Last(window)
		if byRange {
			params = rangeAround(t, t.Add(rangeStep))
		}
		a, err := s.ask(ctx, params)
		if err != nil {
			return nil, err
		}
		met.add(a.rows)
		clock.hear(a)
		slow := a.took() > margin
		if byRange {
			// A range that reaches into the future holds the changes up to now only.
			if t = t.Add(rangeStep); t.After(now) {
				t = now
			}
		} else if clock.now().Sub(t) <= window || slow && margin == MaxTimeFrame {
			return met.rows(), nil
		}
		if slow {
			margin = min(max(2*margin, 2*a.took()), MaxTimeFrame)
		}
	}
}

// rangeAround is the range from a to b, whichever way the service reads it.
func rangeAround(a, b time.Time) *ListStatusChangesParams {
	return &ListStatusChangesParams{Filters: StatusChangeFilters{
		StatusLastUpdated: TimeRange{From: a.Add(-zoneMargin), To: b.Add(zoneMargin)},
	}}
}

// latestClock is the local clock, or the service's where that is ahead of it.
type latestClock struct {
	ahead  time.Duration // of the service's clock over the local one; 0 where it is behind
	last   time.Duration // the same of the last answer, also where it is behind
	raises int
}

func (k *latestClock) now() time.Time { return time.Now().Add(k.ahead) }

// behind is how far the last answer's clock is behind this one.
func (k *latestClock) behind() time.Duration { return k.ahead - k.last }

// hear takes note of an answer's Date. A clock that gains with every answer is believed a few times only.
func (k *latestClock) hear(a *statusAnswer) {
	const jitter = 2 * time.Second // a Date is told in whole seconds
	ahead, ok := a.ahead()
	switch {
	case !ok, ahead > k.ahead+jitter && k.raises == maxClockRaises:
		k.last = k.ahead
		return
	case ahead > k.ahead+jitter:
		k.raises++
		k.ahead = ahead
	}
	k.last = ahead
}

// ahead is how far the service's clock is ahead of the local one; not ok where the answer does not say.
func (a *statusAnswer) ahead() (d time.Duration, ok bool) {
	if a.date.IsZero() {
		return 0, false
	}
	d = a.date.Sub(a.arrived)
	return d, d >= -maxClockError && d <= maxClockError
}

// changeList gathers rows of several answers: of an order, the latest.
type changeList struct {
	all   []StatusChange
	stale []bool
	found map[OrderID]int // index in all
}

func (l *changeList) add(rows []StatusChange) {
	if l.found == nil {
		l.found = make(map[OrderID]int)
	}
	for _, change := range rows {
		if change.OrderID != 0 {
			// An order that was met before has changed again: its place is behind the others now.
			if i, ok := l.found[change.OrderID]; ok {
				l.stale[i] = true
			}
			l.found[change.OrderID] = len(l.all)
		}
		l.all, l.stale = append(l.all, change), append(l.stale, false)
	}
}

// rows returns the rows that are not stale, never nil.
func (l *changeList) rows() []StatusChange {
	rows := []StatusChange{}
	for i, change := range l.all {
		if !l.stale[i] {
			rows = append(rows, change)
		}
	}
	return rows
}
