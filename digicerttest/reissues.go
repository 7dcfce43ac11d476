// The reissues of an order.

package digicerttest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-digicert/digicert"
)

// AddReissue adds a reissue to an order, after its other reissues. It does not change the order.
//
// Zero fields that the service always sends are filled in: the next free id, the order's names,
// the status issued, the current time as the time of creation, a key size of 256 bits and a CSR.
// For an issued reissue, the date, thumbprint, serial number, end of validity and receipt are filled in
// as well. DaysRemaining is sent unchanged; if it is nil, the server computes it by its clock. AddReissue
// returns an error for an unknown order and for negative numbers.
func (s *Server) AddReissue(id digicert.OrderID, r digicert.Reissue) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if err := s.state.addReissue(id, r, s.now()); err != nil {
		return fmt.Errorf("digicerttest: AddReissue to order %d: %w", id, err)
	}
	return nil
}

func (s *state) addReissue(id digicert.OrderID, r digicert.Reissue, now time.Time) error {
	o := s.order(id)
	if o == nil {
		return errors.New("the order does not exist")
	}
	setDefault(&r.ID, s.lastCertificate+1)
	if err := checkID("certificate", r.ID); err != nil {
		return err
	}
	if r.KeySize < 0 || r.UserID < 0 {
		return fmt.Errorf("%d bits and user %d: neither may be negative", r.KeySize, r.UserID)
	}
	if _, err := r.ValidTill.MarshalText(); err != nil {
		return fmt.Errorf("valid_till: %s is not a valid date", r.ValidTill)
	}
	setDefault(&r.Status, digicert.ReissueStatusIssued)
	setDefault(&r.CommonName, o.certificate.commonName)
	setDefault(&r.KeySize, derivedKeyBits)
	if r.DNSNames == nil {
		r.DNSNames = o.certificate.names()
	}
	r = detached(r)
	if err := settleDates(&r.DateCreated, &r.DateIssued, r.Status == digicert.ReissueStatusIssued, now); err != nil {
		return err
	}
	if r.Status == digicert.ReissueStatusIssued {
		setDefault(&r.SerialNumber, hexOf(uint64(r.ID), serialLen))
		setDefault(&r.ReceiptID, fmt.Sprint(r.ID))
		if r.ValidTill.IsZero() {
			r.ValidTill = endOfValidity(r.DateIssued, o.validityYears)
		}
		if r.Thumbprint == "" {
			l, _ := o.reissueLeaf(r)
			r.Thumbprint = l.thumbprint()
		}
	}
	s.reissues[id] = append(s.reissues[id], r)
	s.lastCertificate = max(s.lastCertificate, r.ID)
	return nil
}

// settleDates fills in the times of creation and issue, in whole seconds.
func settleDates(created, issued *time.Time, isIssued bool, now time.Time) error {
	if created.IsZero() {
		*created = now
	}
	*created = created.UTC().Truncate(time.Second)
	*issued = issued.UTC().Truncate(time.Second)
	if !representable(*created) || !representable(*issued) {
		return errors.New("the year of a date is out of range")
	}
	if isIssued && issued.IsZero() {
		*issued = *created
	}
	return nil
}

// Reissues returns the reissues of an order as the service lists them. An unknown order has none.
func (s *Server) Reissues(id digicert.OrderID) []digicert.Reissue {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	return s.state.reissuesOf(id)
}

func (s *state) reissuesOf(id digicert.OrderID) []digicert.Reissue {
	o := s.order(id)
	if o == nil {
		return nil
	}
	list := append(o.generatedReissues(), s.reissues[id]...)
	for i := range list {
		list[i] = detached(list[i])
		if o.isRevoked(list[i].ID) {
			list[i].Status = statusRevoked
		}
	}
	return list
}

// statusRevoked is the status of a revoked reissue or duplicate, a guess.
const statusRevoked = "revoked"

// reissue returns the stored reissue with an id, which must exist. The caller holds the lock.
func (s *state) reissue(of digicert.OrderID, id digicert.CertificateID) *digicert.Reissue {
	i := slices.IndexFunc(s.reissues[of], func(r digicert.Reissue) bool { return r.ID == id })
	return &s.reissues[of][i]
}

// detached returns a copy that shares nothing with r.
func detached(r digicert.Reissue) digicert.Reissue {
	r.DNSNames = slices.Clone(r.DNSNames)
	detach(&r.DaysRemaining, &r.PurchasedDNSNames, &r.PurchasedWildcardNames)
	return r
}

// detach replaces the pointers of a row by pointers to copies.
func detach(numbers ...**int) {
	for _, p := range numbers {
		if *p != nil {
			*p = new(**p)
		}
	}
}

// listReissues handles GET /order/certificate/{order_id}/reissue. That "archived" is sent only if the request has
// show_archived is a guess: the documented sample, which is older, does not have it.
func (s *Server) listReissues(r *request) (render, *failure) {
	id := digicert.OrderID(r.id)
	knowsArchived := r.query.has("show_archived")
	showArchived := r.query.bool("show_archived")
	if !s.state.has(id) {
		return nil, errNoOrder
	}
	return func(b []byte, fx effects) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		rows := s.state.reissuesOf(id)
		if !showArchived {
			rows = slices.DeleteFunc(rows, func(r digicert.Reissue) bool { return r.Archived })
		}
		if o := s.state.order(id); fx.repeatPrimary && o != nil {
			rows = slices.Repeat([]digicert.Reissue{o.primary()}, max(len(rows), 1))
		}
		return appendRows(b, "certificates", len(rows), fx, func(b []byte, i int) []byte {
			return appendReissue(b, &rows[i], r.now, knowsArchived)
		})
	}, nil
}

var errNoOrder = fail(http.StatusNotFound, "not_found|order", "The order does not exist.")

// primary returns the primary certificate of an order as a reissue.
func (o *order) primary() digicert.Reissue {
	r := digicert.Reissue{
		ID:           o.certificate.id,
		Thumbprint:   o.certificate.thumbprint,
		SerialNumber: o.certificate.serialNumber,
		CommonName:   o.certificate.commonName,
		DNSNames:     o.certificate.names(),
		Status:       digicert.ReissueStatusIssued,
		DateCreated:  o.created,
		DateIssued:   o.issued,
		ValidTill:    o.certificate.validTill.date(),
		KeySize:      derivedKeyBits,
		ReceiptID:    fmt.Sprint(o.certificate.id),
	}
	if o.issued.IsZero() {
		r.Status = digicert.ReissueStatusPending
	}
	return r
}

// appendReissue appends a row of the reissues of an order.
func appendReissue(b []byte, r *digicert.Reissue, now time.Time, withArchived bool) []byte {
	issued := issued(digicert.CertificateStatus(r.Status))
	b = appendInt(b, `{"id":`, r.ID)
	if issued {
		b = appendGiven(b, `,"thumbprint":`, r.Thumbprint)
		b = appendGiven(b, `,"serial_number":`, r.SerialNumber)
	}
	b = appendText(b, `,"common_name":`, r.CommonName)
	b = appendList(b, `,"dns_names":`, r.DNSNames)
	b = appendText(b, `,"status":`, string(r.Status))
	b = appendTime(b, `,"date_created":`, r.DateCreated)
	if issued && !r.DateIssued.IsZero() {
		b = appendTime(b, `,"date_issued":`, r.DateIssued)
	}
	if issued && !r.ValidTill.IsZero() {
		b = appendDay(b, `,"valid_till":`, dayOf(r.ValidTill))
		b = appendInt(b, `,"days_remaining":`, daysRemaining(r.DaysRemaining, r.ValidTill, now))
	}
	b = appendText(b, `,"csr":`, csrOr(r.CSR, r.ID, r.CommonName, r.DNSNames))
	b = appendInt(b, `,"key_size":`, r.KeySize)
	if withArchived {
		archived := 0
		if r.Archived {
			archived = 1
		}
		b = appendInt(b, `,"archived":`, archived)
	}
	if r.UserID != 0 {
		b = appendInt(b, `,"user_id":`, r.UserID)
	}
	b = appendGiven(b, `,"email":`, r.Email)
	b = appendGiven(b, `,"firstname":`, r.FirstName)
	b = appendGiven(b, `,"lastname":`, r.LastName)
	if issued {
		b = appendGiven(b, `,"receipt_id":`, r.ReceiptID)
		b = appendText(b, `,"purchased_dns_names":`, count(r.PurchasedDNSNames))
		b = appendText(b, `,"purchased_wildcard_names":`, count(r.PurchasedWildcardNames))
	}
	return append(b, '}')
}

// daysRemaining returns given or, if it is nil, the number of days from now to till.
func daysRemaining(given *int, till digicert.Date, now time.Time) int {
	if given != nil {
		return *given
	}
	today := digicert.DateOf(now.UTC()).In(time.UTC)
	return int(till.In(time.UTC).Sub(today) / (24 * time.Hour))
}

// count formats a number of purchased names, which the service sends as a string.
func count(n *int) string {
	if n == nil {
		return "0"
	}
	return strconv.Itoa(*n)
}

var reissueShape = shape{list: "certificates", ids: []string{"id"}, optional: [][]string{
	{"thumbprint"},
	{"serial_number"},
	{"date_issued"},
	{"valid_till"},
	{"days_remaining"},
	{"receipt_id"},
	{"purchased_dns_names"},
	{"purchased_wildcard_names"},
}}
