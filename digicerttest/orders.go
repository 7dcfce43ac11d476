package digicerttest

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/go-digicert/digicert"
)

// maxPageLimit is the documented maximum and default of "limit", in rows.
const maxPageLimit = 1000

// selection is which orders a request asks for, and in which order.
type selection struct {
	own           bool // those of the account itself instead of those of subaccounts
	id            digicert.OrderID
	certificateID digicert.CertificateID
	subaccount    digicert.AccountID
	accountType   string
	commonName    string
	status        string
	productNameID string
	validTill     days
	created       days
	sort          string // keys separated by commas

	// Of the account's own orders alone.
	organization digicert.OrganizationID
	container    digicert.ContainerID
	user         digicert.UserID
	email        string
	domainName   string
	serialNumber string
	search       string
	renewed      bool // true finds none, as no order here is
}

// matches reports whether an order passes all filters. Filters look at what the server knows of an
// order, also where the answer does not show it; that, and that names are compared as a whole and
// without regard to case, is a guess.
func (q *selection) matches(o *order) bool {
	return (q.id == 0 || o.id == q.id) &&
		(q.certificateID == 0 || o.certificate.id == q.certificateID) &&
		(q.subaccount == 0 || o.account.AccountID == q.subaccount) &&
		(q.accountType == "" || string(o.account.AccountType) == q.accountType) &&
		(q.status == "" || string(o.status) == q.status || q.status == "issued" && o.status == digicert.OrderStatusExpired) &&
		(q.productNameID == "" || o.product.NameID == q.productNameID) &&
		(q.commonName == "" || strings.EqualFold(o.certificate.commonName, q.commonName)) &&
		(q.validTill.isZero() || o.showsIssue() && q.validTill.holds(o.certificate.validTill)) &&
		(q.created.isZero() || q.created.holds(dayOf(digicert.DateOf(o.created)))) &&
		(!q.own || q.matchesOwn(o))
}

// matchesOwn is matches for the filters that only the list of the account's own orders has. All but
// the leading % of a search is a guess: that a domain finds the names below it too; that a serial
// number is compared without regard to case, and an email too; that a search looks at the common
// name and the DNS names, without regard to case, and finds those that begin with a text without %.
func (q *selection) matchesOwn(o *order) bool {
	by := o.owner()
	names := func(matches func(name string) bool) bool {
		return matches(strings.ToLower(o.certificate.commonName)) ||
			slices.ContainsFunc(o.certificate.names(), func(name string) bool { return matches(strings.ToLower(name)) })
	}
	domain, text := strings.ToLower(q.domainName), strings.ToLower(q.search)
	contained, contains := strings.CutPrefix(text, "%")
	return !q.renewed &&
		(q.organization == 0 || o.hasOrganization() && by.organization == q.organization) &&
		(q.container == 0 || by.container == q.container) &&
		(q.user == 0 || by.user == q.user) &&
		(q.email == "" || strings.EqualFold(by.email, q.email)) &&
		(domain == "" || names(func(name string) bool { return name == domain || strings.HasSuffix(name, "."+domain) })) &&
		(q.serialNumber == "" || o.showsIssue() && strings.EqualFold(o.certificate.serialNumber, q.serialNumber)) &&
		(text == "" || names(func(name string) bool {
			return contains && strings.Contains(name, contained) || strings.HasPrefix(name, text)
		}))
}

// filters reports whether there is anything to filter by.
func (q selection) filters() bool {
	q.sort = ""
	return q != selection{own: q.own}
}

// sortKeys has the keys of both lists: those of the account's own orders are "order_id", "product_name" and "valid_till".
var sortKeys = map[string]func(a, b *order) int{
	ignoredSort:       func(a, b *order) int { return cmp.Compare(a.id%3, b.id%3) },
	"order_id":        func(a, b *order) int { return cmp.Compare(a.id, b.id) },
	"product_name":    func(a, b *order) int { return cmp.Compare(a.product.Name, b.product.Name) },
	"valid_till":      func(a, b *order) int { return cmp.Compare(a.shownValidTill(), b.shownValidTill()) },
	"id":              func(a, b *order) int { return cmp.Compare(a.id, b.id) },
	"common_name":     func(a, b *order) int { return cmp.Compare(a.certificate.commonName, b.certificate.commonName) },
	"product_name_id": func(a, b *order) int { return cmp.Compare(a.product.NameID, b.product.NameID) },
	"date_created":    func(a, b *order) int { return a.created.Compare(b.created) },
	"validity_years":  func(a, b *order) int { return cmp.Compare(a.validityYears, b.validityYears) },
	"status":          func(a, b *order) int { return cmp.Compare(a.status, b.status) },
}

// ignoredSort is the order in which the orders come where the sort is ignored. No request can ask for it.
const ignoredSort = "(ignored)"

// under returns the selection as faults change it.
func (q selection) under(m mischief) selection {
	if m.ignoredSort {
		q.sort = ignoredSort
	}
	return q
}

// comparison returns how the keys of the selection order rows, equal ones by id.
func (q *selection) comparison() func(a, b *order) int {
	var by []func(a, b *order) int
	for key := range strings.SplitSeq(q.sort, ",") {
		name, descending := strings.CutPrefix(key, "-")
		compare := sortKeys[name]
		if descending {
			by = append(by, func(a, b *order) int { return compare(b, a) })
		} else {
			by = append(by, compare)
		}
	}
	return func(a, b *order) int {
		for _, compare := range by {
			if c := compare(a, b); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.id, b.id)
	}
}

// byID reports whether the orders are listed by their ids, which is the order without a sort too.
func (q *selection) byID() bool { return q.sort == "" || q.sort == "id" || q.sort == "order_id" }

// shownValidTill is the day until which the certificate is valid, before all others where the list does not show one.
func (o *order) shownValidTill() day {
	if !o.showsIssue() {
		return 0
	}
	return o.certificate.validTill
}

// selected returns the orders that a request asks for. The caller holds the lock for reading.
func (s *state) selected(q selection) []*order {
	all := s.placed
	if q.own {
		all = s.own
	}
	if !q.filters() && q.byID() {
		return all
	}
	return s.views.get(q, s.version, func() []*order {
		among := all
		if q.id != 0 { // at most one
			among = nil
			if i, ok := find(all, q.id); ok {
				among = all[i : i+1]
			}
		}
		// Room for all, because to make room again and again takes longer than to look through the
		// orders.
		list := make([]*order, 0, len(among))
		for _, o := range among {
			if q.matches(o) {
				list = append(list, o)
			}
		}
		if len(list) < len(among)/2 {
			list = slices.Clone(list)
		}
		if !q.byID() {
			slices.SortFunc(list, q.comparison())
		}
		return list
	})
}

// viewCache keeps the latest selections, so that walking through the pages of one does not filter
// and sort all orders for every page.
type viewCache struct {
	mu    sync.Mutex
	views []view // the latest last
}

type view struct {
	selection selection
	version   uint64
	orders    []*order
}

const maxViews = 4

func (c *viewCache) get(q selection, version uint64, make func() []*order) []*order {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.views {
		if v.selection == q && v.version == version {
			return v.orders
		}
	}
	c.views = slices.DeleteFunc(c.views, func(v view) bool { return v.version != version })
	if len(c.views) == maxViews {
		c.views = slices.Delete(c.views, 0, 1)
	}
	v := view{q, version, make()}
	c.views = append(c.views, v)
	return v.orders
}

// paging is which rows of a list a request asks for.
type paging struct{ limit, offset int }

// paging reads limit and offset. The limit that was applied is the one that the page object tells.
func (s *Server) paging(q *query) paging {
	limit := int(q.int("limit", 0, maxPageLimit))
	offset := int(q.int("offset", 0, math.MaxInt32))
	if limit == 0 { // that an explicit 0 is the default too is a guess
		limit = maxPageLimit
	}
	return paging{min(limit, s.pageLimit), offset}
}

// appendRows appends an answer that lists n rows and is not paged. Without rows their key is missing.
func appendRows(b []byte, key string, n int, m mischief, row func(b []byte, i int) []byte) []byte {
	if n == 0 {
		return append(b, "{}"...)
	}
	b = append(b, '{')
	return append(appendMember(b, key, 0, n*m.copies(), m, row), '}')
}

// appendMember appends the rows from first to last of a list that has each as often as m says.
func appendMember(b []byte, key string, first, last int, m mischief, row func(b []byte, i int) []byte) []byte {
	b = append(appendString(b, key), ":["...)
	for i := first; i < last; i++ {
		b = append(row(b, i/m.copies()), ',')
	}
	if m.repeatedRows {
		b = append(row(b, (last-1)/m.copies()), ',')
	}
	b[len(b)-1] = ']'
	return b
}

// appendPaged appends an answer that lists n rows in pages. An empty page lacks the key of its rows.
func appendPaged(b []byte, key string, n int, p paging, m mischief, row func(b []byte, i int) []byte) []byte {
	total := n * m.copies()
	first := min(p.offset, total)
	last := min(first+m.atMost(p.limit), total)
	b = append(b, '{')
	if first < last {
		b = append(appendMember(b, key, first, last, m, row), ',')
	}
	return appendPage(b, m.count(total, p.offset, last-first), p.limit, p.offset)
}

// listSubaccountOrders answers GET /account/subaccount/order.
func (s *Server) listSubaccountOrders(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	want := selection{
		id:            digicert.OrderID(q.int("filters[id]", 1, math.MaxInt64)),
		certificateID: digicert.CertificateID(q.int("filters[certificate_id]", 1, math.MaxInt64)),
		subaccount:    digicert.AccountID(q.int("filters[subaccount]", 1, math.MaxInt64)),
		accountType:   q.text("filters[account_type]"),
		commonName:    q.text("filters[common_name]"),
		status:        q.text("filters[status]"),
		productNameID: q.text("filters[product_name_id]"),
		validTill:     q.days("filters[valid_till]"),
		created:       q.days("filters[date_created]"),
		sort:          strings.Join(q.sort("id", "common_name", "product_name_id", "date_created", "validity_years"), ","),
	}
	return func(b []byte, m mischief) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		orders := s.state.selected(want.under(m))
		return appendPaged(b, "orders", len(orders), page, m, func(b []byte, i int) []byte { return appendOrder(b, orders[i]) })
	}, nil
}

// listOrders answers GET /order/certificate: the orders of the account itself. Clients of the service sort it by "order_id"
// and "-date_created"; the other keys are second-hand, and that "id" is none of them.
func (s *Server) listOrders(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	want := selection{
		own:           true,
		id:            digicert.OrderID(q.int("filters[id]", 1, math.MaxInt64)),
		certificateID: digicert.CertificateID(q.int("filters[certificate_id]", 1, math.MaxInt64)),
		commonName:    q.text("filters[common_name]"),
		status:        q.text("filters[status]"),
		productNameID: q.text("filters[product_name_id]"),
		validTill:     q.days("filters[valid_till]"),
		created:       q.days("filters[date_created]"),
		organization:  digicert.OrganizationID(q.int("filters[organization_id]", 1, math.MaxInt64)),
		container:     digicert.ContainerID(q.int("filters[container_id]", 1, math.MaxInt64)),
		user:          digicert.UserID(q.int("filters[user_id]", 1, math.MaxInt64)),
		email:         q.text("filters[email]"),
		domainName:    q.text("filters[domain_name]"),
		serialNumber:  q.text("filters[serial_number]"),
		search:        q.text("filters[search]"),
		renewed:       q.bool("filters[is_renewed]"),
		sort:          strings.Join(q.sort("order_id", "date_created", "common_name", "status", "validity_years", "product_name", "valid_till"), ","),
	}
	return func(b []byte, m mischief) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		orders := s.state.selected(want.under(m))
		return appendPaged(b, "orders", len(orders), page, m, func(b []byte, i int) []byte {
			o := orders[i]
			return appendOwnOrder(b, o, s.state.furtherOf(o), r.now)
		})
	}, nil
}
