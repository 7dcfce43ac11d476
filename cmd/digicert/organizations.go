// The organizations commands.

package main

import (
	"context"
	"iter"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// organizationsList returns the command that runs Organizations.All.
func (a *app) organizationsList() *cli.Command {
	type params = digicert.ListOrganizationsParams
	return &cli.Command{
		Name:  "list",
		Usage: "list the organizations of the account",
		Description: `A table shows what --validations adds only if --columns names it.

` + filtersHelp + `

Examples:
   digicert organizations list
   digicert organizations list --search "Example Organization" --columns id,name
   digicert organizations list --status active --validations -o jsonl >organizations.jsonl`,
		Flags: append([]cli.Flag{
			newFilterFlag("status", "only organizations with this `status`: active or inactive"),
			validationsFlag(),
		}, rowFlags("organizations", "only organizations that have this `text` as their id or in their name")...),
		Action: forAll(a, pages[params, digicert.OrganizationInfo]{
			listing: listing{table: []string{"id", "status", "name", "city", "country", "container.name"}},
			filters: []filter[params]{
				textFilter("status", func(p *params) *digicert.OrganizationStatus { return &p.Filters.Status }),
				idFilter("container", func(p *params) *digicert.ContainerID { return &p.ContainerID }),
				textFilter("search", func(p *params) *string { return &p.Filters.Search }),
			},
			id: func(o *digicert.OrganizationInfo) int64 { return int64(o.ID) },
			params: func(c *cli.Command) (*params, error) {
				return &params{Sort: keysOf(c.String("sort")), IncludeValidation: c.Bool("validations")}, nil
			},
			limit: func(p *params) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *params) iter.Seq2[digicert.OrganizationInfo, error] {
				return client.Organizations.All(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *params) (digicert.PageInfo, error) {
				page, err := client.Organizations.List(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// organizationsGet returns the command that runs Organizations.Get.
func (a *app) organizationsGet() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print an organization",
		ArgsUsage: "ORGANIZATION_ID",
		Description: `Examples:
   digicert organizations get 117483
   digicert organizations get 117483 -o json`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrganizationID) (*digicert.OrganizationInfo, error) {
			return client.Organizations.Get(ctx, id)
		}),
	}
}

// organizationsValidation returns the command that runs Organizations.Validations.
func (a *app) organizationsValidation() *cli.Command {
	return &cli.Command{
		Name:      "validation",
		Usage:     "list what an organization is validated for, and until when",
		ArgsUsage: "ORGANIZATION_ID",
		Description: `Examples:
   digicert organizations validation 117483
   digicert organizations validation 117483 -o csv >validations.csv`,
		Action: forRows(a, []string{"type", "status", "validated_until"}, idArg,
			func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrganizationID) ([]digicert.Validation, error) {
				return client.Organizations.Validations(ctx, id)
			}),
	}
}

func validationsFlag() cli.Flag {
	return &cli.BoolFlag{Name: "validations", Usage: "add what it is validated for, and until when"}
}
