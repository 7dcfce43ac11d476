package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// fetch returns the certificate of an intent, with the intermediates that lead to its root, verified.
func (r *renewal) fetch(ctx context.Context, in *intent, order *digicert.Order) ([]*x509.Certificate, error) {
	id, err := r.certificateID(ctx, in, order)
	if err != nil {
		return nil, err
	}
	var response digicert.Response
	list, err := r.client.Certificates.Chain(digicert.CaptureResponse(ctx, &response), id)
	if err != nil {
		return nil, err
	}
	now := response.Date // of the service: a machine whose clock is behind must not refuse a new certificate
	if now.IsZero() {
		now = time.Now()
	}
	var certificates []*x509.Certificate
	for _, c := range list {
		certificate, err := c.Certificate()
		if err != nil {
			return nil, err
		}
		certificates = append(certificates, certificate)
	}
	chain, err := in.verify(certificates, now)
	if err != nil {
		return nil, fmt.Errorf("certificate %d of order %d: %w", id, order.ID, err)
	}
	return chain, nil
}

// certificateID returns the id of the certificate of an intent, whose order is issued.
func (r *renewal) certificateID(ctx context.Context, in *intent, order *digicert.Order) (digicert.CertificateID, error) {
	switch {
	case in.CertificateID != 0:
		return in.CertificateID, nil
	case in.Action == actionRenew, in.isFor(order.Certificate.CSR):
		return order.Certificate.ID, nil
	}
	reissues, err := r.client.Reissues.List(ctx, order.ID, &digicert.ListReissuesParams{ShowArchived: true})
	if err != nil {
		return 0, err
	}
	i := slices.IndexFunc(reissues, func(c digicert.Reissue) bool { return in.isFor(c.CSR) })
	if i < 0 {
		return 0, fmt.Errorf("order %d is issued, but has no certificate for this CSR", order.ID)
	}
	return reissues[i].ID, nil
}

// verify returns the chain of the certificate that has the intent's key, without the root, which every client has already. The
// service does not guarantee an order, and has been seen to return another certificate than the one asked for.
func (in *intent) verify(certificates []*x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	key, err := parseKey(in.Key)
	if err != nil {
		return nil, err
	}
	var leaf *x509.Certificate
	var roots *x509.CertPool // nil: those of the system, if the list has none
	intermediates := x509.NewCertPool()
	for _, c := range certificates {
		switch {
		case key.PublicKey.Equal(c.PublicKey):
			leaf = c
		case bytes.Equal(c.RawSubject, c.RawIssuer):
			if roots == nil {
				roots = x509.NewCertPool()
			}
			roots.AddCert(c)
		default:
			intermediates.AddCert(c)
		}
	}
	if leaf == nil {
		return nil, fmt.Errorf("%w: none of the %d certificates has the new key", digicert.ErrWrongCertificate, len(certificates))
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, CurrentTime: now})
	if err != nil {
		return nil, err
	}
	for _, name := range in.names() {
		if !slices.ContainsFunc(leaf.DNSNames, func(other string) bool { return strings.EqualFold(name, other) }) {
			return nil, fmt.Errorf("it is not for %s", name)
		}
	}
	if till := digicert.DateOf(leaf.NotAfter.UTC()); !till.After(in.ValidTill) {
		return nil, fmt.Errorf("it ends on %s, and the one that it would replace on %s", till, in.ValidTill)
	}
	shortest := slices.MinFunc(chains, func(a, b []*x509.Certificate) int { return len(a) - len(b) })
	return shortest[:len(shortest)-1], nil
}

func parseKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the intent has no key")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	own, ok := key.(*ecdsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key of the intent is a %T", key)
	}
	return own, nil
}
