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

// PlacedOrder is an order that [OrdersService.Place] placed or found. Only ID is always set. The other fields depend on the account,
// the API key, the product and the progress of the order.
type PlacedOrder struct {
	ID                 OrderID            `json:"id,omitzero"`
	CertificateID      CertificateID      `json:"certificate_id,omitzero"` // 0 until the order is approved
	AlternativeOrderID string             `json:"alternative_order_id,omitzero"`
	Requests           []OrderRequest     `json:"requests,omitzero"`          // may be absent if approval was skipped
	CertificateChain   []ChainCertificate `json:"certificate_chain,omitzero"` // if issued at once, the certificate first
	DCVRandomValue     string             `json:"dcv_random_value,omitzero"`  // for methods with a token
	Domains            []OrderDomain      `json:"domains,omitzero"`           // that are not validated yet; OV and EV

	// Found reports that the order existed already, or that the response was lost and a lookup found the order. CertificateChain,
	// DCVRandomValue and Domains are then absent: see [CertificatesService.Chain] and [OrdersService.Get]. Status is set only then.
	// A canceled or rejected order is found too: use a new AlternativeOrderID for a new order.
	Found  bool        `json:"found,omitzero"`
	Status OrderStatus `json:"status,omitzero"`
}

// OrderDomain is one entry of the documented "domains" of a placed order.
type OrderDomain struct {
	ID       DomainID `json:"id,omitzero"`
	Name     string   `json:"name,omitzero" also:"dns_name"` // observed under both names
	DCVToken DCVToken `json:"dcv_token,omitzero"`
}

// AlternativeOrder is one entry of the documented "orders" with an alternative id.
type AlternativeOrder struct {
	OrderID       OrderID       `json:"order_id,omitzero"`
	CertificateID CertificateID `json:"certificate_id,omitzero"`
	Status        OrderStatus   `json:"status,omitzero"`
}

// AmbiguousError reports that the effect of a write was found more than once: several orders with the same alternative id, or
// several reissues or duplicates with the same CSR and names. The caller has to choose one.
type AmbiguousError struct {
	AlternativeOrderID string          // "" for reissues and duplicates
	OrderIDs           []OrderID       // the orders; for reissues and duplicates, their order
	CertificateIDs     []CertificateID // the reissues or duplicates
}

func (e *AmbiguousError) Error() string {
	if len(e.CertificateIDs) > 0 {
		return fmt.Sprintf("digicert: order %s has several certificates with this CSR and these names: %s", idList(e.OrderIDs), idList(e.CertificateIDs))
	}
	return fmt.Sprintf("digicert: alternative order id %s has several orders: %s", oneLine(e.AlternativeOrderID, 100), idList(e.OrderIDs))
}

// idList formats the first ten ids.
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

// Place places an order: POST /order/certificate/{product_name_id}. The order is billed. A TLS product requires a CSR and a common
// name. Place avoids placing the same order twice:
//
// If params has an AlternativeOrderID, Place first looks for an order with that id, and returns it if there is one. A program that
// stores the id before the call can therefore repeat the call after any failure, including a crash. Calls with the same id
// are serialized within a client and among clients that share a [Locker]. Without a shared Locker, two processes that call Place
// at the same moment may place two orders.
//
// If the response is lost or cannot be read, Place looks for the order by its alternative id, up to the maximum number of attempts
// of the [RetryPolicy], with backoff. If the order is not found or a lookup fails, the error is an *[OutcomeUnknownError] with the
// id, and nothing was sent again. Call Place again with that id: it repeats the lookups before it sends. Another process
// has to set SentBefore for that. An order that the service shows even later is not detected.
//
// Place returns an *[AmbiguousError] if several orders have the id, a *[ParamError] for parameters that the service would refuse or
// that contain a private key, and an *[Error] if the service refuses the order, which is then not placed.
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

// findPlaced looks for the order with an alternative id and stores it in placed.
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
	if order, err := s.Get(ctx, placed.ID); err == nil { // adds optional fields
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

// ByAlternativeID returns all orders with an alternative id: GET /order/alternate/{alternative_order_id}. The service does
// not require these ids to be unique. If there is no such order, ByAlternativeID returns an empty list. Whether the service
// then responds with status 404 or with an empty list is not documented; both are accepted.
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

// isNone reports whether err is the service's 404 for an object that does not exist, rather than a 404 of a proxy or for an
// unknown path.
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
