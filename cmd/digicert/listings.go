// Listings of several pages: shared flags, limits and progress.

package main

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// orderFlags returns the flags that both lists of orders have: filters, sort keys and the limit.
func orderFlags() []cli.Flag {
	return []cli.Flag{
		newFilterFlag("status", "only orders with this `status`, such as issued, pending or revoked"),
		newFilterFlag("product", "only orders of the product with this name `id`, such as ssl_plus"),
		newFilterFlag("common-name", "only orders with this common `name`"),
		&cli.StringFlag{Name: "created", Usage: "only orders created on the days `FROM..TO`, such as 7d.. (7 days ago and later); either end may be omitted"},
		&cli.StringFlag{Name: "valid-till", Usage: "only orders whose certificate expires on the days `FROM..TO`, such as today..30d; either end may be omitted"},
		&cli.StringFlag{Name: "sort", Usage: "sort by these comma-separated `keys`, such as common_name,-date_created (- = descending)"},
		limitFlag(),
	}
}

func limitFlag() cli.Flag {
	return &cli.IntFlag{Name: "limit", Usage: "maximum number of rows (0 = all)", HideDefault: true}
}

// rowFlags returns the flags that the other lists of several pages have. search is the usage of --search.
func rowFlags(rows, search string) []cli.Flag {
	return []cli.Flag{
		newFilterFlag("container", "only "+rows+" of the container with this `id`"),
		newFilterFlag("search", search),
		&cli.StringFlag{Name: "sort", Usage: "sort by these comma-separated `keys`, which are not documented (- = descending)"},
		limitFlag(),
	}
}

// orderDays returns the days that --created and --valid-till select.
func orderDays(c *cli.Command) (created, validTill digicert.DateRange, err error) {
	if created, err = dateRange(c, "created", past); err == nil {
		validTill, err = dateRange(c, "valid-till", future)
	}
	return created, validTill, err
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
	filters []filter[P]
	id      func(*T) int64                 // tells rows apart; not needed without filters
	params  func(*cli.Command) (*P, error) // without filters
	limit   func(*P) *int                  // the page size in P
	all     func(context.Context, *digicert.Client, *P) iter.Seq2[T, error]
	page    func(context.Context, *digicert.Client, *P) (digicert.PageInfo, error)
}

// forAll returns the action of a command that lists all pages. If it shows progress, it sends one more request first
// to learn the total.
func forAll[P, T any](a *app, l pages[P, T]) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		if err := noArgs(c); err != nil {
			return err
		}
		if err := checkRows[T](a); err != nil {
			return err
		}
		params, err := l.params(c)
		if err != nil {
			return err
		}
		each, err := eachFilter(c, params, l.filters)
		if err != nil {
			return err
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
		client, err := a.connect(ctx, c)
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

// rows yields the rows of one listing after another, each row once. Of several, all but the last are listed twice: a row that
// moves from a later one to an earlier one before the later one is listed is in neither, but in the earlier one the second time.
// So whatever moves once while all are listed is yielded. The memory that this takes is that of the ids.
func (l pages[P, T]) rows(ctx context.Context, client *digicert.Client, each []*P) iter.Seq2[T, error] {
	if len(each) == 1 {
		return l.all(ctx, client, each[0])
	}
	return func(yield func(T, error) bool) {
		seen := make(map[int64]bool)
		for _, params := range slices.Concat(each, each[:len(each)-1]) {
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
