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
	require.Contains(t, err.Error(), "looking up its effect failed")
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
