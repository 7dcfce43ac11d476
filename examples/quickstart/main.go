// Command quickstart makes the three main calls and prints the results: the reissues of an order, the orders of subaccounts, and
// the status changes of the last week. It calls the service if DIGICERT_API_KEY is set, and an in-memory one with the documented
// samples otherwise. It changes nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	order := flag.Int64("order", 0, "`id` of the order whose reissues are listed (0 = one that the account has)")
	region := flag.String("region", "us", "`region` of the account: us or eu")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, sample, done, err := connect(*region)
	if err == nil {
		if *order == 0 {
			*order = sample
		}
		err = run(ctx, os.Stdout, client, digicert.OrderID(*order))
		done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// connect returns a client, the documented order with reissues if it is there, and a function that releases what the client uses.
func connect(region string) (client *digicert.Client, sample int64, done func(), err error) {
	bases := map[string]string{"us": digicert.BaseURLUS, "eu": digicert.BaseURLEU}
	base, ok := bases[region]
	if !ok {
		return nil, 0, nil, fmt.Errorf("-region %q is invalid, must be us or eu", region)
	}
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key, digicert.WithBaseURL(base))
		return client, 0, func() {}, err
	}
	server, err := digicerttest.Start()
	if err != nil {
		return nil, 0, nil, err
	}
	fmt.Println("No DIGICERT_API_KEY: this is an in-memory service with the documented samples.")
	return server.Client(), 123457, server.Close, nil
}

// most is how many rows of each kind are printed.
const most = 10

func run(ctx context.Context, out io.Writer, client *digicert.Client, order digicert.OrderID) error {
	if err := printReissues(ctx, out, client, order); err != nil {
		return err
	}
	if err := printSubaccountOrders(ctx, out, client); err != nil {
		return err
	}
	return printChanges(ctx, out, client)
}

func printReissues(ctx context.Context, out io.Writer, client *digicert.Client, order digicert.OrderID) error {
	if order == 0 {
		page, err := client.Orders.List(ctx, &digicert.ListOrdersParams{Limit: 100})
		if err != nil {
			return err
		}
		if len(page.Orders) == 0 {
			fmt.Fprintln(out, "Reissues: the account has no orders of its own.")
			return nil
		}
		order = page.Orders[0].ID
		for _, o := range page.Orders {
			if o.ReissuesCount != nil && *o.ReissuesCount > 0 {
				order = o.ID
				break
			}
		}
	}
	reissues, err := client.Reissues.List(ctx, order, nil)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Reissues of order %d: %d\n", order, len(reissues))
	for _, r := range reissues[:min(len(reissues), most)] {
		fmt.Fprintf(out, "  %-10d %-9s %s, created %s\n", r.ID, r.Status, r.CommonName, r.DateCreated.Format(time.DateOnly))
	}
	if len(reissues) > most {
		fmt.Fprintln(out, "  and more")
	}
	return nil
}

func printSubaccountOrders(ctx context.Context, out io.Writer, client *digicert.Client) error {
	fmt.Fprintln(out, "Orders of subaccounts:")
	rows := 0
	for o, err := range client.Subaccounts.AllOrders(ctx, nil) {
		switch {
		case errors.Is(err, digicert.CodeMissingPermission):
			fmt.Fprintln(out, "  the key may not see any, or the account has no subaccounts")
			return nil
		case err != nil:
			return err
		case rows == most:
			fmt.Fprintln(out, "  and more")
			return nil
		}
		rows++
		fmt.Fprintf(out, "  %-10d %-9s %s for %s, %s %s\n",
			o.ID, o.Status, o.Product.Name, o.Subaccount.OrganizationName, o.OrderPrice.Cost, o.OrderPrice.Currency)
	}
	if rows == 0 {
		fmt.Fprintln(out, "  there are none")
	}
	return nil
}

func printChanges(ctx context.Context, out io.Writer, client *digicert.Client) error {
	changes, err := client.StatusChanges.List(ctx, digicert.Last(7*24*time.Hour))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Status changes of the last 7 days: %d\n", len(changes))
	for _, c := range changes[:min(len(changes), most)] {
		fmt.Fprintf(out, "  order %d is %s now\n", c.OrderID, c.Status)
	}
	if len(changes) > most {
		fmt.Fprintln(out, "  and more")
	}
	return nil
}
