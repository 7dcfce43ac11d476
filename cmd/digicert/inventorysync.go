// The inventory sync command.

package main

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// quietError is a failure without a message: only the exit code reports it.
type quietError struct{ error }

func (e quietError) Unwrap() error { return e.error }

func (a *app) inventorySync() *cli.Command {
	return &cli.Command{
		Name:  "sync",
		Usage: "bring the database up to date, and create it if there is none",
		Description: `The first sync lists everything, with one request for each 1,000 orders. Later syncs read what changed, and list everything again once in
--full-every, to find what was removed or changed without notice. If a sync ends early, the next one resumes there. Orders that cannot be
read are logged, and read again later.

The list of subaccounts' orders does not have the last day of an order, which decides whether a certificate can be reissued or must be renewed.
--details reads it for certificates that expire soon, with one request for each order, once.

The command prints what was done. If another sync of the database is running, the exit code is 9, with a message unless --quiet is set. With
--every, the sync is repeated until SIGINT or SIGTERM, and each one prints a row. A failure is logged, unless it is permanent, such as an invalid key.

Examples:
   digicert inventory sync
   digicert inventory sync --details 90d
   digicert inventory sync --db /var/lib/digicert/inventory.db --quiet
   digicert inventory sync --db postgres://digicert@db.example.com/inventory --every 5m --reissues`,
		Flags: append(syncFlags(), &cli.StringFlag{Name: "every", Usage: "repeat the sync once per `duration`, such as 5m"}),
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if err := checkRows[inventory.Summary](a); err != nil {
				return err
			}
			params, err := syncParams(c)
			if err != nil {
				return err
			}
			every, err := positive(c, "every")
			if err != nil {
				return err
			}
			client, err := a.connect(ctx, c)
			if err != nil {
				return err
			}
			return a.withInventory(ctx, c, true, func(inv *inventory.Inventory) error {
				s := &syncer{app: a, c: c, inv: inv, client: client, params: params}
				if every > 0 {
					return s.printEach(ctx, every)
				}
				summary, err := s.sync(ctx)
				switch {
				case errors.Is(err, inventory.ErrBusy) && c.Bool("quiet"):
					return quietError{err}
				case err != nil:
					return err
				}
				return one(a, *summary)
			})
		}),
	}
}

// syncFlags returns the flags that say what a sync does.
func syncFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "full", Usage: "list everything again now"},
		&cli.StringFlag{Name: "full-every", DefaultText: "24h", Usage: "list everything again if that was last done longer ago than this `duration`"},
		&cli.StringFlag{Name: "details", Usage: "also read the details of orders whose certificates expire within this `duration`, such as 90d, if their last day is not known"},
		&cli.BoolFlag{Name: "reissues", Usage: "also read reissues and duplicates, with up to two more requests for each order where they have changed"},
	}
}

func syncParams(c *cli.Command) (p inventory.SyncParams, err error) {
	p.Full, p.Reissues = c.Bool("full"), c.Bool("reissues")
	if p.FullEvery, err = positive(c, "full-every"); err != nil {
		return p, err
	}
	p.DetailsWithin, err = positive(c, "details")
	return p, err
}

// syncer syncs an inventory, and shows the progress.
type syncer struct {
	*app
	c      *cli.Command
	inv    *inventory.Inventory
	client *digicert.Client
	params inventory.SyncParams
	failed func(error) // called for each failure that is not permanent; may be nil
}

func (s *syncer) sync(ctx context.Context) (*inventory.Summary, error) {
	params := s.params
	params.OnError = func(err error) { s.warn(s.c, "%s", reason(err)) }
	if s.showsProgress(s.c) {
		p := s.startProgress()
		defer p.end()
		params.Progress = func(now inventory.Progress) { p.reach(string(now.Stage), now.Done, now.Total) }
	}
	return s.inv.Sync(ctx, s.client, &params)
}

// each repeats the sync until ctx ends, and yields what each one did. The sequence ends with the first permanent error.
func (s *syncer) each(ctx context.Context, every time.Duration) iter.Seq2[inventory.Summary, error] {
	return func(yield func(inventory.Summary, error) bool) {
		for ctx.Err() == nil {
			next := time.NewTimer(every)
			summary, err := s.sync(ctx)
			switch {
			case ctx.Err() != nil && err != nil:
			case err == nil:
				if !yield(*summary, nil) {
					return
				}
			case isPermanent(ctx, err):
				yield(inventory.Summary{}, err)
				return
			default:
				if s.failed != nil {
					s.failed(err)
				}
				s.warn(s.c, "%s; the next sync tries again", reason(err))
			}
			select {
			case <-next.C:
			case <-ctx.Done():
				next.Stop()
			}
		}
	}
}

// isPermanent reports whether the next sync would fail with the same error.
func isPermanent(ctx context.Context, err error) bool {
	code := exitCode(ctx, err)
	return code == exitUsage || code == exitAccess
}

func (s *syncer) printEach(ctx context.Context, every time.Duration) error {
	return list(s.app, listing{table: []string{"full", "listed", "reported", "changes", "added", "removed", "read", "unread"}, live: true}, s.each(ctx, every))
}
