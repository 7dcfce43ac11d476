// Generate, which adds any number of plausible orders.

package digicerttest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// Generated ids are greater than these. They differ from those that a test sets, and exceed 32 bits
// where the real ids do.
const (
	firstOrder       = 1_000_000
	firstAccount     = 200_000
	firstCertificate = 3_000_000_000
)

const (
	generatedYears    = 8    // the period of generated orders
	immediateAccounts = 20   // immediate subaccounts of a batch
	deeperAccounts    = 30   // subaccounts below them
	certificatesEach  = 8    // ids reserved for the certificate of an order and its reissues and duplicates
	blockOfOrders     = 1024 // allocated at a time

	thumbprintLen = 40 // hexadecimal digits
	serialLen     = 32
	publicIDLen   = 24
)

// batch has what the orders of one call of Generate share.
type batch struct {
	seed uint64
	end  time.Time // the day of the call
}

// Generate adds n plausible orders of subaccounts for many products. They were placed in the eight years before
// the day of the server's clock by fifty subaccounts, twenty of which are immediate. Most are issued or expired;
// some are pending, rejected, canceled, revoked or waiting for a reissue. One in twelve has reissues, and fewer
// have duplicates. Generate also adds orders of the account itself, a twentieth of n. Within each of the two
// groups, the ids ascend with the time of creation.
//
// The same seed, n, day and previous state result in the same orders. On another day their dates are
// shifted, so that some are always about to expire. Common names repeat, like those of renewed
// certificates. Generate returns an error if n is negative.
func (s *Server) Generate(seed uint64, n int) error {
	switch {
	case n < 0:
		return fmt.Errorf("digicerttest: Generate: the number of orders, %d, is negative", n)
	case n == 0:
		return nil
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.generate(seed, n, s.now())
	return nil
}

// ownOrders returns the number of orders of the account itself that are added with n orders of subaccounts.
func ownOrders(n int) int { return (n + 19) / 20 }

// generator generates the orders of one call of Generate.
type generator struct {
	*state
	random
	batch    *batch
	start    time.Time // the time of the earliest order
	total    int       // orders of subaccounts
	accounts []*account
	products []*product
	prices   [][]*price // by product, and by the number of years minus 1
	seeds    uint64     // number of used seeds
}

func (s *state) generate(seed uint64, n int, now time.Time) {
	end := digicert.DateOf(now.UTC()).In(time.UTC)
	g := &generator{state: s, batch: &batch{seed, end}, start: end.AddDate(-generatedYears, 0, 0), total: n}
	g.seed(seed, 0)
	g.accounts = s.generateAccounts(&g.random, g.start)
	for _, i := range catalog {
		g.products = append(g.products, s.internProduct(i.product))
		var prices []*price
		for years := range int64(3) {
			prices = append(prices, s.internPrice(digicert.Price{Cost: decimal.NewFromInt(i.cost * (years + 1)), Currency: "USD"}))
		}
		g.prices = append(g.prices, prices)
	}
	s.orders = slices.Grow(s.orders, n+ownOrders(n))
	s.ofSubaccounts = g.orders(s.ofSubaccounts, n, g.accounts)
	s.own = g.orders(s.own, ownOrders(n), nil)
	s.version++
}

// orders appends n orders to list and to the list of all orders. They belong to accounts, or to the account itself if
// accounts is nil.
func (g *generator) orders(list []*order, n int, accounts []*account) []*order {
	list = slices.Grow(list, n)
	id := max(digicert.OrderID(firstOrder), g.nextOrderID()-1)
	certificateID := max(digicert.CertificateID(firstCertificate), g.lastCertificate)
	step := g.batch.end.Sub(g.start) / time.Duration(n) // between two orders
	d := &g.random
	var text []byte
	var block []order
	for i := range n {
		if len(block) == 0 {
			block = make([]order, min(n-i, blockOfOrders))
		}
		o := &block[0]
		block = block[1:]

		g.seeds++
		d.seed(g.batch.seed, g.seeds)
		id += digicert.OrderID(1 + d.below(3))
		item := d.below(len(catalog))
		o.id, o.batch = id, g.batch
		if accounts != nil {
			o.account = accounts[d.below(len(accounts))]
		}
		o.product = g.products[item]
		o.created = g.start.Add((step * time.Duration(i)).Truncate(time.Second) + d.within(step))
		d.outcome(o)
		o.price = g.prices[item][o.validityYears-1]
		o.certificate.id = certificateID + 1
		certificateID += certificatesEach
		text = d.names(text[:0], o, catalog[item].kind, g.total)
		g.state.orders = append(g.state.orders, o)
		list = append(list, o)
	}
	g.lastCertificate = max(g.lastCertificate, certificateID)
	return list
}

// generateAccounts adds the subaccounts of a batch, created on consecutive days before start.
func (s *state) generateAccounts(d *random, start time.Time) []*account {
	id := digicert.AccountID(firstAccount)
	for known := range s.accounts {
		id = max(id, known)
	}
	types := []digicert.AccountType{
		digicert.AccountTypeEnterprise, digicert.AccountTypeEnterprise, digicert.AccountTypeRetail, digicert.AccountTypeReseller,
	}
	var list []*account
	for i := range immediateAccounts + deeperAccounts {
		id++
		parent := digicert.AccountID(0)
		if i >= immediateAccounts {
			parent = list[d.below(i)].AccountID
		}
		list = append(list, s.putAccount(parent, digicert.Subaccount{
			AccountID:        id,
			AccountType:      types[d.below(len(types))],
			OrganizationName: title(colours[d.below(len(colours))]) + " " + title(things[d.below(len(things))]) + " " + strconv.Itoa(i+1),
		}, start.AddDate(0, 0, i-immediateAccounts-deeperAccounts)))
	}
	return list
}

func title(word string) string { return string(word[0]-'a'+'A') + word[1:] }

// outcome chooses the status of an order and its dates.
func (d *random) outcome(o *order) {
	const aDay = 24 * time.Hour
	end := o.batch.end
	o.validityYears = 1
	if o.created.Year() < 2021 { // later certificates are valid for at most a year
		o.validityYears = 1 + d.below(3)
	}
	issued := o.created.Add(d.within(3 * aDay))
	validTill := issued.AddDate(o.validityYears, 0, 0)
	roll := d.below(1000)
	recent := end.Sub(issued) < 30*aDay
	switch {
	case roll < 40:
		o.status, o.changed = digicert.OrderStatusRejected, o.created.Add(d.within(2*aDay))
	case roll < 80:
		o.status, o.changed = digicert.OrderStatusCanceled, o.created.Add(d.within(20*aDay))
	case roll < 100 || recent && roll < 200 || issued.After(end):
		waiting := []digicert.OrderStatus{
			digicert.OrderStatusPending, digicert.OrderStatusPending, digicert.OrderStatusNeedsApproval, digicert.OrderStatusProcessing,
		}
		o.status, o.changed = waiting[d.below(len(waiting))], o.created
	case roll > 975:
		o.status, o.issued, o.changed = digicert.OrderStatusRevoked, issued, issued.Add(d.within(validTill.Sub(issued)))
	case validTill.Before(end):
		o.status, o.issued, o.changed = digicert.OrderStatusExpired, issued, validTill
	case roll > 960:
		o.status, o.issued, o.changed = digicert.OrderStatusReissuePending, issued, issued.Add(d.within(end.Sub(issued)))
	default:
		o.status, o.issued, o.changed = digicert.OrderStatusIssued, issued, issued
	}
	if !o.issued.IsZero() {
		o.certificate.validTill = dayOf(digicert.DateOf(validTill))
	}
	if o.changed.After(end) { // not at end: all of these would have changed at the start of the day
		o.changed = o.created.Add(end.Sub(o.created) / 2)
	}
}

// names chooses the texts of a certificate. They share one allocation; b is a scratch buffer.
func (d *random) names(b []byte, o *order, kind nameKind, n int) []byte {
	c := &o.certificate
	if !o.issued.IsZero() {
		b = appendHex(b, &d.pcg, thumbprintLen)
		b = appendHex(b, &d.pcg, serialLen)
	}
	start := len(b)
	host := d.below(len(hosts))
	switch kind {
	case wildcard:
		b = append(b, "*."...)
	case oneName, manyNames:
		b = append(append(b, hosts[host]...), '.')
	}
	domain := len(b)
	b = append(append(b, colours[d.below(len(colours))]...), '-')
	b = append(append(b, things[d.below(len(things))]...), '-')
	b = strconv.AppendInt(b, int64(d.pcg.Uint64()%uint64(n/200+1)), 10)
	b = append(b, ".example"...)
	end := len(b)

	b = append(append(append(b, `["`...), b[start:end]...), '"')
	o.sans = 1
	switch kind {
	case wildcard:
		b = append(append(append(b, `,"`...), b[domain:end]...), '"')
		o.sans++
	case manyNames:
		for range d.below(5) {
			host = (host + 1) % len(hosts)
			b = append(append(b, `,"`...), hosts[host]...)
			b = append(append(append(b, '.'), b[domain:end]...), '"')
			o.sans++
		}
	case oneName:
	}
	b = append(b, ']')

	text := string(b)
	if start > 0 {
		c.thumbprint, c.serialNumber = text[:thumbprintLen], text[thumbprintLen:start]
	}
	c.commonName, c.dnsNames = text[start:end], text[end:]
	c.units, c.hash = `[]`, "sha256"
	if o.created.Year() < 2022 { // later ones have no organization units
		c.units = units[d.below(len(units))]
	}
	return b
}

// nextOrderID returns the lowest id above those of all orders.
func (s *state) nextOrderID() digicert.OrderID {
	if n := len(s.orders); n > 0 {
		return s.orders[n-1].id + 1
	}
	return 1
}

// anySubaccount returns a subaccount for a further order.
func (s *state) anySubaccount() digicert.Subaccount {
	if n := len(s.ofSubaccounts); n > 0 {
		return s.ofSubaccounts[n-1].account.Subaccount
	}
	if len(s.accounts) > 0 {
		return s.accounts[slices.Min(slices.Collect(maps.Keys(s.accounts)))].Subaccount
	}
	return digicert.Subaccount{AccountID: 1, OrganizationName: "Subaccount"}
}
