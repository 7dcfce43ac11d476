// The requests commands.

package main

import (
	"context"
	"fmt"
	"iter"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// requestsList returns the command that runs Requests.All.
func (a *app) requestsList() *cli.Command {
	type params = digicert.ListRequestsParams
	return &cli.Command{
		Name:  "list",
		Usage: "list the requests of the account",
		Description: filtersHelp + `

Examples:
   digicert requests list --status submitted,pending
   digicert requests list --type revoke -o csv >revocations.csv`,
		Flags: append([]cli.Flag{
			newFilterFlag("type", "only requests of this `type`: new_request, reissue, duplicate or revoke"),
			newFilterFlag("status", "only requests with this `status`: submitted, pending, approved or rejected"),
		}, rowFlags("requests", "only requests that match this `text`")...),
		Action: forAll(a, pages[params, digicert.Request]{
			listing: listing{table: []string{"id", "type", "status", "date", "order.id", "order.certificate.common_name", "requester.email"}},
			filters: []filter[params]{
				textFilter("type", func(p *params) *digicert.RequestType { return &p.Filters.Type }),
				textFilter("status", func(p *params) *digicert.RequestStatus { return &p.Filters.Status }),
				idFilter("container", func(p *params) *digicert.ContainerID { return &p.Filters.ContainerID }),
				textFilter("search", func(p *params) *string { return &p.Filters.Search }),
			},
			id: func(r *digicert.Request) int64 { return int64(r.ID) },
			params: func(c *cli.Command) (*params, error) {
				return &params{Sort: keysOf(c.String("sort"))}, nil
			},
			limit: func(p *params) *int { return &p.Limit },
			all: func(ctx context.Context, client *digicert.Client, p *params) iter.Seq2[digicert.Request, error] {
				return client.Requests.All(ctx, p)
			},
			page: func(ctx context.Context, client *digicert.Client, p *params) (digicert.PageInfo, error) {
				page, err := client.Requests.List(ctx, p)
				if err != nil {
					return digicert.PageInfo{}, err
				}
				return page.Page, nil
			},
		}),
	}
}

// requestsGet returns the command that runs Requests.Get.
func (a *app) requestsGet() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a request",
		ArgsUsage: "REQUEST_ID",
		Description: `Examples:
   digicert requests get 198
   digicert requests get 198 -o json`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.RequestID) (*digicert.Request, error) {
			return client.Requests.Get(ctx, id)
		}),
	}
}

// requestsApprove returns the command that runs Requests.Approve.
func (a *app) requestsApprove() *cli.Command {
	return &cli.Command{
		Name:      "approve",
		Usage:     "approve a request, which is then carried out",
		ArgsUsage: "REQUEST_ID",
		Description: `If the request was approved before, the command succeeds.

Examples:
   digicert requests approve 198
   digicert requests approve 198 --comment "as agreed" --yes`,
		Flags: processFlags(),
		Action: forProcess(a, "Approve request %d? What it asks for then takes place, and may be billed.", func(ctx context.Context, client *digicert.Client, id digicert.RequestID, comment string) error {
			return client.Requests.Approve(ctx, id, comment)
		}),
	}
}

// requestsReject returns the command that runs Requests.Reject.
func (a *app) requestsReject() *cli.Command {
	return &cli.Command{
		Name:      "reject",
		Usage:     "reject a request",
		ArgsUsage: "REQUEST_ID",
		Description: `If the request was rejected before, the command succeeds.

Examples:
   digicert requests reject 198 --comment "not in this budget"`,
		Flags: processFlags(),
		Action: forProcess(a, "Reject request %d?", func(ctx context.Context, client *digicert.Client, id digicert.RequestID, comment string) error {
			return client.Requests.Reject(ctx, id, comment)
		}),
	}
}

func processFlags() []cli.Flag {
	return writeFlags(&cli.StringFlag{Name: "comment", Usage: "`text` for the requester"})
}

func forProcess(a *app, question string, process func(context.Context, *digicert.Client, digicert.RequestID, string) error) cli.ActionFunc {
	return forWrite(a, func(_ context.Context, c *cli.Command) (write, error) {
		id, err := idArg[digicert.RequestID](c)
		return write{fmt.Sprintf(question, id), func(ctx context.Context, client *digicert.Client) error {
			return process(ctx, client, id, c.String("comment"))
		}, nil}, err
	})
}
