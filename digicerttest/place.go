// Placing an order.

package digicerttest

import (
	"net/http"
	"time"

	"github.com/go-digicert/digicert"
)

var errNoProduct = fail(http.StatusNotFound, "not_found|product", "The product does not exist.")

// placeOrder handles POST /order/certificate/{product_name_id}. Two equal requests place two orders.
func (s *Server) placeOrder(r *request) (*change, *failure) {
	st := &s.state
	product := st.product(r.word)
	if r.word == anyProduct { // the service chooses a product of a type
		if product = st.productOfType(r.body.object("product").text("type_hint")); product == nil {
			return nil, fail(http.StatusBadRequest, "ambiguous_product", "The type_hint does not determine a product.")
		}
	}
	if product == nil {
		return nil, errNoProduct
	}
	f := r.body.orderForm(product, r.now)
	organization := st.organization(f.organization)
	if f.organization != 0 && organization == nil && product.needsOrganization() {
		r.body.object("organization").invalid("id", "the organization %d does not exist", f.organization)
	}
	where := st.container(digicert.ContainerID(r.body.object("container").int("id")))
	if where == nil && r.body.object("container").has("id") {
		r.body.object("container").invalid("id", "the container does not exist")
	}
	renewed := st.order(f.details.renewalOf)
	switch {
	case f.details.renewalOf == 0:
	case renewed == nil:
		r.body.problem("order_not_eligible_for_renewal", "The order %d does not exist.", f.details.renewalOf)
	case renewed.some().renewedBy != 0:
		r.body.problem("order_renewed_already", "The order %d was renewed already.", f.details.renewalOf)
	case renewed.issued.IsZero():
		r.body.problem("order_not_eligible_for_renewal", "The order %d was not issued.", f.details.renewalOf)
	}
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}

	o := st.newOrder(product, f, r.now)
	d := o.details
	d.container = where
	if product.needsOrganization() {
		d.organization = organization
	}
	asked := st.newApproval(kindNewRequest, o, r.now)
	asked.comments = f.comments
	if !st.process.approval || f.skipApproval && !r.access.noApproval {
		asked.status, asked.processed = statusApproved, r.now
	}
	d.approvals = []*approval{asked}
	if product.tls() {
		d.dcv = st.newDCV(o, f.dcvMethod, st.unvalidated(f.certificate.names, nil), r.now)
	}
	st.advance(o, r.now)
	return &change{status: http.StatusCreated, body: s.appendPlaced(nil, o, asked), commit: func() {
		st.insert(o)
		st.addDomains(d.dcv.domains)
		st.approvals[asked.id] = asked
		if renewed != nil {
			renewed.more().renewedBy = o.id
		}
	}}, nil
}

// newOrder returns an order of the account itself with new ids.
func (s *state) newOrder(p *Product, f orderForm, now time.Time) *order {
	s.lastOrder = max(s.lastOrder+1, s.nextOrderID())
	s.lastCertificate++
	d := f.details
	d.csr, d.platform = f.certificate.csr, f.certificate.platform
	d.withoutCSR = d.csr.pem == ""
	d.validity, d.certificate = f.validity, f.certificate.validity
	if d.validity == (validity{}) {
		d.validity.years = 1 // a guess
	}
	years := d.validity.years
	o := &order{
		id:            s.lastOrder,
		product:       s.internProduct(digicert.Product{NameID: p.NameID, Name: p.Name, Type: p.Type}),
		price:         s.internPrice(p.price(years)),
		sans:          len(f.certificate.names),
		validityYears: years,
		created:       now.UTC().Truncate(time.Second),
		details:       &d,
		certificate: certificate{
			id:         s.lastCertificate,
			commonName: f.certificate.commonName,
			dnsNames:   mustJSON(f.certificate.names),
			hash:       f.certificate.hash,
		},
	}
	if f.certificate.units != nil {
		o.certificate.units = mustJSON(f.certificate.units)
	}
	return o
}

// appendPlaced appends the response for a placed order.
func (s *Server) appendPlaced(b []byte, o *order, asked *approval) []byte {
	b = appendInt(b, `{"id":`, o.id)
	b = appendAsked(b, asked)
	if !asked.open() {
		b = appendInt(b, `,"certificate_id":`, o.certificate.id)
	}
	if l, ok := o.leaf(); ok {
		b = s.appendCertificateChain(b, l)
	}
	d := &o.details.dcv
	if len(d.names) == 0 {
		return append(b, '}')
	}
	if d.usesToken() {
		b = appendText(b, `,"dcv_random_value":`, d.token)
	}
	if o.hasOrganization() {
		b = appendOrderDomains(b, d)
	}
	return append(b, '}')
}

// appendAsked appends the member requests of the response to a write: the request that it created.
func appendAsked(b []byte, a *approval) []byte {
	b = appendInt(b, `,"requests":[{"id":`, a.id)
	return append(appendText(b, `,"status":`, a.status), "}]"...)
}

// appendCertificateChain appends the member certificate_chain, from the leaf to the root.
func (s *Server) appendCertificateChain(b []byte, l leaf) []byte {
	b = append(b, `,"certificate_chain":[`...)
	for i, cert := range s.issuer.chain(l) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"subject_common_name":`, cert.Subject.CommonName)
		b = append(appendText(b, `,"pem":`, string(pemOf(cert))), '}')
	}
	return append(b, ']')
}

// listOrdersByAlternativeID handles GET /order/alternate/{alternative_order_id}. The status 404 without a matching
// order is what one client expects; it is not documented.
func (s *Server) listOrdersByAlternativeID(r *request) (render, *failure) {
	page := s.paging(r.query)
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	var rows [][]byte
	for _, o := range s.state.own {
		if o.some().alternativeID != r.text {
			continue
		}
		b := appendInt(nil, `{"order_id":`, o.id)
		if o.hasCertificateID() {
			b = appendInt(b, `,"certificate_id":`, o.certificate.id)
		}
		rows = append(rows, append(appendText(b, `,"status":`, string(o.status)), '}'))
	}
	if len(rows) == 0 {
		return nil, errNoOrder
	}
	return func(b []byte, fx effects) []byte {
		return appendPaged(b, "orders", len(rows), page, fx, func(b []byte, i int) []byte { return append(b, rows[i]...) })
	}, nil
}
