// The lists that are measured.

package main

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// orderList is one of the two lists of orders.
type orderList struct {
	name string
	own  bool // the account's own orders, not those of subaccounts
}

var (
	subaccountOrders = orderList{"AllOrders", false}
	ownOrders        = orderList{"Orders.All", true}
)

// tally is what a listing brought.
type tally struct{ rows, different int }

// add counts a row. Both listings are sorted by id, so that an id that is not above the last is none that is new.
func (t *tally) add(last *digicert.OrderID, id digicert.OrderID) {
	t.rows++
	if id > *last {
		t.different++
		*last = id
	}
}

// list lists with the library.
func (l orderList) list(ctx context.Context, client *digicert.Client, each func(row int)) (tally, error) {
	if l.own {
		return count(client.Orders.All(ctx, nil), func(o *digicert.Order) digicert.OrderID { return o.ID }, each)
	}
	return count(client.Subaccounts.AllOrders(ctx, nil), func(o *digicert.SubaccountOrder) digicert.OrderID { return o.ID }, each)
}

func count[T any](rows iter.Seq2[T, error], id func(*T) digicert.OrderID, each func(row int)) (tally, error) {
	var t tally
	var last digicert.OrderID
	for o, err := range rows {
		if err != nil {
			return t, err
		}
		t.add(&last, id(&o))
		if each != nil {
			each(t.rows)
		}
	}
	return t, nil
}

// plainly lists as anybody would.
func (l orderList) plainly(ctx context.Context, url string) (tally, error) {
	if l.own {
		return listPlainly(ctx, url+"/order/certificate?sort=order_id", func(o *plainOwnOrder) digicert.OrderID { return o.ID })
	}
	return listPlainly(ctx, url+"/account/subaccount/order?sort=id", func(o *plainOrder) digicert.OrderID { return o.ID })
}

// addOwnOrders adds n issued orders of the account itself.
func addOwnOrders(s *digicerttest.Server, n int) error {
	for i := range n {
		name := fmt.Sprintf("www-%d.example.com", i)
		err := s.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(1_000_000 + i),
			Certificate: digicert.OrderCertificate{
				CommonName:    name,
				DNSNames:      []string{name, fmt.Sprintf("host-%d.example.com", i)},
				Thumbprint:    fmt.Sprintf("%040X", i),
				SerialNumber:  fmt.Sprintf("%032X", i),
				ValidTill:     digicert.Date{Year: 2027, Month: time.Month(1 + i%12), Day: 1},
				SignatureHash: "sha256",
			},
			Product:       digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
			OrderPrice:    digicert.Price{Cost: decimal.NewFromInt(198), Currency: "USD"},
			Status:        digicert.OrderStatusIssued,
			ValidityYears: 1,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
