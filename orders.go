// Orders of the account.

package digicert

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"time"
)

// OrdersService reads an account's own orders: what the service knows of them, their duplicates and their history.
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

// ListOrdersParams are the parameters of OrdersService.List and All.
type ListOrdersParams struct {
	Offset int `url:"offset,omitempty"` // rows to skip
	Limit  int `url:"limit,omitempty"`  // rows of a page, at most 1000; 0 is the service's default, 1000
	// Sort is by keys of the service, which are not known here but for "id", and that one is assumed; a leading
	// "-" makes it descending. The first key counts most.
	Sort    []string     `url:"sort,comma,omitempty"`
	Filters OrderFilters `url:"filters"`
}

// OrderFilters are the documented filters; a zero field filters nothing.
type OrderFilters struct {
	ID             OrderID        `url:"id,omitempty"`
	Status         OrderStatus    `url:"status,omitempty"`
	OrganizationID OrganizationID `url:"organization_id,omitempty"`
	ProductNameID  string         `url:"product_name_id,omitempty"`
	ValidTill      DateRange      `url:"valid_till"`
	UserID         UserID         `url:"user_id,omitempty"`
	CommonName     string         `url:"common_name,omitempty"`
	DomainName     string         `url:"domain_name,omitempty"`
	DateCreated    DateRange      `url:"date_created"`
	ContainerID    ContainerID    `url:"container_id,omitempty"`
	// IsRenewed tells renewed orders from others; nil filters nothing. It travels as true or false, which is
	// a guess: how the service writes it is not known.
	IsRenewed     *bool         `url:"is_renewed,omitempty"`
	Email         string        `url:"email,omitempty"`
	CertificateID CertificateID `url:"certificate_id,omitempty"`
	SerialNumber  string        `url:"serial_number,omitempty"`
	Search        string        `url:"search,omitempty"` // "%text" finds what contains text
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

// Order is an order of the account. [OrdersService.Get] and [OrdersService.List] give it with different fields,
// which are zero where they are not sent. Left out are "organization_contact" and "technical_contact" of the one and
// the certificate's "cert_validity" of the other, because their fields are not known here; [Client.Get] reads them.
type Order struct {
	ID              OrderID     `json:"id,omitzero"`
	Certificate     Certificate `json:"certificate,omitzero"` // the primary certificate
	Status          OrderStatus `json:"status,omitzero"`
	IsRenewed       bool        `json:"is_renewed,omitzero"`
	IsOutOfContract bool        `json:"is_out_of_contract,omitzero"` // only from Get

	RenewedOrderID     OrderID `json:"renewed_order_id,omitzero"`     // only from Get; 0 is none
	AlternativeOrderID string  `json:"alternative_order_id,omitzero"` // only from Get

	DateCreated    time.Time     `json:"date_created,omitzero"`     // UTC
	DateIssued     time.Time     `json:"date_issued,omitzero"`      // UTC; only from Get
	OrderValidTill Date          `json:"order_valid_till,omitzero"` // the last day; of the order, not of its certificate
	ValidityYears  int           `json:"validity_years,omitzero"`
	OrderValidity  OrderValidity `json:"order_validity,omitzero"`

	DisableRenewalNotifications bool `json:"disable_renewal_notifications,omitzero"`
	AutoRenew                   int  `json:"auto_renew,omitzero"`   // only from Get
	AutoReissue                 int  `json:"auto_reissue,omitzero"` // only from Get

	Organization Organization   `json:"organization,omitzero"` // zero where [] is sent
	Container    Container      `json:"container,omitzero"`
	Product      OrderProduct   `json:"product,omitzero"`
	User         User           `json:"user,omitzero"`     // only from Get
	Requests     []OrderRequest `json:"requests,omitzero"` // only from Get; decoded lists are never nil

	ReceiptID            string `json:"receipt_id,omitzero"`             // only from Get; sent as a number
	PurchasedDNSNames    *int   `json:"purchased_dns_names,omitzero"`    // only from Get
	CSProvisioningMethod string `json:"cs_provisioning_method,omitzero"` // only from Get
	Price                Amount `json:"price,omitzero"`
	PaymentMethod        string `json:"payment_method,omitzero"`      // only from Get
	IsMultiYearPlan      bool   `json:"is_multi_year_plan,omitzero"`  // sent as "1", or not at all
	HasPendingRequest    bool   `json:"has_pending_request,omitzero"` // only from Get

	// Only from List; nil where the service does not tell.
	HasDuplicates   *bool `json:"has_duplicates,omitzero"`
	DuplicatesCount *int  `json:"duplicates_count,omitzero"`
	HasReissues     *bool `json:"has_reissues,omitzero"`
	ReissuesCount   *int  `json:"reissues_count,omitzero"`

	ProductNameID string `json:"product_name_id,omitzero"` // only from List
	NumberOfSANs  int    `json:"number_of_sans,omitzero"`  // only from List
}

// OrderValidity is the documented "order_validity" of an order. For List only the years are documented.
type OrderValidity struct {
	Years int `json:"years,omitzero"`
	Days  int `json:"days,omitzero"`
	// CustomExpirationDate is a date as it was sent: it is documented as a whole number, and is none.
	CustomExpirationDate string `json:"custom_expiration_date,omitzero"`
}

// OrderRequest is one entry of the documented "requests" of an order.
type OrderRequest struct {
	ID       int64     `json:"id,omitzero"`
	Date     time.Time `json:"date,omitzero"` // UTC
	Type     string    `json:"type,omitzero"`
	Status   string    `json:"status,omitzero"`
	Comments string    `json:"comments,omitzero"`
}

// Get returns an order: GET /order/certificate/{order_id}.
//
// An orderID that is not positive is a *[ParamError]; an unknown order is [ErrNotFound].
func (s *OrdersService) Get(ctx context.Context, orderID OrderID) (*Order, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	order := new(Order)
	if _, err := s.c.get(ctx, fmt.Sprintf("/order/certificate/%d", orderID), nil, order); err != nil {
		return nil, err
	}
	return order, nil
}

// List returns one page of the orders of the account: GET /order/certificate. Those of subaccounts are
// [SubaccountsService.ListOrders].
//
// Parameters that the service would refuse are a *[ParamError], but for sort keys: an unknown one is sent.
func (s *OrdersService) List(ctx context.Context, params *ListOrdersParams) (*OrderPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(OrderPage)
	if _, err := s.c.get(ctx, "/order/certificate", params, page); err != nil {
		return nil, err
	}
	page.Orders = nonNil(page.Orders)
	return page, nil
}

// All yields the orders of all pages, from params.Offset on, as [SubaccountsService.AllOrders] does. The list is sorted by
// "order_id", which production clients do and no documentation confirms.
func (s *OrdersService) All(ctx context.Context, params *ListOrdersParams) iter.Seq2[Order, error] {
	var p ListOrdersParams
	if params != nil {
		p = *params
	}
	if renewed := p.Filters.IsRenewed; renewed != nil {
		p.Filters.IsRenewed = new(*renewed)
	}
	order := walkOrder(&p.Sort, &p.Limit, "order_id")
	order.guessed = true
	return listing[Order]{
		fetch: func(ctx context.Context, offset int, sorted bool) ([]Order, PageInfo, error) {
			p := p
			p.Offset = offset
			if !sorted {
				p.Sort = nil
			}
			page, err := s.List(ctx, &p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Orders, page.Page, nil
		},
		id:    func(o *Order) int64 { return int64(o.ID) },
		order: order,
		limit: p.Limit,
		width: s.c.pageConcurrency,
		path:  "/order/certificate",
		log:   s.c.log,
	}.all(ctx, p.Offset)
}
