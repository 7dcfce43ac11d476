// Placing orders, and finding them by their alternative ids.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// PlacedOrder is an order that [OrdersService.Place] placed or found. Which fields the service sends depends on the account, the key,
// the product and how far the order has got; only ID is always set.
type PlacedOrder struct {
	ID                 OrderID            `json:"id,omitzero"`
	CertificateID      CertificateID      `json:"certificate_id,omitzero"` // 0 until the order is approved
	AlternativeOrderID string             `json:"alternative_order_id,omitzero"`
	Requests           []OrderRequest     `json:"requests,omitzero"`          // may be absent where approval was skipped
	CertificateChain   []ChainCertificate `json:"certificate_chain,omitzero"` // if issued at once, the certificate first
	DCVRandomValue     string             `json:"dcv_random_value,omitzero"`  // for methods with a token
	Domains            []OrderDomain      `json:"domains,omitzero"`           // that are not validated yet; OV and EV

	// Found reports that the order was there already, or that its answer was lost and it was found again. CertificateChain,
	// DCVRandomValue and Domains are then absent: see [CertificatesService.Chain] and [OrdersService.Get]. Status is set only then.
	// An order that was canceled or rejected is found too: a new intent needs a new AlternativeOrderID.
	Found  bool        `json:"found,omitzero"`
	Status OrderStatus `json:"status,omitzero"`
}

// OrderDomain is one entry of the documented "domains" of a placed order.
type OrderDomain struct {
	ID       DomainID `json:"id,omitzero"`
	Name     string   `json:"name,omitzero" also:"dns_name"` // seen in both spellings
	DCVToken DCVToken `json:"dcv_token,omitzero"`
}

// AlternativeOrder is one entry of the documented "orders" with an alternative id.
type AlternativeOrder struct {
	OrderID       OrderID       `json:"order_id,omitzero"`
	CertificateID CertificateID `json:"certificate_id,omitzero"`
	Status        OrderStatus   `json:"status,omitzero"`
}

// AmbiguousError is a write whose effect was found more than once: two orders with one alternative id, or two reissues or
// duplicates with one CSR and the same names. Which of them is wanted is for the caller to decide.
type AmbiguousError struct {
	AlternativeOrderID string          // "" for reissues and duplicates
	OrderIDs           []OrderID       // the orders; for reissues and duplicates, the one that has them
	CertificateIDs     []CertificateID // the reissues or duplicates
}

func (e *AmbiguousError) Error() string {
	if len(e.CertificateIDs) > 0 {
		return fmt.Sprintf("digicert: order %s has several certificates with this CSR and these names: %s", idList(e.OrderIDs), idList(e.CertificateIDs))
	}
	return fmt.Sprintf("digicert: alternative order id %s has several orders: %s", oneLine(e.AlternativeOrderID, 100), idList(e.OrderIDs))
}

// idList returns the first ten ids as text.
func idList[T ~int64](ids []T) string {
	const shown = 10
	var texts []string
	for _, id := range ids[:min(len(ids), shown)] {
		texts = append(texts, fmt.Sprint(int64(id)))
	}
	if n := len(ids) - shown; n > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(texts, ", ")
}

// Place places an order: POST /order/certificate/{product_name_id}. The order is billed. One intent places one order:
//
// With an AlternativeOrderID of the caller's, Place first looks for an order that has it, and returns that one. So a program that
// stores the id before it calls can call again after any failure, also after a crash. Calls of one client with the
// same id wait for each other, and so do those of all who share a [Locker]; without one, two processes that call at the same moment may
// place two orders.
//
// If the answer is lost or cannot be read, Place looks for the order by its alternative id, as often as the [RetryPolicy] allows
// attempts, with backoff. If it is not found, or the service cannot be asked, the error is an *[OutcomeUnknownError] with the
// id, and nothing was sent again. Call Place again with that id. The same client then looks as long once more before it sends;
// another process does so with SentBefore. What no client can exclude is an order that the service shows later than that.
//
// If more than one order has the id, the error is an *[AmbiguousError]. Place returns a *[ParamError] for
// parameters that the service would refuse or that have a private key in them, and an *[Error] if the service refuses the order:
// it was not placed. A TLS product needs a CSR and a common name.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders.html
func (s *OrdersService) Place(ctx context.Context, productNameID string, params *PlaceOrderParams) (*PlacedOrder, error) {
	o, err := params.check(productNameID)
	if err != nil {
		return nil, err
	}
	id, own := params.AlternativeOrderID, true
	if id == "" {
		id, own = newAlternativeOrderID(), false
	}
	o["alternative_order_id"] = id
	body, err := o.encode()
	if err != nil {
		return nil, err
	}
	placed := new(PlacedOrder)
	look := func(ctx context.Context) (bool, error) { return s.findPlaced(ctx, id, placed) }
	in := &intent{
		lock: "/order/alternate/" + id, id: "/order/alternate/" + id, shared: true,
		method: http.MethodPost, path: ordersPath + "/" + productNameID, body: body, result: placed,
		answered:   func() bool { return placed.ID > 0 },
		look:       func(ctx context.Context, _ any) (bool, error) { return look(ctx) },
		sentBefore: params.SentBefore, alternativeOrderID: id,
	}
	if own {
		in.before = func(ctx context.Context) (any, bool, error) {
			found, err := look(ctx)
			return nil, found, err
		}
	}
	found, err := s.client().carryOut(ctx, in)
	if err != nil {
		return nil, err
	}
	placed.AlternativeOrderID, placed.Found = id, found
	if !found {
		placed.Status = ""
	}
	placed.Requests, placed.Domains = nonNil(placed.Requests), nonNil(placed.Domains)
	placed.CertificateChain = nonNil(placed.CertificateChain)
	return placed, nil
}

// findPlaced looks for the order with an alternative id.
func (s *OrdersService) findPlaced(ctx context.Context, id string, placed *PlacedOrder) (bool, error) {
	rows, err := s.ByAlternativeID(ctx, id)
	switch {
	case err != nil || len(rows) == 0:
		return false, err
	case len(rows) > 1:
		several := &AmbiguousError{AlternativeOrderID: id}
		for _, r := range rows {
			several.OrderIDs = append(several.OrderIDs, r.OrderID)
		}
		return false, several
	}
	*placed = PlacedOrder{ID: rows[0].OrderID, CertificateID: rows[0].CertificateID, Status: rows[0].Status}
	if order, err := s.Get(ctx, placed.ID); err == nil { // for what is good to know and not needed
		placed.Requests = order.Requests
		if placed.CertificateID == 0 {
			placed.CertificateID = order.Certificate.ID
		}
		if order.Status != "" {
			placed.Status = order.Status
		}
	}
	return true, nil
}

// ByAlternativeID returns all orders that have an alternative id: GET /order/alternate/{alternative_order_id}. The service does
// not require these ids to be unique. It returns an empty list if there is none, where the service answers 404 or
// with an empty list; which of them is not documented.
//
// ByAlternativeID returns a *[ParamError] if the id is empty or cannot be sent, and a *[DecodeError] if an entry has no order id.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/get-orders-alternative-order-id.html
func (s *OrdersService) ByAlternativeID(ctx context.Context, alternativeOrderID string) ([]AlternativeOrder, error) {
	if alternativeOrderID == "" {
		return nil, paramErrorf("alternative_order_id", "must not be empty")
	}
	if err := checkAlternativeOrderID(alternativeOrderID); err != nil {
		return nil, err
	}
	path := "/order/alternate/" + url.PathEscape(alternativeOrderID)
	rows := []AlternativeOrder{}
	for offset := 0; ; {
		var page struct {
			Orders []AlternativeOrder `json:"orders"`
			Page   PageInfo           `json:"page"`
		}
		params := url.Values{"limit": {fmt.Sprint(maxPageLimit)}, "offset": {fmt.Sprint(offset)}}
		if _, err := s.client().get(ctx, path, params, &page); isNone(err) {
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		before := len(rows)
		for i, row := range page.Orders {
			if row.OrderID <= 0 {
				return nil, &DecodeError{Method: http.MethodGet, Path: path, Pointer: fmt.Sprintf("/orders/%d/order_id", i), Err: errors.New("no order id")}
			}
			if !slices.ContainsFunc(rows, func(r AlternativeOrder) bool { return r.OrderID == row.OrderID }) {
				rows = append(rows, row)
			}
		}
		offset += len(page.Orders)
		full := page.Page.Limit > 0 && len(page.Orders) >= page.Page.Limit || len(page.Orders) >= maxPageLimit
		if len(rows) == before || !full && page.Page.Total <= offset {
			return rows, nil
		}
	}
}

// isNone reports whether err is the service's 404 for something that does not exist, and not that of a proxy or for a path that it
// does not know.
func isNone(err error) bool {
	var answer *Error
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusNotFound {
		return false
	}
	if len(answer.Details) == 0 {
		body := strings.TrimSpace(string(answer.Body))
		return body == "" || body[0] == '{' || body[0] == '['
	}
	return !slices.ContainsFunc(answer.Details, func(d ErrorDetail) bool { return d.Code == "not_found|route" })
}
