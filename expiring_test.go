package digicert_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const day = 24 * time.Hour

// expiringIn adds an order whose certificate expires after some days.
func expiringIn(t *testing.T, s *digicerttest.Server, id digicert.OrderID, account digicert.AccountID, status digicert.OrderStatus, today digicert.Date, days int) {
	t.Helper()
	var below digicert.Subaccount
	if account != 0 {
		below = digicert.Subaccount{AccountID: account, AccountType: digicert.AccountTypeEnterprise, OrganizationName: "Below"}
	}
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: id, Status: status, Subaccount: below, OrderValidTill: today.AddDays(days + 200),
		Certificate: digicert.OrderCertificate{CommonName: "a.example", ValidTill: today.AddDays(days)},
	}))
}

func expiring(ctx context.Context, c *digicert.Client, within time.Duration) (list []digicert.Expiring, err error) {
	for e, err := range c.Expiring(ctx, within) {
		if err != nil {
			return list, err
		}
		list = append(list, e)
	}
	return list, nil
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 3, 9, 23, 30, 0, 0, time.UTC) // far from the local clock
	today := digicert.DateOf(now)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(func() time.Time { return now }))
	for i, days := range []int{-400, -1, 0, 1, 29, 30, 31, 200} {
		id := digicert.OrderID(10 + i)
		expiringIn(t, s, id, 0, digicert.OrderStatusIssued, today, days)
		expiringIn(t, s, id+100, 7, digicert.OrderStatusIssued, today, days)
	}
	for i, status := range []digicert.OrderStatus{
		digicert.OrderStatusRevoked, digicert.OrderStatusExpired, digicert.OrderStatusCanceled, digicert.OrderStatusReissuePending, digicert.OrderStatusPending,
	} {
		expiringIn(t, s, digicert.OrderID(50+i), 0, status, today, 5)
		expiringIn(t, s, digicert.OrderID(150+i), 7, status, today, 5)
	}
	got, err := expiring(t.Context(), s.Client(), 30*day)
	require.NoError(t, err)
	type row struct {
		id   digicert.OrderID
		days int
	}
	var rows []row
	for _, e := range got {
		rows = append(rows, row{e.OrderID, e.DaysLeft})
		require.Equal(t, today.AddDays(e.DaysLeft), e.ValidTill)
		require.Equal(t, e.OrderID > 100, e.Subaccount.AccountID == 7)
		require.NotZero(t, e.CertificateID)
		require.NotEmpty(t, e.SerialNumber)
		require.Equal(t, "a.example", e.CommonName)
		require.Equal(t, "ssl_plus", e.Product.NameID)
		require.NotZero(t, e.OrderValidTill)
	}
	require.Equal(t, []row{{12, 0}, {13, 1}, {14, 29}, {15, 30}, {53, 5}, {112, 0}, {113, 1}, {114, 29}, {115, 30}, {153, 5}}, rows)

	// At half past eleven, an hour more is a day more.
	got, err = expiring(t.Context(), s.Client(), time.Hour)
	require.NoError(t, err)
	require.Len(t, got, 4)
	got, err = expiring(t.Context(), s.Client(), time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 2)
}

// A renewed order is not listed, and an account without subaccounts has only its own.
func TestExpiringRenewed(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithoutSubaccounts())
	today := digicert.DateOf(time.Now().UTC())
	for id := range digicert.OrderID(3) {
		expiringIn(t, s, 10+id, 0, digicert.OrderStatusIssued, today, 9)
	}
	_, csr := newKey(t)
	p := placing(csr, "")
	p.RenewalOfOrderID = 11
	_, err := s.Client().Orders.Place(t.Context(), "ssl_plus", p)
	require.NoError(t, err)
	got, err := expiring(t.Context(), s.Client(), 20*day)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, digicert.OrderID(10), got[0].OrderID)
	require.Equal(t, digicert.OrderID(12), got[1].OrderID)
}

// An order of a subaccount that the service lists, and does not find by its id, expires nevertheless.
func TestExpiringNotFound(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	expiringIn(t, s, 110, 7, digicert.OrderStatusIssued, digicert.DateOf(time.Now().UTC()), 9)
	require.NoError(t, s.Inject(digicerttest.APIError(http.StatusNotFound, "not_found|order", "x").On(digicerttest.SubaccountOrder)))
	got, err := expiring(t.Context(), s.Client(), 20*day)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, digicert.OrderID(110), got[0].OrderID)
	require.Zero(t, got[0].OrderValidTill)
}

func TestExpiringFails(t *testing.T) {
	t.Parallel()
	c, service := serve(t, http.StatusOK, `{}`)
	for _, within := range []time.Duration{0, -day} {
		_, err := expiring(t.Context(), c, within)
		requireParamError(t, err, "within")
	}
	require.Empty(t, service.sent())
	_, err := expiring(t.Context(), new(digicert.Client), day)
	require.Error(t, err)
	today := digicert.DateOf(time.Now().UTC())
	for endpoint, rows := range map[digicerttest.Endpoint]int{digicerttest.Orders: 0, digicerttest.SubaccountOrders: 1, digicerttest.SubaccountOrder: 1} {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		expiringIn(t, s, 10, 0, digicert.OrderStatusIssued, today, 9)
		expiringIn(t, s, 110, 7, digicert.OrderStatusIssued, today, 9)
		require.NoError(t, s.Inject(digicerttest.HTMLPage(503).On(endpoint)))
		got, err := expiring(t.Context(), s.Client(quick), 20*day)
		require.ErrorIs(t, err, digicert.ErrUnavailable, endpoint)
		require.Len(t, got, rows, endpoint)
	}
}
