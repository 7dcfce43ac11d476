// Revocations.

package digicerttest

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

var revocationReasons = []string{"unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"}

// revokeCertificate handles PUT /certificate/{certificate_id or serial number}/revoke.
func (s *Server) revokeCertificate(r *request) (*change, *failure) {
	o, l := s.state.certificateByRef(r.named)
	switch {
	case o == nil:
		return nil, errNoCertificate
	case l == (leaf{}):
		return nil, fail(http.StatusBadRequest, "certificate_not_issued", "The certificate was not issued.")
	case o.isRevoked(l.id):
		return nil, fail(http.StatusBadRequest, "certificate_already_revoked", "The certificate was revoked already.")
	}
	return s.revocation(r, o, l.id)
}

// revokeOrder handles PUT /order/certificate/{order_id}/revoke.
func (s *Server) revokeOrder(r *request) (*change, *failure) {
	o := s.state.order(digicert.OrderID(r.id))
	switch {
	case o == nil:
		return nil, errNoOrder
	case o.status == digicert.OrderStatusRevoked:
		return nil, fail(http.StatusBadRequest, "order_already_revoked", "The order was revoked already.")
	case len(s.state.leaves(o)) == 0:
		return nil, fail(http.StatusBadRequest, "invalid_order_status", "The order has no certificate that could be revoked.")
	}
	return s.revocation(r, o, 0)
}

// certificateByRef returns the certificate with an id or serial number, and its order. The certificate is zero if it
// was not issued.
func (s *state) certificateByRef(names named) (*order, leaf) {
	if names.id != 0 {
		id := digicert.CertificateID(names.id)
		if o := s.orderWith(id); o != nil {
			for _, l := range s.leaves(o) {
				if l.id == id {
					return o, l
				}
			}
			return o, leaf{}
		}
	}
	return s.certificateBySerial(names.ref)
}

// revocation revokes a certificate, or with id 0 all of an order, or creates a request for that. That a
// certificate with a pending reissue cannot be revoked is documented; the code is a guess.
func (s *Server) revocation(r *request, o *order, id digicert.CertificateID) (*change, *failure) {
	comments := r.body.text("comments")
	if comments == "" {
		comments = r.body.text("comment") // as in one table of the documentation
	}
	skip := r.body.bool("skip_approval")
	if reason := r.body.text("revocation_reason"); reason != "" && !slices.Contains(revocationReasons, reason) {
		r.body.invalid("revocation_reason", "%q is not known", reason)
	}
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}
	if o.status == digicert.OrderStatusReissuePending {
		return nil, fail(http.StatusBadRequest, "order_has_pending_reissue", "A certificate with a pending reissue cannot be revoked.")
	}
	a := s.state.newApproval(kindRevoke, o, r.now)
	a.certificate, a.comments = id, comments
	approved := s.state.process.revoking || skip && !r.access.noApproval
	c := &change{status: http.StatusCreated, body: s.appendRevocation(nil, a), commit: func() {
		s.state.keep(a)
		o.setStatus(o.status, r.now)
	}}
	if approved {
		a.comments = "" // documented: not stored
		c.status, c.other, c.body = http.StatusNoContent, c.body, nil
		c.commit = func() {
			s.state.keep(a)
			s.state.decide(a, statusApproved, "", r.now)
		}
	}
	return c, nil
}

// appendRevocation appends the response to a revocation that requires approval.
func (s *Server) appendRevocation(b []byte, a *approval) []byte {
	b = appendInt(b, `{"id":`, a.id)
	b = appendTime(b, `,"date":`, a.date)
	b = appendText(b, `,"type":`, a.kind)
	b = appendText(b, `,"status":`, a.status)
	b = s.appendPerson(b, `,"requester":`, a.order.owner())
	return append(appendText(b, `,"comments":`, a.comments), '}')
}

// revoke revokes a certificate or, with id 0, the whole order. As documented, revoking all certificates one by
// one does not change the status of the order.
func (s *state) revoke(o *order, id digicert.CertificateID, at time.Time) {
	d := o.more()
	all := s.leaves(o)
	for _, l := range all {
		if (id == 0 || l.id == id) && !o.isRevoked(l.id) {
			d.revoked = append(d.revoked, l.id)
		}
	}
	status := o.status
	if id == 0 {
		status = digicert.OrderStatusRevoked
	}
	o.setStatus(status, at)
}
