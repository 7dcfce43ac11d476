package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestCancelOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithApproval())
	for _, status := range []string{"canceled", "CANCELED"} {
		id, _ := place(t, s, "ssl_plus")
		require.Equal(t, "needs_approval", info(t, s, id)["status"])
		got := write(t, s, http.MethodPut, fmt.Sprintf("%s/%d/status", ownPath, id), m{"status": status, "note": "a mistake", "send_emails": true})
		require.Equal(t, http.StatusNoContent, got.status, got.body)
		require.Empty(t, got.body)
		require.Equal(t, "canceled", info(t, s, id)["status"])
		request := requestOf(t, s, id, 0)
		require.Equal(t, "rejected", request["status"])
		require.Equal(t, "a mistake", request["processor_comment"])
		requireError(t, write(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", request["id"]), m{"status": "approved"}), 400, "request_already_processed")
		require.Equal(t, "canceled", rows(t, get(t, s, changesPath+"?minutes=1"), "orders")[0]["status"])
	}
}

// TestCancelReissue checks that canceling an order with a pending reissue only cancels the reissue.
func TestCancelReissue(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithApproval())
	id, placed := place(t, s, "ssl_plus", "skip_approval", true)
	doc := further(t, s, id, "reissue")
	require.NotContains(t, doc, "certificate_id")
	require.Equal(t, "reissue_pending", info(t, s, id)["status"])
	require.Equal(t, 204, write(t, s, http.MethodPut, fmt.Sprintf("%s/%d/status", ownPath, id), m{"status": "canceled", "note": "no"}).status)
	o := info(t, s, id)
	require.Equal(t, "issued", o["status"])
	require.Equal(t, placed["certificate_id"], o["certificate"].(m)["id"])
	require.Equal(t, "rejected", requestOf(t, s, id, 1)["status"])
	require.Equal(t, "no", requestOf(t, s, id, 1)["processor_comment"])
	require.Equal(t, "rejected", rows(t, get(t, s, fmt.Sprintf("%s/%d/reissue", ownPath, id)), "certificates")[0]["status"])

	// The same for a reissue that is only known by the status of its order.
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 50, Status: "reissue_pending"}))
	require.Equal(t, 204, write(t, s, http.MethodPut, ownPath+"/50/status", m{"status": "canceled", "note": "no"}).status)
	require.Equal(t, "issued", info(t, s, 50)["status"])
	require.Equal(t, "rejected", requestOf(t, s, 50, 1)["status"])
}

func TestCancelRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	issued, _ := place(t, s, "ssl_plus")
	for _, tt := range []struct {
		id     int
		body   m
		status int
		codes  []string
	}{
		{99, m{"status": "canceled", "note": "x"}, 404, []string{"not_found|order"}},
		{1, m{}, 400, []string{"required_param:status"}},
		{1, m{"status": "canceled"}, 400, []string{"required_param:note"}},
		{1, m{"status": "canceled", "note": " "}, 400, []string{"required_param:note"}},
		{1, m{"status": "cancelled", "note": "x"}, 400, []string{"invalid_value:status"}},
		{1, m{"status": "renewed"}, 400, []string{"invalid_value:status"}},
		{issued, m{"status": "canceled", "note": "x"}, 400, []string{"order_not_cancelable"}},
	} {
		requireError(t, write(t, s, http.MethodPut, fmt.Sprintf("%s/%d/status", ownPath, tt.id), tt.body), tt.status, tt.codes...)
	}
	require.Equal(t, digicerttest.Counts{Received: 7}, s.Count(digicerttest.UpdateOrderStatus))
}
