// The end-entity certificates: what each is made from, and which an order has.

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

// leaf is what an end-entity certificate is made from, and so its identity.
type leaf struct {
	id           digicert.CertificateID
	serialNumber string // as it is shown
	commonName   string
	names        string // JSON
	from         int64  // Unix time
	till         day
}

// serial is the number of the certificate: the hexadecimal one that is shown or, where that is none
// of 1 to 20 octets, one derived from the id.
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

// certificate makes the certificate. A name that no DNS name can be is not among its subject
// alternative names, and the common name is if it can.
func (l leaf) certificate() *x509.Certificate {
	var sans []string
	for _, name := range append([]string{l.commonName}, parseList(l.names)...) {
		if isDNSName(name) && !slices.Contains(sans, name) {
			sans = append(sans, name)
		}
	}
	end := l.till.date().In(time.UTC).AddDate(0, 0, 1).Add(-time.Second)
	start := time.Unix(l.from, 0)
	if start.After(end) { // what a test sets need not make sense
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
	}, authority.intermediate, keyOf(fmt.Sprint("certificate ", l.id)), authority.key)
}

// thumbprint is the SHA-1 of the certificate, as the service shows it.
func (l leaf) thumbprint() string { return fmt.Sprintf("%X", sha1.Sum(l.certificate().Raw)) }

// isDNSName reports whether a certificate can bear a name: labels of letters, digits, hyphens and
// underscores, the first of which may be an asterisk.
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

// maxMinted is how many certificates a server keeps, at a few kilobytes each.
const maxMinted = 1024

// mint makes certificates when they are asked for, and keeps them.
type mint struct {
	mu   sync.Mutex
	made map[leaf]*x509.Certificate
}

// certificate may make the same certificate twice at once, which is the same both times.
func (m *mint) certificate(l leaf) *x509.Certificate {
	m.mu.Lock()
	cert := m.made[l]
	m.mu.Unlock()
	if cert != nil {
		return cert
	}
	cert = l.certificate()
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.made) >= maxMinted || m.made == nil {
		m.made = make(map[leaf]*x509.Certificate)
	}
	m.made[l] = cert
	return cert
}

// chain is a certificate and those that lead from it to the root, which is the last.
func (m *mint) chain(l leaf) []*x509.Certificate {
	authority := theCA()
	return []*x509.Certificate{m.certificate(l), authority.intermediate, authority.root}
}

// leaf is the primary certificate of an order, and whether it was issued.
func (o *order) leaf() (leaf, bool) {
	c := &o.certificate
	if !o.showsIssue() || o.issued.IsZero() {
		return leaf{}, false
	}
	till := cmp.Or(c.validTill, dayOf(endOfValidity(o.issued, o.validityYears)))
	return leaf{c.id, c.serialNumber, c.commonName, c.dnsNames, o.issued.Unix(), till}, true
}

// issued reports whether a status is that of an issued certificate or, like "approved", says nothing
// against it.
func issued(status digicert.CertificateStatus) bool {
	return status != digicert.CertificateStatusPending && status != digicert.CertificateStatusRejected
}

// further is the certificate of a duplicate of an order, and whether it was issued.
func (o *order) further(d digicert.Duplicate) (leaf, bool) {
	if !issued(d.Status) || d.Status != digicert.CertificateStatusIssued && d.SerialNumber == "" && d.DateIssued.IsZero() {
		return leaf{}, false
	}
	from := cmp.Or(d.DateIssued, d.DateCreated)
	till := cmp.Or(dayOf(d.ValidTill), dayOf(endOfValidity(from, o.validityYears)))
	return leaf{d.ID, d.SerialNumber, d.CommonName, mustJSON(d.DNSNames), from.Unix(), till}, true
}

// furtherReissue is further for a reissue.
func (o *order) furtherReissue(r digicert.Reissue) (leaf, bool) {
	return o.further(digicert.Duplicate{
		ID: r.ID, Status: digicert.CertificateStatus(r.Status), SerialNumber: r.SerialNumber, CommonName: r.CommonName,
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
	for _, r := range s.reissuesOf(o.id) {
		add(o.furtherReissue(r))
	}
	for _, d := range s.duplicates[o.id] {
		add(o.further(d))
	}
	return list
}

// holder returns the order that has a certificate, issued or not, or nil: of several the one with
// the lowest id that has it as its own, or else among its reissues and duplicates. It looks through
// all orders, because an index would take memory from each, and that takes milliseconds for a
// million. The caller holds the lock.
func (s *state) holder(id digicert.CertificateID) *order {
	for _, o := range s.orders {
		first := o.certificate.id
		if first == id || o.lot != nil && id > first && id < first+certificatesEach &&
			slices.ContainsFunc(o.generatedReissues(), func(r digicert.Reissue) bool { return r.ID == id }) {
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
