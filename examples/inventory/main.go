// An inventory of all certificates, in a database.

// Command inventory brings a database of all certificates up to date and writes them as CSV. To standard error, it prints the cost of the orders
// of each subaccount and the certificates that expire soon. The first run lists everything, later ones read what changed. It calls the
// service if DIGICERT_API_KEY is set, otherwise an in-memory service with generated orders.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

func main() {
	var j job
	flag.StringVar(&j.db, "db", "inventory.db", "`database`: a file, or postgres://…")
	flag.StringVar(&j.out, "out", "", "write the certificates to this `file` instead of standard output")
	flag.StringVar(&j.report, "report", "", "write an HTML report to this `file` too")
	flag.IntVar(&j.days, "days", 30, "print the certificates that expire within this `number` of days")
	flag.Parse()
	if err := j.check(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := j.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// job holds the values of the flags.
type job struct {
	db, out, report string
	days            int
}

// check returns an error if the command line is invalid.
func (j job) check(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("inventory: unexpected argument %q", args[0])
	case j.days < 0:
		return fmt.Errorf("inventory: -days %d is negative", j.days)
	}
	return nil
}

func (j job) run(ctx context.Context) (err error) {
	client, err := connect()
	if err != nil {
		return err
	}
	if client == nil {
		dir, err := os.MkdirTemp("", "inventory")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		server, err := digicerttest.Start(digicerttest.WithOrders(1, 2500))
		if err != nil {
			return err
		}
		defer server.Close()
		fmt.Fprintln(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service with generated orders, and its database is not kept.")
		client, j.db = server.Client(), filepath.Join(dir, "inventory.db")
	}
	inv, err := inventory.Open(ctx, j.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, inv.Close()) }()
	summary, err := inv.Sync(ctx, client, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d orders listed, %d read, %d changes\n", summary.Listed, summary.Read, summary.Changes)
	return j.print(ctx, inv, digicert.DateOf(time.Now().UTC()))
}

// connect returns a client of the service, or nil without a key.
func connect() (*digicert.Client, error) {
	key := os.Getenv("DIGICERT_API_KEY")
	if key == "" {
		return nil, nil
	}
	return digicert.NewClient(key)
}

// print writes the files and the summary.
func (j job) print(ctx context.Context, inv *inventory.Inventory, today digicert.Date) error {
	table := func(w io.Writer) error { return writeTable(ctx, inv, w) }
	var err error
	if j.out == "" {
		err = table(os.Stdout)
	} else {
		// A part of a table looks like a whole one with fewer rows, so a failure must not leave one.
		err = replaceFile(j.out, 0o600, table)
	}
	if err == nil && j.report != "" {
		err = replaceFile(j.report, 0o600, func(w io.Writer) error { return inv.Report(ctx, w) })
	}
	if err != nil {
		return err
	}
	return summarize(ctx, inv, os.Stderr, today, j.days)
}

// writeTable writes all certificates as CSV.
func writeTable(ctx context.Context, inv *inventory.Inventory, to io.Writer) error {
	buffered := bufio.NewWriter(to)
	w := csv.NewWriter(buffered)
	if err := w.Write(header); err != nil {
		return err
	}
	for c, err := range inv.Certificates(ctx, inventory.Filter{}) {
		if err != nil {
			return err
		}
		if err := w.Write(row(&c)); err != nil {
			return err
		}
	}
	w.Flush()
	return errors.Join(w.Error(), buffered.Flush())
}

// summarize writes the cost of each subaccount and the expiring certificates to w.
func summarize(ctx context.Context, inv *inventory.Inventory, w io.Writer, today digicert.Date, days int) error {
	costs, err := inv.Costs(ctx)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "orders\tcost\t\t  subaccount")
	for _, c := range bySubaccount(costs) {
		name := "the account itself"
		if id := c.Subaccount.AccountID; id != 0 {
			name = fmt.Sprintf("%d %s", id, printable(c.Subaccount.OrganizationName))
		}
		fmt.Fprintf(tw, "%d\t%s\t%s\t  %s\n", c.Orders, amount(c.Amount), printable(c.Currency), name)
	}
	fmt.Fprintf(tw, "expire within %d days:\n", days)
	for c, err := range inv.Certificates(ctx, inventory.Filter{InUse: true, ValidTill: digicert.DateRange{From: today, To: today.AddDays(days)}}) {
		if err != nil {
			return err
		}
		fmt.Fprintf(tw, "%s\t  order %d, %s, %s\n", c.ValidTill, c.OrderID, printable(c.CommonName), printable(c.Subaccount.OrganizationName))
	}
	return tw.Flush()
}

// bySubaccount adds up the months of each subaccount and currency.
func bySubaccount(costs []inventory.Cost) []inventory.Cost {
	var sums []inventory.Cost
	for _, c := range costs {
		i := slices.IndexFunc(sums, func(s inventory.Cost) bool {
			return s.Subaccount.AccountID == c.Subaccount.AccountID && s.Currency == c.Currency
		})
		if i < 0 {
			sums = append(sums, c)
			continue
		}
		sums[i].Orders += c.Orders
		sums[i].Amount = sums[i].Amount.Add(c.Amount)
	}
	slices.SortStableFunc(sums, func(a, b inventory.Cost) int { return cmp.Compare(a.Subaccount.AccountID, b.Subaccount.AccountID) })
	return sums
}

// amount formats d with all its digits, and at least two decimal places.
func amount(d decimal.Decimal) string { return d.StringFixed(max(2, -d.Exponent())) }

// printable escapes characters that are not printable: names may contain escape sequences and newlines.
func printable(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }

// header holds the names of the CSV columns.
var header = []string{
	"certificate_id", "order_id", "kind", "status", "in_use", "common_name", "dns_names", "product", "subaccount_id", "subaccount",
	"date_created", "valid_from", "valid_till", "order_valid_till", "serial_number", "thumbprint",
}

// row returns the CSV record of a certificate.
func row(c *inventory.Certificate) []string {
	return []string{
		number(c.ID), number(c.OrderID), string(c.Kind), text(string(c.Status)), strconv.FormatBool(c.InUse), text(c.CommonName),
		text(strings.Join(c.DNSNames, " ")), text(c.Product.Name), number(c.Subaccount.AccountID), text(c.Subaccount.OrganizationName),
		formatTime(c.DateCreated), c.ValidFrom.String(), c.ValidTill.String(), c.OrderValidTill.String(), text(c.SerialNumber), text(c.Thumbprint),
	}
}

// formula matches where a spreadsheet may see the start of a formula: at the start of a text, and after a character that is a separator or a
// quote in some locale.
var formula = regexp.MustCompile(`(^|[,;|\t\r\n"])( *[=+\-@＝＋－＠])`)

// text returns a text as a cell that no spreadsheet runs as a formula: an apostrophe marks it as text.
func text(s string) string { return formula.ReplaceAllString(s, "$1'$2") }

// number formats n, or returns "" if n is 0.
func number[T ~int64](n T) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(n), 10)
}

// formatTime formats t, or returns "" if t is zero.
func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// replaceFile replaces the content of a file with what write writes. Readers of the file find either the old content or the new.
func replaceFile(path string, mode os.FileMode, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	if err := errors.Join(write(f), f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
