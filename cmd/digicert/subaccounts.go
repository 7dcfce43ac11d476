// The subaccounts commands.

package main

import (
	"context"
	"iter"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// subaccountsOrders returns the command that runs Subaccounts.AllOrders.
func (a *app) subaccountsOrders() *cli.Command {
	type params = digicert.ListSubaccountOrdersParams
	return &cli.Command{
		Name:  "orders",
		Usage: "list all orders of all subaccounts",
		Description: `Orders are sorted by id. Each order that matches the filters during the whole listing is listed once. With
--sort, an order that moves to an earlier page during the listing is missed. --status issued includes expired orders.

` + filtersHelp + `

Examples:
   digicert subaccounts orders
   digicert subaccounts orders --status issued --valid-till today..30d -o csv >expiring.csv
   digicert subaccounts orders -o jsonl | jq -r .id`,
		Flags: append(orderFlags(),
			newFilterFlag("subaccount", "only orders of the subaccount with this `id`"),
			newFilterFlag("account-type", "only orders of accounts of this `type`, such as enterprise, retail or reseller"),
		),
		Action: forAll(a, pages[params, digicert.SubaccountOrder]{
			filters: []filter[params]{
				textFilter("status", func(p *params) *digicert.OrderStatus { return &p.Filters.Status }),
				textFilter("product", func(p *params) *string { return &p.Filters.ProductNameID }),
				textFilter("common-name", func(p *params) *string { return &p.Filters.CommonName }),
				idFilter("subaccount", func(p *params) *digicert.AccountID { return &p.Filters.SubaccountID }),
				textFilter("account-type", func(p *params) *digicert.AccountType { return &p.Filters.AccountType }),
			},
			id: func(o *digicert.SubaccountOrder) int64 { return int64(o.ID) },
			listing: listing{table: []string{
				"id", "status", "certificate.common_name", "certificate.valid_till", "subaccount.organization_name", "product.name",
				"order_price.cost", "order_price.currency",
			}},
			params: subaccountOrdersParams,
			limit:  func(p *params) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *params) iter.Seq2[digicert.SubaccountOrder, error] {
				return client.Subaccounts.AllOrders(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *params) (digicert.PageInfo, error) {
				page, err := client.Subaccounts.ListOrders(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// subaccountOrdersParams returns the parameters that the flags select, without filters that take several values.
func subaccountOrdersParams(c *cli.Command) (*digicert.ListSubaccountOrdersParams, error) {
	created, validTill, err := orderDays(c)
	if err != nil {
		return nil, err
	}
	return &digicert.ListSubaccountOrdersParams{
		Sort:    keysOf(c.String("sort")),
		Filters: digicert.SubaccountOrderFilters{DateCreated: created, ValidTill: validTill},
	}, nil
}

// subaccountsList returns the command that runs Subaccounts.All.
func (a *app) subaccountsList() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list all subaccounts",
		Description: `Examples:
   digicert subaccounts list
   digicert subaccounts list -o csv >subaccounts.csv`,
		Flags: []cli.Flag{limitFlag()},
		Action: forAll(a, pages[digicert.ListSubaccountsParams, digicert.SubaccountInfo]{
			listing: listing{table: []string{"account_id", "account_type", "organization_name", "date_created"}},
			params: func(*cli.Command) (*digicert.ListSubaccountsParams, error) {
				return new(digicert.ListSubaccountsParams), nil
			},
			limit: func(p *digicert.ListSubaccountsParams) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *digicert.ListSubaccountsParams) iter.Seq2[digicert.SubaccountInfo, error] {
				return client.Subaccounts.All(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *digicert.ListSubaccountsParams) (digicert.PageInfo, error) {
				page, err := client.Subaccounts.List(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// subaccountsOrder returns the command that runs Subaccounts.GetOrder.
func (a *app) subaccountsOrder() *cli.Command {
	return &cli.Command{
		Name:      "order",
		Usage:     "print an order of a subaccount",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert subaccounts order 123457
   digicert subaccounts order 123457 -o json`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrderID) (*digicert.SubaccountOrder, error) {
			return client.Subaccounts.GetOrder(ctx, id)
		}),
	}
}
