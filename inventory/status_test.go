// Tests of the state of an inventory.

package inventory_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// TestState checks that the version changes with each batch of a sync, and only then.
func TestState(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		inv, other := open(t, dsn), open(t, dsn)
		state := func() inventory.State {
			s, err := other.State(t.Context())
			require.NoError(t, err)
			return s
		}
		before := state()
		require.Zero(t, before.SyncedAt)
		require.Zero(t, before.ListedAt)
		server := digicerttest.NewServer(t)
		inv.SetBatches(2, 1000, 1)
		versions := map[string]bool{before.Version: true}
		batches := 0
		began := time.Now().Truncate(time.Second)
		_, err := inv.Sync(t.Context(), server.Client(), &inventory.SyncParams{Progress: func(p inventory.Progress) {
			s := state()
			require.Zero(t, s.SyncedAt)
			if p.Stage == inventory.StageSubaccountOrders || p.Stage == inventory.StageOrders {
				batches++
				require.False(t, versions[s.Version], "%s %d", p.Stage, p.Done)
			}
			versions[s.Version] = true
		}})
		require.NoError(t, err)
		require.Greater(t, batches, 3)
		first := state()
		require.False(t, versions[first.Version])
		require.Equal(t, first, state())
		require.False(t, first.SyncedAt.Before(began))
		require.False(t, first.ListedAt.Before(began))
		_, err = inv.Sync(t.Context(), server.Client(), nil)
		require.NoError(t, err)
		second := state()
		require.NotEqual(t, first.Version, second.Version)
		require.Equal(t, first.ListedAt, second.ListedAt)
	})
}

// TestCounts compares the numbers with a count of the same rows.
func TestCounts(t *testing.T) {
	t.Parallel()
	s := randomInventory(rand.New(rand.NewPCG(randomSeed(t), 0)))
	want := &inventory.Counts{
		Orders: make(map[digicert.OrderStatus]int), Certificates: make(map[digicert.OrderStatus]int), InUse: make(map[digicert.Date]int),
	}
	for _, o := range s.orders {
		if o.removed {
			continue
		}
		want.Orders[digicert.OrderStatus(o.status)]++
		if len(o.certificates) > 0 {
			want.Certificates[digicert.OrderStatus(o.status)] += len(o.certificates)
		}
	}
	for _, c := range s.inUse() {
		want.InUse[c.till]++
	}
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		s.store(t, inv)
		counts, err := inv.Counts(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, counts)
	})
}
