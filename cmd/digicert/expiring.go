// The expiring command: what expires soon.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// errExpires is the failure of --fail.
var errExpires = errors.New("expire")

// expiringOrders are the ways in which what expires can be sorted.
var expiringOrders = map[string]func(a, b digicert.Expiring) int{
	"valid_till":  func(a, b digicert.Expiring) int { return a.ValidTill.Compare(b.ValidTill) },
	"common_name": func(a, b digicert.Expiring) int { return strings.Compare(a.CommonName, b.CommonName) },
	"order_id":    func(a, b digicert.Expiring) int { return cmp.Compare(a.OrderID, b.OrderID) },
	"subaccount":  func(a, b digicert.Expiring) int { return cmp.Compare(a.Subaccount.AccountID, b.Subaccount.AccountID) },
}

// expiring returns the command that runs Client.Expiring.
func (a *app) expiring() *cli.Command {
	return &cli.Command{
		Name:      "expiring",
		Usage:     "list the certificates that expire soon",
		ArgsUsage: "WITHIN",
		Description: `Orders of the account and of its subaccounts, each once, without what has expired, was revoked or was renewed. (The
service does not report which orders of subaccounts were renewed.) Days are counted by the service's clock. An order that lasts longer
than its certificate can be reissued; else it has to be renewed.

With --fail, the exit code is 8 if anything is listed, so that cron sends it.

Examples:
   digicert expiring 30d
   digicert expiring 2w --fail -o csv
   digicert expiring 90d --product ssl_plus --sort common_name`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "sort", Value: "valid_till", Usage: "sort by this `key`: valid_till, common_name, order_id or subaccount"},
			&cli.Int64Flag{Name: "subaccount", Usage: "only orders of the subaccount with this `id`; 0 = those of the account itself", HideDefault: true},
			&cli.StringFlag{Name: "product", Usage: "only orders of the product with this name `id`, such as ssl_plus"},
			&cli.BoolFlag{Name: "fail", Usage: "exit with 8 if anything expires"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			text, err := oneArg(c)
			if err != nil {
				return err
			}
			within, ok := parseSpan(text)
			if !ok || within.duration() <= 0 {
				return usageErrorf("WITHIN %q is not a length of time, must be like 30d, 2w or 36h", text)
			}
			order, ok := expiringOrders[c.String("sort")]
			if !ok {
				return usageErrorf("--sort %q is invalid, must be valid_till, common_name, order_id or subaccount", c.String("sort"))
			}
			if c.Int64("subaccount") < 0 {
				return usageErrorf("--subaccount %d is negative", c.Int64("subaccount"))
			}
			client, err := a.connect(c)
			if err != nil {
				return err
			}
			var rows []digicert.Expiring
			for e, err := range client.Expiring(ctx, within.duration()) {
				if err != nil {
					return err
				}
				if product := c.String("product"); product != "" && e.Product.NameID != product ||
					c.IsSet("subaccount") && int64(e.Subaccount.AccountID) != c.Int64("subaccount") {
					continue
				}
				rows = append(rows, e)
			}
			slices.SortStableFunc(rows, func(x, y digicert.Expiring) int {
				return cmp.Or(order(x, y), x.ValidTill.Compare(y.ValidTill), cmp.Compare(x.OrderID, y.OrderID))
			})
			if err := list(a, listing{table: []string{
				"days_left", "valid_till", "common_name", "order_id", "order_valid_till", "status", "product.name", "subaccount.account_id",
			}}, values(rows)); err != nil {
				return err
			}
			if c.Bool("fail") && len(rows) > 0 {
				return fmt.Errorf("%d certificates %w within %s", len(rows), errExpires, text)
			}
			return nil
		}),
	}
}
