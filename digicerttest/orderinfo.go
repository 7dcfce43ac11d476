// Order info.

package digicerttest

import (
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
		return accountItself
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
	return dayOf(digicert.DateOf(o.issued))
}

// endsOn returns the last day of the order, or 0 if none is sent. It follows from the years of the order, but
// is never before the end of the certificate.
func (o *order) endsOn() day {
	if o.issuedOn() == 0 {
		return 0
	}
	return max(dayOf(endOfValidity(o.issued, o.validityYears)), o.certificate.validTill)
}

// multiYear reports whether an order counts as a multi-year plan.
func (o *order) multiYear() bool { return o.validityYears > 1 }

// pendingRequest reports whether the order or its reissue waits for a decision.
func (o *order) pendingRequest() bool {
	return slices.Contains([]digicert.OrderStatus{
		digicert.OrderStatusPending, digicert.OrderStatusNeedsApproval, digicert.OrderStatusNeedsCSR,
		digicert.OrderStatusReissuePending,
	}, o.status)
}

// orderInfo answers GET /order/certificate/{order_id}. That it includes the orders of subaccounts is a guess.
func (s *Server) orderInfo(r *request) (render, *failure) {
	o, ok := s.state.orderNow(digicert.OrderID(r.id))
	if !ok {
		return nil, errNoOrder
	}
	return func(b []byte, _ effects) []byte { return appendOrderInfo(b, &o, r.now) }, nil
}

// appendOrderInfo appends an order info.
func appendOrderInfo(b []byte, o *order, now time.Time) []byte {
	by := o.owner()
	b = appendInt(b, `{"id":`, o.id)
	b = appendInfoCertificate(b, o, now)
	b = appendText(b, `,"status":`, string(o.status))
	b = append(b, `,"is_renewed":false,"is_out_of_contract":false,"renewed_order_id":0`...)
	b = appendText(b, `,"alternative_order_id":`, "digicerttest-"+strconv.FormatInt(int64(o.id), 10))
	b = appendTime(b, `,"date_created":`, o.created)
	if o.issuedOn() != 0 {
		b = appendTime(b, `,"date_issued":`, o.issued)
	}
	b = appendOrganization(b, o, func(b []byte, by owner) []byte {
		return append(appendOrganizationNames(b, by), `,"city":"Springfield","state":"Illinois","country":"us"`...)
	})
	b = appendOrderValidity(b, o)
	b = append(b, `,"disable_renewal_notifications":false,"auto_renew":0,"auto_reissue":0`...)
	b = appendInt(b, `,"container":{"id":`, by.container)
	b = append(appendText(b, `,"name":`, by.containerName), '}')
	kind, description := o.validation()
	b = appendProduct(b, o)
	b = appendText(b, `,"validation_type":`, kind)
	b = appendText(b, `,"validation_name":`, strings.ToUpper(kind))
	b = append(appendText(b, `,"validation_description":`, description), '}')
	b = appendInt(b, `,"user":{"id":`, by.user)
	b = appendText(b, `,"firstname":`, by.firstName)
	b = appendText(b, `,"lastname":`, by.lastName)
	b = append(appendText(b, `,"email":`, by.email), '}')
	b = appendRequests(b, o)
	if o.issuedOn() != 0 {
		b = appendInt(b, `,"receipt_id":`, o.certificate.id)
	}
	b = appendInt(b, `,"purchased_dns_names":`, o.sans)
	b = append(b, `,"cs_provisioning_method":"none"`...)
	b = appendPrice(b, o)
	b = append(b, `,"payment_method":"balance"`...)
	b = appendMultiYear(b, o)
	return append(appendBool(b, `,"has_pending_request":`, o.pendingRequest()), '}')
}

// appendInfoCertificate appends the primary certificate. Before it is issued, it lacks all dates, including
// that of its creation.
func appendInfoCertificate(b []byte, o *order, now time.Time) []byte {
	c, by := &o.certificate, o.owner()
	b = appendInt(b, `,"certificate":{"id":`, c.id)
	if o.showsIssue() {
		b = appendGiven(b, `,"thumbprint":`, c.thumbprint)
		b = appendGiven(b, `,"serial_number":`, c.serialNumber)
	}
	b = appendText(b, `,"common_name":`, c.commonName)
	b = append(append(b, `,"dns_names":`...), c.dnsNames...)
	if o.product.Type == "client_certificate" {
		b = append(appendText(b, `,"emails":[`, by.email), ']')
	}
	if o.issuedOn() != 0 {
		b = appendTime(b, `,"date_created":`, o.created)
		b = appendTime(b, `,"date_issued":`, o.issued)
	}
	b = appendValidity(b, o, now)
	b = append(b, `,"csr":"<csr>"`...)
	b = appendOrganization(b, o, func(b []byte, _ owner) []byte { return b })
	if c.units != "" {
		b = append(append(b, `,"organization_units":`...), c.units...)
	}
	b = appendPlatform(b, anyPlatform)
	b = appendText(b, `,"signature_hash":`, c.hash)
	b = append(b, `,"key_size":2048`...)
	return append(appendCACert(b), '}')
}

// appendOrganization appends the organization of an order: its id and what more appends.
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

func appendPlatform(b []byte, p digicert.ServerPlatform) []byte {
	b = appendInt(b, `,"server_platform":{"id":`, p.ID)
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

// appendOrderValidity appends the validity of an order. That its order_validity only has the years is a
// guess.
func appendOrderValidity(b []byte, o *order) []byte {
	b = appendInt(b, `,"validity_years":`, o.validityYears)
	b = append(appendInt(b, `,"order_validity":{"years":`, o.validityYears), '}')
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

// appendRequests appends the request for an order and that for its pending reissue.
func appendRequests(b []byte, o *order) []byte {
	status, reissue := "approved", ""
	switch o.status {
	case digicert.OrderStatusRejected, digicert.OrderStatusDenied:
		status = "rejected"
	case digicert.OrderStatusReissuePending:
		reissue = "pending"
	case digicert.OrderStatusReissueProcessing:
		reissue = "approved"
	default:
		if o.pendingRequest() {
			status = "pending"
		}
	}
	b = appendInt(b, `,"requests":[{"id":`, 2*o.id)
	b = appendTime(b, `,"date":`, o.created)
	b = appendText(b, `,"type":"new_request","status":`, status)
	b = append(b, `,"comments":"A request of digicerttest."}`...)
	if reissue != "" {
		b = appendInt(b, `,{"id":`, 2*o.id+1)
		b = appendTime(b, `,"date":`, o.changed)
		b = append(appendText(b, `,"type":"reissue","status":`, reissue), '}')
	}
	return append(b, ']')
}
