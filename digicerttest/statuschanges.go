// The list of status changes.

package digicerttest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// maxTimeFrame is the documented maximum time frame of status changes.
const maxTimeFrame = 7 * 24 * time.Hour

// errTimeFrameTooLong has the documented body. Its status is a guess.
var errTimeFrameTooLong = fail(http.StatusBadRequest, digicert.CodeTimeFrameTooLong, "An error occurred while processing your request.")

const paramRange = "filters[status_last_updated]"

// listStatusChanges handles GET /order/certificate/status-changes.
func (s *Server) listStatusChanges(r *request) (render, *failure) {
	q := r.query
	const most = int64(1) << 40 // a longer time frame is too long, not an invalid number
	minutes, seconds := q.int("minutes", 0, most), q.int("seconds", 0, most)
	rangeText := q.text(paramRange)
	if refusal := q.refusal(); refusal != nil {
		return nil, refusal
	}
	if minutes*60+seconds > int64(maxTimeFrame/time.Second) {
		return nil, errTimeFrameTooLong
	}
	last := time.Duration(minutes*60+seconds) * time.Second

	var in func(*order) bool
	switch {
	case rangeText == "" && last == 0: // that an explicit 0 counts as absent is a guess
		q.problem(paramRange, "At least one of minutes, seconds and %s is required.", paramRange)
	case rangeText == "":
		from := r.now.Add(-last)
		in = func(o *order) bool { return !o.changed.Before(from) && !o.changed.After(r.now) }
	case last != 0:
		q.problem(paramRange, "%s cannot be combined with minutes or seconds.", paramRange)
	default:
		from, to, ok := parseRange(rangeText)
		switch {
		case !ok:
			q.problem(paramRange, "%s must be from...to, each yyyy-MM-dd or yyyy-MM-dd HH:mm:ss.", paramRange)
		case to.Before(from):
			q.problem(paramRange, "%s ends before it starts.", paramRange)
		case to.Sub(from) > maxTimeFrame:
			return nil, errTimeFrameTooLong
		}
		in = func(o *order) bool {
			at := wallClock(o.changed, s.mountain)
			return !at.Before(from) && !at.After(to)
		}
	}
	return func(b []byte, fx effects) []byte { return s.state.appendChanges(b, in, fx) }, nil
}

// parseRange parses "from...to" as wall clock times, represented in UTC. That a day without a time is its midnight,
// even at the end of the range, is a guess.
func parseRange(s string) (from, to time.Time, ok bool) {
	first, last, ok := strings.Cut(s, "...")
	from, fromOK := parseWallClock(first)
	to, toOK := parseWallClock(last)
	return from, to, ok && fromOK && toOK
}

func parseWallClock(s string) (time.Time, bool) {
	for _, layout := range []string{time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return t, true
		}
	}
	return time.Time{}, false
}

// wallClock returns the wall clock time in loc at t, to the second, represented in UTC. The hour that is skipped
// in spring has no changes, the hour that is repeated in fall has those of both, and a week always has seven
// times 24 hours.
func wallClock(t time.Time, loc *time.Location) time.Time {
	t = t.In(loc)
	_, offset := t.Zone()
	return t.Add(time.Duration(offset) * time.Second).UTC().Truncate(time.Second)
}

// appendChanges appends the orders whose latest change satisfies in, the latest first, which is guessed from the
// documented sample.
func (s *state) appendChanges(b []byte, in func(*order) bool, fx effects) []byte {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var changed []*order
	for _, o := range s.orders {
		if in(o) {
			changed = append(changed, o)
		}
	}
	slices.SortFunc(changed, func(a, b *order) int {
		return cmp.Or(b.changed.Compare(a.changed), cmp.Compare(b.id, a.id))
	})
	return appendRows(b, "orders", len(changed), fx, func(b []byte, i int) []byte { return appendChange(b, changed[i]) })
}

// appendChange appends a row of the status changes.
func appendChange(b []byte, o *order) []byte {
	b = appendInt(b, `{"order_id":`, o.id)
	b = appendInt(b, `,"certificate_id":`, o.certificate.id)
	return append(appendText(b, `,"status":`, string(o.status)), '}')
}

var changeShape = shape{list: "orders", ids: []string{"order_id"}}
