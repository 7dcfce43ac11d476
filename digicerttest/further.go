// Requests for reissues and duplicates.

package digicerttest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// orderForFurther returns the order for a reissue or duplicate. It must be issued; the error code otherwise is a
// guess.
func (s *state) orderForFurther(r *request) (*order, *failure) {
	o := s.order(digicert.OrderID(r.id))
	switch {
	case o == nil:
		return nil, errNoOrder
	case !slices.Contains([]digicert.OrderStatus{digicert.OrderStatusIssued, digicert.OrderStatusReissuePending}, o.status):
		return nil, fail(http.StatusBadRequest, "invalid_order_status", "The status of the order does not allow this: "+string(o.status)+".")
	}
	return o, nil
}

// askFurther returns the request for a reissue or duplicate, and its issuance.
func (s *state) askFurther(kind string, o *order, r *request) (*approval, *issuance) {
	a := s.newApproval(kind, o, r.now)
	a.comments = r.body.text("comments")
	s.lastCertificate++
	a.certificate = s.lastCertificate
	if !s.process.approval || r.body.bool("skip_approval") && !r.access.noApproval {
		a.status, a.processed = statusApproved, r.now
	}
	return a, &issuance{approval: a, row: a.certificate}
}

// createReissue handles POST /order/certificate/{order_id}/reissue.
func (s *Server) createReissue(r *request) (*change, *failure) {
	st := &s.state
	o, refusal := st.orderForFurther(r)
	if refusal != nil {
		return nil, refusal
	}
	f := r.body.certificateForm(o.tls(), r.now)
	method := r.body.text("dcv_method")
	r.body.bool("skip_approval")
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}
	a, w := st.askFurther(kindReissue, o, r)
	names := st.unvalidated(f.names, o.certificate.names())
	row := digicert.Reissue{
		ID: a.certificate, CommonName: f.commonName, DNSNames: f.names, Status: digicert.ReissueStatusPending,
		DateCreated: r.now.UTC().Truncate(time.Second), CSR: f.csr.pem, KeySize: f.csr.bits,
		UserID: accountItself.user, FirstName: accountItself.firstName, LastName: accountItself.lastName, Email: accountItself.email,
	}
	if f.commonName == "" { // a code signing certificate keeps the names of the order
		row.CommonName, row.DNSNames = o.certificate.commonName, o.certificate.names()
	}
	issued := row
	o.completeReissue(&issued, r.now)
	b := appendAsked(appendInt(nil, `{"id":`, o.id), a)
	if !a.open() {
		b = appendInt(b, `,"certificate_id":`, a.certificate)
	}
	if !a.open() && len(names) == 0 && !st.process.delays() {
		l, _ := o.reissueLeaf(issued)
		b = s.appendCertificateChain(b, l)
	}
	if len(names) > 0 {
		b = appendText(b, `,"dcv_random_value":`, tokenOf(o.id))
	}
	return &change{status: http.StatusCreated, body: append(b, '}'), commit: func() {
		d := o.more()
		st.keep(a)
		st.reissues[o.id] = append(st.reissues[o.id], row)
		d.waiting = append(d.waiting, w)
		if len(names) > 0 {
			d.dcv = st.newDCV(o, method, names, r.now)
		}
		if f.hash != "" {
			o.certificate.hash = f.hash
		}
		o.setStatus(digicert.OrderStatusReissuePending, r.now)
		st.advanceRow(o, w, r.now)
	}}, nil
}

// completeReissue sets the fields of an issued reissue.
func (o *order) completeReissue(row *digicert.Reissue, at time.Time) {
	row.Status, row.DateIssued = digicert.ReissueStatusIssued, at.UTC().Truncate(time.Second)
	row.SerialNumber, row.ReceiptID = hexOf(uint64(row.ID), serialLen), count(new(int(row.ID)))
	row.ValidTill = o.certificateEnd(at, validity{}).date()
	row.PurchasedDNSNames, row.PurchasedWildcardNames = new(0), new(0)
	l, _ := o.reissueLeaf(*row)
	row.Thumbprint = l.thumbprint()
}

// createDuplicate handles POST /order/certificate/{order_id}/duplicate. The response has no certificate_id,
// because none is documented.
func (s *Server) createDuplicate(r *request) (*change, *failure) {
	st := &s.state
	o, refusal := st.orderForFurther(r)
	if refusal != nil {
		return nil, refusal
	}
	if p := st.product(o.product.NameID); p != nil && !p.duplicates() {
		return nil, fail(http.StatusBadRequest, "duplicates_not_allowed", "The product does not allow duplicates.")
	}
	f := r.body.certificateForm(o.tls(), r.now)
	r.body.bool("skip_approval")
	for _, name := range f.names {
		if !o.covers(name) {
			r.body.object("certificate").invalid("dns_names", "the order does not have the name %q", name)
		}
	}
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}
	a, w := st.askFurther(kindDuplicate, o, r)
	row := digicert.Duplicate{
		ID: a.certificate, CommonName: f.commonName, DNSNames: f.names, Status: digicert.CertificateStatusPending,
		DateCreated: r.now.UTC().Truncate(time.Second), CSR: f.csr.pem, KeySize: f.csr.bits, SignatureHash: o.certificate.hash,
		ServerPlatform: platformOf(f.platform), CACertID: caCertID, PublicID: hexOf(uint64(a.certificate), publicIDLen),
		UserID: accountItself.user, FirstName: accountItself.firstName, LastName: accountItself.lastName, Email: accountItself.email,
	}
	if f.hash != "" {
		row.SignatureHash = f.hash
	}
	issued := row
	o.completeDuplicate(&issued, r.now)
	b := appendAsked(appendInt(nil, `{"id":`, o.id), a)
	if !a.open() && o.validated() && !st.process.delays() {
		l, _ := o.duplicateLeaf(issued)
		b = s.appendCertificateChain(b, l)
	}
	return &change{status: http.StatusCreated, body: append(b, '}'), commit: func() {
		d := o.more()
		st.keep(a)
		row.SubID = st.nextSubID(o)
		st.duplicates[o.id] = append(st.duplicates[o.id], row)
		d.waiting = append(d.waiting, w)
		o.setStatus(o.status, r.now)
		st.advanceRow(o, w, r.now)
	}}, nil
}

// completeDuplicate sets the fields of an issued duplicate. Its status is approved, as in the documented sample.
func (o *order) completeDuplicate(row *digicert.Duplicate, at time.Time) {
	row.Status, row.DateIssued = statusDuplicate, at.UTC().Truncate(time.Second)
	row.ValidFrom = digicert.DateOf(row.DateIssued)
	row.SerialNumber, row.ReceiptID = hexOf(uint64(row.ID), serialLen), count(new(int(row.ID)))
	row.ValidTill = o.certificateEnd(at, validity{}).date()
	row.PurchasedDNSNames, row.PurchasedWildcardNames = new(0), new(0)
	l, _ := o.duplicateLeaf(*row)
	row.Thumbprint = l.thumbprint()
}

// statusDuplicate is the status of an issued duplicate in the documented sample.
const statusDuplicate digicert.CertificateStatus = "approved"

// covers reports whether a duplicate may have a name: one of the order, or one that a wildcard of the order
// covers.
func (o *order) covers(name string) bool {
	_, parent, _ := strings.Cut(name, ".")
	own := append(o.certificate.names(), o.certificate.commonName)
	return slices.ContainsFunc(own, func(other string) bool {
		return strings.EqualFold(other, name) || strings.EqualFold(other, "*."+parent)
	})
}
