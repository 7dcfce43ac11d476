// Package pemfile parses certificates in PEM text, and refuses text that holds anything else.
package pemfile

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Begin is the beginning of every PEM block.
var Begin = []byte("-----BEGIN ")

// ErrNoCertificate is returned for text without a PEM block.
var ErrNoCertificate = errors.New("no certificate found")

// Blocks returns the PEM blocks in text, in their order. Text around the blocks is skipped. It returns an error if a block
// is not complete.
func Blocks(text []byte) ([]*pem.Block, error) {
	var found []*pem.Block
	blocks := bytes.Count(text, Begin)
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		found = append(found, block)
	}
	if len(found) < blocks { // encoding/pem skips blocks that it cannot decode
		return nil, fmt.Errorf("%d of %d PEM blocks are incomplete", blocks-len(found), blocks)
	}
	return found, nil
}

// Certificates returns the certificates in text, in their order. Text around the blocks is skipped. It returns an error if
// a block has another type, is not a certificate, or is not a complete PEM block.
func Certificates(text []byte) ([]*x509.Certificate, error) {
	blocks, err := Blocks(text)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, block := range blocks {
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("PEM block of type %.40q is not a certificate", block.Type)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	if len(certs) == 0 {
		return nil, ErrNoCertificate
	}
	return certs, nil
}
