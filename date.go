// Dates: calendar days and ranges of days, and the forms in which the service writes them.

package digicert

import (
	"fmt"
	"net/url"
	"time"
)

// Date is a calendar day as the service writes it, yyyy-MM-dd, without a time zone.
// The zero Date is no day. Dates can be compared with ==.
type Date struct {
	Year  int // 1 to 9999
	Month time.Month
	Day   int
}

// DateOf returns the day on which t falls in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads yyyy-MM-dd.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() == 0 {
		return Date{}, fmt.Errorf("%q is not a date yyyy-MM-dd", oneLine(s, 40))
	}
	return DateOf(t), nil
}

// IsZero reports whether d is no day at all.
func (d Date) IsZero() bool { return d == Date{} }

// String formats d as yyyy-MM-dd; the zero Date gives "".
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// In returns the moment at which d begins in loc. The zero Date gives the zero Time.
func (d Date) In(loc *time.Location) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, loc)
}

// Compare returns -1, 0 or +1 as d is before, on or after e.
func (d Date) Compare(e Date) int { return d.In(time.UTC).Compare(e.In(time.UTC)) }

// valid reports whether d is a day of the calendar that yyyy-MM-dd can write.
func (d Date) valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d == DateOf(d.In(time.UTC))
}

// MarshalText writes yyyy-MM-dd, and nothing for the zero Date.
// A Date that is no day of the calendar is an error.
func (d Date) MarshalText() ([]byte, error) {
	if !d.IsZero() && !d.valid() {
		return nil, fmt.Errorf("digicert: %s is no day of the calendar", d)
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText writes.
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

// DateRange is a date filter: from a day to a day. Either end may be open (the zero Date).
// A range with both ends travels as "from...to", one with an open end as ">from" or "<to";
// whether those two include the day they name is not documented.
type DateRange struct{ From, To Date }

// IsZero reports whether both ends are open, which filters nothing.
func (r DateRange) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

func (r DateRange) check(param string) error {
	for _, d := range []Date{r.From, r.To} {
		if !d.IsZero() && !d.valid() {
			return paramErrorf(param, "%s is no day of the calendar", d)
		}
	}
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Compare(r.From) < 0 {
		return paramErrorf(param, "the range ends on %s, before it starts on %s", r.To, r.From)
	}
	return nil
}

// EncodeValues writes the range as the service documents it, for package go-querystring.
func (r DateRange) EncodeValues(key string, v *url.Values) error {
	switch {
	case r.IsZero():
	case r.To.IsZero():
		v.Set(key, ">"+r.From.String())
	case r.From.IsZero():
		v.Set(key, "<"+r.To.String())
	default:
		v.Set(key, r.From.String()+"..."+r.To.String())
	}
	return nil
}

// dateTime is the shape without a zone that some of the service's fields have.
const dateTime = "2006-01-02 15:04:05"

// parseTime reads the three shapes in which the service writes a date. Without a zone the
// time is taken as UTC, which the documentation states for the fields that have one.
func parseTime(s string) (time.Time, error) {
	layout := time.RFC3339
	switch {
	case len(s) == len(time.DateOnly):
		layout = time.DateOnly
	case len(s) == len(dateTime) && s[10] == ' ':
		layout = dateTime
	}
	t, err := time.Parse(layout, s)
	t = t.UTC()
	// Years that only a zone's offset leads to could not be written again.
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}, fmt.Errorf("%q is not a date", oneLine(s, 40))
	}
	return t, nil
}
