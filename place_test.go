package digicert_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// newKey returns a new key and a CSR for it, as PEM.
func newKey(t testing.TB) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "example.com"}}, key)
	require.NoError(t, err)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

// keyPEM returns a private key as PEM.
func keyPEM(t testing.TB, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// bodyOf returns the JSON that was sent.
func bodyOf(t testing.TB, req *http.Request) map[string]any {
	t.Helper()
	text, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	var body map[string]any
	require.NoError(t, json.Unmarshal(text, &body))
	return body
}

// without returns the texts of an error and of all that it wraps, none of which may have a secret in them.
func without(t testing.TB, err error, secrets ...string) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range secrets {
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) > 30 && !strings.Contains(line, "-----") {
				require.NotContains(t, text, line)
			}
		}
	}
}

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

func TestPlaceAnswers(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for name, test := range map[string]struct {
		body string
		want digicert.PlacedOrder
	}{
		"only an id":           {`{"id":12}`, digicert.PlacedOrder{ID: 12}},
		"an id as text":        {`{"id":"12","status":"x"}`, digicert.PlacedOrder{ID: 12}},
		"pending":              {`{"id":12,"requests":[{"id":3,"status":"pending"}]}`, digicert.PlacedOrder{ID: 12, Requests: []digicert.OrderRequest{{ID: 3, Status: "pending"}}}},
		"approved":             {`{"id":12,"certificate_id":5}`, digicert.PlacedOrder{ID: 12, CertificateID: 5}},
		"issued":               {`{"id":12,"certificate_id":5,"certificate_chain":[{"subject_common_name":"a","pem":"b"}]}`, digicert.PlacedOrder{ID: 12, CertificateID: 5, CertificateChain: []digicert.ChainCertificate{{SubjectCommonName: "a", PEM: "b"}}}},
		"with a random value":  {`{"id":12,"dcv_random_value":"r","requests":null}`, digicert.PlacedOrder{ID: 12, DCVRandomValue: "r"}},
		"domains by name":      {`{"id":12,"domains":[{"id":1,"name":"a.example","dcv_token":{"token":"t","status":"pending","expiration_date":"2027-01-02T03:04:05+00:00"}}]}`, digicert.PlacedOrder{ID: 12, Domains: []digicert.OrderDomain{{ID: 1, Name: "a.example", DCVToken: digicert.DCVToken{Value: "t", Status: "pending", ExpirationDate: utc(2027, 1, 2, 3, 4, 5)}}}}},
		"domains by dns_name":  {`{"id":12,"domains":[{"dns_name":"a.example"}],"errors":[]}`, digicert.PlacedOrder{ID: 12, Domains: []digicert.OrderDomain{{Name: "a.example"}}}},
		"empty forms of lists": {`{"id":12,"certificate_id":"","requests":null,"certificate_chain":[],"domains":null}`, digicert.PlacedOrder{ID: 12}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusCreated, test.body)
			placed, err := c.Orders.Place(t.Context(), "ssl_plus", &digicert.PlaceOrderParams{Certificate: digicert.CertificateRequest{CommonName: "example.com", CSR: csr}})
			require.NoError(t, err)
			s.only(t)
			test.want.AlternativeOrderID = placed.AlternativeOrderID
			for _, list := range []any{&test.want.Requests, &test.want.CertificateChain, &test.want.Domains} {
				switch list := list.(type) {
				case *[]digicert.OrderRequest:
					*list = append([]digicert.OrderRequest{}, *list...)
				case *[]digicert.ChainCertificate:
					*list = append([]digicert.ChainCertificate{}, *list...)
				case *[]digicert.OrderDomain:
					*list = append([]digicert.OrderDomain{}, *list...)
				}
			}
			require.Equal(t, &test.want, placed)
		})
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

// Each documented code of a refusal is an error that can be tested for, and nothing is sent again or looked for.
func TestPlaceErrorCodes(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for code, family := range map[digicert.ErrorCode]digicert.ErrorCode{
		"required_param:certificate.csr":           digicert.CodeRequiredParam,
		"invalid_value:validity_years":             digicert.CodeInvalidValue,
		"bad_request_format":                       digicert.CodeBadRequestFormat,
		"ambiguous_product":                        digicert.CodeAmbiguousProduct,
		"caa_check_failed|a.example":               digicert.CodeCAACheckFailed,
		"caa_not_found|a.example":                  digicert.CodeCAANotFound,
		"cert_validity_exceeds_order_validity":     digicert.CodeCertValidityExceedsOrder,
		"csr_invalid_cannot_parse":                 digicert.CodeCSRCannotParse,
		"invalid_custom_field_value":               digicert.CodeInvalidCustomField,
		"order_not_eligible_for_renewal":           digicert.CodeNotEligibleForRenewal,
		"order_renewed_already":                    digicert.CodeRenewedAlready,
		"access_denied|missing_permission":         digicert.CodeMissingPermission,
		"not_found|product":                        digicert.CodeNotFound,
		"auth_key_exists_for_account":              "auth_key_exists_for_account",
		"cert_transparency_turned_off_for_account": "cert_transparency_turned_off_for_account",
		"insufficient_subscription":                "insufficient_subscription",
	} {
		c, s := serve(t, http.StatusBadRequest, fmt.Sprintf(`{"errors":[{"code":"other","message":"x"},{"code":%q,"message":"y"}]}`, code))
		_, err := c.Orders.Place(t.Context(), "ssl_plus", &digicert.PlaceOrderParams{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: csr}})
		require.ErrorIs(t, err, code)
		require.ErrorIs(t, err, family)
		require.ErrorIs(t, err, digicert.ErrorCode("other"))
		require.NotErrorIs(t, err, digicert.ErrorCode("required"))
		require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
		s.only(t)
	}
}

// quick is a policy that waits for nothing.
var quick = digicert.WithRetry(digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1})

// placing returns parameters for an order with an alternative id.
func placing(csr, id string) *digicert.PlaceOrderParams {
	return &digicert.PlaceOrderParams{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: csr}, OrganizationID: 117483, AlternativeOrderID: id}
}

// An order whose answer is lost is found, sent once, and returned as if the answer had arrived.
func TestPlaceFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for name, faults := range map[string][]digicerttest.Fault{
		"answer lost":                  {digicerttest.LoseAnswer()},
		"cut while the service acts":   {digicerttest.CutWhileActing()},
		"a 502 behind it":              {digicerttest.HTMLPage(502).AfterEffect()},
		"a 500 behind it":              {digicerttest.APIError(500, "internal", "x").AfterEffect()},
		"the answer is cut":            {digicerttest.Truncate()},
		"the answer is cut in silence": {digicerttest.TruncateSilently()},
		"the body breaks":              {digicerttest.ResetInBody()},
		"no content":                   {digicerttest.OtherForm()},
		"shown late":                   {digicerttest.CommitLate(3), digicerttest.LoseAnswer()},
		"no content, shown late":       {digicerttest.CommitLate(2), digicerttest.OtherForm()},
		"rate limited, then lost":      {digicerttest.RateLimited(0), digicerttest.LoseAnswer()},
		"redirected behind it":         {digicerttest.Redirect("/services/v2/user/me").AfterEffect()},
	} {
		for _, id := range []string{"", "a/b c%?#ü"} {
			t.Run(name+" "+id, func(t *testing.T) {
				t.Parallel()
				s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
				for i := range faults {
					require.NoError(t, s.Inject(faults[i].Times(1).On(digicerttest.PlaceOrder)))
				}
				c := s.Client(quick)
				placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, id))
				require.NoError(t, err)
				require.True(t, placed.Found)
				require.Equal(t, digicert.OrderStatusIssued, placed.Status)
				require.NotZero(t, placed.CertificateID)
				require.NotEmpty(t, placed.Requests)
				require.Equal(t, 1, s.Orders())
				require.Equal(t, 1, s.Count(digicerttest.PlaceOrder).Acted)
				order, err := c.Orders.Get(t.Context(), placed.ID)
				require.NoError(t, err)
				require.Equal(t, placed.AlternativeOrderID, order.AlternativeOrderID)
			})
		}
	}
}

// received returns how many requests to an endpoint the service received.
func received(s *digicerttest.Server, endpoint digicerttest.Endpoint) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Endpoint == endpoint {
			n++
		}
	}
	return n
}

func TestPlaceOutcomeUnknown(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	require.NoError(t, s.Inject(digicerttest.LoseRequest().Times(1)))
	c := s.Client(quick)
	_, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, ""))
	var unknown *digicert.OutcomeUnknownError
	require.ErrorAs(t, err, &unknown)
	require.NotEmpty(t, unknown.AlternativeOrderID)
	require.Equal(t, "/order/certificate/ssl_plus", unknown.Path)
	require.Equal(t, http.MethodPost, unknown.Method)
	require.Contains(t, err.Error(), unknown.AlternativeOrderID)
	requireOneLine(t, err)
	without(t, err, csr)
	require.Equal(t, 1, s.Count(digicerttest.PlaceOrder).Received)
	require.Equal(t, 5, received(s, digicerttest.OrdersByAlternativeID))

	// Called again with that id it looks as long, and then places.
	placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, unknown.AlternativeOrderID))
	require.NoError(t, err)
	require.False(t, placed.Found)
	require.Equal(t, 10, received(s, digicerttest.OrdersByAlternativeID))
	again, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, unknown.AlternativeOrderID))
	require.NoError(t, err)
	require.True(t, again.Found)
	require.Equal(t, placed.ID, again.ID)
	require.Equal(t, 11, received(s, digicerttest.OrdersByAlternativeID), "what is known need not be looked for long")
	require.Equal(t, 1, s.Orders())
}

// The look fails too: the error says both, and is of the kinds of both.
func TestPlaceThatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	require.NoError(t, s.Inject(digicerttest.LoseAnswer().Times(1), digicerttest.APIError(403, "access_denied|missing_permission", "x").On(digicerttest.OrdersByAlternativeID)))
	_, err := s.Client(quick).Orders.Place(t.Context(), "ssl_plus", placing(csr, ""))
	require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
	require.ErrorIs(t, err, digicert.CodeMissingPermission)
	require.Contains(t, err.Error(), "cannot be looked for")
	requireOneLine(t, err)
	require.Equal(t, 1, received(s, digicerttest.OrdersByAlternativeID))

	// Where the look before fails, nothing was sent, and the outcome is not in question.
	_, err = s.Client(quick).Orders.Place(t.Context(), "ssl_plus", placing(csr, "mine"))
	require.ErrorIs(t, err, digicert.CodeMissingPermission)
	require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
	require.Equal(t, 1, s.Count(digicerttest.PlaceOrder).Received)
}

// A 404 of a proxy does not show that there is no order.
func TestPlaceDoesNotTakeAProxysWord(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for body, none := range map[string]bool{
		"<html>Not Found</html>":                  false,
		`{"errors":[{"code":"not_found|route"}]}`: false,
		`{"errors":[{"code":"not_found|order"}]}`: true,
		`{"errors":[{"code":"not_found"}]}`:       true,
		`{}`:                                      true,
		"":                                        true,
	} {
		s := newService(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return answerJSON(r, http.StatusNotFound, body), nil
			}
			return answerJSON(r, http.StatusCreated, `{"id":1}`), nil
		})
		_, err := s.client(t).Orders.Place(t.Context(), "ssl_plus", placing(csr, "mine"))
		if none {
			require.NoError(t, err, body)
			require.Len(t, s.sent(), 2)
		} else {
			require.ErrorIs(t, err, digicert.ErrNotFound, body)
			require.Len(t, s.sent(), 1)
		}
	}
}

func TestPlaceAmbiguous(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	c := s.Client(quick)
	var ids []digicert.OrderID
	for range 2 {
		var placed digicert.PlacedOrder
		require.NoError(t, c.Do(t.Context(), http.MethodPost, "/order/certificate/ssl_plus", nil, map[string]any{
			"certificate":  map[string]any{"common_name": "a.example", "csr": csr, "signature_hash": "sha256"},
			"organization": map[string]any{"id": 117483}, "alternative_order_id": "mine",
		}, &placed))
		ids = append(ids, placed.ID)
	}
	_, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, "mine"))
	var several *digicert.AmbiguousError
	require.ErrorAs(t, err, &several)
	require.Equal(t, &digicert.AmbiguousError{AlternativeOrderID: "mine", OrderIDs: ids}, several)
	require.Contains(t, err.Error(), fmt.Sprint(ids[0]))
	require.Contains(t, err.Error(), fmt.Sprint(ids[1]))
	requireOneLine(t, err)
	require.Equal(t, 2, s.Orders())
}

// Calls of one client for one order wait for each other.
func TestPlaceConcurrently(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithLatency(time.Millisecond))
	c := s.Client(quick)
	var wg sync.WaitGroup
	ids := make([]digicert.OrderID, 20)
	for i := range ids {
		wg.Go(func() {
			if placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, fmt.Sprint("mine", i%2))); err == nil {
				ids[i] = placed.ID
			}
		})
	}
	wg.Wait()
	require.Equal(t, 2, s.Orders())
	for i := range ids {
		require.NotZero(t, ids[i])
		require.Equal(t, ids[i%2], ids[i])
	}
}

func TestPlaceEndOfContext(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.run(t).Orders.Place(ctx, "ssl_plus", placing(csr, ""))
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, s.sent, 1)

		// The look ends with the context too.
		s = &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return nil, errors.New("connection reset by peer")
			}
			return answerJSON(r, http.StatusNotFound, `{}`), nil
		}}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = s.run(t).Orders.Place(ctx, "ssl_plus", placing(csr, ""))
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, time.Since(s.start), 2*time.Second)
	})
}

// The looks after a lost answer are far enough apart for a service that shows an order late.
func TestPlaceLooksWithBackoff(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 0 {
				return nil, errors.New("connection reset by peer")
			}
			return answerJSON(r, http.StatusNotFound, `{}`), nil
		}}
		_, err := s.run(t).Orders.Place(t.Context(), "ssl_plus", placing(csr, ""))
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.Len(t, s.sent, 6)
		for i, ceiling := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second} {
			wait := s.sent[i+2] - s.sent[i+1]
			require.GreaterOrEqual(t, wait, ceiling/2)
			require.LessOrEqual(t, wait, ceiling)
		}
	})
}

func TestPlaceSentBefore(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	require.NoError(t, s.Inject(digicerttest.CommitLate(7).Times(1), digicerttest.LoseAnswer().Times(1)))
	_, err := s.Client(quick).Orders.Place(t.Context(), "ssl_plus", placing(csr, "mine"))
	require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
	p := placing(csr, "mine")
	p.SentBefore = true
	placed, err := s.Client(quick).Orders.Place(t.Context(), "ssl_plus", p) // another process
	require.NoError(t, err)
	require.True(t, placed.Found)
	require.Equal(t, 1, s.Orders())
}

func TestByAlternativeID(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   []digicert.AlternativeOrder
	}{
		"one":        {200, `{"orders":[{"order_id":"1","certificate_id":2,"status":"issued"}],"page":{"total":1,"limit":1000,"offset":0}}`, []digicert.AlternativeOrder{{1, 2, "issued"}}},
		"pending":    {200, `{"orders":[{"order_id":1}]}`, []digicert.AlternativeOrder{{OrderID: 1}}},
		"none":       {200, `{"orders":[],"page":{"total":0,"limit":1000,"offset":0}}`, []digicert.AlternativeOrder{}},
		"no list":    {200, `{}`, []digicert.AlternativeOrder{}},
		"null":       {200, `{"orders":null}`, []digicert.AlternativeOrder{}},
		"no content": {204, ``, []digicert.AlternativeOrder{}},
		"not found":  {404, `{"errors":[{"code":"not_found|order"}]}`, []digicert.AlternativeOrder{}},
		"the same":   {200, `{"orders":[{"order_id":1},{"order_id":1}]}`, []digicert.AlternativeOrder{{OrderID: 1}}},
	} {
		c, s := serve(t, test.status, test.body)
		got, err := c.Orders.ByAlternativeID(t.Context(), "mine")
		require.NoError(t, err, name)
		require.Equal(t, test.want, got, name)
		require.Equal(t, []string{"limit=1000", "offset=0"}, queryOf(t, s.only(t)))
	}
	c, s := serve(t, 200, `{"orders":[{"order_id":1},{"certificate_id":5}]}`)
	_, err := c.Orders.ByAlternativeID(t.Context(), "mine")
	requireDecodeError(t, err, "/order/alternate/mine", "/orders/1/order_id")
	for _, id := range []string{"", "..", "a/../b", " a", "a\n", strings.Repeat("x", 256), base64.StdEncoding.EncodeToString([]byte("-----BEGIN EC PRIVATE KEY-----"))} {
		_, err := c.Orders.ByAlternativeID(t.Context(), id)
		requireParamError(t, err, "alternative_order_id")
	}
	s.only(t)
	c, _ = serve(t, 500, "")
	_, err = c.Orders.ByAlternativeID(t.Context(), "mine")
	require.ErrorIs(t, err, digicert.ErrUnavailable)
}

func TestByAlternativeIDWalksAllPages(t *testing.T) {
	t.Parallel()
	for name, total := range map[string]int{"right": 25, "of the page": 10, "none": 0, "too high": 1000} {
		s := newService(func(r *http.Request) (*http.Response, error) {
			var offset int
			_, err := fmt.Sscan(r.URL.Query().Get("offset"), &offset)
			require.NoError(t, err)
			var rows []string
			for id := offset + 1; id <= min(offset+10, 25); id++ {
				rows = append(rows, fmt.Sprintf(`{"order_id":%d}`, id))
			}
			return answerJSON(r, 200, fmt.Sprintf(`{"orders":[%s],"page":{"total":%d,"limit":10,"offset":%d}}`, strings.Join(rows, ","), total, offset)), nil
		})
		got, err := s.client(t).Orders.ByAlternativeID(t.Context(), "mine")
		require.NoError(t, err)
		require.Len(t, got, 25, name)
	}
	s := newService(httpmock.NewStringResponder(200, `{"orders":[{"order_id":1}],"page":{"total":9,"limit":1,"offset":0}}`))
	got, err := s.client(t).Orders.ByAlternativeID(t.Context(), "mine")
	require.NoError(t, err)
	require.Len(t, got, 1, "a service that ignores the offset does not go on for ever")
}
