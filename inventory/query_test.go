// Tests of queries that somebody else wrote.

package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/inventory"
)

// queried returns the result of a query.
func queried(ctx context.Context, inv *inventory.Inventory, text string) (names []string, rows [][]any, err error) {
	err = inv.Query(ctx, text, func(columns []string, all iter.Seq2[[]any, error]) error {
		names = columns
		for values, err := range all {
			if err != nil {
				return err
			}
			rows = append(rows, slices.Clone(values))
		}
		return nil
	})
	return names, rows, err
}

func TestQuery(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		inv.Exec(t, "INSERT INTO orders (id, source, status, common_name, price, first_seen_at) VALUES (?, 'own', 'issued', ?, ?, '')", 1, `a "b"`, "198.50")
		inv.Exec(t, "INSERT INTO orders (id, source, status, common_name, first_seen_at) VALUES (?, 'own', 'pending', 'c', '')", 2)
		names, rows, err := queried(t.Context(), inv, "SELECT id, common_name AS name, removed_at, id * 0.5 AS half, id = 1 AS is_one, id AS name FROM orders ORDER BY id -- a comment; with this")
		require.NoError(t, err)
		require.Equal(t, []string{"id", "name", "removed_at", "half", "is_one", "name"}, names)
		require.Len(t, rows, 2)
		require.Equal(t, []any{int64(1), `a "b"`, nil}, rows[0][:3])
		require.Equal(t, "0.5 1", fmt.Sprintf("%v %v", rows[0][3], rows[1][3]))
		require.Equal(t, int64(2), rows[1][5])

		names, rows, err = queried(t.Context(), inv, "WITH few AS (SELECT id FROM orders WHERE id > 5) SELECT id FROM few;")
		require.NoError(t, err)
		require.Equal(t, []string{"id"}, names, "also without rows")
		require.Empty(t, rows)

		own := errors.New("own")
		require.Equal(t, own, inv.Query(t.Context(), "SELECT id FROM orders", func(_ []string, all iter.Seq2[[]any, error]) error {
			for range all { // it ends after the first
				return own
			}
			return nil
		}))

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, err = queried(ended, inv, "SELECT 1")
		require.ErrorIs(t, err, context.Canceled)
	})
}

// TestQueryEnded checks that the end of a context ends a query, and leaves nothing behind.
func TestQueryEnded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		for range 5 {
			ctx, cancel := context.WithCancel(t.Context())
			const endless = "WITH RECURSIVE endless(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM endless) SELECT n FROM endless"
			require.ErrorIs(t, inv.Query(ctx, endless, func(_ []string, all iter.Seq2[[]any, error]) error {
				for _, err := range all {
					if err != nil {
						return err
					}
					cancel()
				}
				return nil
			}), context.Canceled)
			_, rows, err := queried(t.Context(), inv, "SELECT 1")
			require.NoError(t, err)
			require.Len(t, rows, 1)
		}
	})
}

// TestQueryNumeric checks that numbers of PostgreSQL stay exact.
func TestQueryNumeric(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		inv.Exec(t, "INSERT INTO orders (id, source, status, common_name, price, first_seen_at) VALUES (1, 'own', 'issued', '', ?, '')", "90071992547409930.001")
		_, rows, err := queried(t.Context(), inv, "SELECT price FROM orders")
		require.NoError(t, err)
		if inv.IsPostgres() {
			require.Equal(t, "90071992547409930.001", rows[0][0].(decimal.Decimal).String())
		} else {
			require.Equal(t, "90071992547409930.001", rows[0][0])
		}
	})
}

// TestQueryFaults checks that the fault of a query is a QueryError, and that the inventory goes on.
func TestQueryFaults(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		for _, text := range []string{
			"", " \n", "-- nothing", "nonsense", "SELECT", "SELECT nothing FROM orders", "SELECT * FROM nowhere", "SELECT 'open", "SELECT no_function(1)",
			"SELECT id FROM orders WHERE id = (SELECT", "SELECT 1 ORDER BY 2", "SELECT 1; SELECT 2", "SELECT 1 /* ; */; /* */ SELECT ';'",
			"SELECT 1 AS [a;]; SELECT 2", "SELECT 1 AS `a;`; SELECT 2", "SELECT CAST($1 AS INTEGER)",
		} {
			_, rows, err := queried(t.Context(), inv, text)
			var fault *inventory.QueryError
			require.ErrorAs(t, err, &fault, text)
			require.False(t, fault.Write, "%s: %v", text, err)
			require.NotEmpty(t, fault.Message)
			require.Empty(t, rows)
		}
		_, rows, err := queried(t.Context(), inv, "SELECT 1")
		require.NoError(t, err)
		require.Equal(t, [][]any{{int64(1)}}, rows)
	})
}

// TestQueryOneStatement checks that a semicolon is not taken for the end of a statement where it is none.
func TestQueryOneStatement(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		for _, text := range []string{
			"SELECT 1;", " ;; SELECT 1", "SELECT 1 ; -- end; SELECT", "SELECT 1;; /* ; */ ", "SELECT 1 -- ';\n", "SELECT 1 /* '; */", "-- ;\nSELECT 1", "/* ; **/ SELECT 1",
			`SELECT 1 AS "a;'b"`, "SELECT 1 WHERE ';''; --' <> ''", "SELECT 2 - -1 - 2", "SELECT 2/2",
		} {
			_, rows, err := queried(t.Context(), inv, text)
			require.NoError(t, err, text)
			require.Equal(t, [][]any{{int64(1)}}, rows, text)
		}
		if inv.IsPostgres() {
			for _, text := range []string{"DO $$ BEGIN RAISE EXCEPTION 'it ran'; END $$", "COPY (SELECT 1/0) TO PROGRAM 'true'"} {
				_, _, err := queried(t.Context(), inv, text)
				require.EqualError(t, err, "the query returns no columns", "it must not run")
			}
			return
		}
		for _, text := range []string{"SELECT 1 AS [a;'b]", "SELECT 1 AS `a;'b`", "SELECT 1; /* '"} {
			_, rows, err := queried(t.Context(), inv, text)
			require.NoError(t, err, text)
			require.Equal(t, [][]any{{int64(1)}}, rows, text)
		}
	})
}

// TestQueryOnlyReads checks that nothing that writes is run, alone, as a part of a query or behind one, and that no other file is opened.
func TestQueryOnlyReads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		inv.Exec(t, "INSERT INTO orders (id, source, status, common_name, first_seen_at) VALUES (1, 'own', 'issued', '', '')")
		other := filepath.Join(t.TempDir(), "other.db")
		texts := []string{
			"DELETE FROM orders", "UPDATE orders SET status = 'x'", "INSERT INTO orders SELECT * FROM orders", "DROP TABLE orders", "DROP VIEW inventory",
			"CREATE TABLE t (x INTEGER)", "CREATE TEMPORARY TABLE t (x INTEGER)", "ALTER TABLE orders ADD COLUMN x INTEGER",
			"DELETE FROM orders RETURNING id", "SELECT 1; DELETE FROM orders", "DELETE FROM orders; SELECT 1",
		}
		if inv.IsPostgres() {
			texts = append(texts,
				"COMMIT; DELETE FROM orders", "SELECT 1; COMMIT; DELETE FROM orders", "SET TRANSACTION READ WRITE; DELETE FROM orders",
				"WITH gone AS (DELETE FROM orders RETURNING id) SELECT id FROM gone", "SELECT nextval(pg_get_serial_sequence('changes', 'id'))",
				"COPY orders TO '"+other+"'", "SELECT set_config('transaction_read_only', 'off', true)", "SELECT id FROM orders FOR UPDATE", "SET search_path = public", "DO $$ BEGIN DELETE FROM orders; END $$",
			)
		} else {
			texts = append(texts,
				"PRAGMA query_only = 0", "PRAGMA query_only(0); DELETE FROM orders", "SELECT 1; PRAGMA query_only=0; DELETE FROM orders; SELECT 1",
				"ATTACH '"+other+"' AS other", "VACUUM INTO '"+other+"'", "VACUUM", "COMMIT; DELETE FROM orders", "ROLLBACK", "SAVEPOINT x", "REINDEX", "ANALYZE",
				"PRAGMA journal_mode = DELETE", "PRAGMA user_version = 7", "WITH x AS (SELECT 1) DELETE FROM orders",
			)
		}
		for _, text := range texts {
			_, _, err := queried(t.Context(), inv, text)
			require.Error(t, err, text)
			var fault *inventory.QueryError
			require.ErrorAs(t, err, &fault, text)
			_, rows, err := queried(t.Context(), inv, "SELECT count(*), max(status) FROM orders")
			require.NoError(t, err, "after %s", text)
			require.Equal(t, [][]any{{int64(1), "issued"}}, rows, "after %s", text)
			_, err = os.Stat(other)
			require.ErrorIs(t, err, os.ErrNotExist, text)
		}
		// Other readers, which use the same connections, and the writer are as they were.
		require.Empty(t, collect(t, inv.Changes(t.Context(), time.Time{})))
		inv.Exec(t, "DELETE FROM orders")
	})
}
