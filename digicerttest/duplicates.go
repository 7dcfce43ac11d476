// The duplicates of an order.

package digicerttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// AddDuplicate adds a duplicate to an order, after its other duplicates. It does not change the order.
//
// Zero fields that the service always sends are filled in: the next free id, the order's names and
// signature hash, the status issued, the current time as the time of creation, a key size of 256 bits, a CSR, a
// platform, the id of the issuing certificate, and the other ids. For an issued duplicate, the date, thumbprint,
// serial number, validity and receipt are filled in as well. DaysRemaining is sent unchanged; if it is nil,
// the server computes it by its clock. AddDuplicate returns an error for an unknown order and for negative numbers.
func (s *Server) AddDuplicate(id digicert.OrderID, d digicert.Duplicate) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if err := s.state.addDuplicate(id, d, s.now()); err != nil {
		return fmt.Errorf("digicerttest: AddDuplicate to order %d: %w", id, err)
	}
	return nil
}

func (s *state) addDuplicate(id digicert.OrderID, d digicert.Duplicate, now time.Time) error {
	o := s.order(id)
	if o == nil {
		return errors.New("the order does not exist")
	}
	setDefault(&d.ID, s.lastCertificate+1)
	if err := checkID("certificate", d.ID); err != nil {
		return err
	}
	if d.KeySize < 0 || d.UserID < 0 {
		return fmt.Errorf("%d bits and user %d: neither may be negative", d.KeySize, d.UserID)
	}
	if _, err := d.ValidFrom.MarshalText(); err != nil {
		return fmt.Errorf("valid_from: %s is not a valid date", d.ValidFrom)
	}
	if _, err := d.ValidTill.MarshalText(); err != nil {
		return fmt.Errorf("valid_till: %s is not a valid date", d.ValidTill)
	}
	setDefault(&d.Status, digicert.CertificateStatusIssued)
	setDefault(&d.CommonName, o.certificate.commonName)
	setDefault(&d.KeySize, derivedKeyBits)
	setDefault(&d.SignatureHash, o.certificate.hash)
	setDefault(&d.ServerPlatform, anyPlatform)
	setDefault(&d.CACertID, caCertID)
	setDefault(&d.SubID, s.nextSubID(o))
	setDefault(&d.PublicID, hexOf(uint64(d.ID), publicIDLen))
	if d.DNSNames == nil {
		d.DNSNames = o.certificate.names()
	}
	d = detachedDuplicate(d)
	isIssued := d.Status == digicert.CertificateStatusIssued || d.Status == statusDuplicate
	if err := settleDates(&d.DateCreated, &d.DateIssued, isIssued, now); err != nil {
		return err
	}
	if isIssued {
		if d.ValidFrom.IsZero() {
			d.ValidFrom = digicert.DateOf(d.DateIssued)
		}
		if d.ValidTill.IsZero() {
			d.ValidTill = endOfValidity(d.DateIssued, o.validityYears)
		}
		setDefault(&d.SerialNumber, hexOf(uint64(d.ID), serialLen))
		setDefault(&d.ReceiptID, fmt.Sprint(d.ID))
		if d.Thumbprint == "" {
			l, _ := o.duplicateLeaf(d)
			d.Thumbprint = l.thumbprint()
		}
	}
	s.duplicates[id] = append(s.duplicates[id], d)
	s.lastCertificate = max(s.lastCertificate, d.ID)
	return nil
}

// Duplicates returns the duplicates of an order as the service lists them. An unknown order has none.
func (s *Server) Duplicates(id digicert.OrderID) []digicert.Duplicate {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	return s.state.duplicatesOf(id)
}

func (s *state) duplicatesOf(id digicert.OrderID) []digicert.Duplicate {
	o := s.order(id)
	if o == nil {
		return nil
	}
	list := append(o.generatedDuplicates(), s.duplicates[id]...)
	for i := range list {
		list[i] = detachedDuplicate(list[i])
		if o.isRevoked(list[i].ID) {
			list[i].Status = statusRevoked
		}
	}
	return list
}

// duplicate returns the stored duplicate with an id, which must exist. The caller holds the lock.
func (s *state) duplicate(of digicert.OrderID, id digicert.CertificateID) *digicert.Duplicate {
	i := slices.IndexFunc(s.duplicates[of], func(d digicert.Duplicate) bool { return d.ID == id })
	return &s.duplicates[of][i]
}

// nextSubID returns the sub_id of the next duplicate of an order: 001, 002, …
func (s *state) nextSubID(o *order) string {
	return fmt.Sprintf("%03d", len(o.generatedDuplicates())+len(s.duplicates[o.id])+1)
}

// detachedDuplicate returns a copy that shares nothing with d.
func detachedDuplicate(d digicert.Duplicate) digicert.Duplicate {
	d.DNSNames = slices.Clone(d.DNSNames)
	detach(&d.DaysRemaining, &d.PurchasedDNSNames, &d.PurchasedWildcardNames)
	return d
}

// listDuplicates handles GET /order/certificate/{order_id}/duplicate.
func (s *Server) listDuplicates(r *request) (render, *failure) {
	id := digicert.OrderID(r.id)
	showArchived := r.query.bool("show_archived")
	if !s.state.has(id) {
		return nil, errNoOrder
	}
	return func(b []byte, fx effects) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		rows := s.state.duplicatesOf(id)
		if !showArchived {
			rows = slices.DeleteFunc(rows, func(d digicert.Duplicate) bool { return d.Archived })
		}
		return appendRows(b, "certificates", len(rows), fx, func(b []byte, i int) []byte {
			return appendDuplicate(b, &rows[i], r.now)
		})
	}, nil
}

// appendDuplicate appends a row of the duplicates of an order.
func appendDuplicate(b []byte, d *digicert.Duplicate, now time.Time) []byte {
	issued := issued(d.Status)
	b = appendInt(b, `{"id":`, d.ID)
	if issued {
		b = appendGiven(b, `,"thumbprint":`, d.Thumbprint)
		b = appendGiven(b, `,"serial_number":`, d.SerialNumber)
	}
	b = appendText(b, `,"common_name":`, d.CommonName)
	b = appendList(b, `,"dns_names":`, d.DNSNames)
	b = appendText(b, `,"status":`, string(d.Status))
	b = appendTime(b, `,"date_created":`, d.DateCreated)
	if issued && !d.DateIssued.IsZero() {
		b = appendTime(b, `,"date_issued":`, d.DateIssued)
	}
	if issued && !d.ValidFrom.IsZero() {
		b = appendDay(b, `,"valid_from":`, dayOf(d.ValidFrom))
	}
	if issued && !d.ValidTill.IsZero() {
		b = appendDay(b, `,"valid_till":`, dayOf(d.ValidTill))
		b = appendInt(b, `,"days_remaining":`, daysRemaining(d.DaysRemaining, d.ValidTill, now))
	}
	b = appendText(b, `,"csr":`, csrOr(d.CSR, d.ID, d.CommonName, d.DNSNames))
	b = appendPlatform(b, d.ServerPlatform)
	b = appendText(b, `,"signature_hash":`, d.SignatureHash)
	b = appendInt(b, `,"key_size":`, d.KeySize)
	b = appendText(b, `,"ca_cert_id":`, d.CACertID)
	b = appendText(b, `,"sub_id":`, d.SubID)
	b = appendText(b, `,"public_id":`, d.PublicID)
	archived := "0"
	if d.Archived {
		archived = "1"
	}
	b = appendText(b, `,"archived":`, archived)
	if d.UserID != 0 {
		b = appendInt(b, `,"user_id":`, d.UserID)
	}
	b = appendGiven(b, `,"email":`, d.Email)
	b = appendGiven(b, `,"firstname":`, d.FirstName)
	b = appendGiven(b, `,"lastname":`, d.LastName)
	if issued {
		b = appendGiven(b, `,"receipt_id":`, d.ReceiptID)
		b = appendText(b, `,"purchased_dns_names":`, count(d.PurchasedDNSNames))
		b = appendText(b, `,"purchased_wildcard_names":`, count(d.PurchasedWildcardNames))
	}
	return append(b, '}')
}

var duplicateShape = shape{list: "certificates", ids: []string{"id"}, optional: [][]string{
	{"thumbprint"},
	{"serial_number"},
	{"date_issued"},
	{"valid_from"},
	{"valid_till"},
	{"days_remaining"},
	{"receipt_id"},
	{"purchased_dns_names"},
	{"purchased_wildcard_names"},
}}
