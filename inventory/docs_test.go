// Tests of what docs/inventory.md shows.

package inventory_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// documentedQueries returns the queries of docs/inventory.md.
func documentedQueries(t testing.TB) []string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "inventory.md"))
	require.NoError(t, err)
	var queries []string
	for _, match := range regexp.MustCompile("(?s)```sql\n(.*?);\n```").FindAllSubmatch(page, -1) {
		queries = append(queries, string(match[1]))
	}
	return queries
}

// TestDocumentedQueries runs the queries of the documentation on random data, and counts what they return.
func TestDocumentedQueries(t *testing.T) {
	t.Parallel()
	queries := documentedQueries(t)
	s := randomInventory(rand.New(rand.NewPCG(1, 0)))
	const serial = "0C9B4E1F27D5A38E6B10F2937C44D1AA"
	s.orders[0].certificates = append(s.orders[0].certificates, someCertificate{id: 1, kind: inventory.KindReissue, names: []string{"www.example.com"}, serial: serial})
	var soon, expired, weak, forHost, waiting, changed, ordered int
	twice := make(map[string]map[digicert.OrderID]bool)
	for _, c := range s.inUse() {
		switch {
		case c.till.IsZero():
		case c.till.Before(reportToday):
			expired++
		default:
			if !c.till.After(reportToday.AddDays(30)) {
				soon++
			}
			for _, name := range c.names {
				if twice[name] == nil {
					twice[name] = make(map[digicert.OrderID]bool)
				}
				twice[name][c.order.id] = true
			}
		}
		if c.bits == 1024 || c.hash == "sha1" {
			weak++
		}
	}
	maps.DeleteFunc(twice, func(_ string, orders map[digicert.OrderID]bool) bool { return len(orders) == 1 })
	groups := make(map[string]bool)
	for _, o := range s.orders {
		if o.status == "pending" || o.status == "reissue_pending" {
			if !o.removed && o.created.Before(time.Date(2026, time.February, 25, 0, 0, 0, 0, time.UTC)) {
				waiting++
			}
		}
		if o.price != "" && o.status != "denied" && o.status != "canceled" {
			groups[someAccounts[o.account]+o.created.Format("2006")+o.currency] = true
			ordered++
		}
		for _, c := range o.certificates {
			for _, name := range c.names {
				if name == "www.example.com" || name == "*.example.com" {
					forHost++
				}
			}
		}
	}
	for _, c := range s.changes {
		if digicert.DateOf(c.seen) == reportToday.AddDays(-1) {
			changed++
		}
	}
	// How many rows each query returns, and where a column is named, what its sum is.
	want := []struct{ rows, column, sum int }{
		{rows: soon}, {rows: 1, column: 1, sum: soon}, {rows: forHost}, {rows: 1}, {rows: expired}, {rows: len(groups), column: 3, sum: ordered}, {rows: len(twice)},
		{rows: weak}, {rows: waiting}, {rows: changed},
	}
	require.Len(t, queries, len(want))
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		s.store(t, inv)
		for i, query := range queries {
			require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
				rows, err := textRows(t.Context(), tx, query)
				require.NoError(t, err)
				require.NotEmpty(t, rows)
				require.Len(t, rows, want[i].rows)
				sum := 0
				for _, row := range rows {
					if want[i].column > 0 {
						n, err := strconv.Atoi(row[want[i].column])
						require.NoError(t, err)
						sum += n
					}
				}
				require.Equal(t, want[i].sum, sum)
				return nil
			}), query)
		}
	})
}

// textRows returns the rows of a query as texts.
func textRows(ctx context.Context, tx *sql.Tx, query string) ([][]string, error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var list [][]string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		row := make([]string, len(columns))
		for i, value := range values {
			row[i] = fmt.Sprint(*value.(*any))
		}
		list = append(list, row)
	}
	return list, rows.Err()
}
