// The orders of subaccounts: their list and a single one.

package digicerttest

import (
	"math"
	"strings"

	"github.com/go-digicert/digicert"
)

// listSubaccountOrders handles GET /account/subaccount/order.
func (s *Server) listSubaccountOrders(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	want := selection{
		id:            digicert.OrderID(q.int("filters[id]", 1, math.MaxInt64)),
		certificateID: digicert.CertificateID(q.int("filters[certificate_id]", 1, math.MaxInt64)),
		subaccount:    digicert.AccountID(q.int("filters[subaccount]", 1, math.MaxInt64)),
		accountType:   q.text("filters[account_type]"),
		commonName:    q.text("filters[common_name]"),
		status:        q.texts("filters[status]"),
		productNameID: q.texts("filters[product_name_id]"),
		validTill:     q.span("filters[valid_till]"),
		created:       q.span("filters[date_created]"),
		sort:          strings.Join(q.sort("id", "common_name", "product_name_id", "date_created", "validity_years"), ","),
	}
	return func(b []byte, fx effects) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		orders := s.state.selected(want.under(fx))
		return appendPaged(b, "orders", len(orders), page, fx, func(b []byte, i int) []byte { return appendOrder(b, orders[i]) })
	}, nil
}

// appendOrder appends a row of the subaccount orders, with its members in the order of the documented sample.
func appendOrder(b []byte, o *order) []byte { return append(appendOrderOpen(b, o, false), '}') }

// appendSubaccountOrder appends a single order of a subaccount: the members of a row and further ones.
func appendSubaccountOrder(b []byte, o *order) []byte {
	b = appendOrderOpen(b, o, true)
	b = appendOrganization(b, o, appendOrganizationNames)
	b = appendMultiYear(b, o)
	if from := o.issuedOn(); from != 0 {
		b = appendDay(b, `,"order_valid_from":`, from)
		b = appendDay(b, `,"order_valid_till":`, o.endsOn())
	}
	return append(b, '}')
}

// appendOrderOpen appends the members of a row without its closing brace.
func appendOrderOpen(b []byte, o *order, withCA bool) []byte {
	b = appendInt(b, `{"id":`, o.id)
	shown := o.showsIssue()
	if o.account.immediate {
		c := &o.certificate
		b = appendInt(b, `,"certificate":{"id":`, c.id)
		if shown {
			b = appendGiven(b, `,"thumbprint":`, c.thumbprint)
			b = appendGiven(b, `,"serial_number":`, c.serialNumber)
		}
		b = appendText(b, `,"common_name":`, c.commonName)
		b = append(append(b, `,"dns_names":`...), c.dnsNames...)
		if shown && c.validTill != 0 {
			b = appendDay(b, `,"valid_till":`, c.validTill)
		}
		if c.units != "" {
			b = append(append(b, `,"organization_units":`...), c.units...)
		}
		b = appendText(b, `,"signature_hash":`, c.hash)
		if withCA {
			b = appendCACert(b)
		}
		b = append(b, '}')
	}
	b = append(append(b, `,"subaccount":`...), o.account.json...)
	b = append(append(b, `,"product":`...), o.product.json...)
	b = append(append(b, `,"order_price":`...), o.price.json...)
	b = appendText(b, `,"status":`, string(o.status))
	b = appendInt(b, `,"number_of_sans":`, o.sans)
	b = appendTime(b, `,"date_created":`, o.created)
	if shown && !o.issued.IsZero() {
		b = appendTime(b, `,"date_issued":`, o.issued)
	}
	return appendInt(b, `,"validity_years":`, o.validityYears)
}

// subaccountOrder handles GET /account/subaccount/order/{order_id}. The 404 for an order of the account
// itself is a guess.
func (s *Server) subaccountOrder(r *request) (render, *failure) {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil || o.account == nil {
		return nil, errNoOrder
	}
	return whole(appendSubaccountOrder(nil, o)), nil
}

var subaccountOrderShape = shape{list: "orders", ids: []string{"id"}, optional: [][]string{
	{"certificate"},
	{"certificate", "thumbprint"},
	{"certificate", "serial_number"},
	{"certificate", "valid_till"},
	{"certificate", "organization_units"},
	{"date_issued"},
}}

var subaccountOrderInfoShape = shape{ids: []string{"id"}, optional: [][]string{
	{"certificate"},
	{"certificate", "thumbprint"},
	{"certificate", "serial_number"},
	{"certificate", "valid_till"},
	{"certificate", "organization_units"},
	{"date_issued"},
	{"is_multi_year_plan"},
	{"order_valid_from"},
	{"order_valid_till"},
}}
