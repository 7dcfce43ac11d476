// Package pemfile parses and checks certificates in PEM.
package pemfile

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
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

// Check returns an error unless text has at least one certificate, every block is complete, and every block whose type is a
// certificate has the form of one. Blocks of other types are allowed. Check accepts certificates that crypto/x509 does not.
func Check(text []byte) error {
	blocks, err := Blocks(text)
	if err != nil {
		return err
	}
	found := false
	for _, block := range blocks {
		if !strings.HasSuffix(block.Type, "CERTIFICATE") { // also "TRUSTED CERTIFICATE" and "X509 CERTIFICATE"
			continue
		}
		if !IsCertificate(block.Bytes) {
			return fmt.Errorf("PEM block of type %.40q is not a certificate", block.Type)
		}
		found = true
	}
	if !found {
		return ErrNoCertificate
	}
	return nil
}

// IsCertificate reports whether der begins with an object in the form of an X.509 certificate. It returns false for a revocation
// list or a certificate request.
func IsCertificate(der []byte) bool {
	var certificate struct {
		TBS struct {
			Version      int `asn1:"optional,explicit,default:0,tag:0"`
			SerialNumber *big.Int
			Signature    pkix.AlgorithmIdentifier
			Issuer       asn1.RawValue
			Validity     struct{ NotBefore, NotAfter asn1.RawValue }
			Subject      asn1.RawValue
			PublicKey    struct {
				Algorithm pkix.AlgorithmIdentifier
				Key       asn1.BitString
			}
		}
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	_, err := asn1.Unmarshal(der, &certificate)
	return err == nil
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
