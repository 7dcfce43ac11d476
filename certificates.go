// Certificates: chains, downloads, and what a download must hold.

package digicert

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-digicert/digicert/internal/pemfile"
)

// CertificatesService gives certificates themselves: their chains, and as files.
type CertificatesService struct{ c *Client }

// Certificate is the documented "certificate" of an account's own order. Thumbprint, SerialNumber and the dates are
// zero while the order is pending. From OrdersService.List it has no more than ID, CommonName, DNSNames,
// SerialNumber, ValidFrom, ValidTill, DaysRemaining and SignatureHash.
type Certificate struct {
	ID                CertificateID     `json:"id,omitzero"`
	Thumbprint        string            `json:"thumbprint,omitzero"`
	SerialNumber      string            `json:"serial_number,omitzero"`
	CommonName        string            `json:"common_name,omitzero"`
	DNSNames          []string          `json:"dns_names,omitzero"` // decoded lists are never nil
	Emails            []string          `json:"emails,omitzero"`
	DateCreated       time.Time         `json:"date_created,omitzero"`   // UTC
	DateIssued        time.Time         `json:"date_issued,omitzero"`    // UTC
	ValidFrom         Date              `json:"valid_from,omitzero"`     // the first day
	ValidTill         Date              `json:"valid_till,omitzero"`     // the last day
	DaysRemaining     *int              `json:"days_remaining,omitzero"` // days; nil where there is no certificate yet
	CSR               string            `json:"csr,omitzero"`            // PEM
	Organization      Organization      `json:"organization,omitzero"`
	OrganizationUnits []string          `json:"organization_units,omitzero"`
	ServerPlatform    ServerPlatform    `json:"server_platform,omitzero"`
	SignatureHash     string            `json:"signature_hash,omitzero"` // such as "sha256"
	KeySize           int               `json:"key_size,omitzero"`       // bits
	CACert            CACert            `json:"ca_cert,omitzero"`
	Status            CertificateStatus `json:"status,omitzero"` // often absent
}

// emptyCertificate is a certificate of which nothing was sent.
func emptyCertificate() Certificate {
	return Certificate{DNSNames: []string{}, Emails: []string{}, OrganizationUnits: []string{}}
}

// ChainCertificate is one entry of "intermediates".
type ChainCertificate struct {
	SubjectCommonName string `json:"subject_common_name,omitzero"`
	PEM               string `json:"pem,omitzero"`
}

// Certificate parses the PEM, which must hold one certificate and nothing else.
func (c ChainCertificate) Certificate() (*x509.Certificate, error) {
	certs, err := pemfile.Certificates([]byte(c.PEM))
	if err == nil && len(certs) > 1 {
		err = fmt.Errorf("%d certificates instead of one", len(certs))
	}
	if err != nil {
		return nil, fmt.Errorf("digicert: the chain's certificate %q: %w", oneLine(c.SubjectCommonName, 100), err)
	}
	return certs[0], nil
}

// Chain returns a certificate and those that lead from it to a root: GET /certificate/{certificate_id}/chain. The
// service calls all of them intermediates, but the first is the end-entity certificate; the list may be empty. All of
// this is known from clients and not from the documentation.
//
// A certificateID that is not positive is a *[ParamError]; an unknown certificate is [ErrNotFound].
func (s *CertificatesService) Chain(ctx context.Context, certificateID CertificateID) ([]ChainCertificate, error) {
	if err := checkID("certificate_id", certificateID); err != nil {
		return nil, err
	}
	var answer struct {
		Intermediates []ChainCertificate `json:"intermediates"`
	}
	if _, err := s.c.get(ctx, fmt.Sprintf("/certificate/%d/chain", certificateID), nil, &answer); err != nil {
		return nil, err
	}
	return nonNil(answer.Intermediates), nil
}

// DownloadFormat is a form in which the service gives a certificate. The set is open.
type DownloadFormat string

// Formats of a download. What a bundle leaves out is told by its name alone.
const (
	FormatPEMAll            DownloadFormat = "pem_all"
	FormatPEMNoIntermediate DownloadFormat = "pem_nointermediate"
	FormatPEMNoRoot         DownloadFormat = "pem_noroot"
	FormatCER               DownloadFormat = "cer"
	FormatP7B               DownloadFormat = "p7b"
	FormatDefaultPEM        DownloadFormat = "default_pem" // a zip archive
	FormatApache            DownloadFormat = "apache"      // a zip archive
)

// parsedFormats are those whose certificates a Download can read.
var parsedFormats = []DownloadFormat{FormatPEMAll, FormatPEMNoIntermediate, FormatPEMNoRoot, FormatCER}

func (f DownloadFormat) check() error {
	if f == "" || strings.Trim(string(f), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return paramErrorf("format", "%q is no word of letters, digits and underscores", oneLine(string(f), 40))
	}
	return nil
}

// Download is a certificate as a file.
type Download struct {
	Format    DownloadFormat
	MediaType string // the Content-Type as received, such as "application/x-pem-file"; "" where there was none
	Body      []byte // as received
}

// Download returns a certificate in a format: GET /certificate/{certificate_id}/download/format/{format}. The body
// is what the service sent, unexamined, within [WithMaxResponseBytes]; an empty one, or HTML, is a *[DecodeError].
//
// Of an order with several certificates the service has been seen to return another one than it
// was asked for: compare the serial number, as [Download.Certificates] does.
//
// A certificateID that is not positive, or a format that is no word, is a *[ParamError]; an unknown
// certificate is [ErrNotFound].
func (s *CertificatesService) Download(ctx context.Context, certificateID CertificateID, format DownloadFormat) (*Download, error) {
	if err := checkID("certificate_id", certificateID); err != nil {
		return nil, err
	}
	if err := format.check(); err != nil {
		return nil, err
	}
	download := &Download{Format: format}
	if _, err := s.c.get(ctx, fmt.Sprintf("/certificate/%d/download/format/%s", certificateID, format), nil, download); err != nil {
		return nil, err
	}
	return download, nil
}

// Certificates parses the body, in the order in which its certificates come. It can do so for the formats in PEM
// and for [FormatCER], in PEM or DER; any other is an error. Text around the blocks of a PEM is skipped, but
// a block that is no certificate, or is cut off, is an error, and so is a body without any.
//
// Where serials are given, the first certificate must have one of them, else the error is [ErrWrongCertificate].
// They are hexadecimal, as SerialNumber has them, and compared as numbers: case, leading zeros, colons and
// white space do not matter. One that is no such number is a *[ParamError].
func (d *Download) Certificates(serials ...string) ([]*x509.Certificate, error) {
	wanted := make([]string, len(serials))
	for i, s := range serials {
		var ok bool
		if wanted[i], ok = normalSerial(s); !ok {
			return nil, paramErrorf("serials", "%q is no hexadecimal number", oneLine(s, 60))
		}
	}
	if !slices.Contains(parsedFormats, d.Format) {
		return nil, fmt.Errorf("digicert: the certificates of format %q cannot be parsed, only those of %q",
			oneLine(string(d.Format), 40), parsedFormats)
	}
	var certs []*x509.Certificate
	var err error
	if d.Format == FormatCER && !bytes.Contains(d.Body, pemfile.Begin) {
		certs, err = x509.ParseCertificates(d.Body)
		if err == nil && len(certs) == 0 {
			err = pemfile.ErrNoCertificate
		}
	} else {
		certs, err = pemfile.Certificates(d.Body)
	}
	if err != nil {
		return nil, fmt.Errorf("digicert: the certificates of format %q: %w", d.Format, err)
	}
	if got := certs[0].SerialNumber.Text(16); len(wanted) > 0 && !slices.Contains(wanted, got) {
		return nil, fmt.Errorf("digicert: %w: its serial number is %s, not %s",
			ErrWrongCertificate, got, oneLine(strings.Join(wanted, " or "), 200))
	}
	return certs, nil
}

// normalSerial writes a serial number such that equal ones are equal texts, and tells whether it is hexadecimal: one
// that is not is left as it is.
func normalSerial(s string) (normal string, hexadecimal bool) {
	digits := strings.Map(func(r rune) rune {
		if r == ':' || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	if digits == "" || strings.Trim(digits, "0123456789abcdef") != "" {
		return s, false
	}
	return cmp.Or(strings.TrimLeft(digits, "0"), "0"), true
}
