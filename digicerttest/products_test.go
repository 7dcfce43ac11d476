package digicerttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

func TestProducts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddProduct(digicerttest.Product{NameID: "aaa", Type: "ssl_certificate", NoDuplicates: true}))
	got := get(t, s, "/product?container_id=5")
	ids := column(t, got, "products", "name_id")
	for _, id := range []string{
		"ssl_plus", "ssl_basic", "ssl_ev_basic", "ssl_securesite_flex", "ssl_ev_securesite_flex", "ssl_securesite_pro", "ssl_ev_securesite_pro",
		"ssl_multi_domain", "ssl_wildcard", "ssl_ev_plus", "ssl_ev_multi_domain", "private_ssl_plus", "private_ssl_flex", "private_ssl_wildcard",
		"private_ssl_multi_domain", "ssl_dv_geotrust", "ssl_dv_geotrust_flex", "ssl_dv_rapidssl", "wildcard_dv_geotrust", "wildcard_dv_rapidssl",
		"cloud_dv_geotrust", "code_signing", "code_signing_ev", "client_premium", "secure_email_mailbox", "aaa",
	} {
		require.Contains(t, ids, id)
	}
	require.Equal(t, []string{"products"}, keys(decoded(t, got.body)), "no page object")
	const row = `{"name_id":"aaa","name":"aaa","type":"ssl_certificate","allowed_validity_years":[1,2,3],"allowed_order_validity_years":[1,2,3],
		"signature_hash_types":{"allowed_hash_types":[{"id":"sha256","name":"sha256"},{"id":"sha384","name":"sha384"},{"id":"sha512","name":"sha512"}],"default_hash_type_id":"sha256"},
		"allowed_ca_certs":[{"id":"D161CE127E57CA01","name":"digicerttest TLS CA"}],"csr_required":true`
	require.Equal(t, decoded(t, row+"}"), rows(t, got, "products")[0])
	require.JSONEq(t, row+`,"duplicates_allowed":false,"additional_dns_names_allowed":true,"server_platforms":[{"id":45,"name":"nginx",
		"install_url":"https://docs.example/install/nginx","csr_url":"https://docs.example/csr/nginx"}]}`, get(t, s, "/product/aaa").body)
	require.Equal(t, false, decoded(t, get(t, s, "/product/code_signing").body)["csr_required"])
	require.Equal(t, true, decoded(t, get(t, s, "/product/ssl_plus").body)["duplicates_allowed"])
	requireError(t, get(t, s, "/product/bbb"), 404, "not_found|product")
	for _, p := range []digicerttest.Product{{}, {NameID: "a b", Type: "t"}, {NameID: "ssl", Type: "t"}, {NameID: "x"}} {
		require.Error(t, s.AddProduct(p))
	}
	require.NoError(t, s.AddProduct(digicerttest.Product{NameID: "aaa", Type: "code_signing_certificate"}))
	require.Equal(t, "code_signing_certificate", decoded(t, get(t, s, "/product/aaa").body)["type"], "it is replaced")
}
