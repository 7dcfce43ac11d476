package digicert_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// productBody has every field that is known of a product.
const productBody = `{"group_name": "ssl_certificate", "name_id": "ssl_plus", "name": "Standard SSL", "type": "ssl_certificate", "validation_type": "ov",
	"validation_name": "OV", "validation_description": "Normal Organization Validation", "allowed_container_ids": [11223, 11224],
	"allowed_validity_years": [1, 2], "allowed_order_validity_years": [1, 2, 3], "allowed_order_lifetimes": ["3 years"],
	"signature_hash_types": {"allowed_hash_types": [{"id": "sha256", "name": "SHA-256"}, {"id": "sha384", "name": "SHA-384"}], "default_hash_type_id": "sha256"},
	"allowed_ca_certs": [{"id": "D161CE127E57CA01", "name": "An issuing CA"}], "csr_required": true, "replacement_product_name_id": "ssl_basic",
	"duplicates_allowed": true, "additional_dns_names_allowed": true, "increased_compatibility_allowed": true, "custom_expiration_date_allowed": true,
	"custom_order_expiration_date_allowed": true, "allow_auto_renew": true,
	"server_platforms": [{"id": 2, "name": "Apache", "install_url": "https://example.com/install", "csr_url": "https://example.com/csr"}],
	"license_agreement": "CERTIFICATE SUBSCRIBER AGREEMENT"
}`

// wholeProduct is what productBody says.
func wholeProduct() *digicert.ProductInfo {
	return &digicert.ProductInfo{
		OrderProduct: digicert.OrderProduct{
			Product:        digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
			ValidationType: "ov", ValidationName: "OV", ValidationDescription: "Normal Organization Validation",
		},
		GroupName: "ssl_certificate", AllowedContainerIDs: []digicert.ContainerID{11223, 11224},
		AllowedValidityYears: []int{1, 2}, AllowedOrderValidityYears: []int{1, 2, 3}, AllowedOrderLifetimes: json.RawMessage(`["3 years"]`),
		SignatureHashTypes: digicert.SignatureHashTypes{
			Allowed: []digicert.HashType{{ID: "sha256", Name: "SHA-256"}, {ID: "sha384", Name: "SHA-384"}}, DefaultHashID: "sha256",
		},
		AllowedCACerts: []digicert.CACert{{ID: "D161CE127E57CA01", Name: "An issuing CA"}}, CSRRequired: true, ReplacementProductNameID: "ssl_basic",
		DuplicatesAllowed: true, AdditionalDNSNamesAllowed: true, IncreasedCompatibilityAllowed: true, CustomExpirationDateAllowed: true,
		CustomOrderExpirationDateAllowed: true, AllowAutoRenew: true,
		ServerPlatforms: []digicert.ServerPlatform{
			{ID: 2, Name: "Apache", InstallURL: "https://example.com/install", CSRURL: "https://example.com/csr"},
		},
		LicenseAgreement: "CERTIFICATE SUBSCRIBER AGREEMENT",
	}
}

func TestProductsGet(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, productBody)
	_, err := c.Products.Get(t.Context(), "ssl_plus")
	require.NoError(t, err)
	require.Equal(t, "/services/v2/product/ssl_plus", s.only(t).URL.Path)
	_, err = c.Products.Get(t.Context(), "ssl_basic")
	requireDecodeError(t, err, "/product/ssl_basic", "/name_id")
	require.ErrorContains(t, err, "product ssl_plus instead of ssl_basic")
	for _, id := range []string{"", "12", "a/b", "..", "a b", "ssl?x"} {
		_, err = c.Products.Get(t.Context(), id)
		requireParamError(t, err, "product_name_id")
	}
	require.Len(t, s.sent(), 2)
	c, _ = serve(t, http.StatusOK, `{}`)
	_, err = c.Products.Get(t.Context(), "ssl_plus")
	require.ErrorContains(t, err, "no product id instead of ssl_plus")
}

func TestProductsList(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]digicert.ProductInfo{
		`{"products":[` + productBody + `]}`: {*wholeProduct()},
		`{}`:                                 {},
	} {
		c, s := serve(t, http.StatusOK, body)
		got, err := c.Products.List(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, "/services/v2/product", s.only(t).URL.Path)
		require.Empty(t, s.only(t).URL.RawQuery)
	}
}

func TestProductsOfAServer(t *testing.T) {
	t.Parallel()
	c := digicerttest.NewServer(t).Client(quick)
	list, err := c.Products.List(t.Context())
	require.NoError(t, err)
	require.Greater(t, len(list), 20)
	for _, p := range list {
		one, err := c.Products.Get(t.Context(), p.NameID)
		require.NoError(t, err)
		require.Equal(t, p.SignatureHashTypes, one.SignatureHashTypes)
		require.Equal(t, "sha256", one.SignatureHashTypes.DefaultHashID)
		require.NotEmpty(t, one.ServerPlatforms)
		require.Empty(t, p.ServerPlatforms)
	}
	_, err = c.Products.Get(t.Context(), "ssl_nothing")
	require.ErrorIs(t, err, digicert.ErrNotFound)
}
