// Faults of the Date header: a front end whose clock is wrong.

package digicerttest

import (
	"net/http"
	"sync"
	"time"
)

// The Date of an answer is all that a client learns about the service's clock. These faults change that header and
// nothing else: "the last ten minutes" are still counted by the server's own clock. They befall answers of every kind, those
// of other faults included.
const (
	kindDateAhead    faultKind = "date-ahead"
	kindDateBehind   faultKind = "date-behind"
	kindDateGrowing  faultKind = "date-growing"
	kindDateStanding faultKind = "date-standing"
	kindDateMissing  faultKind = "date-missing"
)

// DateAhead sends a Date that is ahead of the server's clock by d.
func DateAhead(d time.Duration) Fault { return Fault{kind: kindDateAhead, wait: d} }

// DateBehind sends a Date that is behind the server's clock by d. None is before the year 1.
func DateBehind(d time.Duration) Fault { return Fault{kind: kindDateBehind, wait: d} }

// DateGrowing sends a Date that gains d on the server's clock with every answer that it befalls, the first included.
func DateGrowing(d time.Duration) Fault { return Fault{kind: kindDateGrowing, wait: d} }

// DateStanding sends the Date of the first answer that it befalls with all of them.
func DateStanding() Fault { return Fault{kind: kindDateStanding} }

// DateMissing sends no Date.
func DateMissing() Fault { return Fault{kind: kindDateMissing} }

// ofDate reports whether the fault changes the Date.
func (k faultKind) ofDate() bool {
	switch k {
	case kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing:
		return true
	}
	return false
}

// dateLie is what faults make of the Date of one answer.
type dateLie struct {
	shift    time.Duration
	standing *standingDate // nil: the Date goes on
	missing  bool
}

// standingDate is the Date of the first answer.
type standingDate struct {
	once sync.Once
	date time.Time
}

func (d *standingDate) of(now time.Time) time.Time {
	d.once.Do(func() { d.date = now })
	return d.date
}

// add adds a fault that befalls an answer for the n-th time.
func (l *dateLie) add(f *activeFault, n int) {
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

// set sets the Date of an answer.
func (l *dateLie) set(header http.Header, now time.Time) {
	if l.missing {
		header["Date"] = nil // else net/http adds one
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
