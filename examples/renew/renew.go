package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// due returns what is to be renewed, what expires first first.
func (r *renewal) due(ctx context.Context) (list []digicert.Expiring, err error) {
	for e, err := range r.client.Expiring(ctx, r.within) {
		if err != nil {
			return nil, err
		}
		if e.Subaccount.AccountID == 0 && e.CommonName != "" { // orders of subaccounts are theirs to renew
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b digicert.Expiring) int {
		return cmp.Or(a.ValidTill.Compare(b.ValidTill), cmp.Compare(a.OrderID, b.OrderID))
	})
	return list, nil
}

// begin renews a certificate, unless it is not this folder's.
func (r *renewal) begin(ctx context.Context, e digicert.Expiring) error {
	name := fileName(e.CommonName)
	current, err := readCertificate(r.path(name))
	switch {
	case errors.Is(err, os.ErrNotExist) && !r.all:
		return nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return err
	}
	if other, ok := r.named[name]; ok {
		if other == e.OrderID || other == 0 {
			return nil // this run has done with it
		}
		return fmt.Errorf("orders %d and %d are both for this name, and there is one file: renew them by hand", other, e.OrderID)
	}
	r.named[name] = e.OrderID
	if current != nil && digicert.DateOf(current.NotAfter.UTC()).After(e.ValidTill) {
		return nil // the list is older than the file
	}
	if e.Status != digicert.OrderStatusIssued {
		return fmt.Errorf("order %d is %s: somebody else is at work", e.OrderID, e.Status)
	}
	order, err := r.client.Orders.Get(ctx, e.OrderID)
	if err != nil {
		return err
	}
	action, err := decide(order)
	if err != nil {
		return err
	}
	in, err := newIntent(r.dir, action, order)
	if err != nil {
		return err
	}
	if err := in.save(); err != nil {
		return err
	}
	err = r.finish(ctx, in, false)
	r.report(name, err)
	return nil
}

// gain is by how many days at least a reissue must outlast the certificate that it replaces.
const gain = 30

// decide returns whether an order is to be reissued or renewed. A reissue costs nothing more, but ends with its order.
func decide(order *digicert.Order) (action, error) {
	switch {
	case order.Certificate.ValidTill.IsZero() || order.OrderValidTill.IsZero():
		return "", fmt.Errorf("the service does not say how long order %d is valid", order.ID)
	case order.OrderValidTill.Before(order.Certificate.ValidTill.AddDays(gain)):
		return actionRenew, nil
	}
	return actionReissue, nil
}

// newIntent makes a key and a CSR for the names of an order.
func newIntent(dir string, action action, order *digicert.Order) (*intent, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	names := []string{order.Certificate.CommonName}
	for _, name := range order.Certificate.DNSNames {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names}, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &intent{
		dir: dir, Action: action, OrderID: order.ID, Product: order.Product.NameID, OrganizationID: order.Organization.ID,
		Years: min(max(order.ValidityYears, 1), 3), Names: names, Since: time.Now(), AlternativeOrderID: "renew-" + rand.Text(),
		Key: string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		CSR: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})),
	}, nil
}

// finish carries out an intent that is on the disk. restarted says that an earlier run may have sent it.
func (r *renewal) finish(ctx context.Context, in *intent, restarted bool) error {
	id, err := r.send(ctx, in, restarted)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	order, err := r.client.Orders.WaitIssued(wait, id, &digicert.WaitParams{CSR: in.CSR, Interval: r.poll})
	var ended *digicert.NotIssuedError
	switch {
	case errors.As(err, &ended) && ended.Err == nil: // rejected, or the like
		return errors.Join(err, in.reject())
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return fmt.Errorf("%w: %w", errPending, err)
	case err != nil:
		return err
	}
	chain, err := r.chain(ctx, in, order)
	if err != nil {
		return err
	}
	if err := writeWhole(r.path(in.name()), append(chain, in.Key...)); err != nil {
		return err
	}
	if err := in.remove(); err != nil {
		return err
	}
	leaf, err := readCertificate(r.path(in.name()))
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, "%s: order %d %s, valid till %s\n", in.name(), id, in.Action.done(), leaf.NotAfter.UTC().Format(time.DateOnly))
	return nil
}

// send places or reissues once, and returns the order.
func (r *renewal) send(ctx context.Context, in *intent, restarted bool) (digicert.OrderID, error) {
	certificate := digicert.CertificateRequest{CommonName: in.Names[0], DNSNames: in.Names[1:], CSR: in.CSR}
	if in.Action == actionReissue {
		_, err := r.client.Reissues.Create(ctx, in.OrderID, &digicert.CreateReissueParams{
			Certificate: certificate, SkipApproval: r.skipApproval, Since: in.Since, SentBefore: restarted,
		})
		return in.OrderID, err
	}
	placed, err := r.client.Orders.Place(ctx, in.Product, &digicert.PlaceOrderParams{
		Certificate: certificate, OrganizationID: in.OrganizationID, OrderValidity: digicert.Validity{Years: in.Years},
		RenewalOfOrderID: in.OrderID, SkipApproval: r.skipApproval, AlternativeOrderID: in.AlternativeOrderID, SentBefore: restarted,
	})
	if err != nil {
		return 0, err
	}
	return placed.ID, nil
}

// chain fetches the certificate of an intent with its chain, and returns it as PEM once it is verified.
func (r *renewal) chain(ctx context.Context, in *intent, order *digicert.Order) ([]byte, error) {
	id := order.Certificate.ID
	if !sameRequest(order.Certificate.CSR, in.CSR) { // the order has another primary certificate
		reissues, err := r.client.Reissues.List(ctx, order.ID, nil)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(reissues, func(x digicert.Reissue) bool { return sameRequest(x.CSR, in.CSR) })
		if i < 0 {
			return nil, fmt.Errorf("order %d is issued, but not for this CSR", order.ID)
		}
		id = reissues[i].ID
	}
	list, err := r.client.Certificates.Chain(ctx, id)
	if err != nil {
		return nil, err
	}
	var chain []*x509.Certificate
	var text bytes.Buffer
	for _, c := range list {
		certificate, err := c.Certificate()
		if err != nil {
			return nil, err
		}
		chain = append(chain, certificate)
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), verify(chain, in)
}

// verify checks that a chain is that of the intent's key and names, and signed up to its end.
func verify(chain []*x509.Certificate, in *intent) error {
	if len(chain) < 2 {
		return errors.New("the certificate has no chain")
	}
	block, _ := pem.Decode([]byte(in.Key))
	if block == nil {
		return errors.New("the intent has no key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	leaf, root := chain[0], chain[len(chain)-1]
	own, ok := key.(*ecdsa.PrivateKey)
	if public, isECDSA := leaf.PublicKey.(*ecdsa.PublicKey); !ok || !isECDSA || !public.Equal(&own.PublicKey) {
		return errors.New("the certificate is for another key")
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	for _, c := range chain[1 : len(chain)-1] {
		intermediates.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates}); err != nil {
		return err
	}
	for _, name := range in.Names {
		if !slices.Contains(leaf.DNSNames, name) {
			return fmt.Errorf("the certificate is not for %s", name)
		}
	}
	return nil
}

// sameRequest reports whether two texts are the same CSR.
func sameRequest(a, b string) bool {
	x, _ := pem.Decode([]byte(a))
	y, _ := pem.Decode([]byte(b))
	return x != nil && y != nil && bytes.Equal(x.Bytes, y.Bytes)
}
