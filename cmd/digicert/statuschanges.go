// The status-changes commands.

package main

import (
	"context"
	"errors"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

var statusChangeColumns = []string{"order_id", "certificate_id", "status"}

// statusChangesList is StatusChanges.List, and with --since StatusChanges.Since.
func (a *app) statusChangesList() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the orders whose status changed",
		Description: `The status is that of now: of several changes, only the last one can be seen. One of the flags is needed.

A range leaves out an order that changed again after it, and the service's time zone is not known for
certain; --since takes care of both. A time without a zone is local (` + localZone() + `).

Examples:
   digicert status-changes list --last 10m
   digicert status-changes list --since 90d
   digicert status-changes list --between "2026-03-01..2026-03-07 18:00"`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "last", Usage: "changes of the last `duration`, such as 90s, 10m, 24h or 7d; at most 7d"},
			&cli.StringFlag{Name: "since", Usage: "changes since the `time`, of any age: " + timeForms},
			&cli.StringFlag{Name: "between", Usage: "changes of the range `FROM..TO`, at most 7 days; without TO it ends now"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			flag, err := exactlyOne(c, "last", "since", "between")
			if err != nil {
				return err
			}
			var since time.Time
			params := new(digicert.ListStatusChangesParams)
			switch flag {
			case "last":
				var last time.Duration
				last, err = parseDuration(flag, c.String(flag))
				params = digicert.Last(last)
			case "since":
				since, err = parseTime(flag, c.String(flag))
			case "between":
				params.Filters.StatusLastUpdated, err = timeRange(flag, c.String(flag))
			}
			if err != nil {
				return err
			}
			client, err := a.connect(c)
			if err != nil {
				return err
			}
			var changes []digicert.StatusChange
			if flag == "since" {
				changes, err = client.StatusChanges.Since(ctx, since)
			} else {
				changes, err = client.StatusChanges.List(ctx, params)
			}
			if err != nil {
				return err
			}
			return list(a, listing{table: statusChangeColumns}, values(changes))
		}),
	}
}

// demoInterval is the interval of a watch whose service is there to show something.
const demoInterval = 2 * time.Second

// statusChangesWatch is StatusChanges.Watch.
func (a *app) statusChangesWatch() *cli.Command {
	return &cli.Command{
		Name:  "watch",
		Usage: "print every change of a status as it happens, until SIGINT or SIGTERM",
		Description: `With --checkpoint a watch resumes where it was left. A change is done when it is printed and the command of --exec has
succeeded for it. Nothing that is done comes again after SIGINT or SIGTERM, and none is lost: a change whose command failed comes
again, and after a crash those of the last moments. A watch that was away for long catches up. Two watches cannot
use one checkpoint at the same time.

A poll that fails is logged on standard error and repeated. The watch ends if the first one fails for a
reason that stays.

The command of --exec runs once for each change, without a shell. Its words are separated by spaces; quotes keep
words together. It is given the change as a JSON object on its standard input, and in its environment as
DIGICERT_ORDER_ID, DIGICERT_CERTIFICATE_ID, DIGICERT_STATUS and, as JSON, DIGICERT_CHANGE. DIGICERT_API_KEY is not passed on.
What it prints goes to standard error. When it fails, the watch ends.

Examples:
   digicert status-changes watch
   digicert status-changes watch --checkpoint changes.checkpoint --exec "./deploy.sh --verbose"`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "begin with changes since the `time`, where there is no checkpoint yet; without it with those from now on"},
			&cli.StringFlag{Name: "interval", Usage: "poll every `duration`", Value: "1m"},
			&cli.StringFlag{Name: "checkpoint", TakesFile: true, Usage: "keep how far the watch got in the `file`"},
			&cli.StringFlag{Name: "exec", Usage: "run the `command` for each change"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			params, err := watchParams(c)
			if err != nil {
				return err
			}
			run := func(digicert.StatusChange) error { return nil }
			if c.IsSet("exec") {
				hook, err := a.newHook(c.String("exec"))
				if err != nil {
					return err
				}
				run = hook.run
			}
			client, err := a.connect(c)
			if err != nil {
				return err
			}
			return a.watch(ctx, client, params, run)
		}),
	}
}

func watchParams(c *cli.Command) (*digicert.WatchParams, error) {
	p := new(digicert.WatchParams)
	var err error
	if p.Interval, err = parseDuration("interval", c.String("interval")); err != nil {
		return nil, err
	}
	if p.Interval <= 0 {
		return nil, usageErrorf("--interval %s is not positive", c.String("interval"))
	}
	if c.Bool("demo") && !c.IsSet("interval") {
		p.Interval = demoInterval
	}
	if c.IsSet("since") {
		since, err := parseTime("since", c.String("since"))
		if err != nil {
			return nil, err
		}
		p.Start = since
	}
	if path := c.String("checkpoint"); path != "" {
		p.Checkpoint = digicert.FileCheckpoint(path)
	}
	return p, nil
}

// watch prints the changes and runs the command for each, until ctx ends, which is no failure: a watch has no
// other end that is none. A change on which the loop is left is not done.
func (a *app) watch(
	ctx context.Context, client *digicert.Client, params *digicert.WatchParams, run func(digicert.StatusChange) error,
) error {
	rows := func(yield func(digicert.StatusChange, error) bool) {
		for change, err := range client.StatusChanges.Watch(ctx, params) {
			if !yield(change, err) {
				return
			}
			if err != nil {
				return
			}
			if err := run(change); err != nil {
				yield(digicert.StatusChange{}, err)
				return
			}
		}
	}
	err := list(a, listing{table: statusChangeColumns, live: true}, rows)
	if interrupted(ctx, err) || errors.Is(err, errHook) && ctx.Err() != nil {
		return nil
	}
	return err
}
