// Duplicates of an order.

package digicert

import (
	"context"
	"time"
)

// ListDuplicatesParams are the parameters of [OrdersService.Duplicates], which are those of [ReissuesService.List].
type ListDuplicatesParams = ListReissuesParams

// Duplicate is one entry of the documented "certificates" of an order's duplicates. Fields that only issued certificates
// have are zero for others, as in a [Reissue].
type Duplicate struct {
	ID             CertificateID     `json:"id,omitzero"`
	Thumbprint     string            `json:"thumbprint,omitzero"`
	SerialNumber   string            `json:"serial_number,omitzero"`
	CommonName     string            `json:"common_name,omitzero"`
	DNSNames       []string          `json:"dns_names,omitzero"` // never nil once decoded
	Status         CertificateStatus `json:"status,omitzero"`
	DateCreated    time.Time         `json:"date_created,omitzero"`   // UTC
	DateIssued     time.Time         `json:"date_issued,omitzero"`    // UTC
	ValidFrom      Date              `json:"valid_from,omitzero"`     // the first day
	ValidTill      Date              `json:"valid_till,omitzero"`     // the last day
	DaysRemaining  *int              `json:"days_remaining,omitzero"` // days; nil until the certificate is issued
	CSR            string            `json:"csr,omitzero"`            // PEM
	ServerPlatform ServerPlatform    `json:"server_platform,omitzero"`
	SignatureHash  string            `json:"signature_hash,omitzero"` // such as "sha256"
	KeySize        int               `json:"key_size,omitzero"`       // bits
	CACertID       string            `json:"ca_cert_id,omitzero"`
	SubID          string            `json:"sub_id,omitzero"`
	PublicID       string            `json:"public_id,omitzero"`
	Archived       bool              `json:"archived,omitzero"` // sent as "0" or "1"
	UserID         UserID            `json:"user_id,omitzero"`  // the user who requested the duplicate
	Email          string            `json:"email,omitzero"`
	FirstName      string            `json:"firstname,omitzero" also:"first_name"`
	LastName       string            `json:"lastname,omitzero" also:"last_name"`
	ReceiptID      string            `json:"receipt_id,omitzero"`
	// The number of names bought with the duplicate.
	PurchasedDNSNames      *int `json:"purchased_dns_names,omitzero"`
	PurchasedWildcardNames *int `json:"purchased_wildcard_names,omitzero"`
}

// Duplicates returns the duplicates of an order: GET /order/certificate/{order_id}/duplicate. No paging is documented for
// this list. It is empty if the order has no duplicates.
//
// Duplicates returns a *[ParamError] if orderID is not positive, and [ErrNotFound] for an unknown order.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/list-duplicates.html
func (s *OrdersService) Duplicates(ctx context.Context, orderID OrderID, params *ListDuplicatesParams) ([]Duplicate, error) {
	return certificatesOf[Duplicate](ctx, s.client(), orderID, "duplicate", params)
}

// CreateDuplicate requests a duplicate: POST /order/certificate/{order_id}/duplicate. A duplicate is another certificate of the
// order, with the names of the order, for another CSR. Not every product allows duplicates. CreateDuplicate follows the rules of
// [ReissuesService.Create], so that one intent makes one duplicate, and returns the same errors. It compares with the list of
// duplicates.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/duplicate-certificate.html
func (s *OrdersService) CreateDuplicate(ctx context.Context, orderID OrderID, params *CreateDuplicateParams) (*Issuance, error) {
	return s.client().issue(ctx, orderID, "duplicate", params)
}
