// Reissues of an order.

package digicert

import (
	"context"
	"fmt"
	"time"
)

// ReissuesService lists the reissues of an order, and requests them.
type ReissuesService struct{ c *Client }

// ReissueStatus is another name of [CertificateStatus].
type ReissueStatus = CertificateStatus

// The documented statuses of a reissue.
const (
	ReissueStatusIssued   = CertificateStatusIssued
	ReissueStatusPending  = CertificateStatusPending
	ReissueStatusRejected = CertificateStatusRejected
)

// ListReissuesParams are the parameters of [ReissuesService.List].
type ListReissuesParams struct {
	// ShowArchived also lists archived certificates ("show_archived").
	ShowArchived bool `url:"show_archived,omitempty"`
}

// Reissue is one entry of the documented "certificates" of an order's reissues. Thumbprint, SerialNumber, DateIssued, ValidTill,
// DaysRemaining, ReceiptID, PurchasedDNSNames and PurchasedWildcardNames are zero for pending and rejected reissues: the service
// omits them.
type Reissue struct {
	ID            CertificateID     `json:"id,omitzero"`
	Thumbprint    string            `json:"thumbprint,omitzero"`
	SerialNumber  string            `json:"serial_number,omitzero"`
	CommonName    string            `json:"common_name,omitzero"`
	DNSNames      []string          `json:"dns_names,omitzero"` // never nil once decoded
	Status        CertificateStatus `json:"status,omitzero"`
	DateCreated   time.Time         `json:"date_created,omitzero"`   // UTC
	DateIssued    time.Time         `json:"date_issued,omitzero"`    // UTC
	ValidTill     Date              `json:"valid_till,omitzero"`     // the last day
	DaysRemaining *int              `json:"days_remaining,omitzero"` // days; nil until the certificate is issued
	CSR           string            `json:"csr,omitzero"`            // PEM
	KeySize       int               `json:"key_size,omitzero"`       // bits
	Archived      bool              `json:"archived,omitzero"`       // sent as 0 or 1
	UserID        UserID            `json:"user_id,omitzero"`        // the user that requested the reissue
	Email         string            `json:"email,omitzero"`
	FirstName     string            `json:"firstname,omitzero" also:"first_name"`
	LastName      string            `json:"lastname,omitzero" also:"last_name"`
	ReceiptID     string            `json:"receipt_id,omitzero"`
	// The number of names purchased with the reissue; sent as strings, "0" for names that were added without charge.
	PurchasedDNSNames      *int `json:"purchased_dns_names,omitzero"`
	PurchasedWildcardNames *int `json:"purchased_wildcard_names,omitzero"`
}

// List returns the reissues of an order: GET /order/certificate/{order_id}/reissue. The service does not page this list.
// The list of an order without reissues is empty.
//
// The rows are returned as the service sends them: the list may contain the order's primary certificate, and the service
// was observed to send several copies of it in place of the reissues.
//
// List returns a *[ParamError] if orderID is not positive, and [ErrNotFound] for an unknown order.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/list-reissues.html
func (s *ReissuesService) List(ctx context.Context, orderID OrderID, params *ListReissuesParams) ([]Reissue, error) {
	return certificatesOf[Reissue](ctx, s.client(), orderID, "reissue", params)
}

// certificatesOf returns the reissues or the duplicates of an order. The service pages neither list.
func certificatesOf[T any](ctx context.Context, c *Client, orderID OrderID, list string, params any) ([]T, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	var answer struct {
		Certificates []T `json:"certificates"`
	}
	if _, err := c.get(ctx, fmt.Sprintf("/order/certificate/%d/%s", orderID, list), params, &answer); err != nil {
		return nil, err
	}
	return nonNil(answer.Certificates), nil
}

// Create requests a reissue: POST /order/certificate/{order_id}/reissue. A reissue gives the order a certificate with another CSR or
// other names, for the rest of its validity. Create avoids requesting the same reissue twice:
//
// It lists the reissues of the order before it sends anything. If the response is lost or cannot be read, it lists them again, up to
// the maximum number of attempts of the [RetryPolicy], with backoff, and looks for a new one with the same CSR and names. The
// encoding of the CSR and the order and case of the names do not matter. If there is none or a lookup fails, the error is an
// *[OutcomeUnknownError], and nothing was sent again. It is safe to call Create again with the same params on the same client, or
// with Since.
//
// A CSR is required; for products whose certificates are issued without one, use [Client.Do]. Create does not wait for approval:
// [OrdersService.Get] shows when the certificate is issued.
//
// Create returns a *[ParamError] for parameters that the service would refuse or that contain a private key,
// [ErrNotFound] for an unknown order, an *[Error] if the service refuses the reissue, and an *[AmbiguousError] if
// several equal reissues were requested.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/reissue-certificate.html
func (s *ReissuesService) Create(ctx context.Context, orderID OrderID, params *CreateReissueParams) (*Issuance, error) {
	return s.client().issue(ctx, orderID, "reissue", params)
}
