package main

import (
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

// limitOf returns the number of rows that --limit asks for, 0 for all, and makes the pages no larger than that.
func limitOf(c *cli.Command, page *int) (int, error) {
	limit := c.Int("limit")
	if limit < 0 {
		return 0, usageErrorf("--limit %d is negative", limit)
	}
	const largest = 1000 // of a page
	if limit < largest {
		*page = limit
	}
	return limit, nil
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

// long prints a listing of many pages, and tells where it is where there is somebody to tell. The total takes one
// more request.
func long[T any](a *app, c *cli.Command, l listing, rows iter.Seq2[T, error], limit int, total func() (int, error)) error {
	if !a.showsProgress() {
		return list(a, c, l, rows)
	}
	p := a.startProgress()
	defer p.end()
	n, err := total()
	if err != nil {
		return err
	}
	if limit > 0 {
		n = min(n, limit)
	}
	p.expect(n)
	l.count = p.count
	return list(a, c, l, rows)
}
