// The status-changes commands.

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
		Description: `The status is the current one: of several changes, only the last is visible. One of --last, --since and --between is required.

A range omits an order that changed again after it, and the service's time zone is not known for
certain; --since handles both. A time without a zone is local (` + localZone() + `).

Examples:
   digicert status-changes list --last 10m
   digicert status-changes list --since 90d
   digicert status-changes list --between "2026-03-01..2026-03-07 18:00"`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "last", Usage: "changes of the last `duration`, such as 90s, 10m, 24h or 7d; at most 7d"},
			&cli.StringFlag{Name: "since", Usage: "changes since the `time`, of any age: " + timeForms},
			&cli.StringFlag{Name: "between", Usage: "changes of the range `FROM..TO`, at most 7 days; without TO it ends now"},
			detailsFlag(),
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
				if last, err = parseDuration(flag, c.String(flag)); err == nil && last == 0 {
					err = usageErrorf("--last %s must be at least a second", c.String(flag))
				}
				params = digicert.Last(last)
			case "since":
				since, err = parseTime(flag, c.String(flag))
			case "between":
				params.Filters.StatusLastUpdated, err = timeRange(flag, c.String(flag))
			}
			if err != nil {
				return err
			}
			if err := a.checkChanges(c); err != nil {
				return err
			}
			client, err := a.connect(ctx, c)
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
			if c.Bool("details") {
				return list(a, listing{table: detailedChangeColumns}, withDetails(ctx, client, changes))
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
		Description: `With --checkpoint, a watch continues where the last one stopped, however long ago. A change is done when it has been printed and
the command of --exec has succeeded. After SIGINT or SIGTERM, no change that is done is repeated. No change is lost: one
whose command failed is repeated, and after a crash so are those of the last moments. Two watches cannot use one
checkpoint at the same time.

With --redis-watch, or with the flag --redis and no --checkpoint, the watch keeps its place in Redis. The same watch can then run on
several machines: one of them watches, and another takes over within 30 seconds if that one ends, dies or loses Redis.

A poll that fails is logged on standard error and repeated. The watch ends if the first one fails for a
reason that stays.

The command of --exec runs once for each change, without a shell. Its words are separated by spaces; quotes keep
words together. It receives the change as a JSON object on standard input, and in the environment as DIGICERT_ORDER_ID,
DIGICERT_CERTIFICATE_ID, DIGICERT_STATUS and, as JSON, DIGICERT_CHANGE. In the environment, control characters are replaced and a
long status is cut, and a long DIGICERT_CHANGE is missing; standard input has the whole change. The output of the command goes to
standard error.

The API key is withheld from the command: neither DIGICERT_API_KEY nor DIGICERT_API_KEY_FILE is passed on. With --exec-with-key, the
command receives the name of the key file or of the profile, and the base URL, so that it can run digicert itself.

A command that fails is retried as often as --retries says. Then the watch ends, and the change is repeated at the next start. With
--on-failure skip, the change is appended to the file of --failures instead, and the watch continues. --replay runs the command
for the changes in such a file, keeps those that fail again, and ends. One replay at a time can use a file.

Examples:
   digicert status-changes watch --status issued,revoked
   digicert status-changes watch --checkpoint changes.checkpoint --exec "./deploy.sh --verbose"
   digicert status-changes watch --checkpoint c --exec ./deploy.sh --retries 3 --on-failure skip --failures failed.jsonl
   digicert status-changes watch --replay failed.jsonl --exec ./deploy.sh`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "begin with changes since this `time` if there is no checkpoint yet (default: now)"},
			&cli.StringFlag{Name: "interval", Usage: "poll every `duration`", Value: "1m"},
			&cli.StringFlag{Name: "checkpoint", TakesFile: true, Usage: "store the position of the watch in this `file`"},
			&cli.StringFlag{Name: "redis-watch", DefaultText: defaultWatchName + " with --redis", Usage: "store the position of the watch in Redis by this `name`; one watch of a name runs at a time"},
			newFilterFlag("status", "only changes to these comma-separated `statuses`, such as issued,revoked"),
			detailsFlag(),
			&cli.StringFlag{Name: "exec", Usage: "run the `command` for each change, without the API key"},
			&cli.BoolFlag{Name: "exec-with-key", Usage: "let the command of --exec use the same key file or profile"},
			&cli.IntFlag{Name: "retries", Usage: "retry a command that fails this `number` of times, after 1 s, 2 s, 4 s, …", HideDefault: true},
			&cli.StringFlag{Name: "on-failure", Value: onFailureStop, Usage: "when the command has failed: `stop` the watch, or skip the change"},
			&cli.StringFlag{Name: "failures", TakesFile: true, Usage: "append skipped changes to this `file`"},
			&cli.StringFlag{Name: "replay", TakesFile: true, Usage: "run the command for the changes in this `file` of --failures, and end"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			params, err := watchParams(c)
			if err != nil {
				return err
			}
			act, err := a.actionOf(ctx, c)
			if err != nil {
				return err
			}
			if err := a.checkChanges(c); err != nil {
				return err
			}
			if path := c.String("replay"); path != "" {
				return a.replay(ctx, path, act)
			}
			client, err := a.connect(ctx, c)
			if err != nil {
				return err
			}
			name, err := a.sharedWatch(c)
			switch {
			case err != nil:
				return err
			case name == "":
				return a.watch(ctx, client, params, act)
			}
			return a.redis.watch(ctx, a, name, c.Bool("quiet"), func(ctx context.Context, checkpoint digicert.Checkpoint) error {
				params.Checkpoint = checkpoint
				return a.watch(ctx, client, params, act)
			})
		}),
	}
}

// watchAction says what a watch does about each change.
type watchAction struct {
	statuses []digicert.OrderStatus // the others are ignored; none: all
	hook     *hook                  // may be nil
	details  bool                   // print details
	failures string                 // the file of skipped changes; "": a failure ends the watch
}

const (
	onFailureStop = "stop"
	onFailureSkip = "skip"
)

// actionOf returns the action that the flags select.
func (a *app) actionOf(ctx context.Context, c *cli.Command) (w watchAction, err error) {
	statuses, err := filterValues(c, "status")
	if err != nil {
		return w, err
	}
	for _, status := range statuses {
		w.statuses = append(w.statuses, digicert.OrderStatus(status))
	}
	if c.IsSet("exec") {
		if w.hook, err = a.newHook(ctx, c); err != nil {
			return w, err
		}
	}
	for _, flag := range []string{"exec-with-key", "retries", "on-failure", "failures", "replay"} {
		if c.IsSet(flag) && w.hook == nil {
			return w, usageErrorf("--%s needs --exec", flag)
		}
	}
	if err := exclude(c, "replay", append([]string{"since", "interval", "checkpoint", "redis-watch", "on-failure", "failures", "details"}, flagsOfRows...)...); err != nil {
		return w, err
	}
	w.failures, w.details = c.String("failures"), c.Bool("details")
	switch on := c.String("on-failure"); {
	case on != onFailureStop && on != onFailureSkip:
		return w, usageErrorf("--on-failure %q is invalid, must be stop or skip", on)
	case on == onFailureSkip && w.failures == "":
		return w, usageErrorf("--on-failure skip needs --failures, the file for what is skipped")
	case on == onFailureStop && w.failures != "":
		return w, usageErrorf("--failures needs --on-failure skip")
	}
	return w, nil
}

func (w watchAction) matters(change digicert.StatusChange) bool {
	return len(w.statuses) == 0 || slices.Contains(w.statuses, change.Status)
}

// act runs the command for a change. A change that is skipped is on the disk when it returns.
func (a *app) act(ctx context.Context, w watchAction, change digicert.StatusChange) error {
	if w.hook == nil {
		return nil
	}
	err := w.hook.run(ctx, change)
	if err == nil {
		return nil
	}
	if w.failures == "" || ctx.Err() != nil { // an interrupted one comes again
		return fmt.Errorf("%w; %w", err, errHook)
	}
	if err := appendFailure(w.failures, change, err, time.Now()); err != nil {
		return fmt.Errorf("%w; %w", err, errHook)
	}
	fmt.Fprintf(&a.log, "digicert: %v; the change was skipped, and is in %s\n", err, w.failures)
	return nil
}

func watchParams(c *cli.Command) (*digicert.WatchParams, error) {
	p := new(digicert.WatchParams)
	var err error
	if p.Interval, err = positive(c, "interval"); err != nil {
		return nil, err
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

// watch prints the changes and runs the command for each. It returns nil when ctx ends, and otherwise the error that ended the watch. A
// change whose command fails is not done.
func (a *app) watch(
	ctx context.Context, client *digicert.Client, params *digicert.WatchParams, w watchAction,
) error {
	rows := func(yield func(detailedChange, error) bool) {
		for change, err := range client.StatusChanges.Watch(ctx, params) {
			if err == nil && !w.matters(change) {
				continue
			}
			row := detailedChange{StatusChange: change}
			if err == nil && w.details {
				row = a.detailsWhileWatching(ctx, client, change)
			}
			if !yield(row, err) || err != nil {
				return
			}
			if err := a.act(ctx, w, change); err != nil {
				yield(detailedChange{}, err)
				return
			}
		}
	}
	var err error
	if w.details {
		err = list(a, listing{table: detailedChangeColumns, live: true}, rows)
	} else {
		err = list(a, listing{table: statusChangeColumns, live: true}, func(yield func(digicert.StatusChange, error) bool) {
			for row, err := range rows {
				if !yield(row.StatusChange, err) {
					return
				}
			}
		})
	}
	if interrupted(ctx, err) || errors.Is(err, errHook) && ctx.Err() != nil {
		return nil
	}
	return err
}
