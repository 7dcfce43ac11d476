package inventory_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// TestMillion measures what a large account costs, in a process of its own. It has 20,000 orders unless INVENTORY_TEST_ORDERS says
// otherwise: with 1000000 it also checks times, which others on the machine change.
func TestMillion(t *testing.T) {
	orders := 20_000
	if s := os.Getenv("INVENTORY_TEST_ORDERS"); s != "" {
		var err error
		orders, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	large := orders >= 1_000_000
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithOrders(1, (orders*20+20)/21)) // and a twentieth as many of its own
	require.GreaterOrEqual(t, server.Orders(), orders)
	job := childJob{DSN: newSQLite(t), URL: server.URL(), Key: server.Key()}
	sync := func() (took time.Duration, peak int64, requests int) {
		before := server.Stats().Requests
		began := time.Now()
		c := startChild(t, job)
		for c.step() != "" {
			peak = max(peak, highWater(t, c.Process.Pid))
		}
		require.NoError(t, c.Wait(), c.stderr.String())
		return time.Since(began), peak, server.Stats().Requests - before
	}

	took, peak, requests := sync()
	rate := float64(server.Orders()) / took.Seconds()
	t.Logf("first sync of %d orders: %v, %.0f a second, %d MiB resident, %d requests", server.Orders(), took.Round(time.Millisecond), rate, peak>>20, requests)
	require.Less(t, peak, int64(200<<20))
	require.LessOrEqual(t, requests, server.Orders()/1000+10)
	if large {
		require.Greater(t, rate, 50_000.)
	}

	inv := open(t, job.DSN)
	require.Equal(t, []int{server.Orders()}, query[int](t, inv, "SELECT count(*) FROM orders"))
	today := digicert.DateOf(time.Now().UTC())
	expiring := inventory.Filter{InUse: true, ValidTill: digicert.DateRange{From: today, To: today.AddDays(30)}}
	best := time.Hour
	n := 0
	for range 5 {
		began := time.Now()
		n = len(collect(t, inv.Certificates(t.Context(), expiring)))
		best = min(best, time.Since(began))
	}
	t.Logf("%d certificates expire within 30 days: %v", n, best.Round(time.Microsecond))
	require.Positive(t, n)
	if large {
		require.Less(t, best, 50*time.Millisecond)
	}

	changes := min(1000, orders/100)
	ids := query[digicert.OrderID](t, inv, fmt.Sprintf("SELECT id FROM orders ORDER BY id DESC LIMIT %d", changes))
	for _, id := range ids {
		require.NoError(t, server.SetStatus(id, "revoked"))
	}
	took, _, requests = sync()
	t.Logf("sync of %d changes: %v, %d requests", changes, took.Round(time.Millisecond), requests)
	require.LessOrEqual(t, requests, changes+20)
	require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), changes)

	job.Full = true
	took, peak, requests = sync()
	t.Logf("full sync without changes: %v, %d MiB resident, %d requests", took.Round(time.Millisecond), peak>>20, requests)
	require.Less(t, peak, int64(200<<20))
	info, err := os.Stat(job.DSN)
	require.NoError(t, err)
	t.Logf("the file has %d MiB, %d bytes an order", info.Size()>>20, info.Size()/int64(server.Orders()))
	if !large {
		requireEqual(t, server, inv)
	}
}

// highWater returns the peak resident set of a process so far, in bytes, or 0 if the process is exiting.
func highWater(t testing.TB, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(status), "\nVmHWM:")
	if !ok {
		return 0
	}
	var kib int64
	_, err = fmt.Sscanf(rest, "%d kB", &kib)
	require.NoError(t, err)
	return kib << 10
}
