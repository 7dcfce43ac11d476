package digicert_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestPollLosesNothing(t *testing.T) {
	t.Parallel()
	losesNothing(t, 400, true)
}

func TestPollReturnsEachChangeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		first, err := c.StatusChanges.Poll(t.Context(), nil, nil)
		require.NoError(t, err)
		require.Equal(t, []digicert.StatusChange{}, first.Changes)

		time.Sleep(time.Hour)
		require.NoError(t, a.SetStatus(1, "issued"))
		a.ResetRequests()
		second, err := c.StatusChanges.Poll(t.Context(), first.State, nil)
		require.NoError(t, err)
		require.Len(t, second.Changes, 1)
		require.Equal(t, digicert.OrderID(1), second.Changes[0].OrderID)
		require.Empty(t, second.Repeats)
		require.Len(t, a.Requests(), 1)
		again, err := c.StatusChanges.Poll(t.Context(), first.State, nil)
		require.NoError(t, err)
		require.Equal(t, second.Changes, again.Changes, "from the same state")

		time.Sleep(time.Minute)
		third, err := c.StatusChanges.Poll(t.Context(), second.State, nil)
		require.NoError(t, err)
		require.Empty(t, third.Changes, "the poll reaches back over the last one")
		require.Equal(t, second.Changes, third.Repeats)
		require.Equal(t, []digicert.OrderID{}, ids(t, c, &digicert.WatchParams{Checkpoint: &stored{state: third.State}}, time.Minute), "a watch goes on from there")
	})
}

func TestPollStartsWhereItIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 2)
		require.NoError(t, a.SetStatusAt(1, "issued", a.now().Add(-30*24*time.Hour)))
		require.NoError(t, a.SetStatusAt(2, "issued", a.now().Add(-10*24*time.Hour)))
		poll, err := c.StatusChanges.Poll(t.Context(), nil, &digicert.PollParams{Start: time.Now().Add(-20 * 24 * time.Hour)})
		require.NoError(t, err)
		require.Len(t, poll.Changes, 1)
		require.Equal(t, digicert.OrderID(2), poll.Changes[0].OrderID)
	})
}

func TestPollReportsRowsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, 200, `{"orders":[{"order_id":1,"status":"issued"},{"status":"issued"},{"order_id":"one"}]}`)
	poll, err := c.StatusChanges.Poll(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Len(t, poll.Changes, 1)
	require.Len(t, poll.Bad, 2)
}

func TestPollRefuses(t *testing.T) {
	t.Parallel()
	server := digicerttest.NewServer(t)
	c := server.Client()
	_, err := c.StatusChanges.Poll(t.Context(), nil, &digicert.PollParams{Overlap: -1})
	requireParamError(t, err, "Overlap")
	_, err = c.StatusChanges.Poll(t.Context(), nil, &digicert.PollParams{Start: time.Now().Add(time.Hour)})
	requireParamError(t, err, "Start")
	_, err = c.StatusChanges.Poll(t.Context(), []byte("something else\n"), nil)
	require.ErrorContains(t, err, "not a checkpoint of a watch")
	requireOneLine(t, err)
	require.Zero(t, server.Stats().Requests)
}
