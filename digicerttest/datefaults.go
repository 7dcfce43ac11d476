// Faults of the Date header, as from a front end with a wrong clock.

package digicerttest

import (
	"net/http"
	"sync"
	"time"
)

// The Date header is all that a client knows of the service's clock. These faults change only that header: the server
// still counts "the last ten minutes" by its own clock. They affect all responses, including those of other faults.
const (
	kindDateAhead    faultKind = "date-ahead"
	kindDateBehind   faultKind = "date-behind"
	kindDateGrowing  faultKind = "date-growing"
	kindDateStanding faultKind = "date-standing"
	kindDateMissing  faultKind = "date-missing"
)

// DateAhead sends a Date that is d ahead of the server's clock.
func DateAhead(d time.Duration) Fault { return Fault{kind: kindDateAhead, wait: d} }

// DateBehind sends a Date that is d behind the server's clock, but not before the year 1.
func DateBehind(d time.Duration) Fault { return Fault{kind: kindDateBehind, wait: d} }

// DateGrowing sends a Date that is d further ahead of the server's clock with each affected response: the first by d.
func DateGrowing(d time.Duration) Fault { return Fault{kind: kindDateGrowing, wait: d} }

// DateStanding sends the Date of the first affected response with all affected responses.
func DateStanding() Fault { return Fault{kind: kindDateStanding} }

// DateMissing omits the Date header.
func DateMissing() Fault { return Fault{kind: kindDateMissing} }

// ofDate reports whether the fault changes the Date.
func (k faultKind) ofDate() bool {
	switch k {
	case kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing:
		return true
	}
	return false
}

// dateEffect is the effect of faults on the Date of one response.
type dateEffect struct {
	shift    time.Duration
	standing *standingDate // nil if the Date advances
	missing  bool
}

// standingDate is the Date of the first affected response.
type standingDate struct {
	once sync.Once
	date time.Time
}

func (d *standingDate) of(now time.Time) time.Time {
	d.once.Do(func() { d.date = now })
	return d.date
}

// add adds a fault that affects a response for the n-th time.
func (l *dateEffect) add(f *activeFault, n int) {
	switch f.kind {
	case kindDateAhead:
		l.shift += f.wait
	case kindDateBehind:
		l.shift -= f.wait
	case kindDateGrowing:
		l.shift += time.Duration(n) * f.wait
	case kindDateStanding:
		l.standing = &f.standing
	case kindDateMissing:
		l.missing = true
	}
}

// set sets the Date header of a response.
func (l *dateEffect) set(header http.Header, now time.Time) {
	if l.missing {
		header["Date"] = nil // so that net/http adds none
		return
	}
	if l.standing != nil {
		now = l.standing.of(now)
	}
	now = now.Add(l.shift)
	if first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC); now.Before(first) {
		now = first
	}
	header.Set("Date", now.UTC().Format(http.TimeFormat))
}
