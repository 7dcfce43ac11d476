// The orders commands.

package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// ordersList returns the command that runs Orders.All.
func (a *app) ordersList() *cli.Command {
	type params = digicert.ListOrdersParams
	return &cli.Command{
		Name:  "list",
		Usage: "list all orders of the account",
		Description: `Orders are sorted by id. Each order that matches the filters during the whole listing is printed once. With
--sort, an order that moves to an earlier page during the listing is missed.

` + filtersHelp + `

Examples:
   digicert orders list
   digicert orders list --status issued --valid-till today..30d -o csv >expiring.csv
   digicert orders list --status pending,needs_approval --product ssl_plus,ssl_basic
   digicert orders list --search %example`,
		Flags: append(orderFlags(),
			newFilterFlag("domain", "only orders with this domain `name`"),
			newFilterFlag("serial-number", "only the order of the certificate with this serial `number`"),
			newFilterFlag("email", "only orders with this email `address`"),
			newFilterFlag("search", "only orders that match this `text`; with a leading %, those that contain it"),
			newFilterFlag("organization", "only orders of the organization with this `id`"),
			newFilterFlag("container", "only orders of the container with this `id`"),
			newFilterFlag("user", "only orders of the user with this `id`"),
			newFilterFlag("certificate", "only the order of the certificate with this `id`"),
			&cli.BoolFlag{Name: "renewed", Usage: "only renewed orders; with --renewed=false, only others", HideDefault: true},
		),
		Action: forAll(a, pages[params, digicert.Order]{
			filters: []filter[params]{
				textFilter("status", func(p *params) *digicert.OrderStatus { return &p.Filters.Status }),
				textFilter("product", func(p *params) *string { return &p.Filters.ProductNameID }),
				textFilter("common-name", func(p *params) *string { return &p.Filters.CommonName }),
				textFilter("domain", func(p *params) *string { return &p.Filters.DomainName }),
				textFilter("serial-number", func(p *params) *string { return &p.Filters.SerialNumber }),
				textFilter("email", func(p *params) *string { return &p.Filters.Email }),
				textFilter("search", func(p *params) *string { return &p.Filters.Search }),
				idFilter("organization", func(p *params) *digicert.OrganizationID { return &p.Filters.OrganizationID }),
				idFilter("container", func(p *params) *digicert.ContainerID { return &p.Filters.ContainerID }),
				idFilter("user", func(p *params) *digicert.UserID { return &p.Filters.UserID }),
				idFilter("certificate", func(p *params) *digicert.CertificateID { return &p.Filters.CertificateID }),
			},
			id: func(o *digicert.Order) int64 { return int64(o.ID) },
			listing: listing{table: []string{
				"id", "status", "certificate.common_name", "certificate.valid_till", "product.name", "organization.name", "date_created",
			}},
			params: ordersParams,
			limit:  func(p *params) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *params) iter.Seq2[digicert.Order, error] {
				return client.Orders.All(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *params) (digicert.PageInfo, error) {
				page, err := client.Orders.List(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// ordersParams returns the parameters that the flags select, without filters that take several values.
func ordersParams(c *cli.Command) (*digicert.ListOrdersParams, error) {
	created, validTill, err := orderDays(c)
	if err != nil {
		return nil, err
	}
	p := &digicert.ListOrdersParams{
		Sort:    keysOf(c.String("sort")),
		Filters: digicert.OrderFilters{DateCreated: created, ValidTill: validTill},
	}
	if c.IsSet("renewed") {
		p.Filters.IsRenewed = new(c.Bool("renewed"))
	}
	return p, nil
}

// ordersGet returns the command that runs Orders.Get.
func (a *app) ordersGet() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print an order",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert orders get 123457
   digicert orders get 123457 -o json`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrderID) (*digicert.Order, error) {
			return client.Orders.Get(ctx, id)
		}),
	}
}

// ordersDuplicates returns the command that runs Orders.Duplicates.
func (a *app) ordersDuplicates() *cli.Command {
	return &cli.Command{
		Name:      "duplicates",
		Usage:     "list the duplicates of an order",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert orders duplicates 123457
   digicert orders duplicates 123457 --archived -o csv >duplicates.csv`,
		Flags: []cli.Flag{archivedFlag()},
		Action: forRows(a, certificateColumns, idArg, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.OrderID) ([]digicert.Duplicate, error) {
			return client.Orders.Duplicates(ctx, id, &digicert.ListDuplicatesParams{ShowArchived: c.Bool("archived")})
		}),
	}
}

// ordersHistory returns the command that runs Orders.History.
func (a *app) ordersHistory() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "list all certificates of an order, oldest first",
		ArgsUsage: "ORDER_ID",
		Description: `The primary certificate of the order, its reissues and its duplicates are merged by id and serial number. The service does
not report which certificates are current or superseded: that is inferred from their dates. With -o json, the output is the
whole history as one document; the other formats list the certificates.

Examples:
   digicert orders history 123457
   digicert orders history 123457 -o json`,
		Action: forID[digicert.HistoryEntry](a, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.OrderID) error {
			history, err := client.Orders.History(ctx, id)
			if err != nil {
				return err
			}
			if n := history.RepeatedPrimary; n > 0 {
				fmt.Fprintf(a.err, "digicert: warning: the list of reissues repeats the primary certificate (%d rows); "+
					"the reissues in their place are unknown\n", n)
			}
			if a.format == formatJSON && a.look.columns == nil && a.look.template == nil {
				return document(a, history, true)
			}
			return list(a, listing{table: []string{
				"certificate_id", "serial_number", "status", "date_created", "valid_till",
				"primary", "reissue.id", "duplicate.id", "current", "superseded",
			}}, values(history.Entries))
		}),
	}
}
