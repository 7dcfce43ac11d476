package digicert_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestSince(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	seed := randomSeed(t)
	for i, age := range []time.Duration{
		-time.Hour, 0, time.Second, time.Hour, 6 * day, 7*day - time.Minute, 7*day - 1, 7 * day, 7*day + 1, 8 * day, 14 * day, 30 * day, 400 * day,
	} {
		for _, skew := range []time.Duration{0, time.Hour, -time.Hour, 40 * day, -40 * day} {
			synctest.Test(t, func(t *testing.T) {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				time.Sleep(time.Duration(rng.Int64N(int64(400 * day))))
				a, c := still(t, skew, 400)
				since := a.now().Add(-age)
				want := make(map[digicert.OrderID]digicert.OrderStatus)
				for id := digicert.OrderID(1); id <= 300; id++ { // anywhere since then
					status := []digicert.OrderStatus{"issued", "revoked"}[rng.IntN(2)]
					require.NoError(t, a.SetStatusAt(id, status, since.Add(time.Second+time.Duration(rng.Int64N(int64(max(age, 0))+1)))))
					if age > 0 {
						want[id] = status
					}
				}
				for id := digicert.OrderID(301); id <= 400; id++ { // too long ago, whatever the margin
					require.NoError(t, a.SetStatusAt(id, "issued", since.Add(-3*time.Hour)))
				}
				time.Sleep(time.Second)
				changes, err := c.StatusChanges.Since(t.Context(), since)
				require.NoError(t, err)
				got := make(map[digicert.OrderID]digicert.OrderStatus)
				for _, change := range changes {
					require.NotContains(t, got, change.OrderID)
					require.LessOrEqual(t, change.OrderID, digicert.OrderID(300), "age %s, skew %s", age, skew)
					got[change.OrderID] = change.Status
				}
				for id, status := range want {
					require.Equal(t, status, got[id], "age %s, skew %s, order %d", age, skew, id)
				}
				require.NotNil(t, changes)
			})
		}
	}
	_, c := still(t, 0, 1)
	_, err := c.StatusChanges.Since(t.Context(), time.Time{})
	requireParamError(t, err, "t")
}
