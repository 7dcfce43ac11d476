// The expiring command: what expires soon.

package main

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// expiresError is the failure of --fail.
type expiresError struct {
	count  int
	within string
}

func (e expiresError) Error() string {
	if e.count == 1 {
		return "1 certificate expires within " + e.within
	}
	return fmt.Sprintf("%d certificates expire within %s", e.count, e.within)
}

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
		Description: `The orders of the account and of its subaccounts are listed, each once. Those that have expired, were revoked or were renewed are omitted.
(The service does not report which orders of subaccounts were renewed.) Days are counted by the service's clock. If an order lasts
longer than its certificate, the certificate can be reissued; otherwise the order must be renewed.

--subaccount and --product take several values, separated by commas.

With --fail, the exit code is 8 if anything is listed. If nothing is, a table or CSV has no header, so that cron sends no mail.

Examples:
   digicert expiring 30d
   digicert expiring 2w --fail -o csv
   digicert expiring 90d --product ssl_plus,ssl_basic --sort common_name`,
		Flags: expiringFlags(),
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			q, err := expiringQueryOf(c)
			if err != nil {
				return err
			}
			if err := checkRows[digicert.Expiring](a); err != nil {
				return err
			}
			client, err := a.connect(ctx, c)
			if err != nil {
				return err
			}
			return q.list(a, client.Expiring(ctx, q.within))
		}),
	}
}

func expiringFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "sort", Value: "valid_till", Usage: "sort by this `key`: valid_till, common_name, order_id or subaccount"},
		newFilterFlag("subaccount", "only orders of the subaccount with this `id`; 0 = those of the account itself"),
		newFilterFlag("product", "only orders of the product with this name `id`, such as ssl_plus"),
		&cli.BoolFlag{Name: "fail", Usage: "exit with 8 if anything expires"},
	}
}

// expiringQuery is what the arguments and flags of a command that lists what expires say.
type expiringQuery struct {
	text   string // WITHIN
	within time.Duration
	order  func(a, b digicert.Expiring) int
	wanted func(digicert.Expiring) bool
	fail   bool
}

func expiringQueryOf(c *cli.Command) (q expiringQuery, err error) {
	if q.text, err = oneArg(c); err != nil {
		return q, err
	}
	within, ok := parseSpan(q.text)
	if !ok || within.duration() <= 0 {
		return q, usageErrorf("WITHIN %q is not a length of time, must be like 30d, 2w or 36h", q.text)
	}
	q.within = within.duration()
	if q.order, ok = expiringOrders[c.String("sort")]; !ok {
		return q, usageErrorf("--sort %q is invalid, must be valid_till, common_name, order_id or subaccount", c.String("sort"))
	}
	q.fail = c.Bool("fail")
	q.wanted, err = expiringFilter(c)
	return q, err
}

// list prints what of a sequence is wanted.
func (q expiringQuery) list(a *app, all iter.Seq2[digicert.Expiring, error]) error {
	var rows []digicert.Expiring
	for e, err := range all {
		if err != nil {
			return err
		}
		if q.wanted(e) {
			rows = append(rows, e)
		}
	}
	slices.SortStableFunc(rows, func(x, y digicert.Expiring) int {
		return cmp.Or(q.order(x, y), x.ValidTill.Compare(y.ValidTill), cmp.Compare(x.OrderID, y.OrderID))
	})
	if q.fail && len(rows) == 0 {
		a.look.noHeaders = true // so that cron sends nothing
	}
	if err := list(a, listing{table: []string{
		"days_left", "valid_till", "common_name", "order_id", "order_valid_till", "status", "product.name", "subaccount.account_id",
	}}, values(rows)); err != nil {
		return err
	}
	if q.fail && len(rows) > 0 {
		return expiresError{len(rows), q.text}
	}
	return nil
}

// expiringFilter returns the function that reports whether the flags select what expires.
func expiringFilter(c *cli.Command) (func(digicert.Expiring) bool, error) {
	products, err := filterValues(c, "product")
	if err != nil {
		return nil, err
	}
	ids, err := filterValues(c, "subaccount")
	if err != nil {
		return nil, err
	}
	var subaccounts []digicert.AccountID
	for _, text := range ids {
		var id digicert.AccountID // 0: the account itself
		if text != "0" {
			if id, err = parseID[digicert.AccountID]("--subaccount", text); err != nil {
				return nil, err
			}
		}
		subaccounts = append(subaccounts, id)
	}
	return func(e digicert.Expiring) bool {
		return (products == nil || slices.Contains(products, e.Product.NameID)) && (subaccounts == nil || slices.Contains(subaccounts, e.Subaccount.AccountID))
	}, nil
}
