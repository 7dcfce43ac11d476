// The validation commands: domain control validation of an order.

package main

import (
	"context"
	"fmt"
	"reflect"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// validationShow returns the command that runs Orders.Validation.
func (a *app) validationShow() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "print the state of the validation of an order",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert validation show 123456
   digicert validation show 123456 -o json`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrderID) (*digicert.OrderValidation, error) {
			return client.Orders.Validation(ctx, id)
		}),
	}
}

// validationCheck returns the command that runs Orders.CheckDCV.
func (a *app) validationCheck() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "ask the service to look for the tokens of an order",
		ArgsUsage: "ORDER_ID",
		Description: `If the check fails, the exit code is 1 and the message says why. It may be repeated.

Examples:
   digicert validation check 123456
   until digicert validation check 123456; do sleep 60; done`,
		Action: forID[digicert.DCVCheck](a, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrderID) error {
			check, err := client.Orders.CheckDCV(ctx, id)
			if err != nil {
				return err
			}
			if len(check.NotYet) > 0 {
				return fmt.Errorf("not validated yet: %s (%s)", check.NotYet[0].Code, check.NotYet[0].Message)
			}
			return one(a, *check)
		}),
	}
}

// validationMethod returns the command that runs Orders.SetDCVMethod.
func (a *app) validationMethod() *cli.Command {
	return &cli.Command{
		Name:      "method",
		Usage:     "change the method of validation of an order, and print the token",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert validation method 123456 --dcv-method dns-txt-token`,
		Flags: writeFlags(&cli.StringFlag{Name: "dcv-method", Usage: "`method`: email, dns-txt-token, dns-cname-token, http-token or http-token-dynamic"}),
		Action: forWrite(a, func(_ context.Context, c *cli.Command) (write, error) {
			id, err := idArg[digicert.OrderID](c)
			return write{"", func(ctx context.Context, client *digicert.Client) error {
				token, err := client.Orders.SetDCVMethod(ctx, id, digicert.DCVMethod(c.String("dcv-method")))
				if err != nil {
					return err
				}
				return printDone(a, *token, "the method of order %d was set", id)
			}, reflect.TypeFor[digicert.DCVToken]()}, err
		}),
	}
}

// validationToken returns the command that runs Orders.DCVToken.
func (a *app) validationToken() *cli.Command {
	return &cli.Command{
		Name:      "token",
		Usage:     "print the token by which the names of an order are validated; an expired one is replaced",
		ArgsUsage: "ORDER_ID",
		Description: `Examples:
   digicert validation token 123456
   digicert validation token 123456 -o jsonl | jq -r .dcv_random_value`,
		Action: forOne(a, idArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, id digicert.OrderID) (*digicert.DCVToken, error) {
			return client.Orders.DCVToken(ctx, id)
		}),
	}
}
