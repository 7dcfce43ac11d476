// Watch acts on every certificate that is issued or revoked, and resumes where it was killed: for the service
// where DIGICERT_API_KEY is set, and otherwise for an in-memory one whose orders change all the time.
//
// To act is to write a line here: the order, its certificate and the status. Before it goes on, it is on the disk.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	var params digicert.WatchParams
	out := flag.String("out", "", "the `file` to append to; without it standard output")
	checkpoint := flag.String("checkpoint", "", "the `file` that keeps how far this got; without it nothing is kept")
	flag.DurationVar(&params.Interval, "interval", 0, "time between two polls; 0: a minute, or a second in memory")
	flag.DurationVar(&params.Overlap, "overlap", 0, "how far a poll reaches back over the last; 0: two minutes")
	baseURL := flag.String("base-url", digicert.BaseURLUS, "where the service is")
	flag.Parse()
	if *checkpoint != "" {
		params.Checkpoint = digicert.FileCheckpoint(*checkpoint)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *baseURL, *out, params); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run returns nil once ctx has ended: a watch has no other end that is no failure.
func run(ctx context.Context, baseURL, out string, params digicert.WatchParams) error {
	act, closeOut, err := open(out)
	if err != nil {
		return err
	}
	defer closeOut()
	client, done, err := connect(ctx, baseURL, &params)
	if err != nil {
		return err
	}
	defer done()

	for change, err := range client.StatusChanges.Watch(ctx, &params) {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
		if err != nil {
			return err
		}
		switch change.Status {
		case digicert.OrderStatusIssued, digicert.OrderStatusRevoked:
			// A change is handled when the loop body has returned for it. One on which the loop is left comes again.
			if err := act(change); err != nil {
				return err
			}
		}
	}
	return nil
}

// open returns what acts on a change. What it wrote, it never unwrites: where the program is killed between the act and the
// next save of the checkpoint, the change comes again, and whoever reads the lines has to bear repeats.
func open(path string) (act func(digicert.StatusChange) error, done func() error, err error) {
	f, sync := os.Stdout, func() error { return nil }
	if path != "" {
		if f, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600); err != nil {
			return nil, nil, err
		}
		sync = f.Sync
		if err := endLine(f); err != nil {
			return nil, nil, errors.Join(err, f.Close())
		}
	}
	act = func(c digicert.StatusChange) error {
		_, err := fmt.Fprintf(f, "%d %d %s\n", c.OrderID, c.CertificateID, c.Status)
		return errors.Join(err, sync())
	}
	return act, f.Close, nil
}

// endLine ends a line that a crash cut off. Its change comes again.
func endLine(f *os.File) error {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return err
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, info.Size()-1); err != nil {
		return err
	}
	if last[0] != '\n' {
		_, err = f.WriteString("\n")
	}
	return err
}

// connect returns a client, and what is to be done when it is no longer needed.
func connect(ctx context.Context, baseURL string, params *digicert.WatchParams) (*digicert.Client, func(), error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key, digicert.WithBaseURL(baseURL), digicert.WithLogger(logger))
		return client, func() {}, err
	}
	server, err := digicerttest.Start()
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintln(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service whose orders change all the time. Ctrl-C ends it.")
	if params.Interval == 0 {
		params.Interval = time.Second
	}
	go simulate(ctx, server, params.Interval)
	return server.Client(digicert.WithLogger(logger)), server.Close, nil
}

// simulate places orders and changes their status, one about as often as the watch polls.
func simulate(ctx context.Context, server *digicerttest.Server, interval time.Duration) {
	const first, orders = 1001, 20
	for id := digicert.OrderID(first); id < first+orders; id++ {
		if err := server.AddOrder(digicert.SubaccountOrder{ID: id}); err != nil {
			panic(err) // the ids are free
		}
	}
	statuses := []digicert.OrderStatus{
		digicert.OrderStatusIssued, digicert.OrderStatusRevoked, digicert.OrderStatusReissuePending, digicert.OrderStatusRejected,
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval/2 + rand.N(interval)):
			id := first + rand.N(digicert.OrderID(orders))
			if err := server.SetStatus(id, statuses[rand.N(len(statuses))]); err != nil {
				panic(err) // the order was added above
			}
		}
	}
}
