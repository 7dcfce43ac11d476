package main

import (
	"context"
	"iter"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// subaccountsOrders is Subaccounts.AllOrders.
func (a *app) subaccountsOrders() *cli.Command {
	return &cli.Command{
		Name:  "orders",
		Usage: "list all orders of all subaccounts",
		Description: `Every order that matches during the whole listing is listed once, in the order of ids. In another order (--sort),
one that moves to an earlier page meanwhile is missed.

Examples:
   digicert subaccounts orders
   digicert subaccounts orders --status issued --valid-till ..2026-12-31 -o csv >expiring.csv
   digicert subaccounts orders -o jsonl | jq -r .id`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "status", Usage: "only orders with the `status`; issued includes expired ones"},
			&cli.Int64Flag{Name: "subaccount", Usage: "only orders of the subaccount with the `id`", HideDefault: true},
			&cli.StringFlag{Name: "account-type", Usage: "only orders of accounts of the `type`, such as enterprise, retail or reseller"},
			&cli.StringFlag{Name: "product", Usage: "only orders of the product with the name `id`, such as ssl_plus"},
			&cli.StringFlag{Name: "common-name", Usage: "only orders with the common `name`"},
			&cli.StringFlag{Name: "created", Usage: "only orders created in the range of days `FROM..TO`; either end may be left open"},
			&cli.StringFlag{Name: "valid-till", Usage: "only orders whose certificate expires in the range of days `FROM..TO`"},
			&cli.StringFlag{Name: "sort", Usage: "sort by `keys` such as common_name,-date_created; also id, product_name_id, validity_years"},
			&cli.IntFlag{Name: "limit", Usage: "list at most `N` orders; 0 lists all", HideDefault: true},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			params, err := subaccountOrdersParams(c)
			if err != nil {
				return err
			}
			limit, err := limitOf(c, &params.Limit)
			if err != nil {
				return err
			}
			client, err := a.connect(c)
			if err != nil {
				return err
			}
			l := listing{table: []string{
				"id", "status", "certificate.common_name", "subaccount.organization_name", "product.name",
				"order_price.cost", "order_price.currency", "certificate.valid_till",
			}}
			total := func() (int, error) {
				p := *params
				p.Limit = 1
				page, err := client.Subaccounts.ListOrders(ctx, &p)
				if err != nil {
					return 0, err
				}
				return page.Page.Total, nil
			}
			return long(a, c, l, first(limit, client.Subaccounts.AllOrders(ctx, params)), limit, total)
		}),
	}
}

func subaccountOrdersParams(c *cli.Command) (*digicert.ListSubaccountOrdersParams, error) {
	p := &digicert.ListSubaccountOrdersParams{
		Sort: keysOf(c.String("sort")),
		Filters: digicert.SubaccountOrderFilters{
			CommonName:    c.String("common-name"),
			Status:        digicert.OrderStatus(c.String("status")),
			ProductNameID: c.String("product"),
			SubaccountID:  digicert.AccountID(c.Int64("subaccount")),
			AccountType:   digicert.AccountType(c.String("account-type")),
		},
	}
	if c.IsSet("subaccount") && p.Filters.SubaccountID <= 0 {
		return nil, usageErrorf("--subaccount %d is no id: ids are positive", p.Filters.SubaccountID)
	}
	var err error
	if p.Filters.DateCreated, err = dateRange(c, "created"); err == nil {
		p.Filters.ValidTill, err = dateRange(c, "valid-till")
	}
	return p, err
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
