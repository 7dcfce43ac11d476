package digicert_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// A listing reads later pages into the memory of earlier ones. What it yielded stays as it was, and so does what others
// read from then on.
func TestRowsThatWereYieldedStay(t *testing.T) {
	t.Parallel()
	server, err := digicerttest.New(digicerttest.WithOrders(5, 500))
	require.NoError(t, err)
	client := server.Client()
	params := &digicert.ListSubaccountOrdersParams{Limit: 20}
	var kept []digicert.SubaccountOrder
	var shown []string
	for order, err := range client.Subaccounts.AllOrders(t.Context(), params) {
		require.NoError(t, err)
		kept, shown = append(kept, order), append(shown, fmt.Sprintf("%+v", order))
	}
	require.Len(t, kept, 500)
	page, err := client.Subaccounts.ListOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 3})
	require.NoError(t, err)
	require.LessOrEqual(t, cap(page.Orders), 6, "a short page does not hold the memory of a long one")
	for range client.Subaccounts.AllOrders(t.Context(), params) {
	}
	for i, order := range kept {
		require.Equal(t, shown[i], fmt.Sprintf("%+v", order))
	}
	for i, order := range page.Orders {
		require.Equal(t, kept[i], order)
	}
}
