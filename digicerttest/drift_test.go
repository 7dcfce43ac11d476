package digicerttest_test

import (
	"strings"
	"testing"

	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestDrift(t *testing.T) {
	t.Parallel()
	ids := func(s *digicerttest.Server) []string { return column(t, get(t, s, orderPath), "orders", "id") }

	s := orderServer(t, digicerttest.WithDrift(1, 1, 0))
	require.Equal(t, strings.Fields("1 2 3 4 5 6 8"), ids(s), "behind the highest id, that of an own order")
	require.Equal(t, strings.Fields("1 2 3 4 5 6 8 9"), ids(s))
	get(t, s, changesPath+"?minutes=1")
	require.Equal(t, 9, s.Orders(), "other endpoints move nothing")
	require.NoError(t, s.Drift(1, 0, 1))
	require.Len(t, ids(s), 7)
	require.NoError(t, s.Drift(1, 0, 0))
	require.Len(t, ids(s), 7)
	require.NoError(t, s.Drift(1, 0, 1))
	for range 10 {
		ids(s)
	}
	require.Empty(t, ids(s), "until nothing is left")
	require.Equal(t, 1, s.Orders(), "but the own order")

	// The same seed makes the same changes, and there are some of each kind.
	walk := func() (all [][]string) {
		s := orderServer(t, digicerttest.WithDrift(7, 0.5, 0.5))
		for range 20 {
			all = append(all, ids(s))
		}
		return all
	}
	first := walk()
	require.Equal(t, first, walk())
	require.NotEqual(t, first[0], first[19])

	empty := newServer(t, digicerttest.WithDrift(1, 1, 1))
	require.Equal(t, []string{"1"}, ids(empty), "an order needs somebody who places it")
	require.Equal(t, []string{"1"}, ids(empty))
}
