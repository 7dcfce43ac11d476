// The man command.

package main

import (
	"context"
	"fmt"

	docs "github.com/urfave/cli-docs/v3"
	"github.com/urfave/cli/v3"
)

// man returns the command that prints the manual page.
func (a *app) man() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page, in roff",
		Description: `Examples:
   digicert man >digicert.1
   digicert man | man -l -`,
		Action: a.action(func(_ context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			page, err := docs.ToManWithSection(a.root(), 1)
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(a.out, page)
			return err
		}),
	}
}
