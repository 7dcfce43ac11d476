// Tests of arguments and flag values.

package main

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// parsed calls f with a command that has the given flags, set by args.
func parsed(t *testing.T, flags, args []string, f func(c *cli.Command)) {
	t.Helper()
	c := &cli.Command{Name: "x", Action: func(_ context.Context, c *cli.Command) error { f(c); return nil }}
	for _, name := range flags {
		c.Flags = append(c.Flags, &cli.StringFlag{Name: name})
	}
	require.NoError(t, c.Run(t.Context(), append([]string{"x"}, args...)))
}

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
			got, err := dateRange(c, "created")
			require.NoError(t, err, text)
			require.Equal(t, want, got, text)
		})
	}
	for _, text := range []string{
		"..", "2026-01-01", "2026-01-01...2026-03-31", "2026-01-01-2026-03-31", "2026-02-30..", "..2026-13-01", "26-01-01..", "2026-1-1..",
		"2026-01-01 ..2026-03-31", "2026-01-01..2026-03-31..2026-04-01", "2026-01-01T00:00:00Z..",
	} {
		parsed(t, []string{"created"}, []string{"--created", text}, func(c *cli.Command) {
			_, err := dateRange(c, "created")
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
	for _, text := range []string{"", "..", "2026-03-01", "2026-03-01..", "..2026-03-01", "2026-03-01...2026-03-02", "x..2026-03-01"} {
		_, err := timeRange("between", text)
		require.ErrorAs(t, err, new(usageError), text)
		require.ErrorContains(t, err, "--between")
	}
}

func TestExactlyOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string // "" if it is refused
	}{
		{nil, ""},
		{[]string{"--a", "1"}, "a"},
		{[]string{"--b", "1"}, "b"},
		{[]string{"--a", "1", "--b", "1"}, ""},
	} {
		parsed(t, []string{"a", "b"}, test.args, func(c *cli.Command) {
			got, err := exactlyOne(c, "a", "b")
			require.Equal(t, test.want, got)
			if test.want == "" {
				require.ErrorAs(t, err, new(usageError))
				require.ErrorContains(t, err, "--a, --b")
			}
		})
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
	for _, text := range []string{"", "now", "2026-02-30", "31.3.2026", "18:00"} {
		_, err := parseTime("since", text)
		require.ErrorAs(t, err, new(usageError))
	}
}
