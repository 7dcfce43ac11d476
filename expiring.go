// Certificates that expire soon.

package digicert

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Expiring is a certificate that expires soon, as [Client.Expiring] yields it.
type Expiring struct {
	OrderID       OrderID       `json:"order_id,omitzero"`
	CertificateID CertificateID `json:"certificate_id,omitzero"`
	SerialNumber  string        `json:"serial_number,omitzero"` // hexadecimal, as received
	Status        OrderStatus   `json:"status,omitzero"`        // of the order
	CommonName    string        `json:"common_name,omitzero"`
	DNSNames      []string      `json:"dns_names,omitzero"`
	// ValidTill is the last day of the certificate, and OrderValidTill the last day of its order. If the order lasts longer, the
	// certificate can be reissued; otherwise the order has to be renewed.
	ValidTill      Date         `json:"valid_till,omitzero"`
	OrderValidTill Date         `json:"order_valid_till,omitzero"`
	DaysLeft       int          `json:"days_left"` // days until ValidTill by the service's clock; 0 if it expires today
	Product        Product      `json:"product,omitzero"`
	Organization   Organization `json:"organization,omitzero"`
	Subaccount     Subaccount   `json:"subaccount,omitzero"` // zero for orders of the account itself
}

// liveStatuses are the statuses of orders whose certificate is valid unless it has expired.
var liveStatuses = map[OrderStatus]bool{OrderStatusIssued: true, OrderStatusReissuePending: true, OrderStatusReissueProcessing: true}

// Expiring yields the certificates of the account and its subaccounts that expire within the given time. It yields each order
// at most once, with its primary certificate. Certificates that expire today or on the last day are included. Days are in UTC
// by the service's clock.
//
// Certificates that have expired and orders that were renewed, revoked or canceled are omitted. The service does not report renewals
// for orders of subaccounts. It shows no certificate for orders of nested subaccounts, so they are omitted too. A revoked
// certificate of an active order is included, because the lists do not show the revocation.
//
// The orders of the account come first, then those of subaccounts, each sorted by id. Each order of a subaccount takes another
// request for its OrderValidTill and Organization, which stay zero if the service does not find the order. If the key has no
// permission for subaccounts, as in any account without that feature, Expiring yields only the account's own orders.
//
// The sequence ends with the first error: a *[ParamError] if within is not positive, or an error of [OrdersService.All].
func (c *Client) Expiring(ctx context.Context, within time.Duration) iter.Seq2[Expiring, error] {
	return func(yield func(Expiring, error) bool) {
		if within <= 0 {
			yield(Expiring{}, paramErrorf("within", "must be positive, but is %s", within))
			return
		}
		window, err := c.expiryWindow(ctx, within)
		if err != nil {
			yield(Expiring{}, err)
			return
		}
		seen := make(map[OrderID]bool)
		own := OrderFilters{ValidTill: window.filter(), IsRenewed: new(false)}
		for order, err := range c.Orders.All(ctx, &ListOrdersParams{Filters: own}) {
			if err != nil {
				yield(Expiring{}, err)
				return
			}
			if seen[order.ID] || order.IsRenewed || !liveStatuses[order.Status] || !window.has(order.Certificate.ValidTill) {
				continue
			}
			seen[order.ID] = true
			if !yield(window.own(&order), nil) {
				return
			}
		}
		others := SubaccountOrderFilters{ValidTill: window.filter()}
		for order, err := range c.Subaccounts.AllOrders(ctx, &ListSubaccountOrdersParams{Filters: others}) {
			if errors.Is(err, CodeMissingPermission) {
				return
			}
			if err != nil {
				yield(Expiring{}, err)
				return
			}
			if seen[order.ID] || !liveStatuses[order.Status] || !window.has(order.Certificate.ValidTill) {
				continue
			}
			seen[order.ID] = true
			whole, err := c.Subaccounts.GetOrder(ctx, order.ID)
			switch {
			case err == nil:
				order.Organization, order.OrderValidTill = whole.Organization, whole.OrderValidTill
			case !errors.Is(err, ErrNotFound): // an order that is listed but not found still expires
				yield(Expiring{}, err)
				return
			}
			if !yield(window.ofSubaccount(&order), nil) {
				return
			}
		}
	}
}

// expiryWindow is the range of days that Expiring yields.
type expiryWindow struct{ today, last Date }

// expiryWindow returns the window that begins today by the service's clock.
func (c *Client) expiryWindow(ctx context.Context, within time.Duration) (expiryWindow, error) {
	response, err := c.get(ctx, ordersPath, &ListOrdersParams{Limit: 1}, new(OrderPage))
	if err != nil {
		return expiryWindow{}, err
	}
	now := response.Date
	if now.IsZero() {
		now = time.Now()
	}
	now = now.UTC()
	return expiryWindow{today: DateOf(now), last: DateOf(now.Add(within))}, nil
}

// filter returns the window with one more day on each side, because the time zone of the service's days is not documented.
func (w expiryWindow) filter() DateRange {
	return DateRange{From: w.today.AddDays(-1), To: w.last.AddDays(1)}
}

func (w expiryWindow) has(d Date) bool { return !d.IsZero() && !d.Before(w.today) && !d.After(w.last) }

func (w expiryWindow) daysLeft(d Date) int {
	return int(d.In(time.UTC).Sub(w.today.In(time.UTC)) / (24 * time.Hour))
}

func (w expiryWindow) own(o *Order) Expiring {
	return Expiring{
		OrderID: o.ID, CertificateID: o.Certificate.ID, SerialNumber: o.Certificate.SerialNumber, Status: o.Status,
		CommonName: o.Certificate.CommonName, DNSNames: nonNil(o.Certificate.DNSNames),
		ValidTill: o.Certificate.ValidTill, OrderValidTill: o.OrderValidTill, DaysLeft: w.daysLeft(o.Certificate.ValidTill),
		Product: o.Product.Product, Organization: o.Organization,
	}
}

func (w expiryWindow) ofSubaccount(o *SubaccountOrder) Expiring {
	return Expiring{
		OrderID: o.ID, CertificateID: o.Certificate.ID, SerialNumber: o.Certificate.SerialNumber, Status: o.Status,
		CommonName: o.Certificate.CommonName, DNSNames: nonNil(o.Certificate.DNSNames),
		ValidTill: o.Certificate.ValidTill, OrderValidTill: o.OrderValidTill, DaysLeft: w.daysLeft(o.Certificate.ValidTill),
		Product: o.Product, Organization: o.Organization, Subaccount: o.Subaccount,
	}
}
