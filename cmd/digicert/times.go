// Words for time: moments, days, ranges and durations as people write them.

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// span is a length of time in days, which may have 23 or 25 hours, and the rest.
type span struct {
	days int
	rest time.Duration
}

var (
	spanPattern = regexp.MustCompile(`^(\d+(?:\.\d+)?(?:w|d|h|m|s|ms))+$`)
	spanPart    = regexp.MustCompile(`(\d+(?:\.\d+)?)(w|d|h|ms|m|s)`)
)

const maxSpanDays = 366 * 100

// parseSpan parses a length of time without a sign, such as 30d, 2w, 1h30m or 90s.
func parseSpan(s string) (span, bool) {
	if !spanPattern.MatchString(s) {
		return span{}, false
	}
	var sum span
	for _, part := range spanPart.FindAllStringSubmatch(s, -1) {
		number, unit := part[1], part[2]
		if unit == "w" || unit == "d" {
			n, err := strconv.Atoi(number)
			if err != nil { // a fraction, or too large
				return span{}, false
			}
			if unit == "w" {
				n *= 7
			}
			sum.days += n
		} else {
			d, err := time.ParseDuration(number + unit)
			if err != nil {
				return span{}, false
			}
			sum.rest += d
		}
		if sum.days < 0 || sum.days > maxSpanDays || sum.rest < 0 {
			return span{}, false
		}
	}
	return sum, true
}

// after returns the moment that is a span after t, or before it.
func (s span) after(t time.Time, back bool) time.Time {
	days, rest := s.days, s.rest
	if back {
		days, rest = -days, -rest
	}
	if days != 0 { // else t may be in an hour that comes twice
		year, month, day := t.Date()
		hour, minute, second := t.Clock()
		t = date(year, month, day+days, hour, minute, second, t.Nanosecond(), t.Location())
	}
	return t.Add(rest)
}

// date is time.Date, but never returns a time of the day before: where the clocks are put forward at midnight, 00:30 of that day is 01:30.
func date(year int, month time.Month, day, hour, minute, second, nanosecond int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, hour, minute, second, nanosecond, zone)
	if noon := time.Date(year, month, day, 12, 0, 0, 0, zone); t.Day() != noon.Day() {
		t = t.Add(time.Hour)
	}
	return t
}

// duration returns the span without a calendar: a day has 24 hours.
func (s span) duration() time.Duration { return time.Duration(s.days)*24*time.Hour + s.rest }

// parseDuration parses the value of a flag that is a length of time.
func parseDuration(flag, s string) (time.Duration, error) {
	parsed, ok := parseSpan(s)
	if !ok {
		if rest, negative := strings.CutPrefix(s, "-"); negative {
			if _, ok := parseSpan(rest); ok {
				return 0, usageErrorf("--%s %s is negative", flag, s)
			}
		}
		return 0, usageErrorf("--%s %q is not a length of time, must be like 90s, 10m, 24h, 7d or 2w", flag, s)
	}
	return parsed.duration(), nil
}

// durationOf returns the value of a flag that is a length of time, or 0 if the flag is not set.
func durationOf(c *cli.Command, flag string) (time.Duration, error) {
	if !c.IsSet(flag) {
		return 0, nil
	}
	return parseDuration(flag, c.String(flag))
}

// positive returns the value of a flag that is a positive length of time, or 0 if the flag has no value.
func positive(c *cli.Command, flag string) (time.Duration, error) {
	text := c.String(flag)
	if text == "" {
		return 0, nil
	}
	d, err := parseDuration(flag, text)
	if err == nil && d == 0 {
		err = usageErrorf("--%s %s is not positive", flag, text)
	}
	return d, err
}

// tense says what a length of time without a sign means.
type tense int

const (
	past   tense = iota // 7d is 7 days ago
	future              // 30d is in 30 days
)

// relativeTime parses a moment that depends on now, such as yesterday or 7d.
func relativeTime(s string, now time.Time, unsigned tense) (time.Time, bool) {
	year, month, day := now.Date()
	midnight := func(days int) time.Time { return date(year, month, day+days, 0, 0, 0, 0, now.Location()) }
	switch s {
	case "now":
		return now, true
	case "today":
		return midnight(0), true
	case "yesterday":
		return midnight(-1), true
	case "tomorrow":
		return midnight(1), true
	}
	back := unsigned == past
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		s, back = rest, true
	} else if rest, ok := strings.CutPrefix(s, "+"); ok {
		s, back = rest, false
	}
	length, ok := parseSpan(s)
	return length.after(now, back), ok
}

// timeForms shows in help and errors which times parseTime accepts.
const timeForms = "7d (ago), yesterday, 2026-03-31, 2026-03-31 18:00 (local) or 2026-03-31T18:00:00Z"

// localZone names the zone of a time without one, for the help.
func localZone() string {
	name, offset := time.Now().Zone()
	utc := time.Unix(0, 0).In(time.FixedZone("", offset)).Format("-07:00")
	switch {
	case name == "UTC":
		return name
	case strings.TrimLeft(name, "+-0123456789") == "": // a zone without a name
		return "UTC" + utc
	}
	return fmt.Sprintf("%s, UTC%s", name, utc)
}

// parseTime parses the value of a flag that is a moment in the past, unless its sign says otherwise. A time without a zone is local.
func parseTime(flag, s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	if d, err := digicert.ParseDate(s); err == nil {
		return date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.Local), nil
	}
	if t, ok := relativeTime(s, time.Now(), past); ok {
		return t, nil
	}
	return time.Time{}, usageErrorf("--%s %q is not a time, must be like %s", flag, s, timeForms)
}

// timeRange parses FROM..TO, the value of a flag. Without TO the range ends now.
func timeRange(flag, s string) (digicert.TimeRange, error) {
	from, to, ok := strings.Cut(s, "..")
	if !ok {
		return digicert.TimeRange{}, usageErrorf("--%s %q is not a range, must be FROM..TO, each like %s", flag, s, timeForms)
	}
	if to == "" {
		to = "now"
	}
	var r digicert.TimeRange
	var err error
	if r.From, err = parseTime(flag, from); err == nil {
		r.To, err = parseTime(flag, to)
	}
	return r, err
}

// parseDay parses the value of a flag that is a day. The words mean days of the local calendar.
func parseDay(flag, s string, unsigned tense) (digicert.Date, error) {
	if t, ok := relativeTime(s, time.Now(), unsigned); ok {
		year, month, day := t.Date()
		return digicert.Date{Year: year, Month: month, Day: day}, nil
	}
	d, err := digicert.ParseDate(s)
	if err != nil {
		return d, usageErrorf("--%s %q is not a date, must be like 2026-03-31, today, 30d or -7d", flag, s)
	}
	return d, nil
}

// dateRange parses a flag of the form FROM..TO. Either end may be empty, but not both.
func dateRange(c *cli.Command, flag string, unsigned tense) (digicert.DateRange, error) {
	s := c.String(flag)
	if s == "" {
		return digicert.DateRange{}, nil
	}
	from, to, ok := strings.Cut(s, "..")
	if !ok || from == "" && to == "" {
		example := "today..30d"
		if unsigned == past {
			example = "7d..today"
		}
		return digicert.DateRange{}, usageErrorf("--%s %q is not a range, must be like 2026-01-01..2026-03-31, 2026-01-01.., ..2026-03-31 or %s", flag, s, example)
	}
	var r digicert.DateRange
	var err error
	if from != "" {
		r.From, err = parseDay(flag, from, unsigned)
	}
	if to != "" && err == nil {
		r.To, err = parseDay(flag, to, unsigned)
	}
	return r, err
}
