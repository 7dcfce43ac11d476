// Tests of the inventory.

package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

var today = digicert.Date{Year: 2025, Month: time.June, Day: 15}

func addOrder(t *testing.T, s *digicerttest.Server, id digicert.OrderID, sub digicert.Subaccount, cost, currency string, change func(*digicert.SubaccountOrder)) {
	o := digicert.SubaccountOrder{
		ID:          id,
		Subaccount:  sub,
		OrderPrice:  digicert.Price{Cost: decimal.RequireFromString(cost), Currency: currency},
		Status:      digicert.OrderStatusIssued,
		Certificate: digicert.OrderCertificate{CommonName: fmt.Sprintf("n%d.example", id), ValidTill: digicert.Date{Year: 2030, Month: 1, Day: 1}},
	}
	if change != nil {
		change(&o)
	}
	require.NoError(t, s.AddOrder(o))
}

// list runs the inventory and returns its rows, as maps from column name to text, and the summary.
func list(t *testing.T, s *digicerttest.Server, days int) ([]map[string]string, string) {
	var table, summary bytes.Buffer
	require.NoError(t, inventory(t.Context(), s.Client(), &table, &summary, today, days))
	records, err := csv.NewReader(&table).ReadAll()
	require.NoError(t, err)
	require.Equal(t, header, records[0])
	var rows []map[string]string
	for _, record := range records[1:] {
		row := make(map[string]string)
		for i, cell := range record {
			row[header[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows, summary.String()
}

// squeeze replaces runs of spaces by one space.
func squeeze(s string) string { return regexp.MustCompile(` +`).ReplaceAllString(s, " ") }

func TestSums(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	one := digicert.Subaccount{AccountID: 1, OrganizationName: "One"}
	two := digicert.Subaccount{AccountID: 2, OrganizationName: "Two"}
	addOrder(t, s, 11, one, "0.1", "USD", nil)
	addOrder(t, s, 12, one, "0.2", "USD", nil)
	addOrder(t, s, 13, one, "90071992547409930.001", "EUR", nil)
	addOrder(t, s, 14, two, "5", "USD", nil)
	rows, summary := list(t, s, 30)
	require.Len(t, rows, 4)
	require.Equal(t, "0.10", rows[0]["cost"])
	require.Equal(t, "90071992547409930.001", rows[2]["cost"])
	for _, line := range []string{
		"4 orders of 2 subaccounts\n",
		"3 0.30 USD 1 One\n",
		"3 90071992547409930.001 EUR 1 One\n",
		"1 5.00 USD 2 Two\n",
		"4 5.30 USD all\n",
		"4 90071992547409930.001 EUR all\n",
	} {
		require.Contains(t, squeeze(summary), line)
	}
}

func TestExpiring(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	sub := digicert.Subaccount{AccountID: 1, OrganizationName: "One"}
	add := func(id digicert.OrderID, status digicert.OrderStatus, day int) {
		addOrder(t, s, id, sub, "1", "USD", func(o *digicert.SubaccountOrder) {
			o.Status = status
			o.Certificate.ValidTill = digicert.Date{Year: 2025, Month: time.June, Day: day}
		})
	}
	add(21, "issued", 25)
	add(22, "issued", 15)
	add(23, "issued", 26)
	add(24, "issued", 14)
	add(25, "revoked", 20)
	add(26, "reissue_pending", 20)
	_, summary := list(t, s, 10)
	_, expiring, ok := strings.Cut(squeeze(summary), "3 certificates expire within 10 days\n")
	require.True(t, ok, summary)
	require.Equal(t, strings.Join([]string{
		"2025-06-15 order 22, n22.example, One",
		"2025-06-20 order 26, n26.example, One",
		"2025-06-25 order 21, n21.example, One",
		"",
	}, "\n"), strings.ReplaceAll("\n"+expiring, "\n ", "\n")[1:])
}

// TestNoFormula checks that no cell is a formula, and that only apostrophes are added to the texts.
func TestNoFormula(t *testing.T) {
	t.Parallel()
	names := []string{
		`=HYPERLINK("https://example.com","x")`, "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\n\n=1", "  =1", "＝1",
		"A;=1", "A,=1;+2", "A\t-1", `A"=1`, `He said "no", twice`, "two\nlines", "plain", "x-y = z", "*.example", "Żółw 龜", " ",
	}
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	for i, name := range names {
		sub := digicert.Subaccount{AccountID: digicert.AccountID(i + 1), OrganizationName: name}
		addOrder(t, s, digicert.OrderID(i+1), sub, "1", "USD", func(o *digicert.SubaccountOrder) {
			o.Certificate.CommonName, o.Certificate.DNSNames = name, []string{name, "b.example"}
			o.Product = digicert.Product{NameID: "p", Name: name, Type: "t"}
			o.Certificate.SerialNumber, o.Certificate.Thumbprint = "=1", "-1"
		})
	}
	rows, summary := list(t, s, 30)
	require.Len(t, rows, len(names))
	begins := regexp.MustCompile(`(^|[,;|\t\r\n"]) *[=+\-@＝＋－＠]`)
	for i, row := range rows {
		for column, cell := range row {
			require.False(t, begins.MatchString(cell), "%s: %q", column, cell)
		}
		want := strings.ReplaceAll(names[i], "\r\n", "\n")
		require.Equal(t, want, strings.ReplaceAll(row["subaccount"], "'", ""))
		require.Equal(t, want, strings.ReplaceAll(row["common_name"], "'", ""))
	}
	require.Equal(t, "'=1", rows[0]["serial_number"])
	require.NotContains(t, summary, "\t")
	require.NotContains(t, summary, "\r")
}

// TestGenerated compares the summary with sums of the CSV.
func TestGenerated(t *testing.T) {
	t.Parallel()
	const n = 2500
	s := digicerttest.NewServer(t, digicerttest.WithOrders(7, n))
	rows, summary := list(t, s, 0)
	require.Len(t, rows, n)
	seen := make(map[string]bool)
	cost := make(map[string]decimal.Decimal)
	orders := make(map[string]int)
	total := decimal.Zero
	for _, row := range rows {
		require.False(t, seen[row["order_id"]])
		seen[row["order_id"]] = true
		require.Equal(t, "USD", row["currency"])
		sub := row["subaccount_id"] + " " + row["subaccount"]
		c := decimal.RequireFromString(row["cost"])
		cost[sub] = cost[sub].Add(c)
		orders[sub]++
		total = total.Add(c)
	}
	for sub := range cost {
		require.Contains(t, squeeze(summary), fmt.Sprintf("%d %s USD %s\n", orders[sub], cost[sub].StringFixed(2), sub))
	}
	require.Contains(t, squeeze(summary), fmt.Sprintf("%d %s USD all\n", n, total.StringFixed(2)))
}

// TestIncomplete checks that a failed listing is an error and keeps the old file.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithOrders(7, 2500))
	require.NoError(t, s.Inject(digicerttest.APIError(400, "broken", "Broken.").After(1)))
	path := filepath.Join(t.TempDir(), "orders.csv")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	err := replaceFile(path, 0o600, func(w io.Writer) error {
		return inventory(t.Context(), s.Client(), w, io.Discard, today, 30)
	})
	require.ErrorIs(t, err, digicert.ErrorCode("broken"))
	require.ErrorContains(t, err, "after 1000 orders")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(content))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestWriteFails(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	full := errors.New("full")
	err := inventory(t.Context(), s.Client(), failingWriter{full}, io.Discard, today, 30)
	require.ErrorIs(t, err, full)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// TestRun runs the program without a key.
func TestRun(t *testing.T) {
	t.Setenv("DIGICERT_API_KEY", "")
	path := filepath.Join(t.TempDir(), "orders.csv")
	require.NoError(t, run(t.Context(), path, 30))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 2501, bytes.Count(content, []byte("\n")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, run(ctx, path, 30), context.Canceled)
}
