// The parameters of orders, and of the certificates that are asked for.

package digicert

import (
	"cmp"
	"strconv"
	"strings"
)

// PlaceOrderParams are the parameters of [OrdersService.Place]. A zero field is not sent, except for AlternativeOrderID.
type PlaceOrderParams struct {
	Certificate    CertificateRequest // "certificate"
	OrganizationID OrganizationID     // "organization.id"; for OV and EV
	OrderValidity  Validity           // "order_validity"
	// AlternativeOrderID is an id of the caller's own ("alternative_order_id"), of at most 255 characters. If it is "", Place makes
	// one. With an id that was stored before the call, Place can be called again by whatever process, and places one order.
	AlternativeOrderID string
	// SentBefore says that an earlier call with this AlternativeOrderID may have been sent, by a process that ended before it knew.
	// Place then looks for the order as long as after a lost answer, in case the service shows it late. It is not sent.
	SentBefore       bool
	SkipApproval     bool        // "skip_approval"; needs a key with the right to
	DCVMethod        DCVMethod   // "dcv_method"
	PaymentMethod    string      // "payment_method", such as "balance" or "card"
	RenewalOfOrderID OrderID     // "renewal_of_order_id"
	ContainerID      ContainerID // "container.id"

	AutoRenew                   bool // "auto_renew", sent as 1
	AutoReissue                 bool // "auto_reissue", sent as 1; for multi-year plans
	DisableRenewalNotifications bool // "disable_renewal_notifications"

	Comments         string        // "comments", at most 10,000 bytes
	AdditionalEmails []string      // "additional_emails"
	CustomFields     []CustomField // "custom_fields"; an account may require some. The label is not sent
	// Extra has further documented members of the body by their JSON names, such as "locale". It cannot set a member that a field
	// above has set, nor "certificate" and "alternative_order_id".
	Extra map[string]any
}

// CertificateRequest is the documented "certificate" of an order, a reissue or a duplicate. The service does not take the names
// from the CSR.
type CertificateRequest struct {
	CommonName string   // "common_name"
	DNSNames   []string // "dns_names", the further names; names that the service charges for may be among them
	// CSR is the certificate signing request ("csr") as PEM, also without line breaks, or its bare base64. It is sent as PEM.
	CSR              string
	SignatureHash    string   // "signature_hash"; "" is "sha256"
	ServerPlatformID *int     // "server_platform.id"; nil is the service's default, -1 any other platform
	CACertID         string   // "ca_cert_id", one of the product's allowed_ca_certs
	Validity         Validity // "cert_validity"; for multi-year plans
	// Extra has further documented members of "certificate" by their JSON names, such as "profile_option". It cannot set a member
	// that a field above has set, nor "csr", "common_name" and "dns_names".
	Extra map[string]any
}

// Validity is how long an order or a certificate is to be valid. At most one field is set; the zero Validity is not sent.
type Validity struct {
	Years                int  // "years", at most 3
	Days                 int  // "days", at most 1098, which are 3 years
	CustomExpirationDate Date // "custom_expiration_date"
}

func (v Validity) check(param string) error {
	const maxYears = 3
	switch {
	case v.Years < 0 || v.Years > maxYears:
		return invalidValue(param+".years", "%d is outside 1 to %d", v.Years, maxYears)
	case v.Days < 0 || v.Days > maxYears*366:
		return invalidValue(param+".days", "%d is outside 1 to %d", v.Days, maxYears*366)
	case !v.CustomExpirationDate.IsZero() && !v.CustomExpirationDate.valid():
		return invalidValue(param+".custom_expiration_date", "%s is not a day of the calendar", v.CustomExpirationDate)
	case v.Years != 0 && v.Days != 0 || !v.CustomExpirationDate.IsZero() && (v.Years != 0 || v.Days != 0):
		return paramErrorf(param, "must have only one of years, days and custom_expiration_date")
	}
	return nil
}

// missingParam returns the error of a parameter that the service requires.
func missingParam(param string) *ParamError {
	err := paramErrorf(param, "must not be empty")
	err.code = CodeRequiredParam + ErrorCode(":"+param)
	return err
}

// invalidValue is paramErrorf for a value that the service refuses with invalid_value.
func invalidValue(param, format string, args ...any) *ParamError {
	err := paramErrorf(param, format, args...)
	err.code = CodeInvalidValue + ErrorCode(":"+param)
	return err
}

func (v Validity) object() object {
	o := object{}
	put(o, "years", v.Years)
	put(o, "days", v.Days)
	put(o, "custom_expiration_date", v.CustomExpirationDate.String())
	return o
}

// certificateForm is what a CertificateRequest asks for, checked.
type certificateForm struct {
	object object
	csr    []byte   // DER; nil without one
	names  []string // in their normal form
}

// check checks the request. Without tls the names need not be those of a host, and neither they nor the CSR are required.
func (r CertificateRequest) check(tls bool) (form certificateForm, err error) {
	const at = "certificate."
	switch {
	case tls && strings.TrimSpace(r.CSR) == "":
		return form, missingParam(at + "csr")
	case tls && r.CommonName == "":
		return form, missingParam(at + "common_name")
	case tls:
		err = checkDNSName(at+"common_name", r.CommonName)
	default:
		err = checkText(at+"common_name", r.CommonName)
	}
	for i := 0; err == nil && i < len(r.DNSNames); i++ {
		err = checkDNSName(at+"dns_names", r.DNSNames[i])
	}
	if err = cmp.Or(err,
		checkWord(at+"signature_hash", r.SignatureHash),
		checkWord(at+"ca_cert_id", r.CACertID),
		r.Validity.check(at+"cert_validity"),
	); err != nil {
		return form, err
	}
	o := object{}
	form = certificateForm{object: o, names: normalNames(r.CommonName, r.DNSNames)}
	if strings.TrimSpace(r.CSR) != "" {
		if o["csr"], form.csr, err = checkCSR(at+"csr", r.CSR); err != nil {
			return form, err
		}
	}
	put(o, "common_name", r.CommonName)
	if len(r.DNSNames) > 0 {
		o["dns_names"] = r.DNSNames
	}
	put(o, "signature_hash", r.SignatureHash)
	if r.ServerPlatformID != nil {
		o["server_platform"] = object{"id": *r.ServerPlatformID}
	}
	put(o, "ca_cert_id", r.CACertID)
	if r.Validity != (Validity{}) {
		o["cert_validity"] = r.Validity.object()
	}
	if err := o.merge(at, r.Extra, "csr", "common_name", "dns_names"); err != nil {
		return form, err
	}
	if _, set := o["signature_hash"]; !set {
		o["signature_hash"] = "sha256"
	}
	return form, nil
}

// check returns the body of the request for an order, without its alternative id.
func (p *PlaceOrderParams) check(productNameID string) (object, error) {
	if err := checkProduct(productNameID); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, paramErrorf("certificate", "must not be empty")
	}
	form, err := p.Certificate.check(isTLS(productNameID))
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(
		checkFilterID("organization.id", p.OrganizationID),
		p.OrderValidity.check("order_validity"),
		checkAlternativeOrderID(p.AlternativeOrderID),
		checkWord("dcv_method", p.DCVMethod),
		checkWord("payment_method", p.PaymentMethod),
		checkFilterID("renewal_of_order_id", p.RenewalOfOrderID),
		checkFilterID("container.id", p.ContainerID),
		checkText("comments", p.Comments),
		checkEmails("additional_emails", p.AdditionalEmails),
	); err != nil {
		return nil, err
	}
	fields, err := customFields(p.CustomFields)
	if err != nil {
		return nil, err
	}
	if err := p.checkValidities(); err != nil {
		return nil, err
	}
	o := object{"certificate": form.object}
	if p.OrganizationID != 0 {
		o["organization"] = object{"id": p.OrganizationID}
	}
	if p.OrderValidity != (Validity{}) {
		o["order_validity"] = p.OrderValidity.object()
	}
	put(o, "skip_approval", p.SkipApproval)
	put(o, "dcv_method", p.DCVMethod)
	put(o, "payment_method", p.PaymentMethod)
	put(o, "renewal_of_order_id", p.RenewalOfOrderID)
	if p.ContainerID != 0 {
		o["container"] = object{"id": p.ContainerID}
	}
	o.putNumber("auto_renew", p.AutoRenew)
	o.putNumber("auto_reissue", p.AutoReissue)
	put(o, "disable_renewal_notifications", p.DisableRenewalNotifications)
	put(o, "comments", p.Comments)
	if len(p.AdditionalEmails) > 0 {
		o["additional_emails"] = p.AdditionalEmails
	}
	if len(fields) > 0 {
		o["custom_fields"] = fields
	}
	return o, o.merge("", p.Extra, "certificate", "alternative_order_id")
}

// checkValidities returns an error if Extra has a validity in one of the deprecated forms besides OrderValidity, or two.
func (p *PlaceOrderParams) checkValidities() error {
	given := 0
	for _, name := range []string{"order_validity", "validity_years", "validity_days", "custom_expiration_date"} {
		if _, ok := p.Extra[name]; ok {
			given++
		}
	}
	if given > 1 || given > 0 && p.OrderValidity != (Validity{}) {
		return paramErrorf("order_validity", "must be the only validity")
	}
	return nil
}

func checkEmails(param string, emails []string) error {
	for _, e := range emails {
		if isPrivateKey(e) {
			return paramErrorf(param, "must not contain a private key")
		}
		if name, domain, ok := strings.Cut(e, "@"); !ok || name == "" || domain == "" || len(e) > 320 || strings.ContainsAny(e, " \t\r\n,;<>") {
			return paramErrorf(param, "%q is not an email address", oneLine(e, 80))
		}
	}
	return nil
}

func customFields(fields []CustomField) ([]object, error) {
	var list []object
	for i, f := range fields {
		at := "custom_fields[" + strconv.Itoa(i) + "]."
		if err := cmp.Or(checkID(at+"metadata_id", f.MetadataID), checkText(at+"value", f.Value)); err != nil {
			return nil, err
		}
		list = append(list, object{"metadata_id": f.MetadataID, "value": f.Value})
	}
	return list, nil
}

// checkAlternativeOrderID returns an error for an id under which an order could not be found again.
func checkAlternativeOrderID(id string) error {
	const param, longest = "alternative_order_id", 255
	switch {
	case len(id) > longest:
		return paramErrorf(param, "must not be longer than %d bytes", longest)
	case strings.TrimSpace(id) != id:
		return paramErrorf(param, "must not begin or end with white space")
	case leavesBase("order/alternate/" + id):
		return paramErrorf(param, "%q cannot be the segment of a path, by which the order is found again", oneLine(id, 80))
	}
	for _, r := range id {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return paramErrorf(param, "must be printable text")
		}
	}
	return checkText(param, id)
}
