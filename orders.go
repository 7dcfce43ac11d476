// Orders of the account.

package digicert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

const ordersPath = "/order/certificate"

// OrdersService reads, places and changes the account's own orders, with their duplicates and history.
type OrdersService struct{ c *Client }

// OrderStatus is the documented status of an order. Unknown values are preserved.
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

// Observed statuses that are not documented.
const (
	OrderStatusNeedsApproval     OrderStatus = "needs_approval"
	OrderStatusNeedsCSR          OrderStatus = "needs_csr"
	OrderStatusProcessing        OrderStatus = "processing"
	OrderStatusApproved          OrderStatus = "approved"
	OrderStatusDenied            OrderStatus = "denied"
	OrderStatusExpired           OrderStatus = "expired"
	OrderStatusReissueProcessing OrderStatus = "reissue_processing"
)

// Order is an order of the account, as [OrdersService.Get] and [OrdersService.List] return it. The two differ in the fields
// that the service sends; fields that were not sent are zero. Lists are never nil once decoded.
type Order struct {
	ID              OrderID     `json:"id,omitzero"`
	Certificate     Certificate `json:"certificate,omitzero"` // the primary certificate
	Status          OrderStatus `json:"status,omitzero"`
	IsRenewed       bool        `json:"is_renewed,omitzero"`
	IsOutOfContract bool        `json:"is_out_of_contract,omitzero"` // only from Get

	RenewedOrderID     OrderID `json:"renewed_order_id,omitzero"`     // only from Get; 0 if there is none
	IsRenewal          bool    `json:"is_renewal,omitzero"`           // only from Get
	RenewalOfOrderID   OrderID `json:"renewal_of_order_id,omitzero"`  // only from Get; 0 if there is none
	AlternativeOrderID string  `json:"alternative_order_id,omitzero"` // only from Get; need not be unique

	DateCreated time.Time `json:"date_created,omitzero"` // UTC
	DateIssued  time.Time `json:"date_issued,omitzero"`  // UTC; only from Get
	// OrderValidTill is the last day of the order. Its certificate usually expires earlier, on Certificate.ValidTill: since
	// 2026-02-24 public TLS certificates are limited to 199 days, and reissues cover the rest of the order.
	OrderValidTill Date          `json:"order_valid_till,omitzero"`
	ValidityYears  int           `json:"validity_years,omitzero"`
	OrderValidity  OrderValidity `json:"order_validity,omitzero"`

	DisableRenewalNotifications bool `json:"disable_renewal_notifications,omitzero"`
	DisableIssuanceEmail        bool `json:"disable_issuance_email,omitzero"` // only from Get
	DisableCT                   bool `json:"disable_ct,omitzero"`             // only from Get; certificate transparency
	AutoRenew                   int  `json:"auto_renew,omitzero"`             // only from Get
	AutoReissue                 int  `json:"auto_reissue,omitzero"`           // only from Get

	Organization Organization `json:"organization,omitzero"`
	Container    Container    `json:"container,omitzero"`
	Product      OrderProduct `json:"product,omitzero"`

	User                  User           `json:"user,omitzero"`                 // only from Get
	OrganizationContact   Contact        `json:"organization_contact,omitzero"` // only from Get
	TechnicalContact      Contact        `json:"technical_contact,omitzero"`    // only from Get
	AdditionalEmails      []string       `json:"additional_emails,omitzero"`    // only from Get
	CustomFields          []CustomField  `json:"custom_fields,omitzero"`
	Notes                 []OrderNote    `json:"notes,omitzero"`                   // only from Get
	IsGuestAccessEnabled  bool           `json:"is_guest_access_enabled,omitzero"` // only from Get
	DCVMethod             DCVMethod      `json:"dcv_method,omitzero"`              // only from Get
	Requests              []OrderRequest `json:"requests,omitzero"`                // only from Get
	OrderApprovalComplete bool           `json:"order_approval_complete,omitzero"` // only from Get

	ReceiptID            string          `json:"receipt_id,omitzero"`             // only from Get; sent as a number
	PurchasedDNSNames    *int            `json:"purchased_dns_names,omitzero"`    // only from Get; nil if not sent
	ServerLicenses       int             `json:"server_licenses,omitzero"`        // only from Get
	CSProvisioningMethod string          `json:"cs_provisioning_method,omitzero"` // only from Get
	Price                Amount          `json:"price,omitzero"`
	Currency             string          `json:"currency,omitzero"`            // only from Get; such as "USD"
	Prices               json.RawMessage `json:"prices,omitzero"`              // only from Get; as sent: its form is not known
	PaymentMethod        string          `json:"payment_method,omitzero"`      // only from Get
	IsMultiYearPlan      bool            `json:"is_multi_year_plan,omitzero"`  // sent as "1", or not at all
	HasPendingRequest    bool            `json:"has_pending_request,omitzero"` // only from Get

	AllowDuplicates bool `json:"allow_duplicates,omitzero"` // only from Get
	// Documented for List; Get was observed to send some of them too. A pointer is nil if its field was not sent.
	HasDuplicates   *bool  `json:"has_duplicates,omitzero"`
	DuplicatesCount *int   `json:"duplicates_count,omitzero"`
	HasReissues     *bool  `json:"has_reissues,omitzero"`
	ReissuesCount   *int   `json:"reissues_count,omitzero"`
	ProductNameID   string `json:"product_name_id,omitzero"`
	NumberOfSANs    int    `json:"number_of_sans,omitzero"`
}

// OrderValidity is how long an order or a certificate is valid: the documented "order_validity" of an order, and
// "cert_validity" of a certificate. For List only the years are documented.
type OrderValidity struct {
	Years int `json:"years,omitzero"`
	Days  int `json:"days,omitzero"`
	// CustomExpirationDate is a date as sent. It is documented as an integer, but sent as a date in several forms.
	CustomExpirationDate string `json:"custom_expiration_date,omitzero"`
}

// OrderRequest is one entry of the documented "requests" of an order.
type OrderRequest struct {
	ID       RequestID `json:"id,omitzero"`
	Date     time.Time `json:"date,omitzero"` // UTC
	Type     string    `json:"type,omitzero"`
	Status   string    `json:"status,omitzero"`
	Comments string    `json:"comments,omitzero"`
}

// OrderNote is one entry of the documented "notes" of an order.
type OrderNote struct {
	ID          int64     `json:"id,omitzero"`
	DateCreated time.Time `json:"date_created,omitzero"` // UTC
	Text        string    `json:"text,omitzero"`
	User        User      `json:"user,omitzero"`
}

// Get returns an order: GET /order/certificate/{order_id}. The service also accepts the thumbprint or the serial number of the
// primary certificate in place of the id, and a query parameter "include_caa_status" that adds a field; use [Client.Get] for
// these.
//
// Get returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, and a *[DecodeError] if
// the response has another order.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/order-info.html
func (s *OrdersService) Get(ctx context.Context, orderID OrderID) (*Order, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/%d", ordersPath, orderID)
	order := new(Order)
	if _, err := s.client().get(ctx, path, nil, order); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/id", "order", order.ID, orderID); err != nil {
		return nil, err
	}
	return order, nil
}

// ListOrdersParams are the parameters of [OrdersService.List] and [OrdersService.All].
type ListOrdersParams struct {
	Offset int `url:"offset,omitempty"` // rows to skip
	Limit  int `url:"limit,omitempty"`  // rows per page, at most 1000; 0 is the service's default, 1000
	// Sort has the keys to sort by, the most significant first; a leading "-" sorts in descending order. Production
	// clients sort by "order_id" and "-date_created". Known from secondary sources are also "common_name", "status",
	// "validity_years", "product_name" and "valid_till". Other keys are sent unchanged.
	Sort    []string     `url:"sort,comma,omitempty"`
	Filters OrderFilters `url:"filters"`
}

// OrderFilters are the documented filters of [OrdersService.List]. A zero field is not sent.
type OrderFilters struct {
	ID             OrderID        `url:"id,omitempty"`
	Status         OrderStatus    `url:"status,omitempty"` // "issued" includes expired orders
	OrganizationID OrganizationID `url:"organization_id,omitempty"`
	ProductNameID  string         `url:"product_name_id,omitempty"`
	ValidTill      DateRange      `url:"valid_till"`
	UserID         UserID         `url:"user_id,omitempty"`
	CommonName     string         `url:"common_name,omitempty"`
	DomainName     string         `url:"domain_name,omitempty"` // the common name or one of the DNS names
	DateCreated    DateRange      `url:"date_created"`
	ContainerID    ContainerID    `url:"container_id,omitempty"`
	IsRenewed      *bool          `url:"is_renewed,omitempty,int"` // sent as 1 or 0
	Email          string         `url:"email,omitempty"`
	CertificateID  CertificateID  `url:"certificate_id,omitempty"`
	SerialNumber   string         `url:"serial_number,omitempty"`
	Search         string         `url:"search,omitempty"` // "%text" matches values that contain text
}

func (p *ListOrdersParams) check() error {
	if p == nil {
		return nil
	}
	f := p.Filters
	return cmp.Or(
		checkPage(p.Limit, p.Offset),
		checkSortKeys(p.Sort),
		checkFilterID("filters[id]", f.ID),
		checkFilterID("filters[organization_id]", f.OrganizationID),
		f.ValidTill.check("filters[valid_till]"),
		checkFilterID("filters[user_id]", f.UserID),
		f.DateCreated.check("filters[date_created]"),
		checkFilterID("filters[container_id]", f.ContainerID),
		checkFilterID("filters[certificate_id]", f.CertificateID),
	)
}

// OrderPage is one page of orders.
type OrderPage struct {
	Orders []Order  `json:"orders"`
	Page   PageInfo `json:"page,omitzero"`
}

// List returns one page of the orders of the account: GET /order/certificate. [SubaccountsService.ListOrders] lists the
// orders of subaccounts.
//
// List returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/list-orders.html
func (s *OrdersService) List(ctx context.Context, params *ListOrdersParams) (*OrderPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(OrderPage)
	if _, err := s.client().get(ctx, ordersPath, params, page); err != nil {
		return nil, err
	}
	page.Orders = nonNil(page.Orders)
	return page, nil
}

// All yields the orders of all pages, from params.Offset on, as [SubaccountsService.AllOrders] does. The list is sorted by
// "order_id", a key that production clients use and that is not documented.
func (s *OrdersService) All(ctx context.Context, params *ListOrdersParams) iter.Seq2[Order, error] {
	if params != nil && params.Filters.IsRenewed != nil {
		p := *params
		p.Filters.IsRenewed = new(*p.Filters.IsRenewed)
		params = &p
	}
	return sortedList[ListOrdersParams, Order]{
		path: ordersPath, idKey: "order_id", guessed: true,
		paging: func(p *ListOrdersParams) (*[]string, *int, *int) { return &p.Sort, &p.Limit, &p.Offset },
		list: func(ctx context.Context, p *ListOrdersParams) ([]Order, PageInfo, error) {
			page, err := s.List(ctx, p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Orders, page.Page, nil
		},
		id: func(row *Order) int64 { return int64(row.ID) },
	}.all(ctx, s.client(), params)
}
