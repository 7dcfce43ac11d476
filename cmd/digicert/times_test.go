// Tests of words for time.

package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

func TestDateRange(t *testing.T) {
	t.Parallel()
	from, to := digicert.Date{Year: 2026, Month: 1, Day: 1}, digicert.Date{Year: 2026, Month: 3, Day: 31}
	for text, want := range map[string]digicert.DateRange{
		"":                       {},
		"2026-01-01..2026-03-31": {From: from, To: to},
		"2026-01-01..":           {From: from},
		"..2026-03-31":           {To: to},
		"2026-03-31..2026-03-31": {From: to, To: to},
		"2026-03-31..2026-01-01": {From: to, To: from}, // refused by package digicert
	} {
		parsed(t, []string{"created"}, []string{"--created", text}, func(c *cli.Command) {
			got, err := dateRange(c, "created", past)
			require.NoError(t, err, text)
			require.Equal(t, want, got, text)
		})
	}
	for _, text := range []string{
		"..", "2026-01-01", "2026-01-01...2026-03-31", "2026-01-01-2026-03-31", "2026-02-30..", "..2026-13-01", "26-01-01..", "2026-1-1..",
		"2026-01-01 ..2026-03-31", "2026-01-01..2026-03-31..2026-04-01", "2026-01-01T00:00:00Z..", "soon..", "1y..", "--7d..", "7 d..", "1.5d..", "99999999999999999999d..", "d..",
	} {
		parsed(t, []string{"created"}, []string{"--created", text}, func(c *cli.Command) {
			_, err := dateRange(c, "created", past)
			require.ErrorAs(t, err, new(usageError), text)
			require.ErrorContains(t, err, "--created")
		})
	}
}

func TestTimeRange(t *testing.T) {
	t.Parallel()
	got, err := timeRange("between", "2026-03-01..2026-03-07T18:00:00+01:00")
	require.NoError(t, err)
	require.True(t, got.From.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.Local)), got.From)
	require.True(t, got.To.Equal(time.Date(2026, 3, 7, 17, 0, 0, 0, time.UTC)), got.To)
	for _, text := range []string{"", "..", "2026-03-01", "..2026-03-01", "2026-03-01...2026-03-02", "x..2026-03-01"} {
		_, err := timeRange("between", text)
		require.ErrorAs(t, err, new(usageError), text)
		require.ErrorContains(t, err, "--between")
	}
}

// TestLocalTime checks that a time without a zone is local.
func TestLocalTime(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for zone, want := range map[string]string{
		"UTC":           "2026-02-28 18:00:00...2026-03-01 18:00:00",
		"Asia/Tokyo":    "2026-02-28 09:00:00...2026-03-01 09:00:00",
		"Europe/Berlin": "2026-02-28 17:00:00...2026-03-01 17:00:00",
	} {
		c := command(s, "--verbose", "status-changes", "list", "--between", "2026-03-01..2026-03-02")
		c.Env = append(c.Env, "TZ="+zone)
		r := finish(t, c)
		require.Zero(t, r.code, r.stderr)
		s.requireRequest(t, "?"+url.Values{"filters[status_last_updated]": {want}}.Encode()+"\n")
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	local := func(h, m, s int) time.Time { return time.Date(2026, 3, 31, h, m, s, 0, time.Local) }
	for text, want := range map[string]time.Time{
		"2026-03-31":                local(0, 0, 0),
		"2026-03-31 18:00":          local(18, 0, 0),
		"2026-03-31 18:00:01":       local(18, 0, 1),
		"2026-03-31T18:00":          local(18, 0, 0),
		"2026-03-31T18:00:01":       local(18, 0, 1),
		"2026-03-31T18:00:00Z":      time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC),
		"2026-03-31T18:00:00+02:00": time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC),
	} {
		got, err := parseTime("since", text)
		require.NoError(t, err)
		require.True(t, got.Equal(want), "%s: %s", text, got)
	}
	for _, text := range []string{"", "soon", "2026-02-30", "31.3.2026", "18:00"} {
		_, err := parseTime("since", text)
		require.ErrorAs(t, err, new(usageError))
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "10m": 10 * time.Minute, "1h30m": 90 * time.Minute, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour,
		"2w": 14 * 24 * time.Hour, "1w1d1h": 8*24*time.Hour + time.Hour, "700ms": 700 * time.Millisecond, "1.5h": 90 * time.Minute, "0s": 0,
	} {
		got, err := parseDuration("last", text)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "7", "-7d", "+7d", "7 d", "d", "1.5d", "1y", "1M", "soon", "1e3s", "9999999999999999999s", "36601d", "99999999999999999999d"} {
		_, err := parseDuration("last", text)
		require.ErrorAs(t, err, new(usageError), text)
		require.ErrorContains(t, err, "--last")
	}
}

// A day is one of the calendar: it has 23 or 25 hours when the clocks change.
func TestRelativeTime(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	now := time.Date(2026, 3, 30, 12, 30, 0, 0, berlin) // the day after the clocks were put forward
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, berlin)
	}
	for text, want := range map[string][2]time.Time{ // in the past, in the future
		"now":       {now, now},
		"today":     {at(3, 30, 0, 0), at(3, 30, 0, 0)},
		"yesterday": {at(3, 29, 0, 0), at(3, 29, 0, 0)},
		"tomorrow":  {at(3, 31, 0, 0), at(3, 31, 0, 0)},
		"7d":        {at(3, 23, 12, 30), at(4, 6, 12, 30)},
		"-7d":       {at(3, 23, 12, 30), at(3, 23, 12, 30)},
		"+1w":       {at(4, 6, 12, 30), at(4, 6, 12, 30)},
		"36h":       {at(3, 28, 23, 30), at(4, 1, 0, 30)},
		"2d1h":      {at(3, 28, 11, 30), at(4, 1, 13, 30)},
	} {
		for i, unsigned := range []tense{past, future} {
			got, ok := relativeTime(text, now, unsigned)
			require.True(t, ok, text)
			require.True(t, got.Equal(want[i]), "%s: %s instead of %s", text, got, want[i])
		}
	}
}

// Where the clocks are put forward at midnight, a day begins at one o'clock. An hour that comes twice is not confused with the first.
func TestRelativeTimeAtMidnight(t *testing.T) {
	t.Parallel()
	santiago, err := time.LoadLocation("America/Santiago")
	require.NoError(t, err)
	begin := time.Date(2026, 9, 6, 4, 0, 0, 0, time.UTC) // 01:00 there, after 23:59
	for text, now := range map[string]time.Time{
		"today": begin.Add(5 * time.Hour), "yesterday": begin.Add(30 * time.Hour), "tomorrow": begin.Add(-5 * time.Hour),
		"-1d": time.Date(2026, 9, 7, 0, 0, 0, 0, santiago), "+1d": time.Date(2026, 9, 5, 0, 0, 0, 0, santiago),
	} {
		got, ok := relativeTime(text, now.In(santiago), past)
		require.True(t, ok)
		require.True(t, got.Equal(begin), "%s: %s", text, got)
		require.Equal(t, 6, got.Day(), text)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, now := range []time.Time{time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)} { // both are 02:30
		got, ok := relativeTime("10m", now.In(berlin), past)
		require.True(t, ok)
		require.Equal(t, 10*time.Minute, now.Sub(got))
	}
}

// Days are those of the local calendar, and a range ends now unless it says otherwise.
func TestWordsForTime(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	for _, test := range []struct {
		flag, value, filter string
		want                func() string
	}{
		{"--valid-till", "today..30d", "filters[valid_till]", func() string { return day(0) + "..." + day(30) }},
		{"--valid-till", "-7d..tomorrow", "filters[valid_till]", func() string { return day(-7) + "..." + day(1) }},
		{"--created", "7d..yesterday", "filters[date_created]", func() string { return day(-7) + "..." + day(-1) }},
	} {
		before := test.want()
		r := finish(t, command(s, "orders", "list", test.flag, test.value))
		require.Zero(t, r.code, r.stderr)
		if after := test.want(); after == before { // unless midnight came between
			s.requireRequest(t, url.Values{test.filter: {before}}.Encode())
		}
	}
}
