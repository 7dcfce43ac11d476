package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// further asks for a reissue or a duplicate that must be accepted, and returns the answer.
func further(t testing.TB, s *digicerttest.Server, id int, kind string, changes ...any) m {
	t.Helper()
	got := write(t, s, http.MethodPost, fmt.Sprintf("%s/%d/%s", ownPath, id, kind), orderBody(t, changes...))
	require.Equal(t, http.StatusCreated, got.status, got.body)
	doc := decoded(t, got.body)
	require.Equal(t, id, number(t, doc["id"]), "that of the order")
	return doc
}

func TestCreateReissue(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithClock(clock.Now))
	id, placed := place(t, s, "ssl_plus", "order_validity", m{"years": 2})
	clock.Advance(300 * 24 * time.Hour)
	key, csr := newCSR(t)
	doc := further(t, s, id, "reissue", "certificate.csr", csr, "certificate.dns_names", []string{"b.example"}, "certificate.signature_hash", nil, "comments", "new key", "order_id", id)

	require.NotEqual(t, placed["certificate_id"], doc["certificate_id"])
	require.Equal(t, "approved", doc["requests"].([]any)[0].(m)["status"])
	pool := doc["certificate_chain"].([]any)
	cert := parsePEM(t, pool[0].(m)["pem"].(string))[0]
	require.True(t, key.PublicKey.Equal(cert.PublicKey))
	require.Equal(t, []string{"www.example.com", "b.example"}, cert.DNSNames)
	path := fmt.Sprintf("%s/%d", ownPath, id)
	row := rows(t, get(t, s, path+"/reissue"), "certificates")[0]
	require.Equal(t, doc["certificate_id"], row["id"])
	require.Equal(t, "issued", row["status"])
	require.Equal(t, csr, row["csr"])
	require.Equal(t, []any{"www.example.com", "b.example"}, row["dns_names"])
	require.Equal(t, "2026-05-13", row["valid_till"], "397 days; the order ends later")
	require.Equal(t, "2025-04-11T12:00:00+00:00", row["date_issued"])

	// The reissue is the primary certificate from now on.
	o := info(t, s, id)
	c := o["certificate"].(m)
	require.Equal(t, "issued", o["status"])
	for _, name := range []string{"id", "serial_number", "thumbprint", "csr", "valid_till", "date_issued", "dns_names"} {
		require.Equal(t, row[name], c[name], name)
	}
	require.Equal(t, "2025-04-11", c["valid_from"])
	require.Equal(t, "2026-06-15", o["order_valid_till"])
	require.Equal(t, "2024-06-15T12:00:00+00:00", o["date_issued"], "of the order")
	require.Equal(t, decoded(t, fmt.Sprintf(`{"id":%s,"date":"2025-04-11T12:00:00+00:00","type":"reissue","status":"approved","comments":"new key"}`, doc["requests"].([]any)[0].(m)["id"])), requestOf(t, s, id, 1))
	require.Equal(t, cert.Raw, chainOf(t, get(t, s, fmt.Sprintf("/certificate/%s/chain", c["id"])))[0].Raw)
	old := chainOf(t, get(t, s, fmt.Sprintf("/certificate/%s/chain", placed["certificate_id"])))[0]
	require.Equal(t, parsePEM(t, placed["certificate_chain"].([]any)[0].(m)["pem"].(string))[0].Raw, old.Raw, "the old one can still be had")
	require.Equal(t, []string{fmt.Sprint(id)}, column(t, get(t, s, changesPath+"?minutes=1"), "orders", "order_id"))
	require.Equal(t, "1", rows(t, get(t, s, ownPath), "orders")[0]["reissues_count"].(interface{ String() string }).String())

	// The order ends before a later reissue would.
	clock.Advance(100 * 24 * time.Hour)
	further(t, s, id, "reissue")
	require.Equal(t, "2026-06-15", info(t, s, id)["certificate"].(m)["valid_till"])
	require.Equal(t, digicerttest.Counts{Received: 2, Acted: 2}, s.Count(digicerttest.CreateReissue))
}

func TestCreateDuplicate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id, placed := place(t, s, "ssl_wildcard", "certificate.common_name", "*.example.com", "certificate.dns_names", []string{"example.com"})
	key, csr := newCSR(t)
	doc := further(t, s, id, "duplicate", "certificate.csr", csr, "certificate.common_name", "*.example.com", "certificate.dns_names", []string{"a.example.com"}, "certificate.server_platform", m{"id": 2})
	require.NotContains(t, doc, "certificate_id")
	cert := parsePEM(t, doc["certificate_chain"].([]any)[0].(m)["pem"].(string))[0]
	require.True(t, key.PublicKey.Equal(cert.PublicKey))
	row := rows(t, get(t, s, fmt.Sprintf("%s/%d/duplicate", ownPath, id)), "certificates")[0]
	require.Equal(t, "approved", row["status"])
	require.Equal(t, csr, row["csr"])
	require.Equal(t, "001", row["sub_id"])
	require.Equal(t, "2024-06-15", row["valid_from"])
	require.Equal(t, info(t, s, id)["certificate"].(m)["valid_till"], row["valid_till"])
	require.Equal(t, fmt.Sprintf("%032X", cert.SerialNumber), row["serial_number"])
	require.Equal(t, placed["certificate_id"], info(t, s, id)["certificate"].(m)["id"], "the primary certificate stays")
	require.Equal(t, "duplicate", requestOf(t, s, id, 1)["type"])
	listed := rows(t, get(t, s, ownPath), "orders")[0]
	require.Equal(t, true, listed["has_duplicates"])
	require.Equal(t, cert.Raw, chainOf(t, get(t, s, fmt.Sprintf("/certificate/%s/chain", row["id"])))[0].Raw)
	got := get(t, s, fmt.Sprintf("/certificate/download/order/%d/format/cer?subId=001", id))
	require.Equal(t, string(cert.Raw), got.body)
}

func TestFurtherRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithKey("restricted", digicerttest.ViewOnly()))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Status: "issued", Product: digicert.Product{NameID: "code_signing", Type: "code_signing_certificate"}}))
	issued, _ := place(t, s, "ssl_plus")
	for _, kind := range []string{"reissue", "duplicate"} {
		for _, tt := range []struct {
			name    string
			id      int
			changes []any
			status  int
			code    string
		}{
			{"no order", 99, nil, 404, "not_found|order"},
			{"a pending order", 1, nil, 400, "invalid_order_status"},
			{"no CSR", issued, []any{"certificate.csr", nil}, 400, "required_param:certificate.csr"},
			{"a bad CSR", issued, []any{"certificate.csr", "MII"}, 400, "csr_invalid_cannot_parse"},
			{"no name", issued, []any{"certificate.common_name", nil}, 400, "required_param:certificate.common_name"},
			{"a bad flag", issued, []any{"skip_approval", []int{}}, 400, "invalid_value:skip_approval"},
		} {
			requireError(t, write(t, s, http.MethodPost, fmt.Sprintf("%s/%d/%s", ownPath, tt.id, kind), orderBody(t, tt.changes...)), tt.status, tt.code)
		}
		got, err := tryWrite(t, s, http.MethodPost, fmt.Sprintf("%s/%d/%s", ownPath, issued, kind), "restricted", orderBody(t))
		require.NoError(t, err)
		requireError(t, got, 403, "access_denied|missing_permission")
	}
	requireError(t, write(t, s, http.MethodPost, fmt.Sprintf("%s/%d/duplicate", ownPath, issued), orderBody(t, "certificate.dns_names", []string{"other.example"})), 400, "invalid_value:certificate.dns_names")
	requireError(t, write(t, s, http.MethodPost, ownPath+"/2/duplicate", orderBody(t)), 400, "duplicates_not_allowed")
	require.Equal(t, "{}", get(t, s, fmt.Sprintf("%s/%d/reissue", ownPath, issued)).body)
	require.Equal(t, "{}", get(t, s, fmt.Sprintf("%s/%d/duplicate", ownPath, issued)).body)
	require.Zero(t, s.Count(digicerttest.CreateReissue).Acted)
}

// TestReissueOfGenerated checks that the rows of a generated order stay when a request adds one.
func TestReissueOfGenerated(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithOrders(5, 2000))
	for _, row := range rows(t, get(t, s, ownPath+query("filters[status]", "issued")), "orders") {
		id := number(t, row["id"])
		o, _ := s.Order(digicert.OrderID(id))
		before, duplicates := s.Reissues(o.ID), s.Duplicates(o.ID)
		if o.Status != "issued" || len(before) == 0 {
			continue
		}
		further(t, s, id, "reissue", "certificate.common_name", "new.example", "certificate.dns_names", nil)
		after := s.Reissues(o.ID)
		require.Equal(t, before, after[:len(before)])
		require.Len(t, after, len(before)+1)
		require.Equal(t, duplicates, s.Duplicates(o.ID))
		require.Equal(t, 200, get(t, s, fmt.Sprintf("/certificate/%d/chain", before[0].ID)).status)
		require.Equal(t, 200, get(t, s, fmt.Sprintf("/certificate/%d/chain", o.Certificate.ID)).status)
		return
	}
	t.Fatal("no order was reissued")
}
