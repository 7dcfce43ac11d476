// Deploy writes the certificate of every order that is issued, with its chain, as a PEM file: it follows the status
// changes, looks the order up and fetches the chain of its certificate. The service is the real one where
// DIGICERT_API_KEY is set, and otherwise an in-memory one with three orders.
//
// A file is replaced as a whole, and only where its content changes: whoever reads it never sees half of one, and need
// not read it again for nothing. To run this again changes nothing that is up to date.
package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math/big"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/internal/atomicfile"
)

func main() {
	d := deployment{log: os.Stdout}
	var params digicert.WatchParams
	flag.StringVar(&d.dir, "dir", "certificates", "the `folder` to write to; it is made where it is missing")
	flag.IntVar(&d.left, "n", 0, "end after so many certificates; 0: never, or in memory after its three")
	checkpoint := flag.String("checkpoint", "", "the `file` that keeps how far this got; without it nothing is kept")
	flag.DurationVar(&params.Interval, "interval", 0, "time between two polls; 0: a minute")
	flag.Parse()
	if *checkpoint != "" {
		params.Checkpoint = digicert.FileCheckpoint(*checkpoint)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, done, err := connect(&d, &params)
	if err == nil {
		err = d.run(ctx, client, &params)
		done()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// connect returns a client, and what is to be done when it is no longer needed.
func connect(d *deployment, params *digicert.WatchParams) (*digicert.Client, func(), error) {
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if key := os.Getenv("DIGICERT_API_KEY"); key != "" {
		client, err := digicert.NewClient(key, digicert.WithLogger(logger))
		return client, func() {}, err
	}
	server, err := digicerttest.Start(digicerttest.WithoutSamples())
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintln(os.Stderr, "No DIGICERT_API_KEY: this is an in-memory service with three orders.")
	if err := place(server, time.Now()); err != nil {
		return nil, nil, err
	}
	if params.Start.IsZero() {
		params.Start = time.Now().Add(-time.Hour)
	}
	if d.left == 0 {
		d.left = len(names)
	}
	return server.Client(digicert.WithLogger(logger)), server.Close, nil
}

// The orders of the in-memory service.
const firstOrder = 1001

var names = []string{"www.example.com", "mail.example.com", "*.example.org"}

// place adds orders whose certificates were issued today and are the same all day, and whose status has just changed.
func place(server *digicerttest.Server, now time.Time) error {
	for i, name := range names {
		id := digicert.OrderID(firstOrder + i)
		err := server.AddOrder(digicert.SubaccountOrder{
			ID:          id,
			Certificate: digicert.OrderCertificate{CommonName: name},
			Status:      digicert.OrderStatusIssued,
			DateCreated: digicert.DateOf(now.UTC()).In(time.UTC),
			DateIssued:  digicert.DateOf(now.UTC()).In(time.UTC),
		})
		if err == nil {
			err = server.SetStatusAt(id, digicert.OrderStatusIssued, now)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deployment is where certificates go.
type deployment struct {
	dir  string
	left int       // how many there are to deploy; 0: any number
	log  io.Writer // is told of each
}

// run returns nil once ctx has ended: a watch without a number has no other end that is no failure. When anything else
// goes wrong, the checkpoint stays where it is, and the next run begins with the same change.
func (d *deployment) run(ctx context.Context, client *digicert.Client, params *digicert.WatchParams) error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	for change, err := range client.StatusChanges.Watch(ctx, params) {
		if err == nil && change.Status == digicert.OrderStatusIssued {
			err = d.deploy(ctx, client, change.OrderID)
			if d.left--; err == nil && d.left == 0 {
				return nil
			}
		}
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// deploy brings the file of an order up to date.
func (d *deployment) deploy(ctx context.Context, client *digicert.Client, id digicert.OrderID) error {
	order, err := client.Orders.Get(ctx, id)
	if err != nil {
		return err
	}
	chain, err := client.Certificates.Chain(ctx, order.Certificate.ID)
	if err != nil {
		return err
	}
	content, err := fullChain(order, chain)
	if err != nil {
		return fmt.Errorf("order %d, certificate %d: %w", order.ID, order.Certificate.ID, err)
	}
	path := filepath.Join(d.dir, fmt.Sprintf("%d.pem", order.ID))
	outcome := "unchanged"
	if changed, err := replace(path, content); err != nil {
		return err
	} else if changed {
		outcome = "written"
	}
	_, err = fmt.Fprintf(d.log, "%s %s: %s, valid till %s\n", path, outcome, printable(order.Certificate.CommonName), order.Certificate.ValidTill)
	return err
}

// fullChain returns what a server presents: the certificate and its intermediates, without the root, which whoever
// checks them has already. It trusts nothing: the service has been seen to return another certificate.
func fullChain(order *digicert.Order, chain []digicert.ChainCertificate) ([]byte, error) {
	serial, ok := new(big.Int).SetString(order.Certificate.SerialNumber, 16)
	if !ok {
		return nil, fmt.Errorf("the order's serial number %q is no hexadecimal number", order.Certificate.SerialNumber)
	}
	var content bytes.Buffer
	var last *x509.Certificate
	for i, link := range chain {
		cert, err := link.Certificate()
		if err != nil {
			return nil, err
		}
		if i == 0 && cert.SerialNumber.Cmp(serial) != 0 {
			return nil, fmt.Errorf("%w: its serial number is %X, not %X", digicert.ErrWrongCertificate, cert.SerialNumber, serial)
		}
		if last != nil {
			if err := last.CheckSignatureFrom(cert); err != nil {
				return nil, fmt.Errorf("certificate %d of the chain did not sign the one before it: %w", i+1, err)
			}
		}
		if isRoot := bytes.Equal(cert.RawSubject, cert.RawIssuer); isRoot && i > 0 {
			break
		}
		if err := pem.Encode(&content, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}); err != nil {
			return nil, err
		}
		last = cert
	}
	if last == nil {
		return nil, errors.New("its chain is empty")
	}
	return content.Bytes(), nil
}

// replace writes a file where it is not the same already.
func replace(path string, content []byte) (changed bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, atomicfile.Replace(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// printable keeps what a name might do to a terminal from happening.
func printable(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }
