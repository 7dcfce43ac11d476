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

// AddReissue adds a reissue to an order, behind those that it has. It does not change the order.
//
// What the service always sends and r leaves out is filled in: the next free id, the order's names,
// the status issued, the present as the time of creation, a key size of 2048 bits, and, once
// issued, the date, thumbprint, serial number, end of validity and receipt. DaysRemaining is sent
// as given; nil lets the server count them by its clock. An unknown order is an error, and so are
// negative numbers.
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
		return errors.New("there is no such order")
	}
	setDefault(&r.ID, s.lastCertificate+1)
	if err := checkID("certificate", r.ID); err != nil {
		return err
	}
	if r.KeySize < 0 || r.UserID < 0 {
		return fmt.Errorf("%d bits and user %d: neither can be negative", r.KeySize, r.UserID)
	}
	if _, err := r.ValidTill.MarshalText(); err != nil {
		return fmt.Errorf("valid_till: %s is no day of the calendar", r.ValidTill)
	}
	setDefault(&r.Status, digicert.ReissueStatusIssued)
	setDefault(&r.CommonName, o.certificate.commonName)
	setDefault(&r.KeySize, 2048)
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
			l, _ := o.furtherReissue(r)
			r.Thumbprint = l.thumbprint()
		}
	}
	s.reissues[id] = append(s.reissues[id], r)
	s.lastCertificate = max(s.lastCertificate, r.ID)
	return nil
}

// settleDates completes when a certificate was asked for and issued, in whole seconds.
func settleDates(created, issued *time.Time, isIssued bool, now time.Time) error {
	if created.IsZero() {
		*created = now
	}
	*created = created.UTC().Truncate(time.Second)
	*issued = issued.UTC().Truncate(time.Second)
	if !representable(*created) || !representable(*issued) {
		return errors.New("a year that cannot be sent")
	}
	if isIssued && issued.IsZero() {
		*issued = *created
	}
	return nil
}

// Reissues returns the reissues of an order, in the order in which the service lists them; none for
// an unknown order.
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
	}
	return list
}

// detached returns a copy that shares nothing with r.
func detached(r digicert.Reissue) digicert.Reissue {
	r.DNSNames = slices.Clone(r.DNSNames)
	detach(&r.DaysRemaining, &r.PurchasedDNSNames, &r.PurchasedWildcardNames)
	return r
}

// detach makes the numbers of a row its own.
func detach(numbers ...**int) {
	for _, p := range numbers {
		if *p != nil {
			*p = new(**p)
		}
	}
}

// listReissues answers GET /order/certificate/{order_id}/reissue. That "archived" is only sent
// where the request says something about archived rows is a guess: the documented sample, which is
// older, lacks it.
func (s *Server) listReissues(r *request) (render, *failure) {
	id := digicert.OrderID(r.id)
	knowsArchived := r.query.has("show_archived")
	showArchived := r.query.bool("show_archived")
	if !s.state.has(id) {
		return nil, errNoOrder
	}
	return func(b []byte, m mischief) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		rows := s.state.reissuesOf(id)
		if !showArchived {
			rows = slices.DeleteFunc(rows, func(r digicert.Reissue) bool { return r.Archived })
		}
		if o := s.state.order(id); m.repeatPrimary && o != nil {
			rows = slices.Repeat([]digicert.Reissue{o.primary()}, max(len(rows), 1))
		}
		return appendRows(b, "certificates", len(rows), m, func(b []byte, i int) []byte {
			return appendReissue(b, &rows[i], r.now, knowsArchived)
		})
	}, nil
}

var errNoOrder = fail(http.StatusNotFound, "not_found|order", "The order does not exist.")

// primary is the certificate of an order in the form of a reissue.
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
		KeySize:      2048,
		ReceiptID:    fmt.Sprint(o.certificate.id),
	}
	if o.issued.IsZero() {
		r.Status = digicert.ReissueStatusPending
	}
	return r
}

// appendReissue appends a row of the reissues of an order. withArchived is whether the request
// knows of archived rows: the sample, which is older than they are, lacks the field.
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
	b = appendGiven(b, `,"csr":`, r.CSR)
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

// daysRemaining is the number that was given for a row, which stands still as in the documented
// sample, or else that of the day.
func daysRemaining(given *int, till digicert.Date, now time.Time) int {
	if given != nil {
		return *given
	}
	today := digicert.DateOf(now.UTC()).In(time.UTC)
	return int(till.In(time.UTC).Sub(today) / (24 * time.Hour))
}

// count writes a number of purchased names as the service does; nil is none.
func count(n *int) string {
	if n == nil {
		return "0"
	}
	return strconv.Itoa(*n)
}
