// Certificates: chains and downloads.

package digicert

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-digicert/digicert/internal/pemfile"
)

// CertificatesService downloads and revokes certificates, and returns their chains.
type CertificatesService struct{ c *Client }

// Certificate is the documented "certificate" of an account's own order. Thumbprint, SerialNumber and the dates are
// zero while the order is pending; the ID is zero too while the order needs approval. [OrdersService.List] returns only ID,
// CommonName, DNSNames, SerialNumber, ValidFrom, ValidTill, DaysRemaining, SignatureHash and CertValidity. Lists are never
// nil once decoded.
//
// The certificate of a subaccount's order is an [OrderCertificate].
type Certificate struct {
	ID                CertificateID     `json:"id,omitzero"`
	Thumbprint        string            `json:"thumbprint,omitzero"`
	SerialNumber      string            `json:"serial_number,omitzero"`
	CommonName        string            `json:"common_name,omitzero"`
	DNSNames          []string          `json:"dns_names,omitzero"` // an old order may have an empty name or " "
	Emails            []string          `json:"emails,omitzero"`
	DateCreated       time.Time         `json:"date_created,omitzero"`   // UTC
	DateIssued        time.Time         `json:"date_issued,omitzero"`    // UTC
	ValidFrom         Date              `json:"valid_from,omitzero"`     // the first day
	ValidTill         Date              `json:"valid_till,omitzero"`     // the last day
	DaysRemaining     *int              `json:"days_remaining,omitzero"` // days; nil until the certificate is issued
	CSR               string            `json:"csr,omitzero"`            // PEM
	Organization      Organization      `json:"organization,omitzero"`
	OrganizationUnits []string          `json:"organization_units,omitzero"`
	ServerPlatform    ServerPlatform    `json:"server_platform,omitzero"`
	CertValidity      OrderValidity     `json:"cert_validity,omitzero"`
	SignatureHash     string            `json:"signature_hash,omitzero"` // such as "sha256"
	KeySize           int               `json:"key_size,omitzero"`       // bits
	CACert            CACert            `json:"ca_cert,omitzero"`
	Status            CertificateStatus `json:"status,omitzero"` // often absent
}

// IsZero reports whether the service sent no field of the certificate: the order has none yet, or the service does not
// show it. The JSON encoding of an order omits such a certificate.
func (c Certificate) IsZero() bool {
	if len(c.DNSNames)+len(c.Emails)+len(c.OrganizationUnits) > 0 {
		return false
	}
	c.DNSNames, c.Emails, c.OrganizationUnits = nil, nil, nil
	return reflect.ValueOf(c).IsZero()
}

// ChainCertificate is one entry of the documented "intermediates", as [CertificatesService.Chain] returns it.
type ChainCertificate struct {
	SubjectCommonName string `json:"subject_common_name,omitzero"`
	PEM               string `json:"pem,omitzero"`
}

// Certificate parses the PEM. It returns an error unless the PEM holds exactly one certificate.
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

// Chain returns the chain of a certificate, including the certificate itself: GET /certificate/{certificate_id}/chain. The
// service calls all of them intermediates. The certificate is usually the first, but the order is not guaranteed: find it by
// its serial number. The chain may have any length, include cross-signed roots, or be empty. All of this is known from
// production clients and is not documented.
//
// The response does not contain the certificate id, so Chain cannot check that it is the chain of the right certificate.
//
// Chain returns a *[ParamError] if certificateID is not positive, and [ErrNotFound] for an unknown certificate.
//
// https://dev.digicert.com/certcentral-apis/services-api/certificates.html
func (s *CertificatesService) Chain(ctx context.Context, certificateID CertificateID) ([]ChainCertificate, error) {
	if err := checkID("certificate_id", certificateID); err != nil {
		return nil, err
	}
	var answer struct {
		Intermediates []ChainCertificate `json:"intermediates"`
	}
	if _, err := s.client().get(ctx, fmt.Sprintf("/certificate/%d/chain", certificateID), nil, &answer); err != nil {
		return nil, err
	}
	return nonNil(answer.Intermediates), nil
}

// DownloadFormat is the file format of a download. Values other than the constants are sent unchanged.
type DownloadFormat string

// Formats of a download. What a format omits is known only from its name.
const (
	FormatPEMAll            DownloadFormat = "pem_all"
	FormatPEMNoIntermediate DownloadFormat = "pem_nointermediate"
	FormatPEMNoRoot         DownloadFormat = "pem_noroot"
	FormatCER               DownloadFormat = "cer"
	FormatP7B               DownloadFormat = "p7b"
	FormatDefaultPEM        DownloadFormat = "default_pem" // a zip archive
	FormatApache            DownloadFormat = "apache"      // a zip archive
)

// parsedFormats are the formats that Download.Certificates supports.
var parsedFormats = []DownloadFormat{FormatPEMAll, FormatPEMNoIntermediate, FormatPEMNoRoot, FormatCER}

func (f DownloadFormat) check() error {
	if f == "" || strings.Trim(string(f), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return paramErrorf("format", "must be letters, digits and underscores, not %q", oneLine(string(f), 40))
	}
	return nil
}

// Download is a downloaded certificate file.
type Download struct {
	Format    DownloadFormat
	MediaType string // the Content-Type as received, such as "application/x-pem-file"; "" if none was sent
	Body      []byte // as received
}

// Download downloads a certificate as a file: GET /certificate/{certificate_id}/download/format/{format}. The body is
// returned as the service sent it, up to [WithMaxResponseBytes].
//
// For an order with several certificates the service has been seen to return another certificate than the requested one.
// The file does not contain the certificate id: compare the serial number, as [Download.Certificates] does.
//
// Download returns a *[ParamError] if certificateID is not positive or format is empty or not a single word,
// [ErrNotFound] for an unknown certificate, and a *[DecodeError] if the body is empty or not a file of the format: a proxy or
// firewall may respond with a page of its own, with status 200 and any media type. A PEM file must be complete and contain a
// certificate. A [FormatCER] file must be such a PEM file or a certificate in DER, a [FormatP7B] file PKCS #7 or certificates in
// PEM or DER. An archive must be complete. For a format without a constant, only HTML, XML and JSON are refused.
//
// https://dev.digicert.com/certcentral-apis/services-api/certificates.html
func (s *CertificatesService) Download(ctx context.Context, certificateID CertificateID, format DownloadFormat) (*Download, error) {
	if err := checkID("certificate_id", certificateID); err != nil {
		return nil, err
	}
	if err := format.check(); err != nil {
		return nil, err
	}
	download := &Download{Format: format}
	if _, err := s.client().get(ctx, fmt.Sprintf("/certificate/%d/download/format/%s", certificateID, format), nil, download); err != nil {
		return nil, err
	}
	return download, nil
}

// Certificates parses the body and returns its certificates in file order. It supports the PEM formats, and [FormatCER] in
// PEM or DER, and returns an error for any other format. Text around the PEM blocks is skipped. A block that is truncated or
// not a certificate is an error, and so is a body without a certificate.
//
// If serials are given and the first certificate has none of them, Certificates returns [ErrWrongCertificate]. Serials are
// hexadecimal, as in the SerialNumber fields, and are compared as numbers: case, leading zeros, colons and white space do
// not matter. Certificates returns a *[ParamError] if a serial is not hexadecimal.
func (d *Download) Certificates(serials ...string) ([]*x509.Certificate, error) {
	wanted := make([]string, len(serials))
	for i, s := range serials {
		var ok bool
		if wanted[i], ok = normalSerial(s); !ok {
			return nil, paramErrorf("serials", "%q is not a hexadecimal number", oneLine(s, 60))
		}
	}
	if !slices.Contains(parsedFormats, d.Format) {
		return nil, fmt.Errorf("digicert: format %q cannot be parsed (supported: %q)",
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
		return nil, fmt.Errorf("digicert: certificates in format %q: %w", d.Format, err)
	}
	if got := certs[0].SerialNumber.Text(16); len(wanted) > 0 && !slices.Contains(wanted, got) {
		return nil, fmt.Errorf("%w: the serial number is %s, not %s",
			ErrWrongCertificate, got, oneLine(strings.Join(wanted, " or "), 200))
	}
	return certs, nil
}

// normalSerial returns a serial number in lower case without leading zeros, colons and white space, and whether it is
// hexadecimal. One that is not hexadecimal is returned unchanged.
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
