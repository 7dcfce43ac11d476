package digicerttest_test

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// leafOf returns the first certificate of the member certificate_chain, which must lead to the server's root and be
// for the key and the names.
func leafOf(t testing.TB, s *digicerttest.Server, doc m, key *ecdsa.PrivateKey, names ...string) *x509.Certificate {
	t.Helper()
	pool := x509.NewCertPool()
	var leaf *x509.Certificate
	for i, c := range doc["certificate_chain"].([]any) {
		cert := parsePEM(t, c.(m)["pem"].(string))[0]
		require.Equal(t, cert.Subject.CommonName, c.(m)["subject_common_name"])
		if i == 0 {
			leaf = cert
		}
		pool.AddCert(cert)
	}
	require.True(t, key.PublicKey.Equal(leaf.PublicKey), "the key of the CSR")
	require.Equal(t, names, leaf.DNSNames)
	for _, name := range names {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: s.Roots(), Intermediates: pool, DNSName: strings.ReplaceAll(name, "*", "x"), CurrentTime: noon.Add(time.Minute)})
		require.NoError(t, err)
	}
	return leaf
}

func TestPlaceOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddContainer(77, "Web"))
	key, csr := newCSR(t)
	id, doc := place(
		t, s, "ssl_multi_domain",
		"certificate.csr", csr, "certificate.dns_names", []string{"WWW.example.com", "a.example", "*.b.example"}, "certificate.signature_hash", "sha384",
		"certificate.server_platform", m{"id": -1}, "order_validity", m{"years": 2}, "alternative_order_id", "mine",
		"comments", "for the shop", "payment_method", "card", "auto_renew", 1, "auto_reissue", "1", "disable_renewal_notifications", true,
		"additional_emails", []string{"a@mail.example"}, "custom_fields", []m{{"metadata_id": 12, "value": "x"}}, "container", m{"id": 77},
		"_customer_api_key", s.Key(), "certificate_id", 0, "errors", nil, "renewal_of_order_id", 0, // as clients send
	)
	cert := leafOf(t, s, doc, key, "www.example.com", "a.example", "*.b.example")
	require.Len(t, doc["certificate_chain"], 3)
	require.Equal(t, "approved", doc["requests"].([]any)[0].(m)["status"])
	require.NotContains(t, doc, "dcv_random_value")
	require.NotContains(t, doc, "domains")

	o := info(t, s, id)
	c := o["certificate"].(m)
	require.Equal(t, "issued", o["status"])
	require.Equal(t, doc["certificate_id"], c["id"])
	require.Equal(t, []any{"www.example.com", "a.example", "*.b.example"}, c["dns_names"])
	require.Equal(t, fmt.Sprintf("%032X", cert.SerialNumber), c["serial_number"])
	require.Equal(t, csr, c["csr"])
	require.Equal(t, "256", c["key_size"].(json.Number).String())
	require.Equal(t, "sha384", c["signature_hash"])
	require.Equal(t, "OTHER", c["server_platform"].(m)["name"])
	require.Equal(t, "2024-06-15", c["valid_from"])
	require.Equal(t, "2025-07-17", c["valid_till"], "397 days in 2024")
	require.Equal(t, "2026-06-15", o["order_valid_till"])
	require.Equal(t, "1", o["is_multi_year_plan"])
	require.Equal(t, "mine", o["alternative_order_id"])
	require.Equal(t, "card", o["payment_method"])
	require.Equal(t, "1", o["auto_renew"].(json.Number).String())
	require.Equal(t, "1", o["auto_reissue"].(json.Number).String())
	require.Equal(t, true, o["disable_renewal_notifications"])
	require.Equal(t, []any{"a@mail.example"}, o["additional_emails"])
	require.Equal(t, decoded(t, `{"metadata_id":12,"value":"x"}`), o["custom_fields"].([]any)[0])
	require.Equal(t, "Web", o["container"].(m)["name"])
	require.Equal(t, "for the shop", requestOf(t, s, id, 0)["comments"])
	require.Equal(t, doc["requests"].([]any)[0].(m)["id"], requestOf(t, s, id, 0)["id"])

	require.Equal(t, []string{fmt.Sprint(id)}, column(t, get(t, s, ownPath), "orders", "id"))
	require.Equal(t, []string{fmt.Sprint(id)}, column(t, get(t, s, changesPath+"?minutes=1"), "orders", "order_id"))
	chain := chainOf(t, get(t, s, fmt.Sprintf("/certificate/%s/chain", c["id"])))
	require.Equal(t, cert.Raw, chain[0].Raw)
	require.NotContains(t, fmt.Sprintf("%+v", s.Requests()), s.Key(), "the key in the body is not kept")
	second, _ := place(t, s, "ssl_multi_domain", "certificate.csr", csr, "alternative_order_id", "mine")
	require.Equal(t, id+1, second, "an equal request makes another order")
	require.Equal(t, digicerttest.Counts{Received: 2, Acted: 2}, s.Count(digicerttest.PlaceOrder))
	require.Equal(t, map[digicerttest.Endpoint]digicerttest.Counts{digicerttest.PlaceOrder: {Received: 2, Acted: 2}}, s.Counts())
}

func TestPlaceOrderValidity(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		product          string
		at               time.Time
		changes          []any
		order, till      string
		years, validated string // JSON; "" for absent
	}{
		{"none", "ssl_plus", noon, []any{"order_validity", nil}, "2025-06-15", "2025-06-15", "1", `{"years":1}`},
		{"years", "ssl_plus", noon, []any{"order_validity", m{"years": 3}}, "2027-06-15", "2025-07-17", "3", `{"years":3}`},
		{"years as text", "ssl_plus", noon, []any{"order_validity", m{"years": "2"}}, "2026-06-15", "2025-07-17", "2", `{"years":2}`},
		{"days", "ssl_plus", noon, []any{"order_validity", m{"days": 90}}, "2024-09-13", "2024-09-13", "", `{"days":90}`},
		{"a date", "ssl_plus", noon, []any{"order_validity", m{"custom_expiration_date": "2024-12-24"}}, "2024-12-24", "2024-12-24", "", `{"custom_expiration_date":"2024-12-24"}`},
		{"a date of another form before the rest", "ssl_plus", noon, []any{"order_validity", m{"custom_expiration_date": "24 Dec 2024", "days": 3, "years": 1}}, "2024-12-24", "2024-12-24", "", `{"custom_expiration_date":"2024-12-24"}`},
		{"deprecated years", "ssl_plus", noon, []any{"order_validity", nil, "validity_years", 2}, "2026-06-15", "2025-07-17", "2", `{"years":2}`},
		{"deprecated days", "ssl_plus", noon, []any{"order_validity", nil, "validity_days", 9, "validity_years", 2}, "2024-06-24", "2024-06-24", "", `{"days":9}`},
		{"deprecated date", "ssl_plus", noon, []any{"order_validity", nil, "custom_expiration_date", "2024-07-01"}, "2024-07-01", "2024-07-01", "", `{"custom_expiration_date":"2024-07-01"}`},
		{"of the certificate alone", "ssl_plus", noon, []any{"certificate.cert_validity", m{"days": 30}}, "2025-06-15", "2024-07-15", "1", `{"years":1}`},
		{"199 days since 2026", "ssl_dv_rapidssl", time.Date(2026, 2, 24, 0, 0, 0, 0, time.UTC), nil, "2027-02-24", "2026-09-11", "1", `{"years":1}`},
		{"46 days since 2029", "ssl_plus", time.Date(2029, 2, 24, 0, 0, 0, 0, time.UTC), nil, "2030-02-24", "2029-04-11", "1", `{"years":1}`},
		{"a private certificate", "private_ssl_plus", noon, []any{"order_validity", m{"years": 3}}, "2027-06-15", "2027-06-15", "3", `{"years":3}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, digicerttest.WithClock(func() time.Time { return tt.at }))
			id, _ := place(t, s, tt.product, tt.changes...)
			o := info(t, s, id)
			require.Equal(t, tt.order, o["order_valid_till"])
			require.Equal(t, tt.till, o["certificate"].(m)["valid_till"])
			require.Equal(t, decoded(t, tt.validated), o["order_validity"])
			if tt.years == "" {
				require.NotContains(t, o, "validity_years")
			} else {
				require.Equal(t, json.Number(tt.years), o["validity_years"])
			}
			row := rows(t, get(t, s, ownPath), "orders")[0]
			require.Equal(t, tt.order, row["order_valid_till"])
			require.Equal(t, o["order_validity"], row["order_validity"])
		})
	}
}

func TestPlaceOrderRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	renewed, _ := place(t, s, "ssl_plus")
	place(t, s, "ssl_plus", "renewal_of_order_id", renewed)
	placed := s.Orders()
	_, csr := newCSR(t)
	block, _ := pem.Decode([]byte(csr))
	block.Bytes[len(block.Bytes)-1] ^= 1
	forged := string(pem.EncodeToMemory(block))
	for _, tt := range []struct {
		name    string
		product string
		changes []any
		status  int
		codes   []string
	}{
		{"an unknown product", "ssl_minus", nil, 404, []string{"not_found|product"}},
		{"an ambiguous type", "ssl", []any{"product", m{"type_hint": "any"}}, 400, []string{"ambiguous_product"}},
		{"no certificate", "ssl_plus", []any{"certificate", nil}, 400, []string{"required_param:certificate"}},
		{"no names, CSR and hash", "ssl_plus", []any{"certificate", m{"x": 1}}, 400, []string{
			"required_param:certificate.csr", "required_param:certificate.common_name", "required_param:certificate.signature_hash",
		}},
		{"no organization", "ssl_ev_plus", []any{"organization", nil}, 400, []string{"required_param:organization.id"}},
		{"an unknown organization", "ssl_plus", []any{"organization.id", 5}, 400, []string{"invalid_value:organization.id"}},
		{"an unknown container", "ssl_plus", []any{"container", m{"id": 6}}, 400, []string{"invalid_value:container.id"}},
		{"no CSR at all", "ssl_plus", []any{"certificate.csr", "x"}, 400, []string{"csr_invalid_cannot_parse"}},
		{"a forged CSR", "ssl_plus", []any{"certificate.csr", forged}, 400, []string{"csr_invalid_cannot_parse"}},
		{"a bad name", "ssl_plus", []any{"certificate.common_name", "a b"}, 400, []string{"invalid_value:certificate.common_name"}},
		{"bad further names", "ssl_plus", []any{"certificate.dns_names", []string{"x..y", "ok.example", "ö.example"}}, 400, []string{"invalid_value:certificate.dns_names", "invalid_value:certificate.dns_names"}},
		{"names that are no texts", "ssl_plus", []any{"certificate.dns_names", []int{1}}, 400, []string{"invalid_value:certificate.dns_names"}},
		{"names that are no list", "ssl_plus", []any{"certificate.dns_names", "a.example"}, 400, []string{"invalid_value:certificate.dns_names"}},
		{"a bad hash", "ssl_plus", []any{"certificate.signature_hash", "md5"}, 400, []string{"invalid_value:certificate.signature_hash"}},
		{"too many years", "ssl_plus", []any{"order_validity", m{"years": 4}}, 400, []string{"invalid_value:order_validity.years"}},
		{"too many deprecated years", "ssl_plus", []any{"order_validity", nil, "validity_years", 6}, 400, []string{"invalid_value:validity_years"}},
		{"negative days", "ssl_plus", []any{"order_validity", m{"days": -1}}, 400, []string{"invalid_value:order_validity.days"}},
		{"a past day", "ssl_plus", []any{"order_validity", m{"custom_expiration_date": "2024-06-01"}}, 400, []string{"invalid_value:order_validity.custom_expiration_date"}},
		{"no day", "ssl_plus", []any{"order_validity", m{"custom_expiration_date": "soon"}}, 400, []string{"invalid_value:order_validity.custom_expiration_date"}},
		{"a bad method", "ssl_plus", []any{"dcv_method", "phone"}, 400, []string{"invalid_value:dcv_method"}},
		{"a bad payment", "ssl_plus", []any{"payment_method", "gold"}, 400, []string{"invalid_value:payment_method"}},
		{"a bad flag", "ssl_plus", []any{"skip_approval", "perhaps"}, 400, []string{"invalid_value:skip_approval"}},
		{"renewal of nothing", "ssl_plus", []any{"renewal_of_order_id", 99}, 400, []string{"order_not_eligible_for_renewal"}},
		{"renewal of what was never issued", "ssl_plus", []any{"renewal_of_order_id", 1}, 400, []string{"order_not_eligible_for_renewal"}},
		{"second renewal", "ssl_plus", []any{"renewal_of_order_id", renewed}, 400, []string{"order_renewed_already"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requireError(t, write(t, s, http.MethodPost, ownPath+"/"+tt.product, orderBody(t, tt.changes...)), tt.status, tt.codes...)
			require.Equal(t, placed, s.Orders())
		})
	}
	for _, body := range []string{"{", "[]", "null x", `"x"`, `{} {}`} {
		requireError(t, write(t, s, http.MethodPost, ownPath+"/ssl_plus", body), 400, "bad_request_format")
	}
	requireError(t, write(t, s, http.MethodPost, ownPath+"/ssl_plus", ""), 400,
		"required_param:certificate", "required_param:organization.id")
	requireError(t, write(t, s, http.MethodPost, ownPath+"/ssl_plus?x=1", orderBody(t)), 400, "invalid_parameter|x")
	require.Equal(t, placed, s.Orders())
}

func TestPlaceOrderProducts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tt := range []struct{ product, hint, want string }{
		{"ssl", "dv", "ssl_dv_geotrust"},
		{"ssl", "ev", "ssl_ev_plus"},
		{"ssl", "", "ssl_plus"},
		{"ssl", "wildcard", "ssl_wildcard"},
		{"cloud_dv_geotrust", "", "cloud_dv_geotrust"},
	} {
		id, _ := place(t, s, tt.product, "product", m{"type_hint": tt.hint})
		require.Equal(t, tt.want, info(t, s, id)["product"].(m)["name_id"])
	}
	dv, _ := place(t, s, "ssl_dv_rapidssl", "organization", nil)
	require.Equal(t, []any{}, info(t, s, dv)["organization"])
	signing, doc := place(t, s, "code_signing", "certificate.csr", nil, "certificate.common_name", nil, "certificate.dns_names", nil)
	require.NotContains(t, doc, "certificate_chain")
	require.Equal(t, "needs_csr", info(t, s, signing)["status"])

	require.NoError(t, s.AddProduct(digicerttest.Product{NameID: "special", Type: "ssl_certificate", Price: 7}))
	id, _ := place(t, s, "special", "order_validity", m{"years": 2})
	require.Equal(t, json.Number("14"), info(t, s, id)["price"])
}

func TestRenewal(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first, _ := place(t, s, "ssl_plus")
	second, _ := place(t, s, "ssl_plus", "renewal_of_order_id", first)
	require.Equal(t, true, info(t, s, first)["is_renewed"])
	require.Equal(t, second, number(t, info(t, s, first)["renewed_order_id"]))
	require.Equal(t, first, number(t, info(t, s, second)["renewal_of_order_id"]))
	require.Equal(t, []string{fmt.Sprint(first)}, column(t, get(t, s, ownPath+query("filters[is_renewed]", "1")), "orders", "id"))
	require.Equal(t, []string{fmt.Sprint(second)}, column(t, get(t, s, ownPath+query("filters[is_renewed]", "0")), "orders", "id"))
}

func TestOrdersByAlternativeID(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const id = "a/b c%"
	requireError(t, get(t, s, "/order/alternate/a%2Fb%20c%25"), 404, "not_found|order")
	first, _ := place(t, s, "ssl_plus", "alternative_order_id", id)
	second, _ := place(t, s, "ssl_plus", "alternative_order_id", id)
	place(t, s, "ssl_plus", "alternative_order_id", "another")
	got := get(t, s, "/order/alternate/a%2Fb%20c%25?limit=1&offset=1")
	require.Equal(t, decoded(t, fmt.Sprintf(`{"order_id":%d,"certificate_id":%s,"status":"issued"}`, second, info(t, s, second)["certificate"].(m)["id"])), rows(t, got, "orders")[0])
	require.Equal(t, decoded(t, `{"total":2,"limit":1,"offset":1}`), decoded(t, got.body)["page"])
	require.Equal(t, []string{fmt.Sprint(first), fmt.Sprint(second)}, column(t, get(t, s, "/order/alternate/a%2Fb%20c%25"), "orders", "order_id"))
}
