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
	"github.com/go-digicert/digicert/inventory"
)

var today = digicert.Date{Year: 2025, Month: time.June, Day: 15}

func addOrder(t *testing.T, s *digicerttest.Server, id digicert.OrderID, sub digicert.Subaccount, cost, currency string, change func(*digicert.SubaccountOrder)) {
	o := digicert.SubaccountOrder{
		ID:         id,
		Subaccount: sub,
		OrderPrice: digicert.Price{Cost: decimal.RequireFromString(cost), Currency: currency},
		Status:     digicert.OrderStatusIssued,
		Certificate: digicert.OrderCertificate{
			ID: digicert.CertificateID(id), CommonName: fmt.Sprintf("n%d.example", id), ValidTill: digicert.Date{Year: 2030, Month: 1, Day: 1},
		},
	}
	if change != nil {
		change(&o)
	}
	require.NoError(t, s.AddOrder(o))
}

// synced returns an inventory of a service.
func synced(t *testing.T, s *digicerttest.Server) *inventory.Inventory {
	inv, err := inventory.Open(t.Context(), filepath.Join(t.TempDir(), "inventory.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = inv.Close() })
	_, err = inv.Sync(t.Context(), s.Client(), nil)
	require.NoError(t, err)
	return inv
}

// list returns the rows of the table, as maps from column name to text, and the summary.
func list(t *testing.T, s *digicerttest.Server, days int) ([]map[string]string, string) {
	inv := synced(t, s)
	var table, summary bytes.Buffer
	require.NoError(t, writeTable(t.Context(), inv, &table))
	require.NoError(t, summarize(t.Context(), inv, &summary, today, days))
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
	addOrder(t, s, 12, one, "0.2", "USD", func(o *digicert.SubaccountOrder) { o.DateCreated = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC) })
	addOrder(t, s, 13, one, "90071992547409930.001", "EUR", nil)
	addOrder(t, s, 14, two, "5", "USD", nil)
	rows, summary := list(t, s, 30)
	require.Len(t, rows, 4)
	for _, line := range []string{
		"2 0.30 USD 1 One\n",
		"1 90071992547409930.001 EUR 1 One\n",
		"1 5.00 USD 2 Two\n",
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
	_, expiring, ok := strings.Cut(squeeze(summary), "expire within 10 days:\n")
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
	require.NotContains(t, summary, "\t")
	require.NotContains(t, summary, "\r")
}

// TestKept checks that the second run reads only what changed, and that an error while the table is written keeps the old file.
func TestKept(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithOrders(7, 2500))
	inv := synced(t, s)
	for c, err := range inv.Certificates(t.Context(), inventory.Filter{Status: digicert.OrderStatusIssued}) {
		require.NoError(t, err)
		require.NoError(t, s.SetStatus(c.OrderID, digicert.OrderStatusRevoked))
		break
	}
	before := s.Stats().Requests
	summary, err := inv.Sync(t.Context(), s.Client(), nil)
	require.NoError(t, err)
	require.False(t, summary.Full)
	require.Positive(t, summary.Changes)
	require.Less(t, s.Stats().Requests-before, 20)

	path := filepath.Join(t.TempDir(), "certificates.csv")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	full := errors.New("full")
	err = replaceFile(path, 0o600, func(w io.Writer) error { return writeTable(t.Context(), inv, failingWriter{full}) })
	require.ErrorIs(t, err, full)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(content))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, job{}.check(nil))
	require.EqualError(t, job{}.check([]string{"foo", "-out", "x"}), `inventory: unexpected argument "foo"`)
	require.EqualError(t, job{days: -1}.check(nil), "inventory: -days -1 is negative")
}

// TestRun runs the program without a key.
func TestRun(t *testing.T) {
	t.Setenv("DIGICERT_API_KEY", "")
	dir := t.TempDir()
	j := job{db: filepath.Join(dir, "never.db"), out: filepath.Join(dir, "certificates.csv"), report: filepath.Join(dir, "report.html"), days: 30}
	require.NoError(t, j.run(t.Context()))
	content, err := os.ReadFile(j.out)
	require.NoError(t, err)
	require.Greater(t, bytes.Count(content, []byte("\n")), 1000)
	report, err := os.ReadFile(j.report)
	require.NoError(t, err)
	require.Contains(t, string(report), "<title>")
	require.NoFileExists(t, j.db, "the generated orders are not put into the database of an account")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, j.run(ctx), context.Canceled)
}
