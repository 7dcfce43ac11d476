// Types that several services share.

package digicert

// Product is the documented "product" of an order.
type Product struct {
	NameID string `json:"name_id,omitzero"` // such as "ssl_plus"; the set differs per account
	Name   string `json:"name,omitzero"`    // as people read it
	Type   string `json:"type,omitzero"`    // such as "ssl_certificate"; an open set
}

// Organization is the documented "organization" of an order or a certificate. A certificate's has the id only, that
// of OrdersService.List also the name, and a subaccount order's all but city, state and country.
type Organization struct {
	ID          OrganizationID `json:"id,omitzero"`
	Name        string         `json:"name,omitzero"`
	AssumedName string         `json:"assumed_name,omitzero"`
	DisplayName string         `json:"display_name,omitzero"`
	City        string         `json:"city,omitzero"`
	State       string         `json:"state,omitzero"`
	Country     string         `json:"country,omitzero"`
}

// Container is the documented "container" of an order.
type Container struct {
	ID       ContainerID `json:"id,omitzero"`
	Name     string      `json:"name,omitzero"`
	IsActive *bool       `json:"is_active,omitzero"` // only from List, else nil
}

// OrderProduct is the documented "product" of an account's own order.
type OrderProduct struct {
	Product
	// Only from Get.
	ValidationType        string `json:"validation_type,omitzero"`
	ValidationName        string `json:"validation_name,omitzero"`
	ValidationDescription string `json:"validation_description,omitzero"`
}

// User is the documented "user" of an order.
type User struct {
	ID        UserID `json:"id,omitzero"`
	FirstName string `json:"firstname,omitzero"`
	LastName  string `json:"lastname,omitzero"`
	Email     string `json:"email,omitzero"`
}

// CertificateStatus is the documented status of a certificate. The set is open.
type CertificateStatus string

// The statuses that are documented for reissues and duplicates.
const (
	CertificateStatusIssued   CertificateStatus = "issued"
	CertificateStatusPending  CertificateStatus = "pending"
	CertificateStatusRejected CertificateStatus = "rejected"
	CertificateStatusApproved CertificateStatus = "approved" // of duplicates only
)

// ServerPlatform is the documented "server_platform" of a certificate.
type ServerPlatform struct {
	ID         int64  `json:"id,omitzero"`
	Name       string `json:"name,omitzero"`
	InstallURL string `json:"install_url,omitzero"`
	CSRURL     string `json:"csr_url,omitzero"`
}

// CACert is the documented "ca_cert" of a certificate.
type CACert struct {
	ID   string `json:"id,omitzero"`
	Name string `json:"name,omitzero"`
}

// AccountType is the documented type of an account. The set is open.
type AccountType string

// The account types that have been seen.
const (
	AccountTypeEnterprise AccountType = "enterprise"
	AccountTypeRetail     AccountType = "retail"
	AccountTypeReseller   AccountType = "reseller"
)
