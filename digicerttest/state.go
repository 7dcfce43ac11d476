package digicerttest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

// state is what the server knows: accounts, orders, reissues and duplicates. A change shows in the
// next answer.
type state struct {
	mu         sync.RWMutex
	version    uint64 // of the orders; counts their changes
	accounts   map[digicert.AccountID]*account
	orders     []*order // all, by id ascending
	placed     []*order // those of subaccounts, by id ascending
	own        []*order // those of the account itself, by id ascending
	reissues   map[digicert.OrderID][]digicert.Reissue
	duplicates map[digicert.OrderID][]digicert.Duplicate
	products   map[digicert.Product]*product
	prices     map[string]*price // by their JSON

	lastCertificate digicert.CertificateID // the highest id that any order, reissue or duplicate has
	views           viewCache
}

func (s *state) init() {
	s.accounts = make(map[digicert.AccountID]*account)
	s.reissues = make(map[digicert.OrderID][]digicert.Reissue)
	s.duplicates = make(map[digicert.OrderID][]digicert.Duplicate)
	s.products = make(map[digicert.Product]*product)
	s.prices = make(map[string]*price)
}

// account is a subaccount at any depth.
type account struct {
	digicert.Subaccount
	immediate bool      // a subaccount of the account itself, not of one of its subaccounts
	created   time.Time // when it was added
	json      string    // as an order shows it
}

// product and price are shared by the orders that have them.
type product struct {
	digicert.Product
	json string
}

type price struct {
	digicert.Price
	json string
}

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

// find returns where the order with an id is, or would be.
func find(orders []*order, id digicert.OrderID) (int, bool) {
	if n := len(orders); n == 0 || orders[n-1].id < id { // most orders come in the order of their ids
		return n, false
	}
	return slices.BinarySearchFunc(orders, id, func(o *order, id digicert.OrderID) int { return cmp.Compare(o.id, id) })
}

// order returns an order, or nil. The caller holds the lock.
func (s *state) order(id digicert.OrderID) *order {
	if i, ok := find(s.orders, id); ok {
		return s.orders[i]
	}
	return nil
}

// orderNow returns an order as it is now, and whether there is one.
func (s *state) orderNow(id digicert.OrderID) (order, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if o := s.order(id); o != nil {
		return *o, true
	}
	return order{}, false
}

// has reports whether there is an order.
func (s *state) has(id digicert.OrderID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.order(id) != nil
}

// insert puts an order in its place. The caller holds the lock and has made sure that the id is
// free.
func (s *state) insert(o *order) {
	for _, list := range []*[]*order{&s.orders, s.listOf(o)} {
		i, _ := find(*list, o.id)
		*list = slices.Insert(*list, i, o)
	}
	s.lastCertificate = max(s.lastCertificate, o.certificate.id)
	s.version++
}

// listOf is the list of those orders that were placed by the like of who placed o.
func (s *state) listOf(o *order) *[]*order {
	if o.account == nil {
		return &s.own
	}
	return &s.placed
}

func (s *state) internProduct(p digicert.Product) *product {
	shared, ok := s.products[p]
	if !ok {
		shared = &product{p, mustJSON(p)}
		s.products[p] = shared
	}
	return shared
}

func (s *state) internPrice(p digicert.Price) *price {
	text := mustJSON(p)
	shared, ok := s.prices[text]
	if !ok {
		shared = &price{p, text}
		s.prices[text] = shared
	}
	return shared
}

// mustJSON is for values that always have a JSON form.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("digicerttest: %v", err))
	}
	return string(b)
}

// AddSubaccount adds a subaccount below parent: 0 for the account itself, whose subaccounts are the
// immediate ones, or the id of another subaccount. An account type that is left out is
// "enterprise". It counts as created now. Ids that are not positive or not new, and an unknown
// parent, are errors.
func (s *Server) AddSubaccount(parent digicert.AccountID, sub digicert.Subaccount) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	_, err := s.state.addAccount(parent, sub, s.now())
	if err != nil {
		return fmt.Errorf("digicerttest: AddSubaccount %d: %w", sub.AccountID, err)
	}
	return nil
}

func (s *state) addAccount(parent digicert.AccountID, sub digicert.Subaccount, created time.Time) (*account, error) {
	if err := checkID("account", sub.AccountID); err != nil {
		return nil, err
	}
	if _, ok := s.accounts[sub.AccountID]; ok {
		return nil, errors.New("there is such a subaccount already")
	}
	if _, ok := s.accounts[parent]; parent != 0 && !ok {
		return nil, fmt.Errorf("the parent %d is no known subaccount", parent)
	}
	setDefault(&sub.AccountType, digicert.AccountTypeEnterprise)
	return s.putAccount(parent, sub, created), nil
}

func (s *state) putAccount(parent digicert.AccountID, sub digicert.Subaccount, created time.Time) *account {
	a := &account{Subaccount: sub, immediate: parent == 0, created: created, json: mustJSON(sub)}
	s.accounts[sub.AccountID] = a
	return a
}

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
	if !given.Certificate.IsZero() { // an absent one that was decoded has lists that are empty, not nil
		cert = given.Certificate
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

// maxID is the largest id that can be given: far above any real one, and far enough from the end
// of int64 for others to come after it.
const maxID = 1 << 62

func checkID[T ~int64](of string, id T) error {
	if id < 1 || id > maxID {
		return fmt.Errorf("%s id %d is outside 1 to 2^62", of, id)
	}
	return nil
}

// maxYear is the last that a date of the service can have.
const maxYear = 9999

// representable reports whether a time can be written as the service writes it.
func representable(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= maxYear }

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

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
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

// parseList reads a list that mustJSON wrote.
func parseList(text string) []string {
	var list []string
	if text != "" {
		_ = json.Unmarshal([]byte(text), &list)
	}
	return list
}

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

func (s *state) remove(id digicert.OrderID) bool {
	o := s.order(id)
	if o == nil {
		return false
	}
	for _, list := range []*[]*order{&s.orders, s.listOf(o)} {
		i, _ := find(*list, id)
		*list = slices.Delete(*list, i, i+1)
	}
	delete(s.reissues, id)
	delete(s.duplicates, id)
	s.version++
	return true
}
