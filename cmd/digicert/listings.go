// Listings of several pages: shared flags, limits and progress.

package main

import (
	"context"
	"iter"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// orderFlags returns the flags that both lists of orders have: filters, sort keys and the limit.
func orderFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "status", Usage: "only orders with this `status`, such as issued, pending or revoked; of several, separated by commas, one is listed after the other"},
		&cli.StringFlag{Name: "product", Usage: "only orders of the product with this name `id`, such as ssl_plus"},
		&cli.StringFlag{Name: "common-name", Usage: "only orders with this common `name`"},
		&cli.StringFlag{Name: "created", Usage: "only orders created on the days `FROM..TO`, such as 7d.. (7 days ago and later); either end may be omitted"},
		&cli.StringFlag{Name: "valid-till", Usage: "only orders whose certificate expires on the days `FROM..TO`, such as today..30d; either end may be omitted"},
		&cli.StringFlag{Name: "sort", Usage: "sort by these comma-separated `keys`, such as common_name,-date_created (- = descending)"},
		limitFlag(),
	}
}

func limitFlag() cli.Flag {
	return &cli.IntFlag{Name: "limit", Usage: "maximum number of rows (0 = all)", HideDefault: true}
}

// orderFilters holds the filters that both lists of orders have.
type orderFilters struct {
	status     digicert.OrderStatus
	product    string
	commonName string
	created    digicert.DateRange
	validTill  digicert.DateRange
}

// orderFiltersOf returns the filters that the flags select.
func orderFiltersOf(c *cli.Command) (orderFilters, error) {
	f := orderFilters{
		status:     digicert.OrderStatus(c.String("status")),
		product:    c.String("product"),
		commonName: c.String("common-name"),
	}
	var err error
	if f.created, err = dateRange(c, "created", past); err == nil {
		f.validTill, err = dateRange(c, "valid-till", future)
	}
	return f, err
}

// keysOf splits the value of a flag at its commas.
func keysOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// pages describes a listing of several pages: its parameters and the methods that fetch it.
type pages[P, T any] struct {
	listing
	status func(*P) *digicert.OrderStatus // the filter of orders by their status; nil: the rows are no orders
	id     func(*T) digicert.OrderID      // of an order
	params func(*cli.Command) (*P, error)
	limit  func(*P) *int // the page size in P
	all    func(context.Context, *digicert.Client, *P) iter.Seq2[T, error]
	page   func(context.Context, *digicert.Client, *P) (digicert.PageInfo, error)
}

// forAll returns the action of a command that lists all pages. If it shows progress, it sends one more request first
// to learn the total.
func forAll[P, T any](a *app, l pages[P, T]) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		if err := noArgs(c); err != nil {
			return err
		}
		params, err := l.params(c)
		if err != nil {
			return err
		}
		each := []*P{params}
		if l.status != nil {
			if each, err = l.eachStatus(a, c, params); err != nil {
				return err
			}
		}
		limit := c.Int("limit")
		if limit < 0 {
			return usageErrorf("--limit %d is negative", limit)
		}
		const maxPage = 1000 // rows, the documented maximum
		for _, p := range each {
			if limit < maxPage {
				*l.limit(p) = limit
			}
		}
		client, err := a.connect(c)
		if err != nil {
			return err
		}
		l := l // a copy, because count is set below
		if a.showsProgress(c) {
			p := a.startProgress()
			defer p.end()
			total := 0
			for _, params := range each {
				probe := *params
				*l.limit(&probe) = 1
				page, err := l.page(ctx, client, &probe)
				if err != nil {
					return err
				}
				total += page.Total
			}
			p.expect(atMost(limit, total))
			l.count = p.count
		}
		return list(a, l.listing, first(limit, l.rows(ctx, client, each)))
	})
}

// eachStatus returns the parameters of a listing for each status that --status names: the service takes one.
func (l pages[P, T]) eachStatus(a *app, c *cli.Command, params *P) (each []*P, err error) {
	if !c.IsSet("status") {
		return []*P{params}, nil
	}
	statuses, err := a.statusesOf(c)
	if err != nil {
		return nil, err
	}
	if len(statuses) == 0 {
		return nil, usageErrorf("--status %q has an empty status", c.String("status"))
	}
	for _, status := range statuses {
		one := *params
		*l.status(&one) = status
		each = append(each, &one)
	}
	return each, nil
}

// rows yields the rows of one listing after another. Of several, a row that is in two is yielded once.
func (l pages[P, T]) rows(ctx context.Context, client *digicert.Client, each []*P) iter.Seq2[T, error] {
	if len(each) == 1 {
		return l.all(ctx, client, each[0])
	}
	return func(yield func(T, error) bool) {
		seen := make(map[digicert.OrderID]bool)
		for _, params := range each {
			for row, err := range l.all(ctx, client, params) {
				if id := l.id(&row); err == nil {
					if seen[id] {
						continue
					}
					seen[id] = true
				}
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// atMost returns the smaller of n and limit, or n if limit is 0.
func atMost(limit, n int) int {
	if limit == 0 {
		return n
	}
	return min(limit, n)
}

// first returns a sequence of at most the first n rows, or of all rows if n is 0.
func first[T any](n int, rows iter.Seq2[T, error]) iter.Seq2[T, error] {
	if n == 0 {
		return rows
	}
	return func(yield func(T, error) bool) {
		left := n
		for row, err := range rows {
			if !yield(row, err) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}
