// Command renew keeps a folder of certificates from expiring. Run it from cron, one folder for each machine:
//
//	DIGICERT_API_KEY=… renew -dir /etc/certificates -days 30
//
// The folder has files NAME.pem, each with a certificate, its chain and its private key. For each that expires soon, the program
// finds the order whose certificate it is, makes a new key, reissues the order or renews it, waits for the certificate, verifies
// it, and replaces the file. Key and certificate share a file so that they change at the same moment, and whoever reads it
// finds a pair that belongs together. To begin with, concatenate the files that you have, or make an empty file with the common name of an order.
//
// It can be killed at any moment. What it intends is on the disk before it is sent, as NAME.intent.json, so that the next run goes
// on where this one ended, and nothing is ordered twice. A certificate that needs an approval or a validation is left pending
// for the next run. One that is rejected is set aside, as NAME.rejected.json, and nothing more is ordered for that file
// until somebody has removed it.
//
// The output has a line for each certificate that something was done about, and none if nothing was due. The exit status is 1 if
// anything failed. Without DIGICERT_API_KEY, the program shows what it does with an in-memory service and a new folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	r := renewal{out: os.Stdout}
	flag.StringVar(&r.dir, "dir", "", "the `folder` of the certificates")
	flag.IntVar(&r.days, "days", 30, "renew what expires within this `number` of days, but nothing that has more than half of its time left")
	flag.BoolVar(&r.all, "all", false, "also make files for the TLS orders of the account that have none; may cost money for each")
	flag.BoolVar(&r.skipApproval, "skip-approval", false, "ask for no approval; the key needs the right to")
	flag.DurationVar(&r.patience, "wait", 10*time.Minute, "wait this long for the certificates; the next run goes on")
	flag.DurationVar(&r.poll, "poll", 0, "look for a certificate this often (0 = the default)")
	flag.StringVar(&r.service, "base-url", digicert.BaseURLUS, "where the service is")
	minDelay := flag.Duration("min-delay", 0, "the shortest wait before a request is repeated (0 = the default)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done, err := connect(&r, *minDelay)
	if err == nil {
		err = r.run(ctx)
		done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// connect makes the client, and returns a function to call when it is no longer needed.
func connect(r *renewal, minDelay time.Duration) (done func(), err error) {
	options := []digicert.Option{
		digicert.WithRetry(digicert.RetryPolicy{MinDelay: minDelay}),
		digicert.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	}
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		if r.dir == "" {
			return nil, errors.New("-dir is missing: name the folder of the certificates")
		}
		r.client, err = digicert.NewClient(key, append(options, digicert.WithBaseURL(r.service))...)
		return func() {}, err
	}
	return simulate(r, options)
}

// simulate is connect for an in-memory service with three orders that expire soon. It never touches a folder with something in it:
// a missing key must not put certificates of an invented CA in the place of real ones.
func simulate(r *renewal, options []digicert.Option) (done func(), err error) {
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "renew-"); err != nil {
			return nil, err
		}
	}
	if entries, err := os.ReadDir(r.dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("DIGICERT_API_KEY is not set, and %s is not empty: the in-memory service needs an empty folder", r.dir)
	}
	server, err := digicerttest.Start(digicerttest.WithoutSamples())
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	for i, name := range []string{"www.example.com", "mail.example.com", "*.example.org"} { // for one, two and three years, of which one is over
		if err := server.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(1001 + i), Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), ValidityYears: 1 + i,
			Certificate: digicert.OrderCertificate{CommonName: name, ValidTill: digicert.DateOf(now).AddDays(9)},
		}); err != nil {
			server.Close()
			return nil, err
		}
	}
	fmt.Fprintf(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service with three orders that expire soon, and the folder %s.\n", r.dir)
	r.all, r.client, r.service = true, server.Client(options...), server.URL()
	return server.Close, nil
}
