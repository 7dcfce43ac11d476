// The three main calls of the library.

// Command quickstart makes the three main calls and prints the results. It calls the service if DIGICERT_API_KEY is
// set, and an in-memory service with the documented samples otherwise.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	order := flag.Int64("order", 123457, "`id` of the order whose reissues are listed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, digicert.OrderID(*order)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, order digicert.OrderID) error {
	client, done, err := connect()
	if err != nil {
		return err
	}
	defer done()

	reissues, err := client.Reissues.List(ctx, order, nil)
	if err != nil {
		return err
	}
	fmt.Printf("Reissues of order %d: %d\n", order, len(reissues))
	for _, r := range reissues {
		fmt.Printf("  %-10d %-9s %s, created %s\n", r.ID, r.Status, r.CommonName, r.DateCreated.Format(time.DateOnly))
	}

	fmt.Println("Orders of subaccounts:")
	for o, err := range client.Subaccounts.AllOrders(ctx, nil) {
		if err != nil {
			return err
		}
		fmt.Printf("  %-10d %-9s %s for %s, %s %s\n",
			o.ID, o.Status, o.Product.Name, o.Subaccount.OrganizationName, o.OrderPrice.Cost, o.OrderPrice.Currency)
	}

	changes, err := client.StatusChanges.List(ctx, digicert.Last(7*24*time.Hour))
	if err != nil {
		return err
	}
	fmt.Printf("Status changes of the last 7 days: %d\n", len(changes))
	for _, c := range changes {
		fmt.Printf("  order %d is %s now\n", c.OrderID, c.Status)
	}
	return nil
}

// connect returns a client and a function that releases its resources.
func connect() (*digicert.Client, func(), error) {
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key)
		return client, func() {}, err
	}
	server, err := digicerttest.Start()
	if err != nil {
		return nil, nil, err
	}
	fmt.Println("No DIGICERT_API_KEY: this is an in-memory service with the documented samples.")
	return server.Client(), server.Close, nil
}
