// The reissues commands.

package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// reissuesList returns the command that runs Reissues.List.
func (a *app) reissuesList() *cli.Command {
	return &cli.Command{
		Name:      "list",
		Usage:     "list the reissues of an order",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert reissues list 123457
   digicert reissues list 123457 --archived -o csv >reissues.csv`,
		Flags: []cli.Flag{archivedFlag()},
		Action: forRows(a, certificateColumns, idArg, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.OrderID) ([]digicert.Reissue, error) {
			return client.Reissues.List(ctx, id, &digicert.ListReissuesParams{ShowArchived: c.Bool("archived")})
		}),
	}
}

// certificateColumns are the columns of a table of reissues or duplicates.
var certificateColumns = []string{"id", "status", "common_name", "serial_number", "date_created", "valid_till"}

func archivedFlag() cli.Flag {
	return &cli.BoolFlag{Name: "archived", Usage: "include archived certificates"}
}
