package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// intent is what a run intends, as it is on the disk before anything is sent: NAME.intent.json.
type intent struct {
	dir       string
	restarted bool // an earlier run made it, and may have sent it

	Name    string           `json:"name"`     // of the file, without .pem
	Service string           `json:"service"`  // its base URL
	Action  action           `json:"action"`   // what is to be done
	OrderID digicert.OrderID `json:"order_id"` // whose certificate expires
	// ValidTill is the last day of that certificate.
	ValidTill digicert.Date `json:"valid_till"`
	Since     time.Time     `json:"since"` // when this was decided
	Key       string        `json:"key"`   // PEM
	// Product and Order are what is placed. A reissue has only the certificate of it.
	Product string                    `json:"product"`
	Order   digicert.PlaceOrderParams `json:"order"`

	// Taken is the order that has been reissued or placed, once that is known. Nothing is sent any more then.
	Taken         digicert.OrderID       `json:"taken,omitzero"`
	CertificateID digicert.CertificateID `json:"certificate_id,omitzero"` // if the service has said it
}

const (
	intentSuffix   = ".intent.json"
	rejectedSuffix = ".rejected.json"
)

// newIntent makes a key and a CSR for the names of an order, and copies what a renewal has in common with it.
func newIntent(name string, action action, order *digicert.Order) (*intent, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	names := namesOf(order)
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names}, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &intent{
		Name: name, Action: action, OrderID: order.ID, ValidTill: order.Certificate.ValidTill, Since: time.Now(),
		Key:     string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		Product: order.Product.NameID,
		Order: digicert.PlaceOrderParams{
			Certificate: digicert.CertificateRequest{
				CommonName: names[0], DNSNames: names[1:], SignatureHash: order.Certificate.SignatureHash,
				CSR: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: request})),
			},
			AlternativeOrderID: "renew-" + rand.Text(), RenewalOfOrderID: order.ID,
			OrganizationID: order.Organization.ID, ContainerID: order.Container.ID, OrderValidity: validityOf(order), DCVMethod: order.DCVMethod,
			CustomFields: order.CustomFields, AdditionalEmails: order.AdditionalEmails, DisableRenewalNotifications: order.DisableRenewalNotifications,
		},
	}, nil
}

// namesOf returns the names of an order's certificate, the common name first. The list of an old order may have blank ones.
func namesOf(order *digicert.Order) []string {
	names := []string{order.Certificate.CommonName}
	for _, name := range order.Certificate.DNSNames {
		name = strings.TrimSpace(name)
		if name != "" && !slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(name, other) }) {
			names = append(names, name)
		}
	}
	return names
}

// validityOf returns how long a renewal is to be valid: as long as the order that it renews.
func validityOf(order *digicert.Order) digicert.Validity {
	if order.OrderValidity.Years == 0 && order.OrderValidity.Days > 0 {
		return digicert.Validity{Days: order.OrderValidity.Days}
	}
	const longest = 3 // years
	return digicert.Validity{Years: min(max(order.OrderValidity.Years, order.ValidityYears, 1), longest)}
}

// names returns the names that the certificate must have.
func (in *intent) names() []string {
	return append([]string{in.Order.Certificate.CommonName}, in.Order.Certificate.DNSNames...)
}

func (in *intent) path() string { return filepath.Join(in.dir, in.Name+intentSuffix) }

func (in *intent) save() error {
	content, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(in.path(), content)
}

func (in *intent) remove() error { return errors.Join(os.Remove(in.path()), syncFolder(in.dir)) }

// reject sets the intent aside, so that nothing more is ordered for its file.
func (in *intent) reject() error {
	return errors.Join(os.Rename(in.path(), strings.TrimSuffix(in.path(), intentSuffix)+rejectedSuffix), syncFolder(in.dir))
}

// readIntent returns what an earlier run has begun and not finished.
func readIntent(path string) (*intent, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	in := &intent{dir: filepath.Dir(path), restarted: true}
	if err := json.Unmarshal(content, in); err != nil || in.path() != path || in.Order.Certificate.CSR == "" {
		return nil, fmt.Errorf("%s is not what this program has written", path)
	}
	return in, nil
}

// isFor reports whether a CSR, as the service sends it back, is that of the intent.
func (in *intent) isFor(csr string) bool {
	der := derOf(csr)
	return len(der) > 0 && bytes.Equal(der, derOf(in.Order.Certificate.CSR))
}

// derOf returns the content of a CSR in PEM, or in base64 without the lines around it.
func derOf(csr string) []byte {
	if block, _ := pem.Decode([]byte(csr)); block != nil {
		return block.Bytes
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(csr), ""))
	if err != nil {
		return nil
	}
	return der
}
