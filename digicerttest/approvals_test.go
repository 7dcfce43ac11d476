package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func approve(t *testing.T, s *digicerttest.Server, doc m, status string) {
	t.Helper()
	id := doc["requests"].([]any)[0].(m)["id"]
	got := write(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", id), m{"status": status, "processor_comment": "why not"})
	require.Equal(t, http.StatusNoContent, got.status, got.body)
}

func TestApproval(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithApproval(), digicerttest.WithKey("clerk", digicerttest.NoApproval()))
	id, doc := place(t, s, "ssl_plus")
	require.Equal(t, []string{"id", "requests"}, sorted(keys(doc)))
	require.Equal(t, "pending", doc["requests"].([]any)[0].(m)["status"])
	o := info(t, s, id)
	require.Equal(t, "needs_approval", o["status"])
	require.NotContains(t, o["certificate"], "id", "documented")
	require.NotContains(t, rows(t, get(t, s, ownPath), "orders")[0]["certificate"], "id")
	approve(t, s, doc, "submitted")
	require.Equal(t, "needs_approval", info(t, s, id)["status"])
	approve(t, s, doc, "approved")
	require.Equal(t, "issued", info(t, s, id)["status"])
	require.Contains(t, info(t, s, id)["certificate"], "id")
	require.Equal(t, "why not", requestOf(t, s, id, 0)["processor_comment"])

	rejected, doc := place(t, s, "ssl_plus")
	approve(t, s, doc, "rejected")
	require.Equal(t, "rejected", info(t, s, rejected)["status"])

	doc = further(t, s, id, "reissue")
	require.Equal(t, []string{"id", "requests"}, sorted(keys(doc)))
	list := func(kind string) m {
		return rows(t, get(t, s, fmt.Sprintf("%s/%d/%s", ownPath, id, kind)), "certificates")[0]
	}
	require.Equal(t, "pending", list("reissue")["status"])
	approve(t, s, doc, "approved")
	require.Equal(t, "issued", list("reissue")["status"])
	require.Equal(t, list("reissue")["id"], info(t, s, id)["certificate"].(m)["id"])

	doc = further(t, s, id, "duplicate")
	require.Equal(t, "pending", list("duplicate")["status"])
	approve(t, s, doc, "rejected")
	require.Equal(t, "rejected", list("duplicate")["status"])
	require.Equal(t, "issued", info(t, s, id)["status"])

	// skip_approval counts only with the right to approve.
	_, doc = place(t, s, "ssl_plus", "skip_approval", true)
	require.Contains(t, doc, "certificate_chain")
	got, err := tryWrite(t, s, http.MethodPost, ownPath+"/ssl_plus", "clerk", orderBody(t, "skip_approval", true))
	require.NoError(t, err)
	require.Equal(t, 201, got.status, "it is created, not refused")
	require.NotContains(t, decoded(t, got.body), "certificate_id")
}

// TestApproveDerived approves requests of orders that no request placed.
func TestApproveDerived(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "needs_approval"}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Status: "pending"}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 3, Status: "reissue_pending"}))
	for _, id := range []int{1, 2, 3} {
		requests := info(t, s, id)["requests"].([]any)
		request := requests[len(requests)-1].(m)
		require.Equal(t, "pending", request["status"])
		require.Equal(t, 204, write(t, s, http.MethodPut, fmt.Sprintf("/request/%s/status", request["id"]), m{"status": "approved"}).status)
		o := info(t, s, id)
		require.Equal(t, "issued", o["status"])
		require.Contains(t, o["certificate"], "serial_number")
		require.Equal(t, "2025-06-15", o["certificate"].(m)["valid_till"])
	}
}

func TestListRequests(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithApproval(), digicerttest.WithClock(clock.Now))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", DateCreated: noon.AddDate(0, 0, -1)}))
	first, doc := place(t, s, "ssl_plus", "comments", "c")
	clock.Advance(1)
	place(t, s, "ssl_dv_rapidssl", "certificate.common_name", "other.example", "skip_approval", true)
	id := fmt.Sprint(doc["requests"].([]any)[0].(m)["id"])
	for query, want := range map[string]int{
		"": 3, "?limit=2": 2, "?offset=3": 0, "?filters[status]=pending": 1, "?status=approved": 2, "?filters[type]=revoke": 0,
		"?filters[type]=new_request": 3, "?filters[search]=%25OTHER": 1, "?filters[container_id]=5": 3, "?filters[container_id]=6": 0,
	} {
		require.Len(t, rows(t, get(t, s, "/request"+query), "requests"), want, query)
	}
	require.Equal(t, id, column(t, get(t, s, "/request"), "requests", "id")[1], "the latest first")
	require.Equal(t, "2", column(t, get(t, s, "/request?sort=date"), "requests", "id")[0])
	row := rows(t, get(t, s, "/request?filters[status]=pending"), "requests")[0]
	require.Equal(t, []string{"date", "id", "order", "requester", "status", "type"}, sorted(keys(row)))
	require.Equal(t, first, number(t, row["order"].(m)["id"]))
	require.Equal(t, "www.example.com", row["order"].(m)["certificate"].(m)["common_name"])

	got := decoded(t, get(t, s, "/request/"+id).body)
	require.Equal(t, "c", got["comments"])
	require.Equal(t, "needs_approval", got["order"].(m)["status"])
	require.NotContains(t, got, "date_processed")
	approve(t, s, doc, "approved")
	got = decoded(t, get(t, s, "/request/"+id).body)
	require.Equal(t, "2024-06-15T12:00:00+00:00", got["date_processed"])
	require.Equal(t, "why not", got["processor_comment"])
	require.Contains(t, got, "reviewer")
	for _, missing := range []string{"/request/3", "/request/99", "/request/7000000009"} {
		requireError(t, get(t, s, missing), 404, "not_found|request")
	}
	for _, body := range []m{{}, {"status": "maybe"}} {
		require.Equal(t, 400, write(t, s, http.MethodPut, "/request/"+id+"/status", body).status)
	}
	requireError(t, write(t, s, http.MethodPut, "/request/99/status", m{"status": "approved"}), 404, "not_found|request")
	requireError(t, write(t, s, http.MethodPut, "/request/"+id+"/status", m{"status": "approved"}), 400, "request_already_processed")
}
