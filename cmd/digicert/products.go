// The products commands.

package main

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// productsList returns the command that runs Products.List.
func (a *app) productsList() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the products that the account can order",
		Description: `Examples:
   digicert products list
   digicert products list --template '{{.name_id}}'`,
		Action: forRows(a, []string{"name_id", "name", "type", "allowed_order_validity_years"}, noArg,
			func(ctx context.Context, _ *cli.Command, client *digicert.Client, _ none) ([]digicert.ProductInfo, error) {
				return client.Products.List(ctx)
			}),
	}
}

// productsGet returns the command that runs Products.Get.
func (a *app) productsGet() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print a product and its options",
		ArgsUsage: "PRODUCT",
		Description: `PRODUCT is the name id of a product: digicert products list has them.

Examples:
   digicert products get ssl_plus
   digicert products get ssl_plus -o json`,
		Action: forOne(a, oneArg, func(ctx context.Context, _ *cli.Command, client *digicert.Client, nameID string) (*digicert.ProductInfo, error) {
			return client.Products.Get(ctx, nameID)
		}),
	}
}
