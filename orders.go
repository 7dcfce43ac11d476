package digicert

import (
	"encoding/json"

	"github.com/shopspring/decimal"
)

// OrdersService is the home of an account's own orders.
type OrdersService struct{ c *Client }

// OrderStatus is the documented status of an order. The set is open: the service also sends
// values that are not among the constants.
type OrderStatus string

// The statuses that the service documents as values of its status filter.
const (
	OrderStatusPending        OrderStatus = "pending"
	OrderStatusIssued         OrderStatus = "issued"
	OrderStatusRejected       OrderStatus = "rejected"
	OrderStatusRevoked        OrderStatus = "revoked"
	OrderStatusWaitingPickup  OrderStatus = "waiting_pickup"
	OrderStatusReissuePending OrderStatus = "reissue_pending"
	OrderStatusCanceled       OrderStatus = "canceled" // with one l
)

// Statuses that are seen besides the documented ones.
const (
	OrderStatusNeedsApproval     OrderStatus = "needs_approval"
	OrderStatusNeedsCSR          OrderStatus = "needs_csr"
	OrderStatusProcessing        OrderStatus = "processing"
	OrderStatusApproved          OrderStatus = "approved"
	OrderStatusDenied            OrderStatus = "denied"
	OrderStatusExpired           OrderStatus = "expired"
	OrderStatusReissueProcessing OrderStatus = "reissue_processing"
)

// Product is the documented "product" of an order.
type Product struct {
	NameID string `json:"name_id,omitzero"` // such as "ssl_plus"; the set differs per account
	Name   string `json:"name,omitzero"`    // as people read it
	Type   string `json:"type,omitzero"`    // such as "ssl_certificate"; an open set
}

// Price is the documented "order_price". Cost is documented as a whole number and
// appears elsewhere as a decimal; it is kept exactly, to the last digit.
type Price struct {
	Cost     decimal.Decimal `json:"cost"`
	Currency string          `json:"currency,omitzero"` // such as "USD"
}

// MarshalJSON writes the cost as a number with all its digits, as the service does, where
// decimal.Decimal alone would write a string.
func (p Price) MarshalJSON() ([]byte, error) {
	places := max(0, -p.Cost.Exponent())
	return json.Marshal(struct {
		Cost     json.RawMessage `json:"cost"`
		Currency string          `json:"currency,omitzero"`
	}{json.RawMessage(p.Cost.StringFixed(places)), p.Currency})
}
