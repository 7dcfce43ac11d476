// Calendar dates, date ranges, and the formats in which the service sends them.

package digicert

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Date is a calendar date without a time zone. The service sends it as yyyy-MM-dd.
//
// The zero Date stands for a date that was not sent. Dates can be compared with ==.
type Date struct {
	Year  int // 1 to 9999
	Month time.Month
	Day   int
}

// DateOf returns the date of t in t's location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate parses a date in the form yyyy-MM-dd, from 0001-01-01 to 9999-12-31.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() == 0 {
		return Date{}, fmt.Errorf("%q is not a date in the form yyyy-MM-dd", oneLine(s, 40))
	}
	return DateOf(t), nil
}

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// String formats d as yyyy-MM-dd. It returns "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// In returns the time at which d begins in loc. It returns the zero Time for the zero Date.
func (d Date) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// AddDays returns the date n days after d, or before d if n is negative. It returns the zero Date for the zero Date.
//
// MarshalText and the filters return an error for a result before 0001-01-01 or after 9999-12-31. If d itself is outside
// these years, AddDays returns d.
func (d Date) AddDays(n int) Date {
	if d.Year < minYear || d.Year > maxYear {
		return d
	}
	const most = (maxYear + 1) * 366 // more days than the calendar has; a larger n could overflow into a valid date
	return DateOf(d.In(time.UTC).AddDate(0, 0, max(-most, min(n, most))))
}

// Compare returns -1 if d is before e, 0 if they are equal, and +1 if d is after e.
// The zero Date is before every other date.
func (d Date) Compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// Before reports whether d is before e. The zero Date is before every other date: check [Date.IsZero] first if a date may be
// missing, such as the ValidTill of a certificate that was not issued yet.
func (d Date) Before(e Date) bool { return d.Compare(e) < 0 }

// After reports whether d is after e. The zero Date is after no date.
func (d Date) After(e Date) bool { return d.Compare(e) > 0 }

// The years that yyyy-MM-dd can represent.
const minYear, maxYear = 1, 9999

// valid reports whether d exists in the calendar and yyyy-MM-dd can represent it.
func (d Date) valid() bool {
	return d.Year >= minYear && d.Year <= maxYear && d == DateOf(d.In(time.UTC))
}

// MarshalText formats d as yyyy-MM-dd, and the zero Date as the empty text. It returns an error if d does not exist in the
// calendar or is outside the years 1 to 9999.
func (d Date) MarshalText() ([]byte, error) {
	if !d.IsZero() && !d.valid() {
		return nil, fmt.Errorf("digicert: %s is not a valid date", d)
	}
	return []byte(d.String()), nil
}

// UnmarshalText parses the form that MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return fmt.Errorf("digicert: %w", err)
	}
	*d = parsed
	return nil
}

// DateRange is a date filter: the days from From to To, both included. A zero Date leaves that end open.
//
// The service documents three forms, "from...to", ">from" and "<to", and does not say whether the last two include the
// given day. A range is therefore always sent in the first form. An open end is sent as 2999-12-31 for To and 1970-01-01
// for From, or as 9999-12-31 and 0001-01-01 if the other end lies beyond these.
type DateRange struct{ From, To Date }

// IsZero reports whether both ends are open. Such a range is not sent.
func (r DateRange) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

func (r DateRange) check(param string) error {
	for _, d := range []Date{r.From, r.To} {
		if !d.IsZero() && !d.valid() {
			return paramErrorf(param, "%s is not a valid date", d)
		}
	}
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Compare(r.From) < 0 {
		return paramErrorf(param, "the range ends on %s, before it starts on %s", r.To, r.From)
	}
	return nil
}

// EncodeValues implements the Encoder of package go-querystring.
func (r DateRange) EncodeValues(key string, v *url.Values) error {
	if r.IsZero() {
		return nil
	}
	switch {
	case r.From.IsZero() && r.To.Before(farPast):
		r.From = Date{minYear, time.January, 1}
	case r.From.IsZero():
		r.From = farPast
	case r.To.IsZero() && r.From.After(farFuture):
		r.To = Date{maxYear, time.December, 31}
	case r.To.IsZero():
		r.To = farFuture
	}
	v.Set(key, r.From.String()+"..."+r.To.String())
	return nil
}

// The dates that are sent for the open ends of a range. They are before and after all dates of the service.
var (
	farPast   = Date{1970, time.January, 1}
	farFuture = Date{2999, time.December, 31}
)

// dateTime is the format of some of the service's fields, without a zone.
const dateTime = "2006-01-02 15:04:05"

// timeForms are the formats that parseTime accepts besides [time.RFC3339] and [time.DateOnly].
var timeForms = []string{dateTime, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z0700", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05 Z0700", "2006-01-02 15:04:05 UTC"}

// parseTime parses a date or a time in any format that the service is known or likely to send. A time without a zone is
// interpreted as UTC, which the documentation states for the fields that have a zone. The result has the zone of s.
func parseTime(s string) (time.Time, error) {
	form := time.RFC3339
	if len(s) == len(time.DateOnly) {
		form = time.DateOnly
	}
	t, err := time.Parse(form, s)
	for i := 0; err != nil && i < len(timeForms); i++ {
		t, err = time.Parse(timeForms[i], s)
	}
	// A year that is valid in one zone only could not be marshaled again.
	if utc := t.UTC(); err != nil || utc.Year() < minYear || utc.Year() > maxYear || t.Year() < minYear || t.Year() > maxYear {
		return time.Time{}, fmt.Errorf("%q is not a date", oneLine(s, 40))
	}
	return t, nil
}

// isZeroDate reports whether s is the zero date of a database, with or without a time.
func isZeroDate(s string) bool {
	return strings.HasPrefix(s, "0000-00-00") && strings.Trim(s, "0-:. TZ+") == ""
}
