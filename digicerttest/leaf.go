// End-entity certificates.

package digicerttest

import (
	"cmp"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

// leaf describes an end-entity certificate completely: equal leaves are equal certificates.
type leaf struct {
	id           digicert.CertificateID
	serialNumber string // as sent
	commonName   string
	names        string // JSON
	from         int64  // Unix time
	till         day
	spki         string // the public key in DER; "": derived from the id
}

// serial returns the serial number of the certificate: serialNumber or, if that
// is not a hexadecimal number of 1 to 20 octets, one derived from the id.
func (l leaf) serial() *big.Int {
	digits := strings.ReplaceAll(l.serialNumber, ":", "")
	if strings.Trim(digits, "0123456789abcdefABCDEF") != "" || len(strings.TrimLeft(digits, "0")) > 40 {
		digits = ""
	}
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok || n.Sign() == 0 {
		n, _ = new(big.Int).SetString(hexOf(uint64(l.id), serialLen), 16)
	}
	return n
}

// certificate issues the certificate. Its subject alternative names are the common name and the DNS
// names, as far as they are valid DNS names.
func (l leaf) certificate() *x509.Certificate {
	var sans []string
	for _, name := range append([]string{l.commonName}, parseList(l.names)...) {
		if isDNSName(name) && !slices.Contains(sans, name) {
			sans = append(sans, name)
		}
	}
	end := l.till.date().In(time.UTC).AddDate(0, 0, 1).Add(-time.Second)
	start := time.Unix(l.from, 0)
	if start.After(end) { // a test may set any dates
		start = end.Add(time.Second).AddDate(0, 0, -1)
	}
	authority := theCA()
	return signed(&x509.Certificate{
		SerialNumber:          l.serial(),
		Subject:               pkix.Name{CommonName: strings.ToValidUTF8(l.commonName, "\uFFFD")},
		NotBefore:             start,
		NotAfter:              end,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              sans,
	}, authority.intermediate, l.publicKey(), authority.key)
}

// publicKey returns the key of the certificate.
func (l leaf) publicKey() any {
	if l.spki == "" {
		return derivedKey(l.id).Public()
	}
	key, err := x509.ParsePKIXPublicKey([]byte(l.spki))
	must(err)
	return key
}

// thumbprint returns the SHA-1 of the certificate as the service sends it.
func (l leaf) thumbprint() string { return fmt.Sprintf("%X", sha1.Sum(l.certificate().Raw)) }

// isDNSName reports whether a certificate can contain a name: labels of letters, digits, hyphens and
// underscores, where the first may be an asterisk.
func isDNSName(name string) bool {
	if len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimPrefix(name, "*."), ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		}) {
			return false
		}
	}
	return true
}

// maxKeptCertificates is the maximum number of cached certificates. Each takes a few kilobytes.
const maxKeptCertificates = 1024

// issuer issues certificates on demand and caches them.
type issuer struct {
	mu   sync.Mutex
	made map[leaf]*x509.Certificate
}

// certificate returns a certificate. Concurrent calls may issue it twice, with equal results.
func (m *issuer) certificate(l leaf) *x509.Certificate {
	m.mu.Lock()
	cert := m.made[l]
	m.mu.Unlock()
	if cert != nil {
		return cert
	}
	cert = l.certificate()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.made) >= maxKeptCertificates || m.made == nil {
		m.made = make(map[leaf]*x509.Certificate)
	}
	m.made[l] = cert
	return cert
}

// chain returns a certificate, its intermediate and the root, in this order.
func (m *issuer) chain(l leaf) []*x509.Certificate {
	authority := theCA()
	return []*x509.Certificate{m.certificate(l), authority.intermediate, authority.root}
}

// leaf returns the primary certificate of an order, and whether it was issued.
func (o *order) leaf() (leaf, bool) {
	c := &o.certificate
	if !o.showsIssue() || o.issued.IsZero() {
		return leaf{}, false
	}
	till := cmp.Or(c.validTill, dayOf(endOfValidity(o.issued, o.validityYears)))
	return leaf{c.id, c.serialNumber, c.commonName, c.dnsNames, o.certificateIssued().Unix(), till, o.some().csr.spki}, true
}

// issued reports whether a certificate with a status may have been issued: any status except pending and
// rejected.
func issued(status digicert.CertificateStatus) bool {
	return status != digicert.CertificateStatusPending && status != digicert.CertificateStatusRejected
}

// duplicateLeaf returns the certificate of a duplicate, and whether it was issued.
func (o *order) duplicateLeaf(d digicert.Duplicate) (leaf, bool) {
	if !issued(d.Status) || d.Status != digicert.CertificateStatusIssued && d.SerialNumber == "" && d.DateIssued.IsZero() {
		return leaf{}, false
	}
	from := cmp.Or(d.DateIssued, d.DateCreated)
	till := cmp.Or(dayOf(d.ValidTill), dayOf(endOfValidity(from, o.validityYears)))
	return leaf{d.ID, d.SerialNumber, d.CommonName, mustJSON(d.DNSNames), from.Unix(), till, spkiOf(d.CSR)}, true
}

// reissueLeaf returns the certificate of a reissue, and whether it was issued.
func (o *order) reissueLeaf(r digicert.Reissue) (leaf, bool) {
	return o.duplicateLeaf(digicert.Duplicate{
		ID: r.ID, CSR: r.CSR, Status: digicert.CertificateStatus(r.Status), SerialNumber: r.SerialNumber, CommonName: r.CommonName,
		DNSNames: r.DNSNames, DateCreated: r.DateCreated, DateIssued: r.DateIssued, ValidTill: r.ValidTill,
	})
}

// leaves returns the issued certificates of an order: the primary one, the reissues, the
// duplicates. The caller holds the lock.
func (s *state) leaves(o *order) []leaf {
	var list []leaf
	add := func(l leaf, issued bool) {
		if issued {
			list = append(list, l)
		}
	}
	add(o.leaf())
	for _, l := range o.some().former {
		add(l, true)
	}
	for _, r := range s.reissuesOf(o.id) {
		add(o.reissueLeaf(r))
	}
	for _, d := range s.duplicatesOf(o.id) {
		add(o.duplicateLeaf(d))
	}
	return list
}

// certificateBySerial returns the order of the issued certificate with a serial number, and the certificate, or
// nil. The primary certificates of all orders come first, and then the reissues and duplicates that requests
// and tests added. The caller holds the lock.
func (s *state) certificateBySerial(serial string) (*order, leaf) {
	if o := s.orderByPrimary(serial); o != nil {
		if l, ok := o.leaf(); ok && strings.EqualFold(l.serialNumber, serial) {
			return o, l
		}
	}
	for _, o := range s.orders {
		if len(s.reissues[o.id])+len(s.duplicates[o.id])+len(o.some().former) == 0 {
			continue
		}
		for _, l := range s.leaves(o) {
			if strings.EqualFold(l.serialNumber, serial) {
				return o, l
			}
		}
	}
	return nil, leaf{}
}

// orderWith returns the order of a certificate, issued or not, or nil. If there are several, it returns the
// one with the lowest id, first among those with this primary certificate, then among those with this
// reissue or duplicate. It searches all orders: an index would take memory for each, and a
// search of a million takes milliseconds. The caller holds the lock.
func (s *state) orderWith(id digicert.CertificateID) *order {
	for _, o := range s.orders {
		first := o.certificate.id
		if first == id || o.batch != nil && o.generated(id) ||
			slices.ContainsFunc(o.some().former, func(l leaf) bool { return l.id == id }) {
			return o
		}
	}
	var lowest digicert.OrderID
	note := func(of digicert.OrderID) {
		if lowest == 0 || of < lowest {
			lowest = of
		}
	}
	for of, list := range s.reissues {
		if slices.ContainsFunc(list, func(r digicert.Reissue) bool { return r.ID == id }) {
			note(of)
		}
	}
	for of, list := range s.duplicates {
		if slices.ContainsFunc(list, func(d digicert.Duplicate) bool { return d.ID == id }) {
			note(of)
		}
	}
	return s.order(lowest)
}
