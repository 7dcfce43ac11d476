// Order info.

package digicerttest

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// The fields of an order that the server does not store are derived from its product, its status and
// the account that placed it.

// owner is the organization, container and user of an order.
type owner struct {
	organization     digicert.OrganizationID
	organizationName string
	container        digicert.ContainerID
	containerName    string
	user             digicert.UserID
	firstName        string
	lastName         string
	email            string
}

// accountItself is the owner of the account's own orders. Its user is that of the documented samples.
var accountItself = owner{
	organization: 117483, organizationName: "Example Organization", container: 5, containerName: "Example Account",
	user: 1576, firstName: "Logan", lastName: "Nelson", email: "logan.nelson@example.com",
}

// owner returns the owner of an order. The organization and the container of a subaccount have its id.
func (o *order) owner() owner {
	if o.account == nil {
		by, d := accountItself, o.some()
		if d.organization != nil {
			by.organization, by.organizationName = d.organization.ID, d.organization.Name
		}
		if d.container != nil {
			by.container, by.containerName = d.container.id, d.container.name
		}
		return by
	}
	person := int(o.account.AccountID % digicert.AccountID(len(people)))
	return owner{
		organization:     digicert.OrganizationID(o.account.AccountID),
		organizationName: o.account.OrganizationName,
		container:        digicert.ContainerID(o.account.AccountID),
		containerName:    o.account.OrganizationName,
		user:             digicert.UserID(1000 + person),
		firstName:        people[person].first,
		lastName:         people[person].last,
		email:            people[person].first + "." + people[person].last + "@mail.example",
	}
}

// dvType is the type of products without a validated organization.
const dvType = "dv_ssl_certificate"

// hasOrganization reports whether an order has an organization.
func (o *order) hasOrganization() bool { return o.product.Type != dvType }

// validation returns the validation type of a product, which depends on its type and name.
func (o *order) validation() (kind, description string) {
	switch {
	case o.product.Type == dvType:
		return "dv", "Domain Validation"
	case slices.Contains(strings.Split(o.product.NameID, "_"), "ev"):
		return "ev", "Extended Organization Validation"
	}
	return "ov", "Normal Organization Validation"
}

// issuedOn returns the first day of the certificate and of the order, or 0 if none is sent.
func (o *order) issuedOn() day {
	if !o.showsIssue() || o.issued.IsZero() {
		return 0
	}
	return dayOf(digicert.DateOf(o.certificateIssued()))
}

// endsOn returns the last day of the order, or 0 if none is sent. It is determined by the years of the order, but
// is never before the end of the certificate.
func (o *order) endsOn() day {
	if o.issuedOn() == 0 {
		return 0
	}
	if end := o.some().end; end != 0 {
		return max(end, o.certificate.validTill)
	}
	return max(dayOf(endOfValidity(o.issued, o.validityYears)), o.certificate.validTill)
}

// multiYear reports whether an order counts as a multi-year plan.
func (o *order) multiYear() bool { return o.validityYears > 1 }

// hasCertificateID reports whether responses have the id of the primary certificate. They do not while the order waits
// for approval.
func (o *order) hasCertificateID() bool { return o.status != digicert.OrderStatusNeedsApproval }

// orderInfo handles GET /order/certificate/{order_id}. The path may also have the serial number or thumbprint of the
// primary certificate. That it finds the orders of subaccounts is a guess.
func (s *Server) orderInfo(r *request) (render, *failure) {
	r.query.bool("include_caa_status")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		o = s.state.orderByPrimary(r.ref)
	}
	if o == nil {
		return nil, errNoOrder
	}
	return whole(s.appendOrderInfo(nil, o, r.now)), nil
}

// appendOrderInfo appends an order info.
func (s *Server) appendOrderInfo(b []byte, o *order, now time.Time) []byte {
	by := o.owner()
	b = appendInt(b, `{"id":`, o.id)
	b = appendInfoCertificate(b, o, now)
	b = appendText(b, `,"status":`, string(o.status))
	d := o.some()
	b = appendBool(b, `,"is_renewed":`, d.renewedBy != 0)
	b = append(b, `,"is_out_of_contract":false`...)
	b = appendInt(b, `,"renewed_order_id":`, d.renewedBy)
	if d.renewalOf != 0 {
		b = appendInt(b, `,"renewal_of_order_id":`, d.renewalOf)
	}
	b = appendGiven(b, `,"alternative_order_id":`, d.alternativeID)
	b = appendTime(b, `,"date_created":`, o.created)
	if o.issuedOn() != 0 {
		b = appendTime(b, `,"date_issued":`, o.issued)
	}
	b = appendOrganization(b, o, func(b []byte, by owner) []byte {
		return append(appendOrganizationNames(b, by), `,"city":"Springfield","state":"Illinois","country":"us"`...)
	})
	b = appendOrderValidity(b, o)
	b = appendBool(b, `,"disable_renewal_notifications":`, d.silent)
	b = appendInt(b, `,"auto_renew":`, d.autoRenew)
	b = appendInt(b, `,"auto_reissue":`, d.autoReissue)
	b = appendInt(b, `,"container":{"id":`, by.container)
	b = append(appendText(b, `,"name":`, by.containerName), '}')
	kind, description := o.validation()
	b = appendProduct(b, o)
	b = appendText(b, `,"validation_type":`, kind)
	b = appendText(b, `,"validation_name":`, strings.ToUpper(kind))
	b = append(appendText(b, `,"validation_description":`, description), '}')
	b = s.appendContact(b, `,"organization_contact":`, by)
	b = s.appendContact(b, `,"technical_contact":`, by)
	b = s.appendPerson(b, `,"user":`, by)
	b = appendRequests(b, o)
	if o.issuedOn() != 0 {
		b = appendInt(b, `,"receipt_id":`, o.certificate.id)
	}
	b = appendInt(b, `,"purchased_dns_names":`, o.sans)
	b = append(b, `,"cs_provisioning_method":"none"`...)
	b = appendPrice(b, o)
	b = appendText(b, `,"payment_method":`, cmp.Or(d.paymentMethod, "balance"))
	b = appendGiven(b, `,"dcv_method":`, d.dcv.method)
	b = appendFurther(b, d)
	b = appendMultiYear(b, o)
	return append(appendBool(b, `,"has_pending_request":`, o.pendingRequest()), '}')
}

// appendInfoCertificate appends the primary certificate. Before it is issued, it has no dates, not even
// date_created.
func appendInfoCertificate(b []byte, o *order, now time.Time) []byte {
	c, by := &o.certificate, o.owner()
	b = append(b, `,"certificate":{`...)
	if o.hasCertificateID() {
		b = append(appendInt(b, `"id":`, c.id), ',')
	}
	b = appendText(b, `"common_name":`, c.commonName)
	if o.showsIssue() {
		b = appendGiven(b, `,"thumbprint":`, c.thumbprint)
		b = appendGiven(b, `,"serial_number":`, c.serialNumber)
		if o.isRevoked(c.id) {
			b = appendText(b, `,"status":`, string(digicert.OrderStatusRevoked))
		}
	}
	b = append(append(b, `,"dns_names":`...), c.dnsNames...)
	if o.product.Type == "client_certificate" {
		b = append(appendText(b, `,"emails":[`, by.email), ']')
	}
	if o.issuedOn() != 0 {
		b = appendTime(b, `,"date_created":`, o.created)
		b = appendTime(b, `,"date_issued":`, o.certificateIssued())
	}
	b = appendValidity(b, o, now)
	b = appendGiven(b, `,"csr":`, o.csrPEM())
	if o.hasOrganization() { // otherwise, [] is known only from the order itself
		b = appendOrganization(b, o, func(b []byte, _ owner) []byte { return b })
	}
	if c.units != "" {
		b = append(append(b, `,"organization_units":`...), c.units...)
	}
	b = appendPlatform(b, platformOf(o.some().platform))
	b = appendText(b, `,"signature_hash":`, c.hash)
	b = appendInt(b, `,"key_size":`, cmp.Or(o.some().csr.bits, derivedKeyBits))
	return append(appendCACert(b), '}')
}

// appendOrganization appends the organization of an order: its id and the members that more appends.
func appendOrganization(b []byte, o *order, more func(b []byte, by owner) []byte) []byte {
	if !o.hasOrganization() {
		return append(b, `,"organization":[]`...)
	}
	by := o.owner()
	return append(more(appendInt(b, `,"organization":{"id":`, by.organization), by), '}')
}

func appendOrganizationNames(b []byte, by owner) []byte {
	b = appendText(b, `,"name":`, by.organizationName)
	b = appendText(b, `,"assumed_name":`, by.organizationName)
	return appendText(b, `,"display_name":`, by.organizationName)
}

// appendCACert appends the issuing certificate.
func appendCACert(b []byte) []byte {
	b = appendText(b, `,"ca_cert":{"id":`, caCertID)
	return append(appendText(b, `,"name":`, intermediateName), '}')
}

// anyPlatform is the default server platform.
var anyPlatform = digicert.ServerPlatform{
	ID: 45, Name: "nginx", InstallURL: "https://docs.example/install/nginx", CSRURL: "https://docs.example/csr/nginx",
}

// platformOf returns the platform with an id. 0 is the default, and -1 is documented as any other platform.
func platformOf(id int64) digicert.ServerPlatform {
	switch id {
	case 0, anyPlatform.ID:
		return anyPlatform
	case -1:
		return digicert.ServerPlatform{ID: -1, Name: "OTHER"}
	}
	return digicert.ServerPlatform{ID: id, Name: "Platform " + strconv.FormatInt(id, 10)}
}

func appendPlatform(b []byte, p digicert.ServerPlatform) []byte {
	return appendPlatformObject(append(b, `,"server_platform":`...), p)
}

func appendPlatformObject(b []byte, p digicert.ServerPlatform) []byte {
	b = appendInt(b, `{"id":`, p.ID)
	b = appendText(b, `,"name":`, p.Name)
	b = appendGiven(b, `,"install_url":`, p.InstallURL)
	return append(appendGiven(b, `,"csr_url":`, p.CSRURL), '}')
}

// appendValidity appends the first and last day of the certificate of an order.
func appendValidity(b []byte, o *order, now time.Time) []byte {
	if from := o.issuedOn(); from != 0 {
		b = appendDay(b, `,"valid_from":`, from)
	}
	if till := o.certificate.validTill; o.showsIssue() && till != 0 {
		b = appendDay(b, `,"valid_till":`, till)
		b = appendInt(b, `,"days_remaining":`, daysRemaining(nil, till.date(), now))
	}
	return b
}

// appendOrderValidity appends the validity of an order. That order_validity has a single member is a
// guess.
func appendOrderValidity(b []byte, o *order) []byte {
	switch v := o.some().validity; {
	case v.until != 0:
		b = append(appendDay(b, `,"order_validity":{"custom_expiration_date":`, v.until), '}')
	case v.days != 0:
		b = append(appendInt(b, `,"order_validity":{"days":`, v.days), '}')
	default:
		b = appendInt(b, `,"validity_years":`, o.validityYears)
		b = append(appendInt(b, `,"order_validity":{"years":`, o.validityYears), '}')
	}
	if end := o.endsOn(); end != 0 {
		b = appendDay(b, `,"order_valid_till":`, end)
	}
	return b
}

// appendProduct appends a product without its closing brace.
func appendProduct(b []byte, o *order) []byte {
	b = appendText(b, `,"product":{"name_id":`, o.product.NameID)
	b = appendText(b, `,"name":`, o.product.Name)
	return appendText(b, `,"type":`, o.product.Type)
}

func appendPrice(b []byte, o *order) []byte {
	cost := o.price.Cost
	return append(append(b, `,"price":`...), cost.StringFixed(max(0, -cost.Exponent()))...)
}

// appendMultiYear appends is_multi_year_plan, which is "1" or absent.
func appendMultiYear(b []byte, o *order) []byte {
	if o.multiYear() {
		b = append(b, `,"is_multi_year_plan":"1"`...)
	}
	return b
}

// appendRequests appends the requests of an order.
func appendRequests(b []byte, o *order) []byte {
	b = append(b, `,"requests":[`...)
	for i, a := range o.approvals() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInt(b, `{"id":`, a.id)
		b = appendTime(b, `,"date":`, a.date)
		b = appendText(b, `,"type":`, a.kind)
		b = appendText(b, `,"status":`, a.status)
		b = appendGiven(b, `,"comments":`, a.comments)
		b = append(appendGiven(b, `,"processor_comment":`, a.processorComment), '}')
	}
	return append(b, ']')
}

// appendFurther appends the optional fields that the request for an order has set.
func appendFurther(b []byte, d *details) []byte {
	if len(d.additionalEmails) > 0 {
		b = appendList(b, `,"additional_emails":`, d.additionalEmails)
	}
	if len(d.customFields) == 0 {
		return b
	}
	b = append(b, `,"custom_fields":[`...)
	for i, f := range d.customFields {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInt(b, `{"metadata_id":`, f.metadataID)
		b = append(appendText(b, `,"value":`, f.value), '}')
	}
	return append(b, ']')
}

var orderInfoShape = shape{ids: []string{"id"}, optional: [][]string{
	{"certificate", "thumbprint"},
	{"certificate", "serial_number"},
	{"certificate", "emails"},
	{"certificate", "date_created"},
	{"certificate", "date_issued"},
	{"certificate", "valid_from"},
	{"certificate", "valid_till"},
	{"certificate", "days_remaining"},
	{"certificate", "organization_units"},
	{"certificate", "status"},
	{"date_issued"},
	{"order_valid_till"},
	{"receipt_id"},
	{"is_multi_year_plan"},
}}
