// Command renew keeps a folder of certificates from expiring. Run it from cron. For each file NAME.pem in the folder, which holds a
// certificate chain and its private key, it finds the order of the account that is for NAME. If the certificate expires soon, it
// makes a new key, reissues the order or renews it, waits for the certificate, verifies it, and replaces the file.
//
// It can be killed at any moment. What it intends is on the disk before it is sent, so that the next run goes on where this one
// ended, and nothing is ordered twice. It uses the real service if DIGICERT_API_KEY is set, and otherwise an in-memory one.
//
// A certificate that needs an approval or a validation is left pending for the next run. One that is rejected is set aside, as
// NAME.rejected.json, and nothing more is ordered for that name until somebody has removed the file.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	r := renewal{out: os.Stdout}
	flag.StringVar(&r.dir, "dir", "certificates", "the `folder` of the certificates")
	days := flag.Int("days", 30, "renew what expires within this `number` of days")
	flag.BoolVar(&r.all, "all", false, "also take orders for which there is no file yet")
	flag.BoolVar(&r.skipApproval, "skip-approval", false, "ask for no approval; the key needs the right to")
	flag.DurationVar(&r.patience, "wait", 10*time.Minute, "wait this long for each certificate; the next run goes on")
	flag.DurationVar(&r.poll, "poll", 0, "look for a certificate this often (0 = the default)")
	baseURL := flag.String("base-url", digicert.BaseURLUS, "where the service is")
	minDelay := flag.Duration("min-delay", 0, "the shortest wait before a request is repeated (0 = the default)")
	flag.Parse()
	r.within = time.Duration(*days) * 24 * time.Hour

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, done, err := connect(&r, *baseURL, *minDelay)
	if err == nil {
		r.client = client
		err = r.run(ctx)
		done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// connect returns a client, and a function to call when it is no longer needed.
func connect(r *renewal, baseURL string, minDelay time.Duration) (*digicert.Client, func(), error) {
	options := []digicert.Option{
		digicert.WithRetry(digicert.RetryPolicy{MinDelay: minDelay}),
		digicert.WithLogger(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))),
	}
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key, append(options, digicert.WithBaseURL(baseURL))...)
		return client, func() {}, err
	}
	fmt.Fprintln(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service with three orders that expire soon.")
	server, err := digicerttest.Start(digicerttest.WithoutSamples())
	if err != nil {
		return nil, nil, err
	}
	now := time.Now().UTC()
	for i, name := range []string{"www.example.com", "mail.example.com", "*.example.org"} { // for one, two and three years, of which one is over
		if err := server.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(1001 + i), Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), ValidityYears: 1 + i,
			Certificate: digicert.OrderCertificate{CommonName: name, ValidTill: digicert.DateOf(now).AddDays(9)},
		}); err != nil {
			return nil, nil, err
		}
	}
	r.all = true
	return server.Client(options...), server.Close, nil
}

// renewal is one run of the program.
type renewal struct {
	client       *digicert.Client
	dir          string
	within       time.Duration
	all          bool
	skipApproval bool
	patience     time.Duration
	poll         time.Duration
	out          io.Writer // gets a line for each certificate

	failed int
	named  map[string]digicert.OrderID // by name: the order that this run has seen for it
}

// run finishes what earlier runs have left, and then begins what is due.
func (r *renewal) run(ctx context.Context) error {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	unlock, err := lock(filepath.Join(r.dir, ".lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if err := removeTemporary(r.dir); err != nil {
		return err
	}
	r.named = make(map[string]digicert.OrderID)
	begun, err := intents(r.dir)
	if err != nil {
		return err
	}
	for _, in := range begun {
		r.named[in.name()] = in.OrderID
		r.report(in.name(), r.finish(ctx, in, true))
	}
	rejected, err := filepath.Glob(filepath.Join(r.dir, "*"+rejectedSuffix))
	if err != nil {
		return err
	}
	for _, path := range rejected {
		name := strings.TrimSuffix(filepath.Base(path), rejectedSuffix)
		if _, ok := r.named[name]; !ok {
			r.named[name] = 0
			r.report(name, fmt.Errorf("an earlier order was rejected: remove %s to try again", path))
		}
	}
	due, err := r.due(ctx)
	if err != nil {
		return err
	}
	for _, e := range due {
		if err := r.begin(ctx, e); err != nil {
			r.report(e.CommonName, err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if r.failed > 0 {
		return fmt.Errorf("%d certificates could not be renewed", r.failed)
	}
	return ctx.Err()
}

// errPending is the end of a wait that the next run continues.
var errPending = errors.New("pending")

// report prints what became of a certificate.
func (r *renewal) report(name string, err error) {
	switch {
	case err == nil:
	case errors.Is(err, errPending):
		fmt.Fprintf(r.out, "%s: %v; the next run goes on\n", name, err)
	default:
		r.failed++
		fmt.Fprintf(r.out, "%s: %v\n", name, err)
	}
}
