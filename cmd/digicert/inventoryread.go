// The inventory commands that list what is in the database.

package main

import (
	"context"
	"iter"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// inventoryExpiring returns the command that does the same as expiring, from the database.
func (a *app) inventoryExpiring() *cli.Command {
	return &cli.Command{
		Name:      "expiring",
		Usage:     "list the certificates in use that expire soon, from the database",
		ArgsUsage: "WITHIN",
		Description: `Columns and flags are those of digicert expiring. Known duplicates are listed too, each with its certificate_id. Days are in UTC, by the
clock of this machine. A certificate is in use if it was not revoked, and is the primary one or a duplicate of an order that is issued or waits
for a reissue and was not renewed.

--subaccount and --product take several values, separated by commas.

With --fail, the exit code is 8 if anything is listed.

Examples:
   digicert inventory expiring 30d
   digicert inventory expiring 2w --fail -o csv
   digicert inventory expiring 90d --product ssl_plus,ssl_basic --sort common_name`,
		Flags: expiringFlags(),
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			q, err := expiringQueryOf(c)
			if err != nil {
				return err
			}
			if err := checkRows[digicert.Expiring](a); err != nil {
				return err
			}
			return a.toRead(ctx, c, func(inv *inventory.Inventory) error { return q.list(a, expiringIn(ctx, inv, time.Now(), q.within)) })
		}),
	}
}

// expiringIn yields the certificates of an inventory that expire within a duration from now.
func expiringIn(ctx context.Context, inv *inventory.Inventory, now time.Time, within time.Duration) iter.Seq2[digicert.Expiring, error] {
	today, last := digicert.DateOf(now.UTC()), digicert.DateOf(now.UTC().Add(within))
	return func(yield func(digicert.Expiring, error) bool) {
		for cert, err := range inv.Certificates(ctx, inventory.Filter{ValidTill: digicert.DateRange{From: today, To: last}, InUse: true}) {
			e := digicert.Expiring{
				OrderID: cert.OrderID, CertificateID: cert.ID, SerialNumber: cert.SerialNumber, Status: cert.Status, CommonName: cert.CommonName, DNSNames: cert.DNSNames,
				ValidTill: cert.ValidTill, OrderValidTill: cert.OrderValidTill, DaysLeft: daysFrom(today, cert.ValidTill),
				Product: cert.Product, Organization: cert.Organization, Subaccount: cert.Subaccount,
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

func daysFrom(from, to digicert.Date) int {
	return int(to.In(time.UTC).Sub(from.In(time.UTC)) / (24 * time.Hour))
}

// serialNumber matches a text that may be a serial number.
var serialNumber = regexp.MustCompile(`^(0[xX])?[0-9A-Fa-f][0-9A-Fa-f: ]*$`)

func (a *app) inventorySearch() *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "list the certificates for a DNS name or with a serial number",
		ArgsUsage: "NAME|SERIAL_NUMBER",
		Description: `A certificate matches if its common name or one of its DNS names is NAME, or a wildcard that covers NAME. "*.example.com"
finds the certificates for that wildcard. A name in another script may be written as such or as "xn--…". A serial number is hexadecimal, with
or without colons. Case does not matter.

Examples:
   digicert inventory search www.example.com
   digicert inventory search --in-use --contains example
   digicert inventory search 0c:9b:4e:1f:27:d5:a3:8e:6b:10:f2:93:7c:44:d1:aa`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "contains", Usage: "match every name that contains NAME"},
			&cli.BoolFlag{Name: "in-use", Usage: "only certificates in use (see expiring), also expired ones"},
			&cli.BoolFlag{Name: "removed", Usage: "also certificates of orders that the service no longer lists"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			text, err := oneArg(c)
			if err != nil {
				return err
			}
			if text = strings.TrimSpace(text); text == "" {
				return usageErrorf("%s is empty", c.ArgsUsage)
			}
			if err := checkRows[inventory.Certificate](a); err != nil {
				return err
			}
			filter := inventory.Filter{InUse: c.Bool("in-use"), Removed: c.Bool("removed")}
			var filters []inventory.Filter
			if c.Bool("contains") {
				filter.NameContains = text
				filters = append(filters, filter)
			} else {
				if serialNumber.MatchString(text) { // it may be a name too
					ofSerial := filter
					ofSerial.SerialNumber = text
					filters = append(filters, ofSerial)
				}
				filter.Name = text
				filters = append(filters, filter)
			}
			return a.toRead(ctx, c, func(inv *inventory.Inventory) error {
				return list(a, listing{table: []string{
					"common_name", "valid_till", "order_id", "kind", "status", "in_use", "serial_number", "product.name", "subaccount.account_id",
				}}, certificatesOf(ctx, inv, filters))
			})
		}),
	}
}

// certificatesOf yields the certificates that any of the filters selects, each once.
func certificatesOf(ctx context.Context, inv *inventory.Inventory, filters []inventory.Filter) iter.Seq2[inventory.Certificate, error] {
	if len(filters) == 1 {
		return inv.Certificates(ctx, filters[0])
	}
	return func(yield func(inventory.Certificate, error) bool) {
		seen := make(map[digicert.CertificateID]bool)
		for _, filter := range filters {
			for cert, err := range inv.Certificates(ctx, filter) {
				if err == nil && seen[cert.ID] {
					continue
				}
				seen[cert.ID] = true
				if !yield(cert, err) || err != nil {
					return
				}
			}
		}
	}
}

func (a *app) inventoryCosts() *cli.Command {
	return &cli.Command{
		Name:  "costs",
		Usage: "list what orders cost, by subaccount, month and currency",
		Description: `An order counts in the month in which it was placed, with the price for its whole validity. Amounts are exact. Orders without a price are
left out. Orders that were rejected, denied or canceled are included; not_issued and not_issued_amount count them alone.

Examples:
   digicert inventory costs
   digicert inventory costs -o csv`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if err := checkRows[inventory.Cost](a); err != nil {
				return err
			}
			return a.toRead(ctx, c, func(inv *inventory.Inventory) error {
				costs, err := inv.Costs(ctx)
				if err != nil {
					return err
				}
				return list(a, listing{table: []string{
					"subaccount.account_id", "subaccount.organization_name", "month", "currency", "orders", "amount", "not_issued", "not_issued_amount",
				}}, values(costs))
			})
		}),
	}
}

func (a *app) inventoryChanges() *cli.Command {
	return &cli.Command{
		Name:  "changes",
		Usage: "list the changes that syncs have seen",
		Description: `The oldest change comes first. seen_at is when a sync saw the change: the service does not report when it happened. The orders that the
first sync lists are not changes, except those that changed within the minute before it. A time without a zone is local (` + localZone() + `).

Examples:
   digicert inventory changes
   digicert inventory changes --since 90d -o csv`,
		Flags: []cli.Flag{&cli.StringFlag{Name: "since", Value: "7d", Usage: "changes since the `time`: " + timeForms}},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			since, err := parseTime("since", c.String("since"))
			if err != nil {
				return err
			}
			if err := checkRows[inventory.Change](a); err != nil {
				return err
			}
			return a.toRead(ctx, c, func(inv *inventory.Inventory) error {
				return list(a, listing{table: []string{
					"seen_at", "kind", "order_id", "common_name", "from", "to", "subaccount.account_id",
				}}, inv.Changes(ctx, since))
			})
		}),
	}
}
