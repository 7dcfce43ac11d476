// The account command.

package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// account returns the command that runs Account.Get.
func (a *app) account() *cli.Command {
	return &cli.Command{
		Name:  "account",
		Usage: "print the account that the API key belongs to",
		Description: `Examples:
   digicert account
   digicert account --template '{{.id}} {{.primary_organization_name}}'`,
		Action: forOne(a, noArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, _ none) (*digicert.Account, error) {
			return client.Account.Get(ctx)
		}),
	}
}
