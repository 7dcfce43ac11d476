// The users commands.

package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// usersMe returns the command that runs Users.Me.
func (a *app) usersMe() *cli.Command {
	return &cli.Command{
		Name:  "me",
		Usage: "print the user that the API key belongs to, and its roles",
		Description: `It is also the simplest test of a key: exit code 3 if the key is not accepted.

Examples:
   digicert users me
   digicert users me --columns username,access_roles -o json`,
		Action: forOne(a, noArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, _ none) (*digicert.UserInfo, error) {
			return client.Users.Me(ctx)
		}),
	}
}
