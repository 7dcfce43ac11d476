// AddOrder and the defaults of an added order.

package digicerttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// AddOrder adds an order. With the zero Subaccount it is an order of the account itself, listed by
// GET /order/certificate; otherwise it is an order of that subaccount. An unknown subaccount is added
// as an immediate one, created with the order. For an existing one the id is sufficient.
//
// Zero fields that the service always sends are filled in: a certificate with the next free
// id, its names, "sha256", the product ssl_plus, a price of 0 USD, the status pending, one year, the
// number of names, and the current time as the time of creation. If the status implies an issued
// certificate, the issue date, thumbprint, serial number and end of validity are filled in as well.
// Fields that the service does not send for the order's status or subaccount are stored, and sent
// once that changes.
//
// Times are stored in whole seconds. The status counts as changed when the order was issued, or
// created if it was not; use SetStatusAt to change that. AddOrder returns an error if the id is not
// positive or in use, or if the subaccount differs from the existing one with its id.
func (s *Server) AddOrder(o digicert.SubaccountOrder) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if err := s.state.addOrder(o, s.now()); err != nil {
		return fmt.Errorf("digicerttest: AddOrder %d: %w", o.ID, err)
	}
	return nil
}

func (s *state) addOrder(given digicert.SubaccountOrder, now time.Time) error {
	if err := checkID("order", given.ID); err != nil {
		return err
	}
	if s.order(given.ID) != nil {
		return errors.New("the order already exists")
	}
	var cert digicert.OrderCertificate
	if !given.Certificate.IsZero() { // a decoded zero certificate has empty lists, not nil ones
		cert = given.Certificate
	}
	setDefault(&cert.ID, s.lastCertificate+1)
	if err := checkID("certificate", cert.ID); err != nil {
		return err
	}
	if given.NumberOfSANs < 0 || given.ValidityYears < 0 {
		return fmt.Errorf("%d names and %d years: neither may be negative", given.NumberOfSANs, given.ValidityYears)
	}
	if _, err := cert.ValidTill.MarshalText(); err != nil {
		return fmt.Errorf("valid_till: %s is not a valid date", cert.ValidTill)
	}
	if given.DateCreated.IsZero() {
		given.DateCreated = now
	}
	for _, t := range []time.Time{given.DateCreated, given.DateIssued} {
		if !representable(t) {
			return fmt.Errorf("the year %d is out of range", t.Year())
		}
	}
	placedBy, err := s.placedBy(given.Subaccount, given.DateCreated)
	if err != nil {
		return err
	}

	setDefault(&cert.CommonName, fmt.Sprintf("order-%d.example.com", given.ID))
	setDefault(&cert.SignatureHash, "sha256")
	if cert.DNSNames == nil {
		cert.DNSNames = []string{cert.CommonName}
	}
	setDefault(&given.Product, digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"})
	setDefault(&given.OrderPrice.Currency, "USD")
	setDefault(&given.Status, digicert.OrderStatusPending)
	setDefault(&given.ValidityYears, 1)
	setDefault(&given.NumberOfSANs, len(cert.DNSNames))
	o := &order{
		id:            given.ID,
		account:       placedBy,
		product:       s.internProduct(given.Product),
		price:         s.internPrice(given.OrderPrice),
		sans:          given.NumberOfSANs,
		validityYears: given.ValidityYears,
		created:       given.DateCreated.UTC().Truncate(time.Second),
		issued:        given.DateIssued.UTC().Truncate(time.Second),
		certificate: certificate{
			id:           cert.ID,
			thumbprint:   cert.Thumbprint,
			serialNumber: cert.SerialNumber,
			commonName:   cert.CommonName,
			dnsNames:     mustJSON(cert.DNSNames),
			validTill:    dayOf(cert.ValidTill),
			hash:         cert.SignatureHash,
		},
	}
	if cert.OrganizationUnits != nil {
		o.certificate.units = mustJSON(cert.OrganizationUnits)
	}
	changed := o.created
	if !o.issued.IsZero() && !slices.Contains(statusesBefore, given.Status) {
		changed = o.issued
	}
	o.setStatus(given.Status, changed)
	s.insert(o)
	return nil
}

// placedBy returns the subaccount of an order, or nil for the account itself. It adds an unknown subaccount.
func (s *state) placedBy(sub digicert.Subaccount, created time.Time) (*account, error) {
	if sub == (digicert.Subaccount{}) {
		return nil, nil
	}
	known, ok := s.accounts[sub.AccountID]
	if !ok {
		a, err := s.addAccount(0, sub, created)
		if err != nil {
			return nil, fmt.Errorf("its subaccount %d: %w", sub.AccountID, err)
		}
		return a, nil
	}
	setDefault(&sub.AccountType, known.AccountType)
	setDefault(&sub.OrganizationName, known.OrganizationName)
	if sub != known.Subaccount {
		return nil, fmt.Errorf("subaccount %d already exists as %q of type %s", sub.AccountID, known.OrganizationName, known.AccountType)
	}
	return known, nil
}
