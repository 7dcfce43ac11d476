// What expires soon.

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
	SerialNumber  string        `json:"serial_number,omitzero"` // as it was sent; hexadecimal
	Status        OrderStatus   `json:"status,omitzero"`        // of the order
	CommonName    string        `json:"common_name,omitzero"`
	DNSNames      []string      `json:"dns_names,omitzero"`
	// ValidTill is the last day of the certificate, and OrderValidTill that of its order. If the order lasts longer, the certificate can be
	// reissued; else the order has to be renewed.
	ValidTill      Date         `json:"valid_till,omitzero"`
	OrderValidTill Date         `json:"order_valid_till,omitzero"`
	DaysLeft       int          `json:"days_left"` // until ValidTill, by the service's clock; 0: it expires today
	Product        Product      `json:"product,omitzero"`
	Organization   Organization `json:"organization,omitzero"`
	Subaccount     Subaccount   `json:"subaccount,omitzero"` // zero for orders of the account itself
}

// liveStatuses are the statuses of orders whose certificate is in force, unless it has expired.
var liveStatuses = map[OrderStatus]bool{OrderStatusIssued: true, OrderStatusReissuePending: true, OrderStatusReissueProcessing: true}

// Expiring yields the certificates that expire within a time from now, of the account's own orders and of those of its subaccounts: each
// order once, by its primary certificate. What expires today is included, and so is what expires on the last day of the time. Days
// are those of UTC by the service's clock.
//
// Certificates that have expired and orders that were renewed, revoked or canceled are left out. For orders of subaccounts the
// service reports no renewals, and of those that deeper subaccounts placed it shows no certificate, so that they are left out too. A
// revoked certificate of an order that goes on is included: the lists do not show that.
//
// The orders of the account come first, then those of subaccounts, each sorted by their ids. An order of a subaccount costs
// one more request, for OrderValidTill and Organization, which stay zero if the service does not find it there. If the key has no
// permission for subaccounts, which is so for all keys of an account without that feature, the account's own orders are all there is.
//
// The sequence ends with its first error: a *[ParamError] if within is not positive, and those of [OrdersService.All].
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
		for order, err := range c.Orders.All(ctx, &ListOrdersParams{Filters: OrderFilters{ValidTill: window.asked(), IsRenewed: new(false)}}) {
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
		for order, err := range c.Subaccounts.AllOrders(ctx, &ListSubaccountOrdersParams{Filters: SubaccountOrderFilters{ValidTill: window.asked()}}) {
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
			case !errors.Is(err, ErrNotFound): // it is listed: that it expires matters more than what else is known of it
				yield(Expiring{}, err)
				return
			}
			if !yield(window.ofSubaccount(&order), nil) {
				return
			}
		}
	}
}

// expiryWindow is the days on which something expires soon.
type expiryWindow struct{ today, last Date }

// expiryWindow asks for the service's clock.
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

// asked is the filter: a day more on each side, because it is not documented in which zone the service counts days.
func (w expiryWindow) asked() DateRange {
	return DateRange{From: w.today.AddDays(-1), To: w.last.AddDays(1)}
}

func (w expiryWindow) has(d Date) bool { return !d.IsZero() && !d.Before(w.today) && !d.After(w.last) }

func (w expiryWindow) daysLeft(d Date) int {
	return int(d.In(time.UTC).Sub(w.today.In(time.UTC)) / (24 * time.Hour))
}

func (w expiryWindow) own(o *Order) Expiring {
	return Expiring{
		OrderID: o.ID, CertificateID: o.Certificate.ID, SerialNumber: o.Certificate.SerialNumber, Status: o.Status, CommonName: o.Certificate.CommonName, DNSNames: nonNil(o.Certificate.DNSNames),
		ValidTill: o.Certificate.ValidTill, OrderValidTill: o.OrderValidTill, DaysLeft: w.daysLeft(o.Certificate.ValidTill),
		Product: o.Product.Product, Organization: o.Organization,
	}
}

func (w expiryWindow) ofSubaccount(o *SubaccountOrder) Expiring {
	return Expiring{
		OrderID: o.ID, CertificateID: o.Certificate.ID, SerialNumber: o.Certificate.SerialNumber, Status: o.Status, CommonName: o.Certificate.CommonName, DNSNames: nonNil(o.Certificate.DNSNames),
		ValidTill: o.Certificate.ValidTill, OrderValidTill: o.OrderValidTill, DaysLeft: w.daysLeft(o.Certificate.ValidTill),
		Product: o.Product, Organization: o.Organization, Subaccount: o.Subaccount,
	}
}
