// Generate: a large number of plausible orders.

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

// Generated ids are above these: to be told from those that a test sets itself, and to exceed 32
// bits where the real ones do.
const (
	firstOrder       = 1_000_000
	firstAccount     = 200_000
	firstCertificate = 3_000_000_000
)

const (
	generatedYears    = 8    // how far back generated orders reach
	immediateAccounts = 20   // subaccounts of a lot
	deeperAccounts    = 30   // those below them
	certificatesEach  = 8    // ids that an order takes: of its certificate and at most four reissues
	blockOfOrders     = 1024 // allocated at a time

	thumbprintLen = 40 // hexadecimal digits
	serialLen     = 32
	publicIDLen   = 24
)

// lot is what the orders of one Generate have in common.
type lot struct {
	seed uint64
	end  time.Time // the day on which it was generated
}

// Generate adds n plausible orders of subaccounts: placed over the eight years up to the day of the
// server's clock by some fifty subaccounts, a part of which is not immediate; of many products;
// most of them issued or expired, some pending, rejected, canceled, revoked or about to be
// reissued; a twelfth with reissues. Ids ascend with the time of creation.
//
// All is made up from the seed: the same seed, n, day and prior state give the same orders. On
// another day their dates move along, so that there are always some that are about to expire.
// Common names repeat, as those of renewed certificates do. The CSRs are no real ones. A negative n
// is an error.
func (s *Server) Generate(seed uint64, n int) error {
	switch {
	case n < 0:
		return fmt.Errorf("digicerttest: Generate: %d orders", n)
	case n == 0:
		return nil
	}
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	s.state.generate(seed, n, s.now())
	return nil
}

func (s *state) generate(seed uint64, n int, now time.Time) {
	end := digicert.DateOf(now.UTC()).In(time.UTC)
	start := end.AddDate(-generatedYears, 0, 0)
	lot := &lot{seed, end}
	var d dice
	d.seed(seed, 0)
	accounts := s.generateAccounts(&d, start)
	products := make([]*product, len(wares))
	prices := make([][]*price, len(wares))
	for i, w := range wares {
		products[i] = s.internProduct(w.product)
		for years := range int64(3) {
			prices[i] = append(prices[i], s.internPrice(digicert.Price{Cost: decimal.NewFromInt(w.cost * (years + 1)), Currency: "USD"}))
		}
	}

	id := max(digicert.OrderID(firstOrder), s.nextOrderID()-1)
	certificateID := max(digicert.CertificateID(firstCertificate), s.lastCertificate)
	s.orders = slices.Grow(s.orders, n)
	s.placed = slices.Grow(s.placed, n)
	step := end.Sub(start) / time.Duration(n) // from order to order
	var text []byte
	var block []order
	for i := range n {
		if len(block) == 0 {
			block = make([]order, min(n-i, blockOfOrders))
		}
		o := &block[0]
		block = block[1:]

		d.seed(seed, uint64(i)+1)
		id += digicert.OrderID(1 + d.below(3))
		ware := d.below(len(wares))
		o.id, o.lot = id, lot
		o.account = accounts[d.below(len(accounts))]
		o.product = products[ware]
		o.created = start.Add((step * time.Duration(i)).Truncate(time.Second) + d.within(step))
		d.fate(o)
		o.price = prices[ware][o.validityYears-1]
		o.certificate.id = certificateID + 1
		certificateID += certificatesEach
		text = d.names(text[:0], o, wares[ware].kind, n)
		s.orders = append(s.orders, o)
		s.placed = append(s.placed, o)
	}
	s.lastCertificate = max(s.lastCertificate, certificateID)
	s.version++
}

// generateAccounts adds the subaccounts of a lot, created a day apart until it starts.
func (s *state) generateAccounts(d *dice, start time.Time) []*account {
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

// fate decides what became of an order: its status, and when.
func (d *dice) fate(o *order) {
	const aDay = 24 * time.Hour
	end := o.lot.end
	o.validityYears = 1
	if o.created.Year() < 2021 { // since then certificates last about a year
		o.validityYears = 1 + d.below(3)
	}
	issued := o.created.Add(d.within(3 * aDay))
	validTill := issued.AddDate(o.validityYears, 0, 0)
	throw := d.below(1000)
	recent := end.Sub(issued) < 30*aDay
	switch {
	case throw < 40:
		o.status, o.changed = digicert.OrderStatusRejected, o.created.Add(d.within(2*aDay))
	case throw < 80:
		o.status, o.changed = digicert.OrderStatusCanceled, o.created.Add(d.within(20*aDay))
	case throw < 100 || recent && throw < 200 || issued.After(end):
		waiting := []digicert.OrderStatus{
			digicert.OrderStatusPending, digicert.OrderStatusPending, digicert.OrderStatusNeedsApproval, digicert.OrderStatusProcessing,
		}
		o.status, o.changed = waiting[d.below(len(waiting))], o.created
	case throw > 975:
		o.status, o.issued, o.changed = digicert.OrderStatusRevoked, issued, issued.Add(d.within(validTill.Sub(issued)))
	case validTill.Before(end):
		o.status, o.issued, o.changed = digicert.OrderStatusExpired, issued, validTill
	case throw > 960:
		o.status, o.issued, o.changed = digicert.OrderStatusReissuePending, issued, issued.Add(d.within(end.Sub(issued)))
	default:
		o.status, o.issued, o.changed = digicert.OrderStatusIssued, issued, issued
	}
	if !o.issued.IsZero() {
		o.certificate.validTill = dayOf(digicert.DateOf(validTill))
	}
	if o.changed.After(end) {
		o.changed = end
	}
}

// names makes up the texts of a certificate. They share one allocation, for which b is the scratch.
func (d *dice) names(b []byte, o *order, kind wareKind, n int) []byte {
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
	if o.created.Year() < 2022 { // later ones name no units any more
		c.units = units[d.below(len(units))]
	}
	return b
}

// generatedReissues makes up the reissues of a generated order, each time anew: they would take
// more memory than the order.
func (o *order) generatedReissues() []digicert.Reissue {
	if o.lot == nil || o.issued.IsZero() {
		return nil
	}
	var d dice
	d.seed(^o.lot.seed, uint64(o.id))
	if d.below(12) != 0 {
		return nil
	}
	var list []digicert.Reissue
	created := o.issued
	for i := range 1 + d.below(4) {
		created = created.Add(24*time.Hour + d.within(90*24*time.Hour))
		if created.After(o.lot.end) {
			break
		}
		person := d.below(len(people))
		r := digicert.Reissue{
			ID:          o.certificate.id + digicert.CertificateID(i) + 1,
			CommonName:  o.certificate.commonName,
			DNSNames:    o.certificate.names(),
			Status:      digicert.ReissueStatusIssued,
			DateCreated: created,
			CSR:         "<csr>",
			KeySize:     2048 + 1024*d.below(3),
			UserID:      digicert.UserID(1000 + person),
			FirstName:   people[person].first,
			LastName:    people[person].last,
			Email:       people[person].first + "." + people[person].last + "@mail.example",
		}
		switch d.below(10) {
		case 0:
			r.Status = digicert.ReissueStatusRejected
		case 1:
			r.Status = digicert.ReissueStatusPending
		default:
			r.Thumbprint = string(appendHex(nil, &d.pcg, thumbprintLen))
			r.SerialNumber = string(appendHex(nil, &d.pcg, serialLen))
			r.DateIssued = created.Add(d.within(2 * time.Hour))
			r.ValidTill = o.certificate.validTill.date()
			r.ReceiptID = strconv.Itoa(100000 + d.below(1<<16))
			r.PurchasedDNSNames, r.PurchasedWildcardNames = new(0), new(0)
			r.Archived = d.below(4) == 0
		}
		list = append(list, r)
	}
	return list
}

// nextOrderID is one more than the highest id of an order.
func (s *state) nextOrderID() digicert.OrderID {
	if n := len(s.orders); n > 0 {
		return s.orders[n-1].id + 1
	}
	return 1
}

// anySubaccount is one that can place a further order.
func (s *state) anySubaccount() digicert.Subaccount {
	if n := len(s.placed); n > 0 {
		return s.placed[n-1].account.Subaccount
	}
	if len(s.accounts) > 0 {
		return s.accounts[slices.Min(slices.Collect(maps.Keys(s.accounts)))].Subaccount
	}
	return digicert.Subaccount{AccountID: 1, OrganizationName: "Subaccount"}
}
