package main

import (
	"context"
	"iter"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// orderFlags are the filters, the sort and the limit that both lists of orders have.
func orderFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "status", Usage: "only orders with the `status`, such as issued, pending or revoked"},
		&cli.StringFlag{Name: "product", Usage: "only orders of the product with the name `id`, such as ssl_plus"},
		&cli.StringFlag{Name: "common-name", Usage: "only orders with the common `name`"},
		&cli.StringFlag{Name: "created", Usage: "only orders created in the range of days `FROM..TO`; either end may be left open"},
		&cli.StringFlag{Name: "valid-till", Usage: "only orders whose certificate expires in the range of days `FROM..TO`"},
		&cli.StringFlag{Name: "sort", Usage: "sort by `keys` such as common_name,-date_created"},
		limitFlag(),
	}
}

func limitFlag() cli.Flag {
	return &cli.IntFlag{Name: "limit", Usage: "list at most `N`; 0 lists all", HideDefault: true}
}

// orderFilters are what the flags say.
type orderFilters struct {
	status     digicert.OrderStatus
	product    string
	commonName string
	created    digicert.DateRange
	validTill  digicert.DateRange
}

func orderFiltersOf(c *cli.Command) (orderFilters, error) {
	f := orderFilters{
		status:     digicert.OrderStatus(c.String("status")),
		product:    c.String("product"),
		commonName: c.String("common-name"),
	}
	var err error
	if f.created, err = dateRange(c, "created"); err == nil {
		f.validTill, err = dateRange(c, "valid-till")
	}
	return f, err
}

func keysOf(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// pages is a listing of many pages: what the flags ask for, and the methods that list it.
type pages[P, T any] struct {
	listing
	params func(*cli.Command) (*P, error)
	limit  func(*P) *int // the rows of a page
	all    func(context.Context, *digicert.Client, *P) iter.Seq2[T, error]
	page   func(context.Context, *digicert.Client, *P) (digicert.PageInfo, error)
}

// forAll is the action of a command that lists all pages. It tells where it is where there is somebody to tell: then
// the total takes one more request.
func forAll[P, T any](a *app, l pages[P, T]) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		if err := noArgs(c); err != nil {
			return err
		}
		params, err := l.params(c)
		if err != nil {
			return err
		}
		limit := c.Int("limit")
		if limit < 0 {
			return usageErrorf("--limit %d is negative", limit)
		}
		const largest = 1000 // of a page
		if limit < largest {
			*l.limit(params) = limit
		}
		client, err := a.connect(c)
		if err != nil {
			return err
		}
		l := l // the count is this run's
		if a.showsProgress() {
			p := a.startProgress()
			defer p.end()
			probe := *params
			*l.limit(&probe) = 1
			page, err := l.page(ctx, client, &probe)
			if err != nil {
				return err
			}
			p.expect(atMost(limit, page.Total))
			l.count = p.count
		}
		return list(a, l.listing, first(limit, l.all(ctx, client, params)))
	})
}

// atMost is n, cut at a limit; 0 is no limit.
func atMost(limit, n int) int {
	if limit == 0 {
		return n
	}
	return min(limit, n)
}

// first yields n rows of a sequence at the most, 0 for all.
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
