package digicert_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

func TestPlaceSends(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	number := func(n int) *int { return &n }
	full := digicert.PlaceOrderParams{
		Certificate: digicert.CertificateRequest{
			CommonName: "example.com", DNSNames: []string{"www.example.com", "*.a.example.com"}, CSR: csr, SignatureHash: "sha384",
			ServerPlatformID: number(-1), CACertID: "A1B2", Validity: digicert.Validity{Days: 90}, Extra: map[string]any{"profile_option": "x"},
		},
		OrganizationID: 5, OrderValidity: digicert.Validity{Years: 3}, AlternativeOrderID: "mine", SkipApproval: true,
		DCVMethod: digicert.DCVDNSTXT, PaymentMethod: "balance", RenewalOfOrderID: 7, ContainerID: 9, AutoRenew: true, AutoReissue: true,
		DisableRenewalNotifications: true, Comments: "for the shop", AdditionalEmails: []string{"a@example.com"},
		CustomFields: []digicert.CustomField{{MetadataID: 12, Label: "not sent", Value: "x"}}, Extra: map[string]any{"locale": "en", "disable_ct": true},
	}
	for name, test := range map[string]struct {
		params digicert.PlaceOrderParams
		want   string // JSON, with CSR for the CSR
	}{
		"every field": {full, `{"certificate":{"common_name":"example.com","dns_names":["www.example.com","*.a.example.com"],"csr":"CSR","signature_hash":"sha384",
			"server_platform":{"id":-1},"ca_cert_id":"A1B2","cert_validity":{"days":90},"profile_option":"x"},"organization":{"id":5},"order_validity":{"years":3},
			"alternative_order_id":"mine","skip_approval":true,"dcv_method":"dns-txt-token","payment_method":"balance","renewal_of_order_id":7,
			"container":{"id":9},"auto_renew":1,"auto_reissue":1,"disable_renewal_notifications":true,"comments":"for the shop",
			"additional_emails":["a@example.com"],"custom_fields":[{"metadata_id":12,"value":"x"}],"locale":"en","disable_ct":true}`},
		"no field that is not needed": {
			digicert.PlaceOrderParams{Certificate: digicert.CertificateRequest{CommonName: "example.com", CSR: csr}, AlternativeOrderID: "mine"},
			`{"certificate":{"common_name":"example.com","csr":"CSR","signature_hash":"sha256"},"alternative_order_id":"mine"}`,
		},
		"dates, and Extra where no field is set": {
			digicert.PlaceOrderParams{
				Certificate: digicert.CertificateRequest{
					CommonName: "example.com", CSR: csr, Validity: digicert.Validity{CustomExpirationDate: digicert.Date{Year: 2027, Month: 1, Day: 2}},
					Extra: map[string]any{"signature_hash": "sha512", "server_platform": map[string]any{"id": 2}},
				},
				OrderValidity: digicert.Validity{CustomExpirationDate: digicert.Date{Year: 2028, Month: 12, Day: 31}}, AlternativeOrderID: "mine",
				Extra: map[string]any{"organization": map[string]any{"id": 5, "contacts": []any{}}, "comments": nil},
			},
			`{"certificate":{"common_name":"example.com","csr":"CSR","signature_hash":"sha512","server_platform":{"id":2},"cert_validity":{"custom_expiration_date":"2027-01-02"}},
			"order_validity":{"custom_expiration_date":"2028-12-31"},"alternative_order_id":"mine","organization":{"id":5,"contacts":[]},"comments":null}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					return answerJSON(r, http.StatusNotFound, `{"errors":[{"code":"not_found|order"}]}`), nil
				}
				return answerJSON(r, http.StatusCreated, `{"id":1}`), nil
			})
			_, err := s.client(t).Orders.Place(t.Context(), "ssl_plus", &test.params)
			require.NoError(t, err)
			sent := s.sent()
			require.Len(t, sent, 2)
			require.Equal(t, "/services/v2/order/alternate/mine", sent[0].URL.Path)
			require.Equal(t, "/services/v2/order/certificate/ssl_plus", sent[1].URL.Path)
			require.Empty(t, sent[1].URL.RawQuery)
			require.Empty(t, sent[1].Header.Get("Idempotency-Key"))
			body := bodyOf(t, sent[1])
			require.Equal(t, csr, body["certificate"].(map[string]any)["csr"], "PEM")
			body["certificate"].(map[string]any)["csr"] = "CSR"
			got, err := json.Marshal(body)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(got))
		})
	}
}

func TestPlaceMakesAnAlternativeID(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	c, s := serve(t, http.StatusCreated, `{"id":1}`)
	ids := map[any]bool{}
	for range 3 {
		placed, err := c.Orders.Place(t.Context(), "ssl_plus", &digicert.PlaceOrderParams{Certificate: digicert.CertificateRequest{CommonName: "example.com", CSR: csr}})
		require.NoError(t, err)
		require.Greater(t, len(placed.AlternativeOrderID), 20)
		ids[placed.AlternativeOrderID] = true
	}
	require.Len(t, ids, 3)
	for _, r := range s.sent() {
		require.Equal(t, http.MethodPost, r.Method, "a new id need not be looked for")
		require.True(t, ids[bodyOf(t, r)["alternative_order_id"]])
	}
}

func TestPlaceRefused(t *testing.T) {
	t.Parallel()
	key, csr := newKey(t)
	secret := keyPEM(t, key)
	block, _ := pem.Decode([]byte(csr))
	forged := append([]byte(nil), block.Bytes...)
	forged[len(forged)-1] ^= 1
	armor := func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	}
	bareKey := strings.Join(strings.Split(secret, "\n")[1:4], "")
	type params = digicert.PlaceOrderParams
	type change = func(*params)
	for name, test := range map[string]struct {
		product string
		change  change
		param   string
	}{
		"no product":               {"", nil, "product_name_id"},
		"product with a slash":     {"ssl/plus", nil, "product_name_id"},
		"product with dots":        {"..", nil, "product_name_id"},
		"product with a query":     {"ssl?x", nil, "product_name_id"},
		"product that is an order": {"123", nil, "product_name_id"},
		"product that is escaped":  {"ssl%2fplus", nil, "product_name_id"},
		"no CSR":                   {"", func(p *params) { p.Certificate.CSR = " \n" }, "certificate.csr"},
		"a CSR that is none":       {"", func(p *params) { p.Certificate.CSR = "hello" }, "certificate.csr"},
		"a CSR that is cut":        {"", func(p *params) { p.Certificate.CSR = csr[:len(csr)/2] }, "certificate.csr"},
		"a CSR of no DER":          {"", func(p *params) { p.Certificate.CSR = armor([]byte("x")) }, "certificate.csr"},
		"a CSR and more":           {"", func(p *params) { p.Certificate.CSR = armor(append(block.Bytes[:len(block.Bytes):len(block.Bytes)], 0)) }, "certificate.csr"},
		"a forged CSR":             {"", func(p *params) { p.Certificate.CSR = armor(forged) }, "certificate.csr"},
		"two CSRs":                 {"", func(p *params) { p.Certificate.CSR = csr + csr }, "certificate.csr"},
		"a certificate":            {"", func(p *params) { p.Certificate.CSR = strings.ReplaceAll(csr, " REQUEST", "") }, "certificate.csr"},
		"a long CSR":               {"", func(p *params) { p.Certificate.CSR = strings.Repeat("A", 1<<20) }, "certificate.csr"},
		"a key for a CSR":          {"", func(p *params) { p.Certificate.CSR = secret }, "certificate.csr"},
		"a bare key for a CSR":     {"", func(p *params) { p.Certificate.CSR = bareKey }, "certificate.csr"},
		"a key behind the CSR":     {"", func(p *params) { p.Certificate.CSR = csr + secret }, "certificate.csr"},
		"a key in comments":        {"", func(p *params) { p.Comments = secret }, "comments"},
		"a key for a name":         {"", func(p *params) { p.Certificate.DNSNames = []string{secret} }, "certificate.dns_names"},
		"a key for a common name":  {"", func(p *params) { p.Certificate.CommonName = secret }, "certificate.common_name"},
		"a key for an email":       {"", func(p *params) { p.AdditionalEmails = []string{secret} }, "additional_emails"},
		"a key for an id":          {"", func(p *params) { p.AlternativeOrderID = secret }, "alternative_order_id"},
		"a key in a field":         {"", func(p *params) { p.CustomFields = []digicert.CustomField{{MetadataID: 1, Value: bareKey}} }, "custom_fields[0].value"},
		"a key in Extra":           {"", func(p *params) { p.Extra = map[string]any{"a": map[string]any{"b": []string{"", secret}}} }, "a.b[1]"},
		"a bare key in Extra":      {"", func(p *params) { p.Extra = map[string]any{"a": bareKey} }, "a"},
		"a key as bytes in Extra":  {"", func(p *params) { p.Extra = map[string]any{"a": []byte(secret)} }, "a"},
		"a key as a name in Extra": {"", func(p *params) { p.Extra = map[string]any{secret: 1} }, "Extra"},
		"a key escaped in Extra": {"", func(p *params) {
			p.Extra = map[string]any{"a": json.RawMessage(`"PRIVATE KEY\u002d\u002d\u002d\u002d\u002d"`)}
		}, "a"},
		"a JSON key in Extra":        {"", func(p *params) { p.Extra = map[string]any{"a": map[string]any{"kty": "EC", "d": "x"}} }, "a"},
		"a key in Extra of the CSR":  {"", func(p *params) { p.Certificate.Extra = map[string]any{"x": secret} }, "certificate.x"},
		"Extra that is no JSON":      {"", func(p *params) { p.Extra = map[string]any{"a": func() {}} }, "Extra"},
		"no common name":             {"", func(p *params) { p.Certificate.CommonName = "" }, "certificate.common_name"},
		"a name with a space":        {"", func(p *params) { p.Certificate.CommonName = "a b.example" }, "certificate.common_name"},
		"a name with an empty label": {"", func(p *params) { p.Certificate.DNSNames = []string{"ok.example", "a..example"} }, "certificate.dns_names"},
		"an empty name":              {"", func(p *params) { p.Certificate.DNSNames = []string{""} }, "certificate.dns_names"},
		"a name with a dot behind":   {"", func(p *params) { p.Certificate.DNSNames = []string{"a.example."} }, "certificate.dns_names"},
		"a name in another script":   {"", func(p *params) { p.Certificate.DNSNames = []string{"bücher.example"} }, "certificate.dns_names"},
		"a wildcard inside":          {"", func(p *params) { p.Certificate.DNSNames = []string{"a.*.example"} }, "certificate.dns_names"},
		"two wildcards":              {"", func(p *params) { p.Certificate.DNSNames = []string{"*.*.example"} }, "certificate.dns_names"},
		"half a wildcard":            {"", func(p *params) { p.Certificate.DNSNames = []string{"a*.example"} }, "certificate.dns_names"},
		"only a wildcard":            {"", func(p *params) { p.Certificate.DNSNames = []string{"*"} }, "certificate.dns_names"},
		"a wildcard of nothing":      {"", func(p *params) { p.Certificate.DNSNames = []string{"*."} }, "certificate.dns_names"},
		"a hyphen in front":          {"", func(p *params) { p.Certificate.DNSNames = []string{"-a.example"} }, "certificate.dns_names"},
		"an underscore":              {"", func(p *params) { p.Certificate.DNSNames = []string{"a_b.example"} }, "certificate.dns_names"},
		"an address":                 {"", func(p *params) { p.Certificate.DNSNames = []string{"192.0.2.1"} }, "certificate.dns_names"},
		"another address":            {"", func(p *params) { p.Certificate.DNSNames = []string{"2001:db8::1"} }, "certificate.dns_names"},
		"a URL":                      {"", func(p *params) { p.Certificate.DNSNames = []string{"https://a.example/"} }, "certificate.dns_names"},
		"a long label":               {"", func(p *params) { p.Certificate.DNSNames = []string{strings.Repeat("a", 64) + ".example"} }, "certificate.dns_names"},
		"a long name":                {"", func(p *params) { p.Certificate.DNSNames = []string{strings.Repeat("a.", 125) + "example"} }, "certificate.dns_names"},
		"a hash of two words":        {"", func(p *params) { p.Certificate.SignatureHash = "sha 256" }, "certificate.signature_hash"},
		"a CA of two words":          {"", func(p *params) { p.Certificate.CACertID = "a b" }, "certificate.ca_cert_id"},
		"two validities":             {"", func(p *params) { p.OrderValidity = digicert.Validity{Years: 1, Days: 1} }, "order_validity"},
		"a date and years": {"", func(p *params) {
			p.OrderValidity = digicert.Validity{Years: 1, CustomExpirationDate: digicert.Date{Year: 2027, Month: 1, Day: 1}}
		}, "order_validity"},
		"a date and days": {"", func(p *params) {
			p.Certificate.Validity = digicert.Validity{Days: 1, CustomExpirationDate: digicert.Date{Year: 2027, Month: 1, Day: 1}}
		}, "certificate.cert_validity"},
		"a validity in Extra too":      {"", func(p *params) { p.OrderValidity.Years = 1; p.Extra = map[string]any{"validity_years": 1} }, "order_validity"},
		"two validities in Extra":      {"", func(p *params) { p.Extra = map[string]any{"validity_years": 1, "validity_days": 1} }, "order_validity"},
		"four years":                   {"", func(p *params) { p.OrderValidity.Years = 4 }, "order_validity.years"},
		"negative years":               {"", func(p *params) { p.OrderValidity.Years = -1 }, "order_validity.years"},
		"negative days":                {"", func(p *params) { p.Certificate.Validity.Days = -1 }, "certificate.cert_validity.days"},
		"too many days":                {"", func(p *params) { p.OrderValidity.Days = 5000 }, "order_validity.days"},
		"no day":                       {"", func(p *params) { p.OrderValidity.CustomExpirationDate = digicert.Date{Year: 2027, Month: 2, Day: 30} }, "order_validity.custom_expiration_date"},
		"a negative organization":      {"", func(p *params) { p.OrganizationID = -1 }, "organization.id"},
		"a negative container":         {"", func(p *params) { p.ContainerID = -1 }, "container.id"},
		"a negative renewal":           {"", func(p *params) { p.RenewalOfOrderID = -1 }, "renewal_of_order_id"},
		"a custom field without an id": {"", func(p *params) { p.CustomFields = []digicert.CustomField{{Value: "x"}} }, "custom_fields[0].metadata_id"},
		"a method of two words":        {"", func(p *params) { p.DCVMethod = "dns txt" }, "dcv_method"},
		"a payment of two words":       {"", func(p *params) { p.PaymentMethod = "my card" }, "payment_method"},
		"long comments":                {"", func(p *params) { p.Comments = strings.Repeat("x", 10_001) }, "comments"},
		"comments of control":          {"", func(p *params) { p.Comments = "a\x00b" }, "comments"},
		"comments that are not UTF-8":  {"", func(p *params) { p.Comments = "a\xff" }, "comments"},
		"an email that is none":        {"", func(p *params) { p.AdditionalEmails = []string{"a@b.example", "nobody"} }, "additional_emails"},
		"two emails in one":            {"", func(p *params) { p.AdditionalEmails = []string{"a@b.example, c@d.example"} }, "additional_emails"},
		"an id of dots":                {"", func(p *params) { p.AlternativeOrderID = ".." }, "alternative_order_id"},
		"an id that leads elsewhere":   {"", func(p *params) { p.AlternativeOrderID = "a/../../b" }, "alternative_order_id"},
		"an id with space around":      {"", func(p *params) { p.AlternativeOrderID = " a" }, "alternative_order_id"},
		"an id with a line break":      {"", func(p *params) { p.AlternativeOrderID = "a\nb" }, "alternative_order_id"},
		"a long id":                    {"", func(p *params) { p.AlternativeOrderID = strings.Repeat("x", 256) }, "alternative_order_id"},
		"Extra twice":                  {"", func(p *params) { p.Comments = "x"; p.Extra = map[string]any{"comments": "y"} }, "comments"},
		"Extra for the certificate":    {"", func(p *params) { p.Extra = map[string]any{"certificate": nil} }, "certificate"},
		"Extra for the id":             {"", func(p *params) { p.Extra = map[string]any{"alternative_order_id": "x"} }, "alternative_order_id"},
		"Extra for the CSR":            {"", func(p *params) { p.Certificate.Extra = map[string]any{"csr": "x"} }, "certificate.csr"},
		"Extra for names":              {"", func(p *params) { p.Certificate.Extra = map[string]any{"dns_names": "x"} }, "certificate.dns_names"},
		"Extra without a name":         {"", func(p *params) { p.Extra = map[string]any{"": 1} }, "Extra"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusCreated, `{"id":1}`)
			p := params{Certificate: digicert.CertificateRequest{CommonName: "example.com", CSR: csr}}
			product := test.product
			if test.change != nil {
				product = "ssl_plus"
				test.change(&p)
			}
			_, err := c.Orders.Place(t.Context(), product, &p)
			requireParamError(t, err, test.param)
			without(t, err, secret, csr, bareKey)
			require.Empty(t, s.sent())
		})
	}
	c, s := serve(t, http.StatusCreated, `{"id":1}`)
	_, err := c.Orders.Place(t.Context(), "ssl_plus", nil)
	requireParamError(t, err, "certificate")
	_, err = c.Orders.Place(t.Context(), "ssl_plus", &params{Certificate: digicert.CertificateRequest{CommonName: "a.example"}})
	require.ErrorIs(t, err, digicert.CodeRequiredParam)
	_, err = c.Orders.Place(t.Context(), "ssl_plus", &params{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: "x"}})
	require.ErrorIs(t, err, digicert.CodeCSRCannotParse)
	require.Empty(t, s.sent())
	_, err = (*digicert.OrdersService)(nil).Place(t.Context(), "ssl_plus", &params{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: csr}})
	require.Error(t, err)
}

// What is accepted although it looks odd.
func TestPlaceAccepted(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	lines := strings.Split(strings.TrimSpace(csr), "\n")
	for name, test := range map[string]struct {
		product     string
		certificate digicert.CertificateRequest
	}{
		"a CSR without line breaks": {"ssl_plus", digicert.CertificateRequest{CommonName: "a.example", CSR: strings.ReplaceAll(csr, "\n", "")}},
		"a bare CSR":                {"ssl_plus", digicert.CertificateRequest{CommonName: "a.example", CSR: strings.Join(lines[1:len(lines)-1], "")}},
		"a CSR with CR LF":          {"ssl_plus", digicert.CertificateRequest{CommonName: "a.example", CSR: strings.ReplaceAll(csr, "\n", "\r\n")}},
		"a new CSR":                 {"ssl_plus", digicert.CertificateRequest{CommonName: "a.example", CSR: strings.ReplaceAll(csr, "CERTIFICATE", "NEW CERTIFICATE")}},
		"a CSR with text around":    {"ssl_plus", digicert.CertificateRequest{CommonName: "a.example", CSR: "Certificate Request:\n" + csr + "\nend"}},
		"odd names":                 {"ssl_multi_domain", digicert.CertificateRequest{CommonName: "*.Example.COM", CSR: csr, DNSNames: []string{"xn--bcher-kva.example", "a--b.example", "1.example", "localhost", "3com.example"}}},
		"a person":                  {"client_premium", digicert.CertificateRequest{CommonName: "Jane Doe"}},
		"nothing":                   {"code_signing", digicert.CertificateRequest{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusCreated, `{"id":1}`)
			_, err := c.Orders.Place(t.Context(), test.product, &digicert.PlaceOrderParams{Certificate: test.certificate})
			require.NoError(t, err)
			certificate := bodyOf(t, s.only(t))["certificate"].(map[string]any)
			if test.certificate.CSR == "" {
				require.NotContains(t, certificate, "csr")
			} else {
				require.Equal(t, csr, certificate["csr"])
			}
		})
	}
}
