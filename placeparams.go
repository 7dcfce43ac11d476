// Parameters of orders and of the certificates that they request.

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
	// AlternativeOrderID is an id that the caller chooses ("alternative_order_id"), of at most 255 bytes. If it is "", Place
	// generates one. If the id is stored before the call, any process can repeat the call without placing a second order.
	AlternativeOrderID string
	// SentBefore is set if another process may have sent an order with this AlternativeOrderID and did not learn the outcome.
	// Place then looks for the order as often as after a lost response, in case the service shows it late. It is not sent.
	SentBefore       bool
	SkipApproval     bool        // "skip_approval"; requires an API key with that permission
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
	// Extra has further documented members of the body by their JSON names, such as "locale". It must not have a member that a field
	// above sets, nor "certificate" or "alternative_order_id".
	Extra map[string]any
}

// CertificateRequest is the documented "certificate" of an order, a reissue or a duplicate. The service ignores the names
// in the CSR.
type CertificateRequest struct {
	CommonName string   // "common_name"
	DNSNames   []string // "dns_names", the further names; the service may charge for some of them
	// CSR is the certificate signing request ("csr") as PEM, with or without line breaks, or as plain base64. It is sent as PEM.
	CSR              string
	SignatureHash    string   // "signature_hash"; "" is "sha256"
	ServerPlatformID *int     // "server_platform.id"; nil is the service's default, -1 any other platform
	CACertID         string   // "ca_cert_id", one of the product's allowed_ca_certs
	Validity         Validity // "cert_validity"; for multi-year plans
	// Extra has further documented members of "certificate" by their JSON names, such as "profile_option". It must not have a member
	// that a field above sets, nor "csr", "common_name" or "dns_names".
	Extra map[string]any
}

// Validity is the requested validity of an order or a certificate. At most one field may be set; the zero Validity is not sent.
type Validity struct {
	Years                int  // "years", at most 3
	Days                 int  // "days", at most 1098 (3 years)
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
		return invalidValue(param+".custom_expiration_date", "%s is not a valid date", v.CustomExpirationDate)
	case v.Years != 0 && v.Days != 0 || !v.CustomExpirationDate.IsZero() && (v.Years != 0 || v.Days != 0):
		return paramErrorf(param, "must have at most one of years, days and custom_expiration_date")
	}
	return nil
}

// missingParam returns the error for a required parameter that is empty.
func missingParam(param string) *ParamError {
	err := paramErrorf(param, "must not be empty")
	err.code = CodeRequiredParam + ErrorCode(":"+param)
	return err
}

// invalidValue is paramErrorf for a value that the service refuses with code invalid_value.
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

// certificateForm is a validated CertificateRequest.
type certificateForm struct {
	object object
	csr    []byte   // DER; nil if there is none
	names  []string // from normalNames
}

// check validates the request. If tls is false, the names and the CSR are optional, and the common name need not be a DNS name.
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

// check validates the parameters and returns the request body without the alternative id.
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

// checkValidities returns an error if there is more than one validity: Extra may have one in a deprecated form.
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

// checkAlternativeOrderID returns an error for an id by which an order cannot be looked up.
func checkAlternativeOrderID(id string) error {
	const param, longest = "alternative_order_id", 255
	switch {
	case len(id) > longest:
		return paramErrorf(param, "must not be longer than %d bytes", longest)
	case strings.TrimSpace(id) != id:
		return paramErrorf(param, "must not begin or end with white space")
	case leavesBase("order/alternate/" + id):
		return paramErrorf(param, "%q cannot be sent as a path segment", oneLine(id, 80))
	}
	for _, r := range id {
		if r < ' ' || r == 0x7f || r == '\ufffd' {
			return paramErrorf(param, "must be printable text")
		}
	}
	return checkText(param, id)
}
