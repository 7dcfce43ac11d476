package inventory_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// randomSeed returns the seed of a randomised test, and logs it.
func randomSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("DIGICERT_TEST_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("DIGICERT_TEST_SEED=%d", seed)
	return seed
}

// orderState is what the lists say of an order.
type orderState struct {
	Source, Status, CommonName, DNSNames, Serial, ValidTill, Product, Price string
	Subaccount                                                              digicert.AccountID
	Certificate                                                             digicert.CertificateID
}

// listed returns what the service says of all orders.
func listed(t testing.TB, s *digicerttest.Server) map[digicert.OrderID]orderState {
	t.Helper()
	c := s.Client(digicert.WithLimiter(digicert.Unlimited()))
	orders := make(map[digicert.OrderID]orderState)
	names := func(list []string) string { return strings.Join(list, " ") }
	for o, err := range c.Orders.All(t.Context(), nil) {
		require.NoError(t, err)
		orders[o.ID] = orderState{"own", string(o.Status), o.Certificate.CommonName, names(o.Certificate.DNSNames), strings.ToUpper(o.Certificate.SerialNumber),
			o.Certificate.ValidTill.String(), o.Product.NameID, o.Price.String(), 0, o.Certificate.ID}
	}
	for o, err := range c.Subaccounts.AllOrders(t.Context(), nil) {
		require.NoError(t, err)
		orders[o.ID] = orderState{"subaccount", string(o.Status), o.Certificate.CommonName, names(o.Certificate.DNSNames), strings.ToUpper(o.Certificate.SerialNumber),
			o.Certificate.ValidTill.String(), o.Product.NameID, o.OrderPrice.Cost.String(), o.Subaccount.AccountID, o.Certificate.ID}
	}
	for id, o := range orders {
		if o.Certificate == 0 { // there is no row for it, and the common name is that of the order
			o.DNSNames, o.Serial, o.ValidTill = "", "", ""
			orders[id] = o
		}
	}
	return orders
}

// known returns the same of the database, for the orders that were not removed, and how many orders are to be read.
func known(t testing.TB, inv *inventory.Inventory) (orders map[digicert.OrderID]orderState, pending int) {
	t.Helper()
	orders = make(map[digicert.OrderID]orderState)
	require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT o.id, o.source, o.status, o.common_name, coalesce(c.dns_names, '[]'), coalesce(c.serial_number, ''), coalesce(c.valid_till, ''), p.name_id,
			CAST(o.price AS TEXT), coalesce(o.subaccount_id, 0), coalesce(o.certificate_id, 0)
			FROM orders o LEFT JOIN certificates c ON c.id = o.certificate_id LEFT JOIN products p ON p.id = o.product_id WHERE o.removed_at IS NULL`)
		if err != nil {
			return err
		}
		for rows.Next() {
			var id digicert.OrderID
			var o orderState
			if err := rows.Scan(&id, &o.Source, &o.Status, &o.CommonName, &o.DNSNames, &o.Serial, &o.ValidTill, &o.Product, &o.Price, &o.Subaccount, &o.Certificate); err != nil {
				return err
			}
			var names []string
			if err := json.Unmarshal([]byte(o.DNSNames), &names); err != nil {
				return err
			}
			o.DNSNames = strings.Join(names, " ")
			price, err := decimal.NewFromString(o.Price)
			if err != nil {
				return err
			}
			o.Price = price.String()
			orders[id] = o
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		return tx.QueryRow("SELECT count(*) FROM pending").Scan(&pending)
	}))
	return orders, pending
}

// requireEqual requires that the database has what the service says, and that nothing is left to be read.
func requireEqual(t testing.TB, s *digicerttest.Server, inv *inventory.Inventory) {
	t.Helper()
	got, pending := known(t, inv)
	require.Equal(t, listed(t, s), got)
	require.Zero(t, pending)
}

// query returns the first column of a query.
func query[T any](t testing.TB, inv *inventory.Inventory, text string) []T {
	t.Helper()
	list := []T{}
	require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(t.Context(), text)
		if err != nil {
			return err
		}
		for rows.Next() {
			var v T
			if err := rows.Scan(&v); err != nil {
				return err
			}
			list = append(list, v)
		}
		return errors.Join(rows.Err(), rows.Close())
	}))
	return list
}

// unlimited is a client of the server that does not wait for the rate limits.
func unlimited(s *digicerttest.Server, opts ...digicert.Option) *digicert.Client {
	return s.Client(append([]digicert.Option{digicert.WithLimiter(digicert.Unlimited())}, opts...)...)
}

// answerOf is an answer of the service.
func answerOf(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}
