package digicerttest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestAddOrderFillsIn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 7, Certificate: digicert.OrderCertificate{ID: 500}}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 3, Status: "issued"}))
	got, ok := s.Order(3)
	require.True(t, ok)
	c := got.Certificate
	require.Len(t, c.Thumbprint, 40)
	require.Len(t, c.SerialNumber, 32)
	require.Equal(t, digicert.SubaccountOrder{
		ID: 3,
		Certificate: digicert.OrderCertificate{
			ID: 501, CommonName: "order-3.example.com", DNSNames: []string{"order-3.example.com"},
			Thumbprint: c.Thumbprint, SerialNumber: c.SerialNumber, ValidTill: date(2025, 6, 15), SignatureHash: "sha256",
		},
		Product:       digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
		OrderPrice:    digicert.Price{Currency: "USD"},
		Status:        "issued",
		NumberOfSANs:  1,
		DateCreated:   noon,
		DateIssued:    noon,
		ValidityYears: 1,
	}, got)
	pending, _ := s.Order(7)
	require.Equal(t, digicert.OrderStatusPending, pending.Status)
	require.Zero(t, pending.DateIssued)
	require.Empty(t, pending.Certificate.Thumbprint)
	require.Zero(t, pending.Certificate.ValidTill)
}

// TestAddOrderKeeps checks that all given values are stored, including those that the service does not send.
func TestAddOrderKeeps(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	given := digicert.SubaccountOrder{
		ID: 3,
		Certificate: digicert.OrderCertificate{
			ID: 9, Thumbprint: "AA", SerialNumber: "BB", CommonName: "a.example", DNSNames: []string{"b.example", "ü"},
			ValidTill: date(2024, 2, 29), OrganizationUnits: []string{"x", "y"}, SignatureHash: "sha512",
		},
		Subaccount:    digicert.Subaccount{AccountID: 4, AccountType: "odd", OrganizationName: "Four"},
		Product:       digicert.Product{NameID: "a", Name: "b", Type: "c"},
		OrderPrice:    digicert.Price{Cost: cents(123), Currency: "EUR"},
		Status:        "pending",
		NumberOfSANs:  77,
		DateCreated:   time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC),
		DateIssued:    time.Date(2020, 1, 2, 3, 4, 6, 0, time.UTC),
		ValidityYears: 6,
	}
	require.NoError(t, s.AddOrder(given))
	got, _ := s.Order(3)
	require.Equal(t, given, got)

	// The server shares no slice with its caller.
	given.Certificate.DNSNames[0] = "changed"
	got.Certificate.OrganizationUnits[0] = "changed"
	again, _ := s.Order(3)
	require.Equal(t, []string{"b.example", "ü"}, again.Certificate.DNSNames)
	require.Equal(t, []string{"x", "y"}, again.Certificate.OrganizationUnits)
	_, ok := s.Order(4)
	require.False(t, ok)
}

func TestStateRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Subaccount: digicert.Subaccount{AccountID: 10}}))
	for _, tt := range []struct {
		err  error
		text string
	}{
		{s.AddSubaccount(0, digicert.Subaccount{}), "AddSubaccount 0: account id 0 is outside 1 to 2^62"},
		{s.AddSubaccount(0, digicert.Subaccount{AccountID: -1}), "AddSubaccount -1: account id -1 is outside 1 to 2^62"},
		{s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}), "AddSubaccount 10: the subaccount already exists"},
		{s.AddSubaccount(11, digicert.Subaccount{AccountID: 12}), "AddSubaccount 12: the parent 11 does not exist"},

		{s.AddOrder(digicert.SubaccountOrder{}), "AddOrder 0: order id 0 is outside 1 to 2^62"},
		{s.AddOrder(digicert.SubaccountOrder{ID: -1}), "AddOrder -1: order id -1 is outside 1 to 2^62"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 1<<62 + 1}), "AddOrder 4611686018427387905: order id 4611686018427387905 is outside 1 to 2^62"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 1}), "AddOrder 1: the order already exists"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 2, Certificate: digicert.OrderCertificate{ID: -1}}), "AddOrder 2: certificate id -1 is outside 1 to 2^62"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 2, NumberOfSANs: -1}), "AddOrder 2: -1 names and 0 years: neither may be negative"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 2, ValidityYears: -1}), "AddOrder 2: 0 names and -1 years: neither may be negative"},
		{
			s.AddOrder(digicert.SubaccountOrder{ID: 2, Certificate: digicert.OrderCertificate{ValidTill: date(2023, 2, 29)}}),
			"AddOrder 2: valid_till: 2023-02-29 is not a valid date",
		},
		{
			s.AddOrder(digicert.SubaccountOrder{
				ID: 2, Subaccount: digicert.Subaccount{AccountID: 11}, DateCreated: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
			}),
			"AddOrder 2: the year -1 is out of range",
		},
		{s.AddOrder(digicert.SubaccountOrder{ID: 2, DateCreated: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}), "AddOrder 2: the year 10000 is out of range"},
		{s.AddOrder(digicert.SubaccountOrder{ID: 2, DateIssued: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}), "AddOrder 2: the year 0 is out of range"},
		{
			s.AddOrder(digicert.SubaccountOrder{ID: 2, Subaccount: digicert.Subaccount{AccountType: "retail"}}),
			"AddOrder 2: its subaccount 0: account id 0 is outside 1 to 2^62",
		},
		{
			s.AddOrder(digicert.SubaccountOrder{ID: 2, Subaccount: digicert.Subaccount{AccountID: 10, OrganizationName: "Eleven"}}),
			`AddOrder 2: subaccount 10 already exists as "Ten" of type enterprise`,
		},

		{s.SetStatus(2, "issued"), "SetStatus: the order 2 does not exist"},
		{s.SetStatus(1, ""), "SetStatus: order 1: the status is empty"},
		{s.SetStatusAt(2, "issued", noon), "SetStatusAt: the order 2 does not exist"},
		{s.SetStatusAt(1, "issued", time.Time{}), "SetStatusAt: the year 1 is out of range"},
		{s.RemoveOrder(2), "RemoveOrder: the order 2 does not exist"},
		{s.Generate(1, -1), "Generate: the number of orders, -1, is negative"},
		{s.Drift(1, 1.5, 0), "drift: a share of 1.5 is outside 0 to 1"},
	} {
		require.EqualError(t, tt.err, "digicerttest: "+tt.text)
	}
	require.Equal(t, 1, s.Orders())
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 11}), "which no refused order has added")
	require.Equal(t, []string{"1"}, column(t, get(t, s, orderPath), "orders", "id"))
}

func TestOrdersComeInAnyOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, id := range []digicert.OrderID{50, 10, 40, 20, 30} {
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: id, Subaccount: digicert.Subaccount{AccountID: 1}}))
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: id + 1}))
	}
	require.NoError(t, s.RemoveOrder(30))
	require.NoError(t, s.RemoveOrder(11))
	require.Equal(t, []string{"10", "20", "40", "50"}, column(t, get(t, s, orderPath), "orders", "id"))
	require.Equal(t, 8, s.Orders())
}

// TestIdsAtTheirEnd checks that the server can assign ids after the largest one that a test can set.
func TestIdsAtTheirEnd(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1 << 62, Certificate: digicert.OrderCertificate{ID: 1 << 62}, Subaccount: digicert.Subaccount{AccountID: 1 << 62}}))
	require.EqualError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}), "digicerttest: AddOrder 1: certificate id 4611686018427387905 is outside 1 to 2^62")
	require.NoError(t, s.Generate(1, 2))
	require.Equal(t, "4611686018427387904", column(t, get(t, s, orderPath), "orders", "id")[0])
	require.Equal(t, 4, s.Orders())
}
