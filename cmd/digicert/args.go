// Arguments and flag values: how ids, days, times and ranges are parsed.

package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// noArgs returns a usage error if c was given arguments.
func noArgs(c *cli.Command) error {
	if c.Args().Present() {
		return usageErrorf("%s takes no arguments, got %q", c.FullName(), c.Args().First())
	}
	return nil
}

// oneArg returns the only argument. It returns a usage error if there is not exactly one.
func oneArg(c *cli.Command) (string, error) {
	if n := c.NArg(); n != 1 {
		return "", usageErrorf("%s takes one argument, %s, got %d", c.FullName(), c.ArgsUsage, n)
	}
	return c.Args().First(), nil
}

// idArg returns the only argument as an id.
func idArg[T ~int64](c *cli.Command) (T, error) {
	s, err := oneArg(c)
	if err != nil {
		return 0, err
	}
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id <= 0 {
		return 0, usageErrorf("%s %q is not an id, must be a positive integer", c.ArgsUsage, s)
	}
	return T(id), nil
}

// forID returns the action of a command whose only argument is an id.
func forID[T ~int64](a *app, f func(ctx context.Context, c *cli.Command, client *digicert.Client, id T) error) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		id, err := idArg[T](c)
		if err != nil {
			return err
		}
		client, err := a.connect(c)
		if err != nil {
			return err
		}
		return f(ctx, c, client, id)
	})
}

// idFlag returns the id that a flag holds, or 0 if the flag is not set.
func idFlag[T ~int64](c *cli.Command, flag string) (T, error) {
	id := c.Int64(flag)
	if c.IsSet(flag) && id <= 0 {
		return 0, usageErrorf("--%s %d is not an id, must be positive", flag, id)
	}
	return T(id), nil
}

// dateRange parses a flag of the form FROM..TO. Either end may be empty, but not both.
func dateRange(c *cli.Command, flag string) (digicert.DateRange, error) {
	s := c.String(flag)
	if s == "" {
		return digicert.DateRange{}, nil
	}
	from, to, ok := strings.Cut(s, "..")
	if !ok || from == "" && to == "" {
		return digicert.DateRange{}, usageErrorf("--%s %q is not a range, must be like 2026-01-01..2026-03-31, 2026-01-01.. or ..2026-03-31", flag, s)
	}
	var r digicert.DateRange
	for _, end := range []struct {
		text string
		date *digicert.Date
	}{{from, &r.From}, {to, &r.To}} {
		if end.text == "" {
			continue
		}
		d, err := digicert.ParseDate(end.text)
		if err != nil {
			return digicert.DateRange{}, usageErrorf("--%s: %w", flag, err)
		}
		*end.date = d
	}
	return r, nil
}

// timeForms shows in help and errors which times parseTime accepts.
const timeForms = "2026-03-31, 2026-03-31 18:00 or 2026-03-31T18:00:00Z"

// parseTime parses the time in s, the value of a flag. A time without a zone is local.
func parseTime(flag, s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageErrorf("--%s %q is not a time, must be like %s", flag, s, timeForms)
}

// timeRange parses FROM..TO, the value of a flag. Both ends are required.
func timeRange(flag, s string) (digicert.TimeRange, error) {
	from, to, ok := strings.Cut(s, "..")
	if !ok {
		return digicert.TimeRange{}, usageErrorf("--%s %q is not a range, must be FROM..TO, each like %s", flag, s, timeForms)
	}
	var r digicert.TimeRange
	var err error
	if r.From, err = parseTime(flag, from); err == nil {
		r.To, err = parseTime(flag, to)
	}
	return r, err
}

// exactlyOne returns the name of the one flag that is set. It returns a usage error if none or several are.
func exactlyOne(c *cli.Command, flags ...string) (string, error) {
	given := slices.DeleteFunc(slices.Clone(flags), func(name string) bool { return !c.IsSet(name) })
	if len(given) != 1 {
		return "", usageErrorf("%s takes exactly one of --%s, got %d", c.FullName(), strings.Join(flags, ", --"), len(given))
	}
	return given[0], nil
}
