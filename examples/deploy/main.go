// Command deploy writes the certificate of every issued order, with its chain, to a PEM file. It follows the status
// changes, finds the certificate that is in force in the order's history, and fetches its chain. It uses the real service
// if DIGICERT_API_KEY is set, and otherwise an in-memory one with three orders.
//
// A file is replaced as a whole, and only if its content changes: nobody reads half a file, and nobody need read an
// unchanged one again. Running it again changes nothing that is up to date.
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
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func main() {
	d := deployment{log: os.Stdout}
	var params digicert.WatchParams
	flag.StringVar(&d.dir, "dir", "certificates", "`folder` to write to; it is created if missing")
	flag.IntVar(&d.left, "n", 0, "number of certificates after which to end (0 = never, or the three of the in-memory service)")
	checkpoint := flag.String("checkpoint", "", "`file` that stores how far this got (default none)")
	flag.DurationVar(&params.Interval, "interval", 0, "time between two polls (0 = one minute)")
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

// connect returns a client, and a function to call when the client is no longer needed.
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

// place adds orders whose status has just changed. Their certificates were issued today and are the same all day.
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

// deployment says where certificates are written.
type deployment struct {
	dir  string
	left int       // the number of certificates still to deploy; 0 is any number
	log  io.Writer // gets a line for each
}

// run deploys certificates until d.left of them are done or ctx ends, and then returns nil. After any other failure the
// checkpoint stays where it is, and the next run begins with the same change.
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
	history, err := client.Orders.History(ctx, id)
	if err != nil {
		return err
	}
	current := history.Current() // after a reissue it need not be the certificate that the order began with
	if current == nil {
		return fmt.Errorf("order %d has no certificate in force", id)
	}
	chain, err := client.Certificates.Chain(ctx, current.CertificateID)
	if err != nil {
		return err
	}
	content, err := fullChain(current.SerialNumber, chain)
	if err != nil {
		return fmt.Errorf("order %d, certificate %d: %w", id, current.CertificateID, err)
	}
	path := filepath.Join(d.dir, fmt.Sprintf("%d.pem", id))
	outcome := "unchanged"
	if changed, err := replace(path, content); err != nil {
		return err
	} else if changed {
		outcome = "written"
	}
	_, err = fmt.Fprintf(d.log, "%s %s: %s, valid till %s\n", path, outcome, printable(current.CommonName), current.ValidTill)
	return err
}

// fullChain returns what a server presents: the certificate and its intermediates, without the root, which every client
// has already. The service has been seen to return another certificate than the one asked for, so everything is checked.
func fullChain(serial string, chain []digicert.ChainCertificate) ([]byte, error) {
	certs := make([]*x509.Certificate, len(chain))
	for i, link := range chain {
		var err error
		if certs[i], err = link.Certificate(); err != nil {
			return nil, err
		}
	}
	certs, err := leafFirst(serial, certs)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	for i, cert := range certs {
		if i > 0 {
			if err := certs[i-1].CheckSignatureFrom(cert); err != nil {
				return nil, fmt.Errorf("certificate %d of the chain did not sign the one before it: %w", i+1, err)
			}
			if bytes.Equal(cert.RawSubject, cert.RawIssuer) {
				break // the root
			}
		}
		if err := pem.Encode(&content, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}); err != nil {
			return nil, err
		}
	}
	return content.Bytes(), nil
}

// leafFirst moves the certificate with the serial number to the front: the service does not guarantee an order.
func leafFirst(serial string, certs []*x509.Certificate) ([]*x509.Certificate, error) {
	if len(certs) == 0 {
		return nil, errors.New("its chain is empty")
	}
	want, ok := new(big.Int).SetString(serial, 16)
	if !ok {
		return nil, fmt.Errorf("the serial number %q is not a hexadecimal number", serial)
	}
	i := slices.IndexFunc(certs, func(cert *x509.Certificate) bool { return cert.SerialNumber.Cmp(want) == 0 })
	if i < 0 {
		return nil, fmt.Errorf("%w: the serial number is %X, not %X", digicert.ErrWrongCertificate, certs[0].SerialNumber, want)
	}
	return slices.Concat(certs[i:i+1], certs[:i], certs[i+1:]), nil
}

// replace writes a file unless its content is the same already.
func replace(path string, content []byte) (changed bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, replaceFile(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// printable escapes what a terminal might interpret.
func printable(s string) string { q := strconv.Quote(s); return q[1 : len(q)-1] }

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
