// Filters and sort keys of lists of orders, with a cache of the latest results.

package digicerttest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/go-digicert/digicert"
)

// selection is the filters and the sort order of a request for orders.
type selection struct {
	own           bool // orders of the account itself instead of those of subaccounts
	id            digicert.OrderID
	certificateID digicert.CertificateID
	subaccount    digicert.AccountID
	accountType   string
	commonName    string
	status        string // several values are joined by separator
	productNameID string // like status
	validTill     span
	created       span
	sort          string // keys separated by commas

	// For the account's own orders only.
	organization digicert.OrganizationID
	container    digicert.ContainerID
	user         digicert.UserID
	email        string
	domainName   string
	serialNumber string
	search       string
	renewed      string // "true", "false" or "" for both
}

// matches reports whether an order passes all filters. That filters apply to fields that the response
// omits, and that names are compared as a whole and case-insensitively, are guesses.
func (q *selection) matches(o *order) bool {
	return (q.id == 0 || o.id == q.id) &&
		(q.certificateID == 0 || o.certificate.id == q.certificateID) &&
		(q.subaccount == 0 || o.account.AccountID == q.subaccount) &&
		(q.accountType == "" || string(o.account.AccountType) == q.accountType) &&
		(q.status == "" || oneOf(q.status, string(o.status)) || o.status == digicert.OrderStatusExpired && oneOf(q.status, "issued")) &&
		(q.productNameID == "" || oneOf(q.productNameID, o.product.NameID)) &&
		(q.commonName == "" || strings.EqualFold(o.certificate.commonName, q.commonName)) &&
		(q.validTill == span{} || o.showsIssue() && q.validTill.holdsDay(o.certificate.validTill)) &&
		(q.created == span{} || q.created.holds(o.created)) &&
		(!q.own || q.matchesOwn(o))
}

// matchesOwn checks the filters that only the list of the account's own orders has. Except for the
// leading % of a search, all of this is a guess: a domain also matches the names below it; serial
// numbers and email addresses are compared case-insensitively; a search compares the common name and
// the DNS names case-insensitively, and without % matches their beginning.
func (q *selection) matchesOwn(o *order) bool {
	by := o.owner()
	names := func(matches func(name string) bool) bool {
		return matches(strings.ToLower(o.certificate.commonName)) ||
			slices.ContainsFunc(o.certificate.names(), func(name string) bool { return matches(strings.ToLower(name)) })
	}
	domain, text := strings.ToLower(q.domainName), strings.ToLower(q.search)
	contained, contains := strings.CutPrefix(text, "%")
	return (q.renewed == "" || q.renewed == strconv.FormatBool(o.some().renewedBy != 0)) &&
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

// oneOf reports whether the joined values contain a value.
func oneOf(values, value string) bool {
	if !strings.Contains(values, separator) {
		return values == value
	}
	return slices.Contains(strings.Split(values, separator), value)
}

// filters reports whether there is any filter.
func (q selection) filters() bool {
	q.sort = ""
	return q != selection{own: q.own}
}

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

// comparison returns the comparison by the sort keys. Equal rows are ordered by id.
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

// byID reports whether the orders are sorted by id, the default.
func (q *selection) byID() bool { return q.sort == "" || q.sort == "id" || q.sort == "order_id" }

// shownValidTill returns the last day of the certificate, or 0 if the list does not show one.
func (o *order) shownValidTill() day {
	if !o.showsIssue() {
		return 0
	}
	return o.certificate.validTill
}

// selected returns the orders of a selection. The caller holds the lock for reading.
func (s *state) selected(q selection) []*order {
	all := s.ofSubaccounts
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
		// One large allocation is faster than growing the list.
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

// viewCache caches the latest selections, so that the server does not filter and sort all orders again for
// each page.
type viewCache struct {
	mu    sync.Mutex
	views []view // the latest one last
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
