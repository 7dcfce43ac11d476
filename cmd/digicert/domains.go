// The domains commands.

package main

import (
	"context"
	"iter"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// domainsList returns the command that runs Domains.All.
func (a *app) domainsList() *cli.Command {
	type params = digicert.ListDomainsParams
	return &cli.Command{
		Name:  "list",
		Usage: "list the domains of the account",
		Description: `A table shows what --dcv and --validations add only if --columns names it.

` + filtersHelp + `

Examples:
   digicert domains list
   digicert domains list --search %example --columns id,name,dcv_expiration.ov
   digicert domains list --status active --validations -o jsonl >domains.jsonl`,
		Flags: append([]cli.Flag{
			newFilterFlag("status", "only domains with this `status`: active or inactive"),
			newFilterFlag("dcv-method", "only domains that are validated by this `method`: email, dns-txt-token, dns-cname-token, http-token or http-token-dynamic"),
			dcvFlag(),
			validationsFlag(),
		}, rowFlags("domains", "only domains with this `name`; with a leading %, those that contain it")...),
		Action: forAll(a, pages[params, digicert.Domain]{
			listing: listing{table: []string{"id", "name", "is_active", "organization.name", "dcv_expiration.ov", "date_created"}},
			filters: []filter[params]{
				textFilter("status", func(p *params) *string { return &p.Filters.Status }),
				textFilter("dcv-method", func(p *params) *digicert.DCVMethod { return &p.Filters.DCVMethod }),
				idFilter("container", func(p *params) *digicert.ContainerID { return &p.ContainerID }),
				textFilter("search", func(p *params) *string { return &p.Filters.Search }),
			},
			id: func(d *digicert.Domain) int64 { return int64(d.ID) },
			params: func(c *cli.Command) (*params, error) {
				return &params{Sort: keysOf(c.String("sort")), IncludeDCV: c.Bool("dcv"), IncludeValidation: c.Bool("validations")}, nil
			},
			limit: func(p *params) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *params) iter.Seq2[digicert.Domain, error] {
				return client.Domains.All(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *params) (digicert.PageInfo, error) {
				page, err := client.Domains.List(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// domainsGet returns the command that runs Domains.Get.
func (a *app) domainsGet() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a domain",
		ArgsUsage: "DOMAIN_ID",
		Description: `Examples:
   digicert domains get 4000001
   digicert domains get 4000001 --dcv --validations -o json`,
		Flags: []cli.Flag{dcvFlag(), validationsFlag()},
		Action: forOne(a, idArg, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.DomainID) (*digicert.Domain, error) {
			return client.Domains.Get(ctx, id, &digicert.GetDomainParams{IncludeDCV: c.Bool("dcv"), IncludeValidation: c.Bool("validations")})
		}),
	}
}

func dcvFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dcv", Usage: "add the method of validation, its token, and when the latest check succeeded"}
}
