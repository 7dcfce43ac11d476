package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// account is a service, a folder, and what should become of its orders.
type account struct {
	*digicerttest.Server
	dir     string
	renewed map[digicert.OrderID]string // by the order: its name, if it ends with its certificate
	reissue map[digicert.OrderID]string // by the order: its name, if it lasts longer
}

func newAccount(t *testing.T, opts ...digicerttest.Option) *account {
	t.Helper()
	return &account{
		digicerttest.NewServer(t, append([]digicerttest.Option{digicerttest.WithoutSamples()}, opts...)...), t.TempDir(),
		make(map[digicert.OrderID]string), make(map[digicert.OrderID]string),
	}
}

func hostName(id digicert.OrderID) string { return fmt.Sprintf("host-%d.example.com", id) }

// addOrder adds an order whose certificate expires after some days, and which was for so many years.
func (a *account) addOrder(t *testing.T, id digicert.OrderID, name string, days, years int) {
	t.Helper()
	now := time.Now().UTC()
	require.NoError(t, a.AddOrder(digicert.SubaccountOrder{
		ID: id, Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, days), ValidityYears: years,
		Certificate: digicert.OrderCertificate{CommonName: name, DNSNames: []string{name, "also-" + name}, ValidTill: digicert.DateOf(now).AddDays(days)},
	}))
}

// add adds an order that expires in nine days, and an empty file, which says that its name is this folder's.
func (a *account) add(t *testing.T, id digicert.OrderID, years int) {
	t.Helper()
	a.addOrder(t, id, hostName(id), 9, years)
	require.NoError(t, os.WriteFile(a.path(id), nil, 0o600))
	if years == 1 {
		a.renewed[id] = hostName(id)
	} else {
		a.reissue[id] = hostName(id)
	}
}

func (a *account) path(id digicert.OrderID) string {
	return filepath.Join(a.dir, hostName(id)+pemSuffix)
}

// deploy puts the certificate of an order into a file, as if an earlier run had written it. Its key is not known.
func (a *account) deploy(t *testing.T, id digicert.OrderID, path string) {
	t.Helper()
	order, ok := a.Order(id)
	require.True(t, ok)
	serial, ok := new(big.Int).SetString(order.Certificate.SerialNumber, 16)
	require.True(t, ok)
	// The service may fail on purpose, and send another certificate.
	c := a.Client(digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Microsecond, MaxAttempts: 50}), digicert.WithLimiter(digicert.Unlimited()))
	var chain []digicert.ChainCertificate
	for isIt := false; !isIt; {
		var err error
		chain, err = c.Certificates.Chain(t.Context(), order.Certificate.ID)
		require.NoError(t, err)
		leaf, err := chain[0].Certificate()
		require.NoError(t, err)
		isIt = leaf.SerialNumber.Cmp(serial) == 0
	}
	require.NoError(t, writeWhole(path, []byte(chain[0].PEM+chain[1].PEM)))
}

// renewal returns a run of the program in this process.
func (a *account) renewal() (*renewal, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return &renewal{
		client:  a.Client(digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Millisecond})),
		service: a.URL(), dir: a.dir, days: 30, patience: time.Minute, poll: time.Millisecond, out: out,
	}, out
}

func (a *account) run(ctx context.Context, change func(*renewal)) (string, error) {
	r, out := a.renewal()
	if change != nil {
		change(r)
	}
	err := r.run(ctx)
	return out.String(), err
}

// isWhole checks a file: it is empty still, or the certificate that was there at first, or a chain with its key that is for its name.
func isWhole(path string) (done bool, err error) {
	content, err := os.ReadFile(path)
	if err != nil || len(content) == 0 {
		return false, err
	}
	leaf, err := parseCertificate(content)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if time.Until(leaf.NotAfter) < 30*24*time.Hour {
		return false, nil
	}
	pair, err := tls.X509KeyPair(content, content)
	if err != nil {
		return false, fmt.Errorf("%s: %w", path, err)
	}
	if _, ok := pair.PrivateKey.(*ecdsa.PrivateKey); !ok || len(pair.Certificate) != 2 {
		return false, fmt.Errorf("%s: a %T and %d certificates", path, pair.PrivateKey, len(pair.Certificate))
	}
	name := strings.TrimSuffix(filepath.Base(path), pemSuffix)
	return true, errors.Join(pair.Leaf.VerifyHostname(name), pair.Leaf.VerifyHostname("also-"+name))
}

// whole checks every file of the folder, and returns how many are done.
func (a *account) whole(t *testing.T) (done int) {
	t.Helper()
	r, _ := a.renewal()
	files, err := r.files(pemSuffix)
	require.NoError(t, err)
	for _, path := range files {
		ok, err := isWhole(path)
		require.NoError(t, err)
		if ok {
			done++
		}
	}
	begun, err := r.files(intentSuffix)
	require.NoError(t, err)
	for _, path := range begun {
		_, err := readIntent(path)
		require.NoError(t, err)
	}
	return done
}

// once checks that each order was reissued or renewed once, and nothing else.
func (a *account) once(t *testing.T) {
	t.Helper()
	require.Equal(t, 2*len(a.renewed)+len(a.reissue), a.Orders())
	c := a.Client()
	for id := range a.reissue {
		require.Len(t, a.Reissues(id), 1)
	}
	for id := range a.renewed {
		require.Empty(t, a.Reissues(id))
		order, err := c.Orders.Get(t.Context(), id)
		require.NoError(t, err)
		renewal, err := c.Orders.Get(t.Context(), order.RenewedOrderID)
		require.NoError(t, err)
		require.Equal(t, id, renewal.RenewalOfOrderID)
	}
	require.Equal(t, len(a.renewed)+len(a.reissue), a.whole(t))
	a.nothingLeft(t)
}

// nothingLeft checks that the folder has nothing but its files and the lock.
func (a *account) nothingLeft(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(a.dir)
	require.NoError(t, err)
	for _, e := range entries {
		require.True(t, e.Name() == ".lock" || strings.HasSuffix(e.Name(), pemSuffix), e.Name())
	}
}
