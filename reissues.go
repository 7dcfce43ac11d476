// Reissues of an order.

package digicert

import (
	"context"
	"fmt"
	"time"
)

// ReissuesService lists the reissues of an order.
type ReissuesService struct{ c *Client }

// ReissueStatus is the documented status of a reissue. The set is open.
type ReissueStatus string

// The documented statuses of a reissue.
const (
	ReissueStatusIssued   ReissueStatus = "issued"
	ReissueStatusPending  ReissueStatus = "pending"
	ReissueStatusRejected ReissueStatus = "rejected"
)

// ListReissuesParams are the parameters of ReissuesService.List.
type ListReissuesParams struct {
	// ShowArchived also lists archived certificates ("show_archived").
	ShowArchived bool `url:"show_archived,omitempty"`
}

// Reissue is one entry of the documented "certificates". The fields that only an issued
// certificate has are zero for pending and rejected ones: Thumbprint, SerialNumber, DateIssued,
// ValidTill, DaysRemaining, ReceiptID, PurchasedDNSNames and PurchasedWildcardNames.
type Reissue struct {
	ID            CertificateID `json:"id,omitzero"`
	Thumbprint    string        `json:"thumbprint,omitzero"`
	SerialNumber  string        `json:"serial_number,omitzero"`
	CommonName    string        `json:"common_name,omitzero"`
	DNSNames      []string      `json:"dns_names,omitzero"` // decoded lists are never nil
	Status        ReissueStatus `json:"status,omitzero"`
	DateCreated   time.Time     `json:"date_created,omitzero"`   // UTC
	DateIssued    time.Time     `json:"date_issued,omitzero"`    // UTC
	ValidTill     Date          `json:"valid_till,omitzero"`     // the last day
	DaysRemaining *int          `json:"days_remaining,omitzero"` // days; nil where there is no certificate yet
	CSR           string        `json:"csr,omitzero"`            // PEM
	KeySize       int           `json:"key_size,omitzero"`       // bits
	Archived      bool          `json:"archived,omitzero"`       // sent as 0 or 1
	UserID        UserID        `json:"user_id,omitzero"`        // who asked for the reissue
	Email         string        `json:"email,omitzero"`
	FirstName     string        `json:"firstname,omitzero"`
	LastName      string        `json:"lastname,omitzero"`
	ReceiptID     string        `json:"receipt_id,omitzero"`
	// The names bought with the reissue; sent as strings, "0" where they were added without charge.
	PurchasedDNSNames      *int `json:"purchased_dns_names,omitzero"`
	PurchasedWildcardNames *int `json:"purchased_wildcard_names,omitzero"`
}

// List returns the reissues of an order: GET /order/certificate/{order_id}/reissue. The service
// does not page this list. An order without reissues gives an empty list.
//
// The rows are the service's own, unfiltered: the list may contain the order's primary
// certificate, and has been seen to hold several copies of it in place of the reissues.
//
// An orderID that is not positive is a *[ParamError]; an unknown order is [ErrNotFound].
func (s *ReissuesService) List(ctx context.Context, orderID OrderID, params *ListReissuesParams) ([]Reissue, error) {
	return certificatesOf[Reissue](ctx, s.c, orderID, "reissue", params)
}

// certificatesOf returns one of the lists of an order's further certificates. The service does not page them.
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
