// The details of status changes: what the service reports of their orders.

package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// detailedChange is a status change with what its order is for and when that expires.
type detailedChange struct {
	digicert.StatusChange
	CommonName     string        `json:"common_name,omitzero"`
	ValidTill      digicert.Date `json:"valid_till,omitzero"`
	OrderValidTill digicert.Date `json:"order_valid_till,omitzero"`
	Product        string        `json:"product,omitzero"`
}

var detailedChangeColumns = []string{"order_id", "status", "common_name", "valid_till", "order_valid_till", "product", "certificate_id"}

func detailsFlag() cli.Flag {
	return &cli.BoolFlag{Name: "details", Usage: "add the name, the expiry and the product of each order, which is one more request for each"}
}

// checkChanges is checkRows for status changes.
func (a *app) checkChanges(c *cli.Command) error {
	if c.Bool("details") {
		return checkRows[detailedChange](a)
	}
	return checkRows[digicert.StatusChange](a)
}

// detailsOf returns a change with its details. There are none if the service does not find the order, which may belong to a subaccount.
func detailsOf(ctx context.Context, client *digicert.Client, change digicert.StatusChange) (detailedChange, error) {
	d := detailedChange{StatusChange: change}
	order, err := client.Orders.Get(ctx, change.OrderID)
	switch {
	case errors.Is(err, digicert.ErrNotFound):
		return d, nil
	case err != nil:
		return d, err
	}
	d.CommonName, d.ValidTill, d.OrderValidTill, d.Product = order.Certificate.CommonName, order.Certificate.ValidTill, order.OrderValidTill, order.Product.Name
	return d, nil
}

// withDetails returns changes with their details, in their order. Several are fetched at a time; the client paces them.
func withDetails(ctx context.Context, client *digicert.Client, changes []digicert.StatusChange) iter.Seq2[detailedChange, error] {
	const atOnce = 8
	return func(yield func(detailedChange, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var wg sync.WaitGroup
		defer wg.Wait()
		defer cancel()
		type result struct {
			change detailedChange
			err    error
		}
		results := make([]chan result, len(changes))
		slots := make(chan struct{}, atOnce)
		for i := range results {
			results[i] = make(chan result, 1)
		}
		wg.Go(func() {
			for i, change := range changes {
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return
				}
				wg.Go(func() {
					d, err := detailsOf(ctx, client, change)
					results[i] <- result{d, err}
				})
			}
		})
		for _, one := range results {
			select {
			case r := <-one:
				<-slots
				if !yield(r.change, r.err) || r.err != nil {
					return
				}
			case <-ctx.Done():
				yield(detailedChange{}, context.Cause(ctx))
				return
			}
		}
	}
}

// detailsWhileWatching returns a change with its details. If they cannot be fetched, it logs that and returns the change without them.
func (a *app) detailsWhileWatching(ctx context.Context, client *digicert.Client, change digicert.StatusChange) detailedChange {
	d, err := detailsOf(ctx, client, change)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(&a.log, "digicert: no details of order %d: %s\n", change.OrderID, reason(err))
	}
	return d
}
