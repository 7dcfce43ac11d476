// An order in the compact form in which the server keeps it, and what a test reads and changes of it.

package digicerttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// order is an order in the compact form in which a million of them are kept: what orders have in
// common is shared, and lists are kept as the JSON that is sent.
type order struct {
	id            digicert.OrderID
	certificate   certificate // every order has one, though not every answer shows it
	account       *account    // nil for an order of the account itself
	product       *product
	price         *price
	status        digicert.OrderStatus
	sans          int
	validityYears int
	created       time.Time
	issued        time.Time // zero: never
	changed       time.Time // the latest change of the status
	lot           *lot      // nil for an order that was not generated
}

type certificate struct {
	id           digicert.CertificateID
	thumbprint   string
	serialNumber string
	commonName   string
	dnsNames     string // JSON; "" leaves the key out
	validTill    day
	units        string // JSON; "" leaves the key out
	hash         string
}

// day is a [digicert.Date] as the number yyyymmdd; 0 is no day.
type day int32

func dayOf(d digicert.Date) day { return day(d.Year*10000 + int(d.Month)*100 + d.Day) }

func (d day) date() digicert.Date {
	return digicert.Date{Year: int(d) / 10000, Month: time.Month(int(d) / 100 % 100), Day: int(d) % 100}
}

// statusesBefore are those of an order whose certificate has not been issued, statusesAfter those
// of one whose certificate has been. Of any other status, canceled among them, it cannot be told.
var (
	statusesBefore = []digicert.OrderStatus{
		digicert.OrderStatusPending, digicert.OrderStatusRejected, digicert.OrderStatusWaitingPickup,
		digicert.OrderStatusNeedsApproval, digicert.OrderStatusNeedsCSR, digicert.OrderStatusProcessing,
		digicert.OrderStatusApproved, digicert.OrderStatusDenied,
	}
	statusesAfter = []digicert.OrderStatus{
		digicert.OrderStatusIssued, digicert.OrderStatusRevoked, digicert.OrderStatusExpired,
		digicert.OrderStatusReissuePending, digicert.OrderStatusReissueProcessing,
	}
)

// showsIssue reports whether the fields are sent that only an issued certificate has.
func (o *order) showsIssue() bool { return !slices.Contains(statusesBefore, o.status) }

// setStatus changes the status, and completes what an issued certificate has.
func (o *order) setStatus(status digicert.OrderStatus, at time.Time) {
	o.status, o.changed = status, at.UTC().Round(0)
	if !slices.Contains(statusesAfter, status) {
		return
	}
	if o.issued.IsZero() {
		o.issued = at.UTC().Truncate(time.Second)
	}
	c := &o.certificate
	if c.serialNumber == "" {
		c.serialNumber = hexOf(uint64(c.id), serialLen)
	}
	if c.validTill == 0 {
		c.validTill = dayOf(endOfValidity(o.issued, o.validityYears))
	}
	if c.thumbprint == "" {
		l, _ := o.leaf()
		c.thumbprint = l.thumbprint()
	}
}

// endOfValidity is the last day of a certificate that is valid for some years.
func endOfValidity(issued time.Time, years int) digicert.Date {
	return digicert.DateOf(issued.AddDate(min(max(years, 1), maxYear-issued.Year()), 0, 0))
}

// Order returns an order with everything that the server knows of it, whether the service would
// show it or not.
func (s *Server) Order(id digicert.OrderID) (digicert.SubaccountOrder, bool) {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.order(id)
	if o == nil {
		return digicert.SubaccountOrder{}, false
	}
	c := o.certificate
	full := digicert.SubaccountOrder{
		ID: o.id,
		Certificate: &digicert.OrderCertificate{
			ID:                c.id,
			Thumbprint:        c.thumbprint,
			SerialNumber:      c.serialNumber,
			CommonName:        c.commonName,
			DNSNames:          c.names(),
			ValidTill:         c.validTill.date(),
			OrganizationUnits: parseList(c.units),
			SignatureHash:     c.hash,
		},
		Product:       o.product.Product,
		OrderPrice:    o.price.Price,
		Status:        o.status,
		NumberOfSANs:  o.sans,
		DateCreated:   o.created,
		DateIssued:    o.issued,
		ValidityYears: o.validityYears,
	}
	if o.account != nil {
		full.Subaccount = o.account.Subaccount
	}
	return full, true
}

func (c *certificate) names() []string { return parseList(c.dnsNames) }

// Orders returns the number of orders, those of the account itself included.
func (s *Server) Orders() int {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	return len(s.state.orders)
}

// SetStatus changes the status of an order now, by the server's clock. Setting the status that it
// has is a change too, as when a certificate was reissued. An order whose status says for the first
// time that its certificate was issued gets the date and the fields that come with it. An unknown
// order is an error.
func (s *Server) SetStatus(id digicert.OrderID, status digicert.OrderStatus) error {
	return s.setStatus("SetStatus", id, status, s.now)
}

// SetStatusAt is SetStatus at another moment, before or after others that the order knows: it
// becomes the latest one. A moment in the future is not part of any "last minutes" until the clock
// gets there.
func (s *Server) SetStatusAt(id digicert.OrderID, status digicert.OrderStatus, at time.Time) error {
	return s.setStatus("SetStatusAt", id, status, func() time.Time { return at })
}

func (s *Server) setStatus(method string, id digicert.OrderID, status digicert.OrderStatus, at func() time.Time) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	o, moment := s.state.order(id), at()
	switch {
	case status == "":
		return fmt.Errorf("digicerttest: %s: order %d cannot be without a status", method, id)
	case o == nil:
		return fmt.Errorf("digicerttest: %s: there is no order %d", method, id)
	case moment.IsZero() || !representable(moment):
		return fmt.Errorf("digicerttest: %s: the year %d cannot be sent", method, moment.Year())
	}
	o.setStatus(status, moment)
	s.state.version++
	return nil
}

// RemoveOrder removes an order, its reissues and its duplicates. An unknown order is an error.
func (s *Server) RemoveOrder(id digicert.OrderID) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if !s.state.remove(id) {
		return fmt.Errorf("digicerttest: RemoveOrder: there is no order %d", id)
	}
	return nil
}
