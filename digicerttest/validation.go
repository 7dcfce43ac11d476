// Domain control validation (DCV) of orders.

package digicerttest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

const dcvEmail = "email"

var dcvMethods = []string{dcvEmail, "dns-txt-token", "dns-cname-token", "http-token", "http-token-dynamic"}

// dcv is the domain control validation of an order.
type dcv struct {
	method   string
	token    string
	expires  time.Time
	names    []string  // that are not validated
	domains  []*Domain // of these names, if the order has an organization
	failures int       // number of further checks that fail; negative: all
}

// tokenDays is the validity of a token, in days.
const tokenDays = 30

// tokenOf returns the token of an order.
func tokenOf(id digicert.OrderID) string { return strings.ToLower(hexOf(uint64(id), serialLen)) }

// newDCV starts the validation of names. The default method is email.
func (s *state) newDCV(o *order, method string, names []string, now time.Time) dcv {
	d := dcv{method: method, token: tokenOf(o.id), expires: now.AddDate(0, 0, tokenDays), names: names, failures: s.process.failures}
	if d.method == "" {
		d.method = dcvEmail
	}
	if !o.hasOrganization() {
		return d
	}
	for _, name := range names {
		d.domains = append(d.domains, s.domainFor(strings.TrimPrefix(name, "*."), len(d.domains), o))
	}
	return d
}

// usesToken reports whether the method uses a token.
func (d *dcv) usesToken() bool { return d.method != dcvEmail }

// unvalidated returns the names that have to be validated: those that are not known and do not belong to a validated
// domain. Without WithDCV there are none.
func (s *state) unvalidated(names, known []string) []string {
	if !s.process.dcv {
		return nil
	}
	var list []string
	for _, name := range names {
		if !slices.Contains(known, name) && !s.validDomain(strings.TrimPrefix(name, "*.")) {
			list = append(list, name)
		}
	}
	return list
}

// failedCheck has the documented codes of a check that did not find the token. The code for an unconfirmed email
// is a guess.
var failedCheck = map[string]*failure{
	dcvEmail:             fail(http.StatusBadRequest, "invalid_dns_method", "The DCV method of the order cannot be checked."),
	"dns-txt-token":      fail(http.StatusBadRequest, "invalid_dns_txt", "The DNS TXT record was not found."),
	"dns-cname-token":    fail(http.StatusBadRequest, "invalid_dns_cname", "The DNS CNAME record was not found."),
	"http-token":         fail(http.StatusBadRequest, "file_random_value_not_found", "The file with the random value was not found."),
	"http-token-dynamic": fail(http.StatusBadRequest, "file_random_value_not_found", "The file with the random value was not found."),
}

// checkDCV handles PUT /order/certificate/{order_id}/check-dcv.
func (s *Server) checkDCV(r *request) (*change, *failure) {
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	d := &o.more().dcv
	if len(d.names) > 0 && d.failures != 0 {
		d.failures = max(d.failures-1, -1)
		return nil, failedCheck[d.method]
	}
	b := appendText(nil, `{"order_status":`, string(s.state.statusOnceValid(o)))
	if o.hasCertificateID() {
		b = appendInt(b, `,"certificate_id":`, o.certificate.id)
	}
	b = append(b, `,"dcv_status":"valid","dns_name_validations":[`...)
	for i, name := range o.certificate.names() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, `{"dns_name":`, name), `,"status":"valid"}`...)
	}
	return &change{status: http.StatusOK, body: append(b, "]}"...), commit: func() {
		d := &o.more().dcv
		for _, domain := range d.domains {
			domain.Validated = true
		}
		d.names, d.domains = nil, nil
		s.state.advanceAll(o, r.now)
	}}, nil
}

// statusOnceValid returns the status that an order will have once its names are validated.
func (s *state) statusOnceValid(o *order) digicert.OrderStatus {
	d := o.some()
	waits := func(w *issuance) bool { return w.approval.open() }
	switch {
	case d.organization != nil && d.organization.Pending:
	case o.status == digicert.OrderStatusPending && len(d.dcv.names) > 0:
		if s.process.delays() {
			return digicert.OrderStatusProcessing
		}
		return digicert.OrderStatusIssued
	case o.status == digicert.OrderStatusReissuePending && len(d.dcv.names) > 0 && !s.process.delays() && !slices.ContainsFunc(d.waiting, waits):
		return digicert.OrderStatusIssued
	}
	return o.status
}

// changeDCVMethod handles PUT /order/certificate/{order_id}/dcv-method.
func (s *Server) changeDCVMethod(r *request) (*change, *failure) {
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	method := r.body.text("dcv_method")
	switch {
	case method == "":
		r.body.require("dcv_method")
	case !slices.Contains(dcvMethods, method):
		r.body.invalid("dcv_method", "it must be one of %s", strings.Join(dcvMethods, ", "))
	}
	c := o.tokenChange(r.now)
	if method == dcvEmail {
		c = &change{status: http.StatusNoContent}
	}
	renew := c.commit
	c.commit = func() {
		if renew != nil {
			renew()
		}
		o.more().dcv.method = method
	}
	return c, nil
}

// dcvRandomValue handles PUT /order/certificate/{order_id}/dcv-random-value. As documented, it returns a token that is
// still valid again.
func (s *Server) dcvRandomValue(r *request) (*change, *failure) {
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	return o.tokenChange(r.now), nil
}

// tokenChange returns the change and the response with the token of an order. It renews an expired token.
func (o *order) tokenChange(now time.Time) *change {
	expires := o.some().dcv.expires
	if !expires.After(now) {
		expires = now.AddDate(0, 0, tokenDays)
	}
	b := appendText(nil, `{"dcv_random_value":`, tokenOf(o.id))
	b = append(appendTime(b, `,"expiration_date":`, expires), '}')
	return &change{status: http.StatusOK, body: b, commit: func() {
		d := &o.more().dcv
		d.token, d.expires = tokenOf(o.id), expires
	}}
}

// appendOrderDomains appends the domains of a placed order that are to be validated. The documentation calls
// their name both name and dns_name.
func appendOrderDomains(b []byte, d *dcv) []byte {
	b = append(b, `,"domains":[`...)
	for i, domain := range d.domains {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInt(b, `{"id":`, domain.ID)
		b = appendText(b, `,"name":`, domain.Name)
		b = appendText(b, `,"dns_name":`, domain.Name)
		if d.usesToken() {
			b = d.appendToken(b)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendToken appends the member dcv_token.
func (d *dcv) appendToken(b []byte) []byte {
	b = appendText(b, `,"dcv_token":{"token":`, d.token)
	b = appendText(b, `,"status":`, statusPending)
	return append(appendTime(b, `,"expiration_date":`, d.expires), '}')
}

// orderValidation handles GET /order/certificate/{order_id}/validation. Its ids are strings. The members of
// organization_validations, and the statuses, are guesses.
func (s *Server) orderValidation(r *request) (render, *failure) {
	r.query.bool("include_risk_check")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	d := o.some()
	method := d.dcv.method
	if method == "" {
		method = dcvEmail
	}
	b := appendText(nil, `{"order_status":`, string(o.status))
	b = appendText(b, `,"order_name_scope":"base_domain","order_dcv_method":`, method)
	b = append(b, `,"organization_validations":[`...)
	if o.hasOrganization() {
		status := "approved"
		if d.organization != nil && d.organization.Pending {
			status = statusPending
		}
		b = appendText(b, `{"organization_id":`, fmt.Sprint(o.owner().organization))
		b = append(appendText(b, `,"status":`, status), '}')
	}
	b = append(b, `],"dns_name_validations":[`...)
	for i, name := range o.certificate.names() {
		if i > 0 {
			b = append(b, ',')
		}
		status := "approved"
		if slices.Contains(d.dcv.names, name) {
			status = statusPending
		}
		b = append(b, '{')
		if domain := s.state.domain(strings.TrimPrefix(name, "*.")); domain != nil {
			b = append(appendText(b, `"domain_id":`, fmt.Sprint(domain.ID)), ',')
		}
		b = appendText(b, `"name_scope":`, strings.TrimPrefix(name, "*."))
		b = appendText(b, `,"approval_scope":"base_domain","status":`, status)
		b = appendText(b, `,"method":`, method)
		b = append(appendList(b, `,"dns_names":`, []string{name}), '}')
	}
	return whole(append(b, "]}"...)), nil
}
