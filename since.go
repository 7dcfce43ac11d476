// Status changes since a time of any age.

package digicert

import (
	"context"
	"time"
)

// Margins of the time frames of Since and Watch.
const (
	// zoneMargin is the uncertainty of the service's time zone: it is documented as UTC−6, and may be UTC−7 in winter.
	zoneMargin = time.Hour
	// rangeStep is the length of one range. With a margin on either side, and one more hour for the end of daylight saving
	// time, it is at most seven days on any clock.
	rangeStep = MaxTimeFrame - 4*zoneMargin
	// clockMargin allows for times in whole seconds, and for the time between the sending of a request and the moment at
	// which the service reads the changes.
	clockMargin = time.Minute
	// maxClockError is the largest accepted difference between the service's clock and the local one: a clock that was never
	// set shows 1970. A Date header that differs more is ignored.
	maxClockError = 60 * 365 * 24 * time.Hour
	// maxClockRaises is how often one call accepts a later time from a Date header.
	maxClockRaises = 3
)

// oldestChange is earlier than any order.
var oldestChange = time.Unix(0, 0)

// Since returns the orders whose status changed since t, which may be of any age. Each order is returned once, with its latest
// status, in the order of the changes, the oldest first. Rows without an order id are all returned.
//
// Since requests the last seven days by minutes and seconds, and older changes by ranges. The age of t is the longer one
// by the local clock and by the Date headers of the service. The result may have changes from before t, because the service does
// not report when an order changed, and its time zone for ranges is not certain: from less than two hours before a t older than
// seven days, otherwise from a few minutes before t, or from as long as one of the clocks is wrong. The number of requests
// is bounded: one for each seven days since t or 1970, and a few more.
func (s *StatusChangesService) Since(ctx context.Context, t time.Time) ([]StatusChange, error) {
	if t.IsZero() {
		return nil, paramErrorf("t", "must not be the zero time")
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
		// If the clocks differ a lot, a range is more exact than the longer of the two times.
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
		clock.update(a)
		slow := a.took() > margin
		if byRange {
			// A range that ends in the future covers the changes up to now only.
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

// rangeAround returns a range that covers a to b in either time zone of the service.
func rangeAround(a, b time.Time) *ListStatusChangesParams {
	return &ListStatusChangesParams{Filters: StatusChangeFilters{
		StatusLastUpdated: TimeRange{From: a.Add(-zoneMargin), To: b.Add(zoneMargin)},
	}}
}

// latestClock is the later of the local clock and the service's clock.
type latestClock struct {
	ahead  time.Duration // how far the service's clock is ahead of the local one; 0 if it is behind
	last   time.Duration // the same for the last response; negative if it is behind
	raises int
}

func (k *latestClock) now() time.Time { return time.Now().Add(k.ahead) }

// behind returns how far the clock of the last response is behind k.
func (k *latestClock) behind() time.Duration { return k.ahead - k.last }

// update sets the clock by the Date of a response. It accepts a later time only maxClockRaises times.
func (k *latestClock) update(a *statusAnswer) {
	const jitter = 2 * time.Second // a Date has whole seconds
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

// ahead returns how far the service's clock is ahead of the local one. ok is false if the response has no usable Date.
func (a *statusAnswer) ahead() (d time.Duration, ok bool) {
	if a.date.IsZero() {
		return 0, false
	}
	d = a.date.Sub(a.arrived)
	return d, d >= -maxClockError && d <= maxClockError
}

// changeList collects the rows of several responses and keeps the latest row of each order.
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
			// An order that is listed again has changed again, so its latest row comes last.
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
