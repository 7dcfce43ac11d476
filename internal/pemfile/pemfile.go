// Package pemfile reads certificates from PEM text.
package pemfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Begin starts every PEM block.
var Begin = []byte("-----BEGIN ")

// ErrNoCertificate is returned where a text holds no certificate.
var ErrNoCertificate = errors.New("no certificate found")

// Certificates returns the certificates in text, in their order. Text around the blocks is skipped. A block of another
// type, or one that cannot be read, is an error.
func Certificates(text []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	blocks := bytes.Count(text, Begin)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("unexpected PEM block of type %.40q", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) < blocks { // encoding/pem skips what it cannot read
		return nil, fmt.Errorf("%d of %d PEM blocks cannot be read", blocks-len(certs), blocks)
	}
	if len(certs) == 0 {
		return nil, ErrNoCertificate
	}
	return certs, nil
}
