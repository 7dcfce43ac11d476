// Subaccounts and their orders.

package digicert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"reflect"
	"time"
)

// SubaccountsService reads the subaccounts of an account and their orders. For an account without the
// subaccounts feature the service returns [CodeMissingPermission].
type SubaccountsService struct{ c *Client }

// ListSubaccountsParams are the parameters of [SubaccountsService.List] and [SubaccountsService.All].
type ListSubaccountsParams struct {
	Offset int `url:"offset,omitempty"` // rows to skip
	Limit  int `url:"limit,omitempty"`  // rows per page, at most 1000; 0 is the service's default, 1000
}

func (p *ListSubaccountsParams) check() error {
	if p == nil {
		return nil
	}
	return checkPage(p.Limit, p.Offset)
}

// SubaccountPage is one page of subaccounts.
type SubaccountPage struct {
	Subaccounts []SubaccountInfo `json:"subaccounts" also:"child_accounts"`
	Page        PageInfo         `json:"page,omitzero"`
}

// SubaccountInfo is one entry of the documented "subaccounts". The [Subaccount] of an order does not have its last two
// fields.
type SubaccountInfo struct {
	AccountID        AccountID       `json:"account_id,omitzero"`
	AccountType      AccountType     `json:"account_type,omitzero"`
	OrganizationName string          `json:"organization_name,omitzero"`
	DateCreated      time.Time       `json:"date_created,omitzero"`    // sent without a zone, decoded as UTC
	AccountManager   json.RawMessage `json:"account_manager,omitzero"` // as sent; documented as a name
}

// List returns one page of the subaccounts of the account: GET /account/subaccount. The documentation calls the rows
// "subaccounts" in its sample and "child_accounts" in its table; both are decoded.
//
// List returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/certcentral-apis/services-api/subaccount/list-subaccounts.html
func (s *SubaccountsService) List(ctx context.Context, params *ListSubaccountsParams) (*SubaccountPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(SubaccountPage)
	if _, err := s.client().get(ctx, "/account/subaccount", params, page); err != nil {
		return nil, err
	}
	page.Subaccounts = nonNil(page.Subaccounts)
	return page, nil
}

// All yields the subaccounts of all pages, from params.Offset on. After the first page, it fetches as many pages at a time as
// set by [WithPageConcurrency]. Leaving the loop cancels the requests in flight.
//
// No sort is documented for this list, so its order is up to the service. Each subaccount is yielded once. A subaccount
// that moves within the list during the listing may be missed. The ids are kept in memory, 8 bytes each.
//
// The listing ends like that of [SubaccountsService.AllOrders]. params is copied. Ranging over the sequence again starts a new
// listing.
func (s *SubaccountsService) All(ctx context.Context, params *ListSubaccountsParams) iter.Seq2[SubaccountInfo, error] {
	var p ListSubaccountsParams
	if params != nil {
		p = *params
	}
	return listing[SubaccountInfo]{
		fetch: func(ctx context.Context, offset int, _ bool) ([]SubaccountInfo, PageInfo, error) {
			p := p
			p.Offset = offset
			page, err := s.List(ctx, &p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Subaccounts, page.Page, nil
		},
		id:    func(a *SubaccountInfo) int64 { return int64(a.AccountID) },
		limit: p.Limit,
		path:  "/account/subaccount",
		c:     s.client(),
	}.all(ctx, p.Offset)
}

// SubaccountOrder is an order of a subaccount, as [SubaccountsService.ListOrders] and [SubaccountsService.GetOrder]
// return it. Fields that were not sent are zero.
type SubaccountOrder struct {
	ID OrderID `json:"id,omitzero"`
	// Certificate is sent only for orders that immediate subaccounts placed. For other orders its IsZero method returns true.
	Certificate   OrderCertificate `json:"certificate,omitzero"`
	Subaccount    Subaccount       `json:"subaccount,omitzero"`
	Product       Product          `json:"product,omitzero"`
	OrderPrice    Price            `json:"order_price,omitzero"`
	Status        OrderStatus      `json:"status,omitzero"`
	NumberOfSANs  int              `json:"number_of_sans,omitzero"`
	DateCreated   time.Time        `json:"date_created,omitzero"` // UTC
	DateIssued    time.Time        `json:"date_issued,omitzero"`  // UTC; documented as a day, sent as a time; zero until issued
	ValidityYears int              `json:"validity_years,omitzero"`

	// Only from GetOrder.
	Organization    Organization `json:"organization,omitzero"`       // only for orders that immediate subaccounts placed
	IsMultiYearPlan bool         `json:"is_multi_year_plan,omitzero"` // sent as "1", or not at all
	OrderValidFrom  Date         `json:"order_valid_from,omitzero"`
	OrderValidTill  Date         `json:"order_valid_till,omitzero"` // the last day of the order; its certificate may expire earlier
}

// OrderCertificate is the documented "certificate" of a subaccount's order. Thumbprint, SerialNumber and ValidTill are
// zero until it is issued. Lists are never nil once decoded.
//
// It is not a [Certificate] because the service sends only these fields, and a listing may have a million of them.
type OrderCertificate struct {
	ID                CertificateID `json:"id,omitzero"`
	Thumbprint        string        `json:"thumbprint,omitzero"`
	SerialNumber      string        `json:"serial_number,omitzero"`
	CommonName        string        `json:"common_name,omitzero"`
	DNSNames          []string      `json:"dns_names,omitzero"`
	ValidTill         Date          `json:"valid_till,omitzero"` // the last day
	OrganizationUnits []string      `json:"organization_units,omitzero"`
	SignatureHash     string        `json:"signature_hash,omitzero"` // such as "sha256"
	CACert            CACert        `json:"ca_cert,omitzero"`        // only from GetOrder
}

// IsZero reports whether no field of the certificate was sent. Such a certificate is omitted from the JSON of an order.
func (c OrderCertificate) IsZero() bool {
	if len(c.DNSNames)+len(c.OrganizationUnits) > 0 {
		return false
	}
	c.DNSNames, c.OrganizationUnits = nil, nil
	return reflect.ValueOf(c).IsZero()
}

// Subaccount is the documented "subaccount" of an order: the account that placed it.
type Subaccount struct {
	AccountID        AccountID   `json:"account_id,omitzero"`
	AccountType      AccountType `json:"account_type,omitzero"`
	OrganizationName string      `json:"organization_name,omitzero"`
}

// ListSubaccountOrdersParams are the parameters of [SubaccountsService.ListOrders] and [SubaccountsService.AllOrders].
type ListSubaccountOrdersParams struct {
	Offset int `url:"offset,omitempty"` // rows to skip
	Limit  int `url:"limit,omitempty"`  // rows per page, at most 1000; 0 is the service's default, 1000
	// Sort has the keys to sort by, the most significant first; a leading "-" sorts in descending order. The documented
	// keys are "id", "common_name", "product_name_id", "date_created" and "validity_years"; others are refused.
	Sort    []string               `url:"sort,comma,omitempty"`
	Filters SubaccountOrderFilters `url:"filters"`
}

// SubaccountOrderFilters are the documented filters of [SubaccountsService.ListOrders]. A zero field is not sent.
type SubaccountOrderFilters struct {
	ID            OrderID       `url:"id,omitempty"`
	CertificateID CertificateID `url:"certificate_id,omitempty"`
	CommonName    string        `url:"common_name,omitempty"`
	Status        OrderStatus   `url:"status,omitempty"` // "issued" includes expired orders
	ProductNameID string        `url:"product_name_id,omitempty"`
	SubaccountID  AccountID     `url:"subaccount,omitempty"` // the subaccount's id
	AccountType   AccountType   `url:"account_type,omitempty"`
	ValidTill     DateRange     `url:"valid_till"`
	DateCreated   DateRange     `url:"date_created"`
}

var subaccountOrderSortKeys = []string{"id", "common_name", "product_name_id", "date_created", "validity_years"}

func (p *ListSubaccountOrdersParams) check() error {
	if p == nil {
		return nil
	}
	f := p.Filters
	return cmp.Or(
		checkPage(p.Limit, p.Offset),
		checkSort(p.Sort, subaccountOrderSortKeys),
		checkFilterID("filters[id]", f.ID),
		checkFilterID("filters[certificate_id]", f.CertificateID),
		checkFilterID("filters[subaccount]", f.SubaccountID),
		f.ValidTill.check("filters[valid_till]"),
		f.DateCreated.check("filters[date_created]"),
	)
}

// SubaccountOrderPage is one page of orders of subaccounts.
type SubaccountOrderPage struct {
	Orders []SubaccountOrder `json:"orders"`
	Page   PageInfo          `json:"page,omitzero"`
}

// ListOrders returns one page of the orders of all subaccounts, including subaccounts of subaccounts:
// GET /account/subaccount/order.
//
// ListOrders returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/en/certcentral-apis/services-api/subaccount/list-subaccount-orders.html
func (s *SubaccountsService) ListOrders(ctx context.Context, params *ListSubaccountOrdersParams) (*SubaccountOrderPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(SubaccountOrderPage)
	if _, err := s.client().get(ctx, "/account/subaccount/order", params, page); err != nil {
		return nil, err
	}
	page.Orders = nonNil(page.Orders)
	return page, nil
}

// AllOrders yields the orders of all pages, from params.Offset on. After the first page, it fetches as many pages at a time as
// set by [WithPageConcurrency]. Leaving the loop cancels the requests in flight.
//
// Every order that matches the filters during the whole listing is yielded exactly once, even while other orders are added or
// removed: pages overlap by one row, which shows whether rows have moved. No order is yielded twice. The pages are sorted
// by id unless params.Sort has other keys; with other keys, an order that moves within the list during the listing may be missed.
// With a Limit of 1 and sorted by id, pages of 2 rows are requested.
//
// AllOrders does not rely on the sort. If the service ignores a sort by id, on any page, a warning is logged and the
// listing starts over with the rows in the order in which the service sends them; each row is still yielded once, unless it
// moves within the list. If the service refuses a default sort with status 400, a warning is logged and no sort is sent. A row
// without an id is yielded where it is first listed, as it cannot be recognized again.
//
// The listing ends at a page that has only rows listed before, if the total does not promise more. A list of n
// pages takes at most n+2 requests if no rows move. A total that stays too high is logged as a warning. If the end
// is uncertain, for example because pages stay empty although the total promises rows, the last error is [ErrIncomplete].
//
// A list sorted by id takes memory for a few pages and at most 0.8 MB; any other list takes 8 more bytes per row. params is copied.
// Ranging over the sequence again starts a new listing.
func (s *SubaccountsService) AllOrders(ctx context.Context, params *ListSubaccountOrdersParams) iter.Seq2[SubaccountOrder, error] {
	return sortedList[ListSubaccountOrdersParams, SubaccountOrder]{
		path: "/account/subaccount/order", idKey: "id",
		paging: func(p *ListSubaccountOrdersParams) (*[]string, *int, *int) { return &p.Sort, &p.Limit, &p.Offset },
		list: func(ctx context.Context, p *ListSubaccountOrdersParams) ([]SubaccountOrder, PageInfo, error) {
			page, err := s.ListOrders(ctx, p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Orders, page.Page, nil
		},
		id: func(row *SubaccountOrder) int64 { return int64(row.ID) },
	}.all(ctx, s.client(), params)
}

// GetOrder returns an order of a subaccount: GET /account/subaccount/order/{order_id}.
//
// GetOrder returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, and a *[DecodeError]
// if the response has another order.
//
// https://dev.digicert.com/certcentral-apis/services-api/subaccount/subaccount-order-info.html
func (s *SubaccountsService) GetOrder(ctx context.Context, orderID OrderID) (*SubaccountOrder, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/account/subaccount/order/%d", orderID)
	order := new(SubaccountOrder)
	if _, err := s.client().get(ctx, path, nil, order); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/id", "order", order.ID, orderID); err != nil {
		return nil, err
	}
	return order, nil
}
