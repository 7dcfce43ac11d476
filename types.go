// Types shared by several services.

package digicert

import "time"

// An object that the service omits, or sends as [] or null, is decoded as the zero value of its struct: no field of
// an order is a pointer to a struct. Pointers to scalars are for fields where absent and zero differ.

// Product is the documented "product" of a subaccount's order, and the part of an [OrderProduct] that is in every response.
type Product struct {
	NameID string `json:"name_id,omitzero"` // such as "ssl_plus"; the ids differ per account
	Name   string `json:"name,omitzero"`    // display name
	Type   string `json:"type,omitzero"`    // such as "ssl_certificate"; unknown values are preserved
}

// OrderProduct is the documented "product" of an account's own order. The rows of [SubaccountsService.ListOrders], of which
// there may be a million, have only the fields of [Product].
type OrderProduct struct {
	Product
	// Only from Get.
	ValidationType        string `json:"validation_type,omitzero"`
	ValidationName        string `json:"validation_name,omitzero"`
	ValidationDescription string `json:"validation_description,omitzero"`
}

// Organization is the documented "organization" of an order or a certificate. For a certificate only ID is set, for
// [OrdersService.List] ID and Name, and for a subaccount's order all fields but City, State and Country.
type Organization struct {
	ID          OrganizationID `json:"id,omitzero"`
	Name        string         `json:"name,omitzero"`
	AssumedName string         `json:"assumed_name,omitzero"`
	DisplayName string         `json:"display_name,omitzero"`
	City        string         `json:"city,omitzero"`
	State       string         `json:"state,omitzero"`
	Country     string         `json:"country,omitzero"`
}

// Container is the documented "container" of an order, an organization, a domain or a user. The service also calls it a division.
type Container struct {
	ID       ContainerID `json:"id,omitzero"`
	Name     string      `json:"name,omitzero"`
	IsActive *bool       `json:"is_active,omitzero"` // nil if not sent; for orders documented for List, observed from Get too
}

// User is a user of the account: the documented "user" of an order or of a note. The names are documented as "firstname"
// and "lastname"; production responses have "first_name" and "last_name". Both are decoded.
type User struct {
	ID        UserID `json:"id,omitzero"`
	FirstName string `json:"firstname,omitzero" also:"first_name"`
	LastName  string `json:"lastname,omitzero" also:"last_name"`
	Email     string `json:"email,omitzero"`
}

// Contact is the documented "organization_contact" or "technical_contact" of an order. Its fields are known from
// production clients.
type Contact struct {
	FirstName          string `json:"first_name,omitzero" also:"firstname"`
	LastName           string `json:"last_name,omitzero" also:"lastname"`
	Email              string `json:"email,omitzero"`
	JobTitle           string `json:"job_title,omitzero"`
	Telephone          string `json:"telephone,omitzero"`
	TelephoneExtension string `json:"telephone_extension,omitzero"`
}

// CustomField is one entry of the "custom_fields" of an order.
type CustomField struct {
	MetadataID int64  `json:"metadata_id,omitzero"`
	Label      string `json:"label,omitzero"` // only in responses
	Value      string `json:"value,omitzero"`
}

// CertificateStatus is the documented status of a certificate. Unknown values are preserved.
type CertificateStatus string

// The documented statuses of reissues and duplicates.
const (
	CertificateStatusIssued   CertificateStatus = "issued"
	CertificateStatusPending  CertificateStatus = "pending"
	CertificateStatusRejected CertificateStatus = "rejected"
	CertificateStatusApproved CertificateStatus = "approved" // documented for duplicates only
)

// DCVMethod is a method of domain control validation, the documented "dcv_method". Unknown values are preserved.
type DCVMethod string

// The documented methods of domain control validation.
const (
	DCVEmail       DCVMethod = "email"
	DCVDNSTXT      DCVMethod = "dns-txt-token"
	DCVDNSCNAME    DCVMethod = "dns-cname-token"
	DCVHTTP        DCVMethod = "http-token"
	DCVHTTPDynamic DCVMethod = "http-token-dynamic"
)

// ServerPlatform is the documented "server_platform" of a certificate.
type ServerPlatform struct {
	ID         int64  `json:"id,omitzero"` // -1 is any other platform
	Name       string `json:"name,omitzero"`
	InstallURL string `json:"install_url,omitzero"`
	CSRURL     string `json:"csr_url,omitzero"`
}

// CACert is the documented "ca_cert" of a certificate: the CA certificate that signed it.
type CACert struct {
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
}

// Validation is one entry of the documented "validations" of an organization or a domain: a kind of certificate that it is
// validated for.
type Validation struct {
	Type           ValidationType   `json:"type,omitzero"`
	Name           string           `json:"name,omitzero"`        // such as "OV"
	Description    string           `json:"description,omitzero"` // for display
	Status         ValidationStatus `json:"status,omitzero"`
	DCVStatus      string           `json:"dcv_status,omitzero"`      // only of a domain; such as "complete"
	DateCreated    time.Time        `json:"date_created,omitzero"`    // UTC; when it was validated
	ValidatedUntil time.Time        `json:"validated_until,omitzero"` // UTC; zero until it is validated
	VerifiedUsers  []User           `json:"verified_users,omitzero"`  // who may approve EV and code signing orders
}

// ValidationType is the documented type of a validation. Unknown values are preserved.
type ValidationType string

// The documented types.
const (
	ValidationOV    ValidationType = "ov"    // organization
	ValidationEV    ValidationType = "ev"    // extended
	ValidationCS    ValidationType = "cs"    // code signing
	ValidationEVCS  ValidationType = "ev_cs" // extended, for code signing
	ValidationDS    ValidationType = "ds"    // document signing
	ValidationSMIME ValidationType = "smime"
)

// ValidationStatus is the status of a validation. Unknown values are preserved.
type ValidationStatus string

// The statuses in documented samples.
const (
	ValidationActive  ValidationStatus = "active"
	ValidationPending ValidationStatus = "pending"
	ValidationExpired ValidationStatus = "expired"
)

// AccountType is the documented type of an account. Unknown values are preserved.
type AccountType string

// Observed account types.
const (
	AccountTypeEnterprise AccountType = "enterprise"
	AccountTypeRetail     AccountType = "retail"
	AccountTypeReseller   AccountType = "reseller"
)
