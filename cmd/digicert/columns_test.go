// Tests of columns.

package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// allKinds has a field of every kind that columns support.
type allKinds struct {
	Text    string               `json:"text"`
	Open    digicert.OrderStatus `json:"open,omitzero"`
	Number  int                  `json:"number"`
	ID      digicert.OrderID     `json:"id,omitzero"`
	Maybe   *int                 `json:"maybe,omitzero"`
	Amount  decimal.Decimal      `json:"amount"`
	Yes     bool                 `json:"yes"`
	At      time.Time            `json:"at,omitzero"`
	Day     digicert.Date        `json:"day,omitzero"`
	Names   []string             `json:"names,omitzero"`
	Inner   *inner               `json:"inner,omitzero"`
	Numbers []int                `json:"numbers,omitzero"`
	Nobody  string               `json:"-"`
	hidden  string
}

type inner struct {
	Text   string `json:"text"`
	Inmost struct {
		Number int `json:"number"`
	} `json:"inmost"`
}

func TestColumnTexts(t *testing.T) {
	t.Parallel()
	row := allKinds{
		Text: "-1 <&>", Open: "=issued", Number: -1, ID: 7, Maybe: new(0), Amount: decimal.RequireFromString("-198.50"), Yes: true,
		At: time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC), Day: digicert.Date{Year: 2026, Month: 3, Day: 31},
		Names: []string{"=a", "b"}, Numbers: []int{1, 2}, Nobody: "x", hidden: "x",
	}
	row.Inner = &inner{Text: "@inside"}
	row.Inner.Inmost.Number = 5
	type cell struct{ name, table, csv string }
	cells := func(row allKinds) (list []cell) {
		v := reflect.ValueOf(&row).Elem()
		for _, c := range columnsOf(v.Type()) {
			list = append(list, cell{c.name, c.text(v), c.csv(v)})
		}
		return list
	}
	require.Equal(t, []cell{
		{"text", "-1 <&>", "'-1 <&>"},
		{"open", "=issued", "'=issued"},
		{"number", "-1", "-1"},
		{"id", "7", "7"},
		{"maybe", "0", "0"},
		{"amount", "-198.50", "-198.50"},
		{"yes", "true", "true"},
		{"at", "2026-03-31T18:00:00Z", "2026-03-31T18:00:00Z"},
		{"day", "2026-03-31", "2026-03-31"},
		{"names", "=a b", "'=a b"},
		{"inner.text", "@inside", "'@inside"},
		{"inner.inmost.number", "5", "5"},
		{"numbers", "[1,2]", "[1,2]"},
	}, cells(row))
	require.Equal(t, []cell{
		{"text", "", ""},
		{"open", "", ""},
		{"number", "0", "0"},
		{"id", "", ""},
		{"maybe", "", ""},
		{"amount", "0", "0"},
		{"yes", "false", "false"},
		{"at", "", ""},
		{"day", "", ""},
		{"names", "", ""},
		{"inner.text", "", ""},
		{"inner.inmost.number", "", ""},
		{"numbers", "", ""},
	}, cells(allKinds{}))
	require.Contains(t, cells(allKinds{Day: digicert.Date{Year: 2026, Month: 13, Day: 1}})[8].table, "2026-13-01", "an invalid date is reported")
}

// TestColumns compares the columns of every type of row with a golden file, because renamed or removed columns
// break the scripts of users.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		row    reflect.Type
		golden string
	}{
		{reflect.TypeFor[digicert.Reissue](), "columns/reissue.txt"},
		{reflect.TypeFor[digicert.SubaccountOrder](), "columns/subaccount_order.txt"},
		{reflect.TypeFor[digicert.StatusChange](), "columns/status_change.txt"},
		{reflect.TypeFor[digicert.Order](), "columns/order.txt"},
		{reflect.TypeFor[digicert.Duplicate](), "columns/duplicate.txt"},
		{reflect.TypeFor[digicert.HistoryEntry](), "columns/history_entry.txt"},
		{reflect.TypeFor[digicert.SubaccountInfo](), "columns/subaccount_info.txt"},
		{reflect.TypeFor[digicert.ChainCertificate](), "columns/chain_certificate.txt"},
		{reflect.TypeFor[digicert.OrganizationInfo](), "columns/organization_info.txt"},
		{reflect.TypeFor[digicert.Validation](), "columns/validation.txt"},
		{reflect.TypeFor[digicert.ProductInfo](), "columns/product_info.txt"},
		{reflect.TypeFor[digicert.Domain](), "columns/domain.txt"},
		{reflect.TypeFor[digicert.UserInfo](), "columns/user_info.txt"},
		{reflect.TypeFor[digicert.Account](), "columns/account.txt"},
		{reflect.TypeFor[digicert.Expiring](), "columns/expiring.txt"},
		{reflect.TypeFor[inventory.Certificate](), "columns/inventory_certificate.txt"},
		{reflect.TypeFor[inventory.Cost](), "columns/inventory_cost.txt"},
		{reflect.TypeFor[inventory.Change](), "columns/inventory_change.txt"},
		{reflect.TypeFor[inventory.Summary](), "columns/inventory_summary.txt"},
	} {
		var names []string
		for _, c := range columnsOf(test.row) {
			names = append(names, c.name+"\n")
		}
		golden(t, test.golden, strings.Join(names, ""))
	}
}
