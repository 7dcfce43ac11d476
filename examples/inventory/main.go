// An inventory of all subaccount orders.

// Command inventory writes all orders of all subaccounts as CSV, and prints to standard error the cost of each subaccount
// and the certificates that expire soon. It calls the service if DIGICERT_API_KEY is set, and an in-memory service with
// generated orders otherwise.
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
	"maps"
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
)

func main() {
	out := flag.String("out", "", "write to `file` (default: standard output); the file is replaced only if the inventory is complete")
	days := flag.Int("days", 30, "report certificates that expire within this `number` of days")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *days); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, days int) error {
	client, done, err := connect()
	if err != nil {
		return err
	}
	defer done()
	today := digicert.DateOf(time.Now().UTC())
	if out == "" {
		return inventory(ctx, client, os.Stdout, os.Stderr, today, days)
	}
	// A partial inventory looks like a complete one with fewer orders, so a failure must not leave one.
	return replaceFile(out, 0o600, func(w io.Writer) error { return inventory(ctx, client, w, os.Stderr, today, days) })
}

// connect returns a client and a function that releases its resources.
func connect() (*digicert.Client, func(), error) {
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key)
		return client, func() {}, err
	}
	server, err := digicerttest.Start(digicerttest.WithOrders(1, 2500))
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintln(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service with generated orders.")
	return server.Client(), server.Close, nil
}

// subaccount is one row of the summary. Costs are summed per currency: nothing is converted.
type subaccount struct {
	digicert.Subaccount
	orders int
	cost   map[string]decimal.Decimal // by currency
}

// inventory writes the orders to table and the summary to summary. It keeps only the sums and the expiring orders in memory.
func inventory(ctx context.Context, client *digicert.Client, table, summary io.Writer, today digicert.Date, days int) error {
	buffered := bufio.NewWriter(table)
	w := csv.NewWriter(buffered)
	if err := w.Write(header); err != nil {
		return err
	}
	subaccounts := make(map[digicert.AccountID]*subaccount)
	var expiring []digicert.SubaccountOrder
	lastDay := today.AddDays(days)
	n := 0
	for o, err := range client.Subaccounts.AllOrders(ctx, nil) {
		if err != nil {
			return fmt.Errorf("the inventory is incomplete, it ends after %d orders: %w", n, err)
		}
		n++
		if err := w.Write(row(&o)); err != nil {
			return err
		}
		s, ok := subaccounts[o.Subaccount.AccountID]
		if !ok {
			s = &subaccount{Subaccount: o.Subaccount, cost: make(map[string]decimal.Decimal)}
			subaccounts[o.Subaccount.AccountID] = s
		}
		s.orders++
		s.cost[o.OrderPrice.Currency] = s.cost[o.OrderPrice.Currency].Add(o.OrderPrice.Cost)
		// ValidTill is zero where the certificate is not issued, and for orders that no immediate subaccount placed.
		if end := o.Certificate.ValidTill; inUse(o.Status) && !end.Before(today) && !end.After(lastDay) {
			expiring = append(expiring, o)
		}
	}
	w.Flush()
	if err := errors.Join(w.Error(), buffered.Flush()); err != nil {
		return err
	}
	return summarize(summary, n, subaccounts, expiring, days)
}

// inUse reports whether an order of this status has a certificate that must be renewed when it expires.
func inUse(status digicert.OrderStatus) bool {
	switch status {
	case digicert.OrderStatusIssued, digicert.OrderStatusReissuePending, digicert.OrderStatusReissueProcessing:
		return true
	}
	return false
}

// summarize writes the cost of each subaccount and the expiring orders to w.
func summarize(w io.Writer, n int, subaccounts map[digicert.AccountID]*subaccount, expiring []digicert.SubaccountOrder, days int) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(tw, "%d orders of %d subaccounts\n", n, len(subaccounts))
	fmt.Fprintln(tw, "orders\tcost\t\t  subaccount")
	total := &subaccount{orders: n, cost: make(map[string]decimal.Decimal)}
	for _, id := range slices.Sorted(maps.Keys(subaccounts)) {
		s := subaccounts[id]
		printCosts(tw, s, fmt.Sprintf("%d %s", id, printable(s.OrganizationName)))
		for currency, cost := range s.cost {
			total.cost[currency] = total.cost[currency].Add(cost)
		}
	}
	printCosts(tw, total, "all")

	slices.SortStableFunc(expiring, func(a, b digicert.SubaccountOrder) int {
		return cmp.Or(a.Certificate.ValidTill.Compare(b.Certificate.ValidTill), cmp.Compare(a.ID, b.ID))
	})
	fmt.Fprintf(tw, "%d certificates expire within %d days\n", len(expiring), days)
	for _, o := range expiring {
		fmt.Fprintf(tw, "%s\t  order %d, %s, %s\n", o.Certificate.ValidTill, o.ID, printable(o.Certificate.CommonName), printable(o.Subaccount.OrganizationName))
	}
	return tw.Flush()
}

// printCosts writes one line per currency.
func printCosts(w io.Writer, s *subaccount, name string) {
	for _, currency := range slices.Sorted(maps.Keys(s.cost)) {
		fmt.Fprintf(w, "%d\t%s\t%s\t  %s\n", s.orders, amount(s.cost[currency]), printable(currency), name)
	}
}

// amount formats d with all its digits, and at least two decimal places.
func amount(d decimal.Decimal) string { return d.StringFixed(max(2, -d.Exponent())) }

// printable escapes characters that are not printable: names may contain escape sequences and newlines.
func printable(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }

// header holds the names of the CSV columns.
var header = []string{
	"order_id", "status", "common_name", "dns_names", "product", "subaccount_id", "subaccount", "cost", "currency",
	"date_created", "date_issued", "valid_till", "validity_years", "certificate_id", "serial_number", "thumbprint",
}

// row returns the CSV record of an order.
func row(o *digicert.SubaccountOrder) []string {
	c := &o.Certificate
	return []string{
		number(o.ID), text(string(o.Status)), text(c.CommonName), text(strings.Join(c.DNSNames, " ")), text(o.Product.Name),
		number(o.Subaccount.AccountID), text(o.Subaccount.OrganizationName), amount(o.OrderPrice.Cost), text(o.OrderPrice.Currency),
		formatTime(o.DateCreated), formatTime(o.DateIssued), c.ValidTill.String(), number(o.ValidityYears),
		number(c.ID), text(c.SerialNumber), text(c.Thumbprint),
	}
}

// formula matches where a spreadsheet may see the start of a formula: at the start of a text, and after what some locale takes
// for a separator or a quote.
var formula = regexp.MustCompile(`(^|[,;|\t\r\n"])( *[=+\-@＝＋－＠])`)

// text returns a text as a cell that no spreadsheet runs as a formula: an apostrophe marks it as text.
func text(s string) string { return formula.ReplaceAllString(s, "$1'$2") }

// number formats n, or returns "" if n is 0.
func number[T ~int | ~int64](n T) string {
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

// replaceFile makes what write writes the content of a file: whoever reads it finds the old content or the new.
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
