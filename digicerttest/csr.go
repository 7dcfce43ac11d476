// CSRs: those of requests, and those derived for orders without one.

package digicerttest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-digicert/digicert"
)

// csr is a certificate signing request.
type csr struct {
	pem  string
	spki string // its public key in DER
	bits int
}

const csrType = "CERTIFICATE REQUEST"

var csrArmor = regexp.MustCompile(`-----(BEGIN|END) (NEW )?CERTIFICATE REQUEST-----`)

// parseCSR parses a CSR in one of the forms that clients send: PEM, PEM without line breaks, and plain
// base64. Its signature must be valid.
func parseCSR(text string) (csr, error) {
	text = strings.Join(strings.Fields(csrArmor.ReplaceAllString(text, " ")), "")
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return csr{}, err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return csr{}, err
	}
	if err := request.CheckSignature(); err != nil {
		return csr{}, err
	}
	c := csr{
		pem:  string(pem.EncodeToMemory(&pem.Block{Type: csrType, Bytes: request.Raw})),
		spki: string(request.RawSubjectPublicKeyInfo),
		bits: keyBits(request.PublicKey),
	}
	if c.bits == 0 {
		return csr{}, errors.New("the type of the key is not supported")
	}
	return c, nil
}

// keyBits returns the size of a public key, or 0 for an unsupported type.
func keyBits(key any) int {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen()
	case *ecdsa.PublicKey:
		return key.Params().BitSize
	case ed25519.PublicKey:
		return 256
	}
	return 0
}

// spkiOf returns the public key of a CSR in PEM, or "" if it cannot be parsed.
func spkiOf(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return ""
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil || keyBits(request.PublicKey) == 0 {
		return ""
	}
	return string(request.RawSubjectPublicKeyInfo)
}

// derivedKeyBits is the size of the keys that the server derives.
const derivedKeyBits = 256

// derivedCSR returns a CSR with the derived key, for a certificate that was requested without a CSR.
func derivedCSR(id digicert.CertificateID, commonName string, names []string) string {
	var sans []string
	for _, name := range names {
		if isDNSName(name) {
			sans = append(sans, name)
		}
	}
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: strings.ToValidUTF8(commonName, "\uFFFD")},
		DNSNames: sans,
	}, derivedKey(id))
	must(err)
	return string(pem.EncodeToMemory(&pem.Block{Type: csrType, Bytes: der}))
}

// csrOr returns text, or the derived CSR if text is empty.
func csrOr(text string, id digicert.CertificateID, commonName string, names []string) string {
	if text != "" {
		return text
	}
	return derivedCSR(id, commonName, names)
}

// derivedKey returns the private key of a certificate that was requested without a CSR.
func derivedKey(id digicert.CertificateID) *ecdsa.PrivateKey {
	return keyOf(fmt.Sprint("certificate ", id))
}
