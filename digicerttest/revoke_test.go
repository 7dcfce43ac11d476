package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestRevokeCertificate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id, placed := place(t, s, "ssl_plus")
	first := fmt.Sprint(placed["certificate_id"])
	further(t, s, id, "duplicate")
	duplicate := rows(t, get(t, s, fmt.Sprintf("%s/%d/duplicate", ownPath, id)), "certificates")[0]

	got := write(t, s, http.MethodPut, "/certificate/"+first+"/revoke", m{"comments": "lost", "reason": "ignored"})
	require.Equal(t, http.StatusCreated, got.status)
	doc := decoded(t, got.body)
	require.Equal(t, decoded(t, fmt.Sprintf(`{"id":%s,"date":"2024-06-15T12:00:00+00:00","type":"revoke","status":"pending","comments":"lost",
		"requester":{"id":1576,"firstname":"Logan","lastname":"Nelson","first_name":"Logan","last_name":"Nelson","email":"logan.nelson@example.com"}}`, doc["id"])), doc)
	require.NotContains(t, info(t, s, id)["certificate"], "status", "it waits for its approval")
	require.Equal(t, true, info(t, s, id)["has_pending_request"])
	require.Equal(t, 204, write(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", doc["id"]), m{"status": "approved"}).status)
	o := info(t, s, id)
	require.Equal(t, "revoked", o["certificate"].(m)["status"])
	require.Equal(t, "issued", o["status"], "revoking the only certificate leaves the order")
	requireError(t, write(t, s, http.MethodPut, "/certificate/"+first+"/revoke", nil), 400, "certificate_already_revoked")

	// By serial number, at once, with either name of the comment.
	got = write(t, s, http.MethodPut, fmt.Sprintf("/certificate/%s/revoke", duplicate["serial_number"]), m{"skip_approval": true, "comment": "x", "revocation_reason": "keyCompromise"})
	require.Equal(t, http.StatusNoContent, got.status)
	require.Empty(t, got.body)
	require.Equal(t, "revoked", rows(t, get(t, s, fmt.Sprintf("%s/%d/duplicate", ownPath, id)), "certificates")[0]["status"])
	require.Equal(t, "approved", requestOf(t, s, id, 3)["status"])
	require.NotContains(t, requestOf(t, s, id, 3), "comments", "it is not kept")

	// An order can be reissued after that.
	further(t, s, id, "reissue")
	require.NotContains(t, info(t, s, id)["certificate"], "status")
	require.Equal(t, digicerttest.Counts{Received: 3, Acted: 2}, s.Count(digicerttest.RevokeCertificate))
}

func TestRevokeOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id, _ := place(t, s, "ssl_plus")
	further(t, s, id, "reissue")
	path := fmt.Sprintf("%s/%d", ownPath, id)
	require.Equal(t, 204, write(t, s, http.MethodPut, path+"/revoke", m{"skip_approval": true}).status)
	o := info(t, s, id)
	require.Equal(t, "revoked", o["status"])
	require.Equal(t, "revoked", o["certificate"].(m)["status"])
	require.Equal(t, "revoked", rows(t, get(t, s, path+"/reissue"), "certificates")[0]["status"])
	require.Equal(t, "revoked", rows(t, get(t, s, changesPath+"?minutes=1"), "orders")[0]["status"])
	requireError(t, write(t, s, http.MethodPut, path+"/revoke", nil), 400, "order_already_revoked")

	atOnce := newServer(t, digicerttest.WithRevocationsApproved())
	place(t, atOnce, "ssl_plus")
	require.Equal(t, 204, write(t, atOnce, http.MethodPut, ownPath+"/1/revoke", nil).status)
	require.Equal(t, "revoked", info(t, atOnce, 1)["status"])

	other, _ := place(t, s, "ssl_plus")
	got := write(t, s, http.MethodPut, fmt.Sprintf("%s/%d/revoke", ownPath, other), nil)
	require.Equal(t, 201, got.status)
	require.Equal(t, "issued", info(t, s, other)["status"])
	require.Equal(t, 204, write(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", decoded(t, got.body)["id"]), m{"status": "rejected", "processor_comment": "no"}).status)
	require.Equal(t, "issued", info(t, s, other)["status"])
	require.Equal(t, "no", requestOf(t, s, other, 1)["processor_comment"])
}

func TestRevokeRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithApproval(), digicerttest.WithKey("clerk", digicerttest.NoApproval()), digicerttest.WithKey("viewer", digicerttest.ViewOnly()))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Certificate: digicert.OrderCertificate{ID: 10}}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Status: "issued", Certificate: digicert.OrderCertificate{ID: 20}}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 3, Status: "reissue_pending", Certificate: digicert.OrderCertificate{ID: 30}}))
	for _, tt := range []struct {
		path   string
		body   m
		status int
		code   string
	}{
		{"/certificate/99/revoke", nil, 404, "not_found|certificate"},
		{"/certificate/abcdef/revoke", nil, 404, "not_found|certificate"},
		{"/certificate/10/revoke", nil, 400, "certificate_not_issued"},
		{"/certificate/20/revoke", m{"revocation_reason": "boredom"}, 400, "invalid_value:revocation_reason"},
		{"/certificate/30/revoke", nil, 400, "order_has_pending_reissue"},
		{ownPath + "/99/revoke", nil, 404, "not_found|order"},
		{ownPath + "/1/revoke", nil, 400, "invalid_order_status"},
		{ownPath + "/3/revoke", nil, 400, "order_has_pending_reissue"},
	} {
		requireError(t, write(t, s, http.MethodPut, tt.path, tt.body), tt.status, tt.code)
	}
	got, err := tryWrite(t, s, http.MethodPut, "/certificate/20/revoke", "viewer", nil)
	require.NoError(t, err)
	requireError(t, got, 403, "access_denied|missing_permission")
	got, err = tryWrite(t, s, http.MethodPut, "/certificate/20/revoke", "clerk", m{"skip_approval": true})
	require.NoError(t, err)
	require.Equal(t, 201, got.status, "skip_approval without the right")
	require.Equal(t, "issued", info(t, s, 2)["status"])
	got, err = tryWrite(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", decoded(t, got.body)["id"]), "clerk", m{"status": "approved"})
	require.NoError(t, err)
	requireError(t, got, 403, "access_denied|invalid_approver")
}
