// The steps from approval to issue of orders, reissues and duplicates.

package digicerttest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// process has the steps before a certificate is issued.
type process struct {
	approval bool          // whether requests require approval unless they skip it
	revoking bool          // whether revocations are approved at once
	dcv      bool          // whether domain control is checked
	failures int           // number of checks that fail before one passes; negative: all, until PassDCV
	reads    int           // number of GET requests between approval and issue
	delay    time.Duration // time between approval and issue
}

// WithApproval makes orders, reissues and duplicates wait for approval, unless their request has
// skip_approval and its key the right to approve. Without this option they are approved at once, as in
// some accounts. Revocations without skip_approval wait for approval unless WithRevocationsApproved is
// used.
func WithApproval() Option {
	return func(c *config) error { c.process.approval = true; return nil }
}

// WithRevocationsApproved makes the server approve revocations at once, even without skip_approval, with status
// 204.
func WithRevocationsApproved() Option {
	return func(c *config) error { c.process.revoking = true; return nil }
}

// WithDCV makes the server check domain control: an order, reissue or duplicate stays pending until
// PUT …/check-dcv passes, unless all its names belong to validated domains, see [Server.AddDomain]. The first
// failures checks of each order fail; with a negative number, all fail until [Server.PassDCV].
func WithDCV(failures int) Option {
	return func(c *config) error { c.process.dcv, c.process.failures = true, failures; return nil }
}

// WithIssueAfterReads delays the issue of an approved and validated certificate until the service has
// handled n further GET requests.
func WithIssueAfterReads(n int) Option {
	return func(c *config) error {
		if n < 0 {
			return fmt.Errorf("WithIssueAfterReads: %d is negative", n)
		}
		c.process.reads = n
		return nil
	}
}

// WithIssueDelay delays the issue of an approved and validated certificate by d, by the server's clock.
func WithIssueDelay(d time.Duration) Option {
	return func(c *config) error {
		if d < 0 {
			return fmt.Errorf("WithIssueDelay: %s is negative", d)
		}
		c.process.delay = d
		return nil
	}
}

// delays reports whether the issue is delayed.
func (p process) delays() bool { return p.reads > 0 || p.delay > 0 }

// issuance is a reissue or duplicate that is not issued yet.
type issuance struct {
	approval *approval
	row      digicert.CertificateID
}

// validated reports whether the domains and the organization are validated.
func (o *order) validated() bool {
	d := o.some()
	return len(d.dcv.names) == 0 && (d.organization == nil || !d.organization.Pending)
}

// firstApproval returns the request for the order itself.
func (o *order) firstApproval() *approval { return o.approvals()[0] }

// advance moves an order that is not issued to the next status in which it has to wait, or issues it.
func (s *state) advance(o *order, at time.Time) {
	switch {
	case o.firstApproval().open():
		o.setStatus(digicert.OrderStatusNeedsApproval, at)
	case o.some().withoutCSR:
		o.setStatus(digicert.OrderStatusNeedsCSR, at)
	case !o.validated():
		o.setStatus(digicert.OrderStatusPending, at)
	case s.process.delays():
		o.setStatus(digicert.OrderStatusProcessing, at)
		s.later.add(at, s.process.reads, s.process.delay, func(at time.Time) {
			if o.status == digicert.OrderStatusProcessing {
				o.issue(at)
			}
		})
	default:
		o.issue(at)
	}
}

// issue issues the certificate of an order.
func (o *order) issue(at time.Time) {
	d := o.more()
	if d.validity == (validity{}) {
		d.validity.years = max(o.validityYears, 1)
	}
	d.end = d.validity.last(at)
	o.certificate.validTill = o.certificateEnd(at, d.certificate)
	o.setStatus(digicert.OrderStatusIssued, at)
}

// advanceRow issues a reissue or duplicate if it is approved and validated.
func (s *state) advanceRow(o *order, w *issuance, at time.Time) {
	switch {
	case w.approval.open() || !o.validated():
	case s.process.delays():
		s.later.add(at, s.process.reads, s.process.delay, func(at time.Time) { s.issueRow(o, w, at) })
	default:
		s.issueRow(o, w, at)
	}
}

// issueRow issues a reissue or duplicate, unless it was rejected.
func (s *state) issueRow(o *order, w *issuance, at time.Time) {
	d := o.more()
	if !slices.Contains(d.waiting, w) {
		return
	}
	d.waiting = slices.DeleteFunc(d.waiting, func(other *issuance) bool { return other == w })
	if w.approval.kind == kindDuplicate {
		row := s.duplicate(o.id, w.row)
		o.completeDuplicate(row, at)
		o.setStatus(o.status, at)
		return
	}
	row := s.reissue(o.id, w.row)
	o.completeReissue(row, at)
	o.replacePrimary(row)
	status := digicert.OrderStatusIssued
	if o.reissuing() {
		status = digicert.OrderStatusReissuePending
	}
	o.setStatus(status, at)
}

// replacePrimary makes a reissue the primary certificate of its order, as the service probably does.
func (o *order) replacePrimary(row *digicert.Reissue) {
	d := o.more()
	if l, ok := o.leaf(); ok {
		d.former = append(d.former, l)
	}
	c := &o.certificate
	c.id, c.thumbprint, c.serialNumber = row.ID, row.Thumbprint, row.SerialNumber
	c.commonName, c.dnsNames, c.validTill = row.CommonName, mustJSON(row.DNSNames), dayOf(row.ValidTill)
	o.sans = len(row.DNSNames)
	d.issued = row.DateIssued
	d.csr = csr{pem: row.CSR, spki: spkiOf(row.CSR), bits: row.KeySize}
}

// decide sets the status of a request and carries it out.
func (s *state) decide(a *approval, status, comment string, at time.Time) {
	o := a.order
	a.status, a.processorComment = status, comment
	if a.open() {
		return
	}
	a.processed = at
	switch {
	case a.kind == kindRevoke && status == statusApproved:
		s.revoke(o, a.certificate, at)
	case a.kind == kindNewRequest && status == statusApproved:
		s.advance(o, at)
	case a.kind == kindNewRequest:
		o.setStatus(digicert.OrderStatusRejected, at)
	case status == statusApproved:
		s.decideRow(a, at, s.advanceRow)
	case a.kind != kindRevoke:
		s.decideRow(a, at, s.rejectRow)
	}
}

// decideRow calls f for the reissue or duplicate of a request. If the request has no row, it is the derived request of
// an order with status reissue_pending, which becomes issued.
func (s *state) decideRow(a *approval, at time.Time, f func(*order, *issuance, time.Time)) {
	o := a.order
	for _, w := range slices.Clone(o.some().waiting) {
		if w.approval == a {
			f(o, w, at)
			return
		}
	}
	if a.kind == kindReissue && o.status == digicert.OrderStatusReissuePending {
		o.setStatus(digicert.OrderStatusIssued, at)
	}
}

// waitsFor reports whether a request is open or its certificate is not issued yet.
func (o *order) waitsFor(a *approval) bool {
	return a.open() || slices.ContainsFunc(o.some().waiting, func(w *issuance) bool { return w.approval == a })
}

// reissuing reports whether a reissue is not issued yet.
func (o *order) reissuing() bool {
	return slices.ContainsFunc(o.some().waiting, func(w *issuance) bool { return w.approval.kind == kindReissue })
}

// rejectRow rejects a reissue or duplicate that is not issued.
func (s *state) rejectRow(o *order, w *issuance, at time.Time) {
	d := o.more()
	d.waiting = slices.DeleteFunc(d.waiting, func(other *issuance) bool { return other == w })
	if w.approval.kind == kindDuplicate {
		s.duplicate(o.id, w.row).Status = digicert.CertificateStatusRejected
		return
	}
	s.reissue(o.id, w.row).Status = digicert.ReissueStatusRejected
	if o.status == digicert.OrderStatusReissuePending && !o.reissuing() {
		o.setStatus(digicert.OrderStatusIssued, at)
	}
}

// advanceAll advances an order and its reissues and duplicates after a validation.
func (s *state) advanceAll(o *order, at time.Time) {
	if o.status == digicert.OrderStatusPending {
		s.advance(o, at)
	}
	for _, w := range slices.Clone(o.some().waiting) {
		s.advanceRow(o, w, at)
	}
	s.version++
}

// PassDCV makes the domain control check of an order pass, as if its token were published: from then on
// PUT …/check-dcv succeeds. PassDCV returns an error for an unknown order.
func (s *Server) PassDCV(id digicert.OrderID) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	o := s.state.order(id)
	if o == nil {
		return fmt.Errorf("digicerttest: PassDCV: the order %d does not exist", id)
	}
	o.more().dcv.failures = 0
	return nil
}

// ValidateOrganization validates an organization. Orders that waited for it are issued. ValidateOrganization returns
// an error for an unknown organization.
func (s *Server) ValidateOrganization(id digicert.OrganizationID) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	org := s.state.organization(id)
	if org == nil {
		return errors.New("digicerttest: ValidateOrganization: the organization does not exist")
	}
	org.Pending = false
	now := s.now()
	for _, o := range s.state.own {
		if o.some().organization == org {
			s.state.advanceAll(o, now)
		}
	}
	return nil
}
