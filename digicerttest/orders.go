// The list of the account's own orders.

package digicerttest

import (
	"math"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// ownSortKeys are the keys that clients are known to use, and those in the same lists of secondary sources.
// "id" is not among them.
var ownSortKeys = []string{"order_id", "date_created", "common_name", "status", "validity_years", "product_name", "valid_till"}

// listOrders handles GET /order/certificate, with the orders of the account itself.
func (s *Server) listOrders(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	want := selection{
		own:           true,
		id:            digicert.OrderID(q.int("filters[id]", 1, math.MaxInt64)),
		certificateID: digicert.CertificateID(q.int("filters[certificate_id]", 1, math.MaxInt64)),
		commonName:    q.text("filters[common_name]"),
		status:        q.texts("filters[status]"),
		productNameID: q.texts("filters[product_name_id]"),
		validTill:     q.span("filters[valid_till]"),
		created:       q.span("filters[date_created]"),
		organization:  digicert.OrganizationID(q.int("filters[organization_id]", 1, math.MaxInt64)),
		container:     digicert.ContainerID(q.int("filters[container_id]", 1, math.MaxInt64)),
		user:          digicert.UserID(q.int("filters[user_id]", 1, math.MaxInt64)),
		email:         q.text("filters[email]"),
		domainName:    q.text("filters[domain_name]"),
		serialNumber:  q.text("filters[serial_number]"),
		search:        q.text("filters[search]"),
		renewed:       q.optionalBool("filters[is_renewed]"),
		sort:          strings.Join(q.sort(ownSortKeys...), ","),
	}
	return func(b []byte, fx effects) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		orders := s.state.selected(want.under(fx))
		return appendPaged(b, "orders", len(orders), page, fx, func(b []byte, i int) []byte {
			o := orders[i]
			return appendOwnOrder(b, o, s.state.countsOf(o), r.now)
		})
	}, nil
}

// counts is the number of reissues and duplicates of an order, including archived ones.
type counts struct{ reissues, duplicates int }

func (s *state) countsOf(o *order) counts {
	return counts{len(o.generatedReissues()) + len(s.reissues[o.id]), len(o.generatedDuplicates()) + len(s.duplicates[o.id])}
}

// appendOwnOrder appends a row of the account's own orders.
func appendOwnOrder(b []byte, o *order, n counts, now time.Time) []byte {
	c, by := &o.certificate, o.owner()
	b = appendInt(b, `{"id":`, o.id)
	b = append(b, `,"certificate":{`...)
	if o.hasCertificateID() {
		b = append(appendInt(b, `"id":`, c.id), ',')
	}
	b = appendText(b, `"common_name":`, c.commonName)
	b = append(append(b, `,"dns_names":`...), c.dnsNames...)
	if o.showsIssue() {
		b = appendGiven(b, `,"serial_number":`, c.serialNumber)
	}
	b = appendValidity(b, o, now)
	b = append(appendText(b, `,"signature_hash":`, c.hash), '}')
	b = appendText(b, `,"status":`, string(o.status))
	b = appendBool(b, `,"is_renewed":`, o.some().renewedBy != 0)
	b = appendTime(b, `,"date_created":`, o.created)
	b = appendOrganization(b, o, func(b []byte, by owner) []byte { return appendText(b, `,"name":`, by.organizationName) })
	b = appendOrderValidity(b, o)
	b = appendBool(b, `,"disable_renewal_notifications":`, o.some().silent)
	b = appendInt(b, `,"container":{"id":`, by.container)
	b = append(appendText(b, `,"name":`, by.containerName), `,"is_active":true}`...)
	b = append(appendProduct(b, o), '}')
	b = appendBool(b, `,"has_duplicates":`, n.duplicates > 0)
	b = appendInt(b, `,"duplicates_count":`, n.duplicates)
	b = appendBool(b, `,"has_reissues":`, n.reissues > 0)
	b = appendInt(b, `,"reissues_count":`, n.reissues)
	b = appendPrice(b, o)
	b = appendText(b, `,"product_name_id":`, o.product.NameID)
	b = appendInt(b, `,"number_of_sans":`, o.sans)
	return append(appendMultiYear(b, o), '}')
}

var ownOrderShape = shape{list: "orders", ids: []string{"id"}, optional: [][]string{
	{"certificate", "serial_number"},
	{"certificate", "valid_from"},
	{"certificate", "valid_till"},
	{"certificate", "days_remaining"},
	{"order_valid_till"},
	{"is_multi_year_plan"},
}}
