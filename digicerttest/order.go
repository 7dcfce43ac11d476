// Orders in the state of the server, and the methods that read and change them.

package digicerttest

import (
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// order is an order in a compact form, so that a million fit in memory: common values are shared, and
// lists are stored as JSON.
type order struct {
	id            digicert.OrderID
	certificate   certificate // every order has one, but not every response includes it
	account       *account    // nil for an order of the account itself
	product       *product
	price         *price
	status        digicert.OrderStatus
	sans          int
	validityYears int
	created       time.Time
	issued        time.Time // zero if never issued
	changed       time.Time // time of the latest change of the status
	batch         *batch    // nil for an order that was not generated
	details       *details  // nil for most orders
}

type certificate struct {
	id           digicert.CertificateID
	thumbprint   string
	serialNumber string
	commonName   string
	dnsNames     string // JSON; "" omits the key
	validTill    day
	units        string // JSON; "" omits the key
	hash         string
}

// day is a [digicert.Date] as the number yyyymmdd; 0 is the zero Date.
type day int32

func dayOf(d digicert.Date) day { return day(d.Year*10000 + int(d.Month)*100 + d.Day) }

func (d day) date() digicert.Date {
	return digicert.Date{Year: int(d) / 10000, Month: time.Month(int(d) / 100 % 100), Day: int(d) % 100}
}

// statusesBefore are the statuses of an order whose certificate was not issued, statusesAfter those of
// an order whose certificate was issued. Other statuses, such as canceled, are in neither list.
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

// showsIssue reports whether responses include the fields of an issued certificate.
func (o *order) showsIssue() bool { return !slices.Contains(statusesBefore, o.status) }

// setStatus changes the status. If the certificate is issued then, it fills in the fields that depend on that.
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

// certificateIssued returns the time of issue of the primary certificate. For a reissue it is later than that of the
// order.
func (o *order) certificateIssued() time.Time {
	if at := o.some().issued; !at.IsZero() {
		return at
	}
	return o.issued
}

// endOfValidity returns the last day of a certificate that is valid for a number of years.
func endOfValidity(issued time.Time, years int) digicert.Date {
	return digicert.DateOf(issued.AddDate(min(max(years, 1), maxYear-issued.Year()), 0, 0))
}

// Order returns an order with all stored fields, including those that the service would not send.
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
		Certificate: digicert.OrderCertificate{
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

// Orders returns the number of orders, including those of the account itself.
func (s *Server) Orders() int {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	return len(s.state.orders)
}

// SetStatus changes the status of an order at the current time of the server's clock. Setting the
// current status again counts as a change, as when a certificate is reissued. When the status first
// implies that the certificate was issued, the issue date and the fields that depend on it are filled
// in. SetStatus returns an error for an unknown order.
func (s *Server) SetStatus(id digicert.OrderID, status digicert.OrderStatus) error {
	return s.setStatus("SetStatus", id, status, s.now)
}

// SetStatusAt is like SetStatus, but with the time of the change. It becomes the latest change, even if an
// earlier call had a later time. A change in the future is not listed until the clock reaches it.
func (s *Server) SetStatusAt(id digicert.OrderID, status digicert.OrderStatus, at time.Time) error {
	return s.setStatus("SetStatusAt", id, status, func() time.Time { return at })
}

func (s *Server) setStatus(method string, id digicert.OrderID, status digicert.OrderStatus, at func() time.Time) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	o, moment := s.state.order(id), at()
	switch {
	case status == "":
		return fmt.Errorf("digicerttest: %s: order %d: the status is empty", method, id)
	case o == nil:
		return fmt.Errorf("digicerttest: %s: the order %d does not exist", method, id)
	case moment.IsZero() || !representable(moment):
		return fmt.Errorf("digicerttest: %s: the year %d is out of range", method, moment.Year())
	}
	o.setStatus(status, moment)
	s.state.version++
	return nil
}

// RemoveOrder removes an order, its reissues and its duplicates. It returns an error for an unknown order.
func (s *Server) RemoveOrder(id digicert.OrderID) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if !s.state.remove(id) {
		return fmt.Errorf("digicerttest: RemoveOrder: the order %d does not exist", id)
	}
	return nil
}
