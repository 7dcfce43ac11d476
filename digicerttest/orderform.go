// The bodies of requests for orders, reissues and duplicates.

package digicerttest

import (
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// certificateForm is the member "certificate" of such a body.
type certificateForm struct {
	commonName string
	names      []string // with the common name
	csr        csr
	hash       string
	platform   int64
	validity   validity
	units      []string
}

// certificateForm reads the member "certificate". A TLS product requires a CSR and names.
func (o object) certificateForm(tls bool, now time.Time) certificateForm {
	if len(o.object("certificate").members) == 0 {
		o.require("certificate")
		return certificateForm{}
	}
	c := o.object("certificate")
	f := certificateForm{
		commonName: c.text("common_name"),
		hash:       c.text("signature_hash"),
		platform:   c.object("server_platform").int("id"),
		validity:   c.object("cert_validity").validity(now),
		units:      c.texts("organization_units"),
	}
	switch text := c.text("csr"); {
	case text == "" && tls:
		c.require("csr")
	case text != "":
		var err error
		if f.csr, err = parseCSR(text); err != nil {
			c.problem("csr_invalid_cannot_parse", "The CSR cannot be parsed.")
		}
	}
	switch {
	case f.commonName == "" && tls:
		c.require("common_name")
	case tls && !isDNSName(f.commonName):
		c.invalid("common_name", "%q is not a DNS name", f.commonName)
	}
	if f.hash != "" && !slices.Contains(signatureHashes, f.hash) {
		c.invalid("signature_hash", "it must be one of %s", strings.Join(signatureHashes, ", "))
	}
	names := c.texts("dns_names")
	if f.commonName != "" {
		names = append([]string{f.commonName}, names...)
	}
	for _, name := range names {
		if tls && name != f.commonName && !isDNSName(name) {
			c.invalid("dns_names", "%q is not a DNS name", name)
		}
		if !slices.ContainsFunc(f.names, func(other string) bool { return strings.EqualFold(name, other) }) {
			f.names = append(f.names, name)
		}
	}
	return f
}

var signatureHashes = []string{"sha256", "sha384", "sha512"}

// validity reads a validity. As documented, a date takes precedence over days, and days over years.
func (o object) validity(now time.Time) validity {
	return o.validityOf("years", "days", "custom_expiration_date", now)
}

// validityOf reads a validity from members with other names.
func (o object) validityOf(years, days, date string, now time.Time) validity {
	var v validity
	y, d, text := o.int(years), o.int(days), o.text(date)
	if y < 0 || y > maxOrderYears {
		o.invalid(years, "it must be 1 to %d", maxOrderYears)
	}
	if d < 0 || d > maxOrderYears*366 {
		o.invalid(days, "it must be 1 to %d", maxOrderYears*366)
	}
	if text != "" {
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t, err = time.Parse("02 Jan 2006", text) // as in one sample
		}
		switch {
		case err != nil:
			o.invalid(date, "%q is not a date", text)
		case !t.After(now), t.After(now.AddDate(maxOrderYears, 0, 1)):
			o.invalid(date, "it must be within the next %d years", maxOrderYears)
		}
		v.until = dayOf(digicert.DateOf(t))
	}
	switch {
	case v.until != 0:
	case d != 0:
		v.days = int(d)
	default:
		v.years = int(y)
	}
	return v
}

// maxOrderYears is the documented maximum validity of an order.
const maxOrderYears = 3

// orderForm is the body of a request for an order.
type orderForm struct {
	certificate  certificateForm
	organization digicert.OrganizationID
	validity     validity
	skipApproval bool
	dcvMethod    string
	details      details // the fields that are stored unchanged
	comments     string
}

// orderForm reads the body.
func (o object) orderForm(p *Product, now time.Time) orderForm {
	f := orderForm{
		certificate:  o.certificateForm(p.tls(), now),
		organization: digicert.OrganizationID(o.object("organization").int("id")),
		validity:     o.object("order_validity").validity(now),
		skipApproval: o.bool("skip_approval"),
		dcvMethod:    o.text("dcv_method"),
		comments:     o.text("comments"),
		details: details{
			alternativeID:    o.text("alternative_order_id"),
			renewalOf:        digicert.OrderID(o.int("renewal_of_order_id")),
			paymentMethod:    o.text("payment_method"),
			autoRenew:        int(o.int("auto_renew")),
			autoReissue:      int(o.int("auto_reissue")),
			silent:           o.bool("disable_renewal_notifications"),
			additionalEmails: o.texts("additional_emails"),
		},
	}
	if f.validity == (validity{}) {
		f.validity = o.validityOf("validity_years", "validity_days", "custom_expiration_date", now)
	}
	if o.has("certificate") && f.certificate.hash == "" {
		o.object("certificate").require("signature_hash")
	}
	if p.needsOrganization() && f.organization == 0 && o.object("organization").text("name") == "" {
		o.object("organization").require("id")
	}
	if m := f.dcvMethod; m != "" && !slices.Contains(dcvMethods, m) {
		o.invalid("dcv_method", "it must be one of %s", strings.Join(dcvMethods, ", "))
	}
	if m := f.details.paymentMethod; m != "" && !slices.Contains(paymentMethods, m) {
		o.invalid("payment_method", "it must be one of %s", strings.Join(paymentMethods, ", "))
	}
	for _, c := range o.objects("custom_fields") {
		f.details.customFields = append(f.details.customFields, customField{c.int("metadata_id"), c.text("value")})
	}
	return f
}

var paymentMethods = []string{"balance", "card", "profile", "wire_transfer"}
