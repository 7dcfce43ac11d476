package main

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	day := func(n int) digicert.Date { return digicert.Date{Year: 2026, Month: 12, Day: 1}.AddDays(n) }
	order := func(certificate, order digicert.Date) digicert.Order {
		return digicert.Order{
			ID: 1, Status: digicert.OrderStatusIssued, OrderValidTill: order, Certificate: digicert.Certificate{ValidTill: certificate},
		}
	}
	with := func(o digicert.Order, change func(*digicert.Order)) digicert.Order { change(&o); return o }
	autoRenew, autoReissue := func(o *digicert.Order) { o.AutoRenew = 1 }, func(o *digicert.Order) { o.AutoReissue = 1 }
	for name, test := range map[string]struct {
		order digicert.Order
		want  action
		err   string
	}{
		"both end":                {order(day(9), day(9)), actionRenew, ""},
		"the order ends first":    {order(day(9), day(5)), actionRenew, ""},
		"the order ends soon":     {order(day(9), day(38)), actionRenew, ""},
		"a reissue gains 30 days": {order(day(9), day(39)), actionReissue, ""},
		"the order lasts long":    {order(day(9), day(700)), actionReissue, ""},
		"no end of the order":     {order(day(9), digicert.Date{}), "", "does not say how long order 1 is valid"},
		"no end":                  {order(digicert.Date{}, day(9)), "", "does not say how long order 1 is valid"},
		"reissue pending":         {with(order(day(9), day(9)), func(o *digicert.Order) { o.Status = "reissue_pending" }), "", "order 1 is reissue_pending"},
		"renews itself":           {with(order(day(9), day(9)), autoRenew), "", "order 1 has auto_renew set"},
		"renews itself later":     {with(order(day(9), day(700)), autoRenew), actionReissue, ""},
		"is reissued by itself":   {with(order(day(9), day(700)), autoReissue), "", "order 1 has auto_reissue set"},
		"no more reissues":        {with(order(day(9), day(9)), autoReissue), actionRenew, ""},
	} {
		got, err := decide(&test.order)
		require.Equal(t, test.want, got, name)
		if test.err == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, test.err, name)
		}
	}
}

func TestInSecondHalf(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	c := &x509.Certificate{NotBefore: begin, NotAfter: begin.AddDate(0, 0, 40)}
	for days, want := range map[int]bool{-1: false, 0: false, 19: false, 20: true, 40: true, 50: true} {
		require.Equal(t, want, inSecondHalf(c, begin.AddDate(0, 0, days)), days)
	}
}
