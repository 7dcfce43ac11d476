package digicert

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// The record knows what was added, in whatever order, and takes 8 bytes a row.
func TestDelivered(t *testing.T) {
	t.Parallel()
	const n = 100_000
	for name, id := range map[string]func(i int) int64{
		"ascending":  func(i int) int64 { return int64(2*i + 2) },
		"descending": func(i int) int64 { return int64(2 * (n - i)) },
		"grouped":    func(i int) int64 { return int64(i%7)*1_000_000 + int64(2*i+2) },
		"scattered":  func(i int) int64 { return 2 * (int64(i)*7919%n + 1) },
		"large":      func(i int) int64 { return 1<<62 + 2*(int64(i)*7919%n) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := delivered{keepAll: true}
			for i := range n {
				fresh, listed := d.list(id(i))
				require.True(t, fresh)
				require.False(t, listed)
			}
			room := cap(d.top)
			for _, run := range d.runs {
				room += cap(run)
			}
			require.Less(t, room, n+2*topIDs+runIDs)
			d.unmark()
			for range 1000 {
				i := rand.IntN(n)
				require.NotNil(t, d.find(id(i)))
				require.Nil(t, d.find(id(i)+1))
			}
			fresh, listed := d.list(id(5))
			require.False(t, fresh)
			require.False(t, listed)
			_, listed = d.list(id(5))
			require.True(t, listed)
		})
	}
}

// While the list is sorted, what is remembered does not grow.
func TestDeliveredOfASortedListIsBounded(t *testing.T) {
	t.Parallel()
	var d delivered
	for id := int64(1); id <= 300_000; id++ {
		d.add(id)
	}
	require.LessOrEqual(t, len(d.runs)*runIDs, maxSorted+runIDs)
	require.Equal(t, d.forgotten.n, int(d.floor))
	require.Nil(t, d.find(d.floor))
	for id := d.floor + 1; id <= 300_000; id++ {
		require.NotNil(t, d.find(id))
	}
}
