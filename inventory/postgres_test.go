// Tests of what only a PostgreSQL server does.

package inventory_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// onPostgres runs a test if INVENTORY_TEST_POSTGRES names a database; see onEach.
func onPostgres(t *testing.T, test func(t *testing.T, newDSN func() string)) {
	t.Helper()
	if server := os.Getenv("INVENTORY_TEST_POSTGRES"); server != "" {
		t.Run("postgres", func(t *testing.T) {
			t.Parallel()
			test(t, func() string { return newSchema(t, server) })
		})
	}
}

// TestSyncCutOff has a server that ends the connections of a sync, before each request and after each transaction in turn.
func TestSyncCutOff(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, newDSN func() string) {
		for cut := int64(1); ; cut++ {
			dsn, name := newDSN(), strings.ToLower(rand.Text())
			s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
			addOrders(t, s, 1, 12)
			inv := open(t, dsn+"&application_name="+name)
			inv.SetBatches(4, 4, 4)
			var steps atomic.Int64 // lists are read by several goroutines
			step := func() {
				if steps.Add(1) == cut {
					alter(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"+name+"'")
				}
			}
			_, err := inv.Sync(t.Context(), clientOf(s, func(*http.Request) error { step(); return nil }), &inventory.SyncParams{Progress: func(inventory.Progress) { step() }, Concurrency: 1})
			if steps.Load() < cut {
				require.NoError(t, err)
				require.Greater(t, cut, int64(15))
				return
			}
			require.Error(t, err, "%d", cut)
			syncAll(t, inv, s, nil)
			require.Equal(t, []int{0}, query[int](t, inv, "SELECT count(*) FROM pending"))
			require.NoError(t, s.SetStatus(3, "revoked"))
			syncAll(t, inv, s, &inventory.SyncParams{Full: true})
			requireEqual(t, s, inv)
			require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), 12+1, "those that the first poll reported, and one")
		}
	})
}

// TestSyncByAnotherRole has a role that did not create the tables, and may change their rows.
func TestSyncByAnotherRole(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, newDSN func() string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		addOrders(t, s, 1, 12)
		dsn, role := newDSN(), "role_"+strings.ToLower(rand.Text())
		syncAll(t, open(t, dsn), s, nil)
		u, err := url.Parse(dsn)
		require.NoError(t, err)
		schema := u.Query().Get("search_path")
		alter(t, dsn, "CREATE ROLE "+role+" LOGIN; GRANT USAGE ON SCHEMA "+schema+" TO "+role+"; GRANT ALL ON ALL TABLES IN SCHEMA "+schema+" TO "+role)
		t.Cleanup(func() { alter(t, dsn, "DROP OWNED BY "+role+"; DROP ROLE "+role) })
		u.User = url.User(role)
		inv := open(t, u.String())
		addOrders(t, s, 13, 3)
		require.NoError(t, s.RemoveOrder(2))
		syncAll(t, inv, s, nil)
		syncAll(t, inv, s, &inventory.SyncParams{Full: true})
		requireEqual(t, s, inv)
	})
}

// TestQueryModes has a DSN with each mode of sending queries. Connection pools such as PgBouncer need the last ones.
func TestQueryModes(t *testing.T) {
	t.Parallel()
	onPostgres(t, func(t *testing.T, newDSN func() string) {
		for _, mode := range []string{"cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"} {
			s := digicerttest.NewServer(t, digicerttest.WithOrders(1, 200))
			inv := open(t, newDSN()+"&default_query_exec_mode="+mode)
			syncAll(t, inv, s, &inventory.SyncParams{Reissues: true})
			require.NoError(t, s.SetStatus(query[digicert.OrderID](t, inv, "SELECT max(id) FROM orders")[0], "revoked"))
			syncAll(t, inv, s, nil)
			requireEqual(t, s, inv)
			require.Empty(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{
				Name: `\' OR 1=1 --`, NameContains: `\'`, SerialNumber: `'; DROP TABLE orders; --`, InUse: true, Status: `\`, Product: "'", Subaccount: 1, OrderID: 1, Own: true,
			})))
			require.Len(t, collect(t, inv.Changes(t.Context(), time.Now().Add(-time.Hour))), 1)
			_, err := inv.Counts(t.Context())
			require.NoError(t, err)
			_, err = inv.Costs(t.Context())
			require.NoError(t, err)
			_, rows, err := queried(t.Context(), inv, "SELECT count(*) FROM orders WHERE status = 'revoked'")
			require.NoError(t, err)
			require.Positive(t, rows[0][0])
		}
	})
}
