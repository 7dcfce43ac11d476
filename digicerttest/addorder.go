// AddOrder: an order that a test adds, and what it leaves out.

package digicerttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// AddOrder adds an order. The zero Subaccount makes it one of the account itself, which its own list
// shows and that of subaccount orders does not. A subaccount that is not known yet is added as an
// immediate one, created with the order; of a known one the id is enough.
//
// What the service always sends and o leaves out is filled in: a certificate with the next free id,
// its names, "sha256", the product ssl_plus, a price of 0 USD, the status pending, one year, the
// number of names, and the present as the time of creation. Once the status says that the
// certificate was issued, date, thumbprint, serial number and end of validity are filled in too.
// What the service would not show for the order's status or subaccount is kept, and shown when that
// changes.
//
// Times are kept in whole seconds. The status counts as changed when the order was issued, or else
// created; SetStatusAt changes that. An id that is not positive or not new is an error, and so is a
// subaccount that contradicts the one known by its id.
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
		return errors.New("there is such an order already")
	}
	var cert digicert.OrderCertificate
	if given.Certificate != nil {
		cert = *given.Certificate
	}
	setDefault(&cert.ID, s.lastCertificate+1)
	if err := checkID("certificate", cert.ID); err != nil {
		return err
	}
	if given.NumberOfSANs < 0 || given.ValidityYears < 0 {
		return fmt.Errorf("%d names and %d years: neither can be negative", given.NumberOfSANs, given.ValidityYears)
	}
	if _, err := cert.ValidTill.MarshalText(); err != nil {
		return fmt.Errorf("valid_till: %s is no day of the calendar", cert.ValidTill)
	}
	if given.DateCreated.IsZero() {
		given.DateCreated = now
	}
	for _, t := range []time.Time{given.DateCreated, given.DateIssued} {
		if !representable(t) {
			return fmt.Errorf("the year %d cannot be sent", t.Year())
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

// placedBy finds or adds the subaccount of an order.
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
		return nil, fmt.Errorf("subaccount %d is known as %q of type %s", sub.AccountID, known.OrganizationName, known.AccountType)
	}
	return known, nil
}
