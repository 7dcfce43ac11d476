package inventory_test

import (
	"os"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

func TestMillion(t *testing.T) {
	n := 20_000
	if s := os.Getenv("INVENTORY_TEST_ORDERS"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	debug.SetGCPercent(50)
	server, err := digicerttest.New(digicerttest.WithoutSamples(), digicerttest.WithOrders(1, n*20/21))
	require.NoError(t, err)
	c := server.Client(digicert.WithLimiter(digicert.Unlimited()))
	inv := open(t, newSQLite(t))
	began := time.Now()
	var listed time.Time
	summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Progress: func(p inventory.Progress) {
		if p.Stage == inventory.StageOrders && listed.IsZero() {
			listed = time.Now()
		}
	}})
	require.NoError(t, err)
	took := time.Since(began)
	t.Logf("%d orders in %v (%v): %.0f a second; %+v", server.Orders(), took, listed.Sub(began), float64(server.Orders())/took.Seconds(), summary)
	for range 3 {
		began = time.Now()
		k := 0
		today := digicert.DateOf(time.Now().UTC())
		for _, err := range inv.Certificates(t.Context(), inventory.Filter{InUse: true, ValidTill: digicert.DateRange{From: today, To: today.AddDays(30)}}) {
			require.NoError(t, err)
			k++
		}
		t.Logf("%d expiring in %v", k, time.Since(began))
	}
	server.ResetRequests()
	began = time.Now()
	summary, err = inv.Sync(t.Context(), c, nil)
	require.NoError(t, err)
	t.Logf("%v %+v %d requests", time.Since(began), summary, len(server.Requests()))
	began = time.Now()
	summary, err = inv.Sync(t.Context(), c, &inventory.SyncParams{Full: true})
	require.NoError(t, err)
	t.Logf("%v %+v", time.Since(began), summary)
}
