package digicert_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// further is one of the two writes that ask for a further certificate of an order.
type further struct {
	name     string
	endpoint digicerttest.Endpoint
	list     string
	do       func(context.Context, *digicert.Client, digicert.OrderID, *digicert.CreateReissueParams) (*digicert.Issuance, error)
	ids      func(*digicerttest.Server, digicert.OrderID) []digicert.CertificateID
}

var furthers = []further{
	{
		"Create", digicerttest.CreateReissue, "reissue",
		func(ctx context.Context, c *digicert.Client, id digicert.OrderID, p *digicert.CreateReissueParams) (*digicert.Issuance, error) {
			return c.Reissues.Create(ctx, id, p)
		},
		func(s *digicerttest.Server, id digicert.OrderID) (ids []digicert.CertificateID) {
			for _, r := range s.Reissues(id) {
				ids = append(ids, r.ID)
			}
			return ids
		},
	},
	{
		"CreateDuplicate", digicerttest.CreateDuplicate, "duplicate",
		func(ctx context.Context, c *digicert.Client, id digicert.OrderID, p *digicert.CreateReissueParams) (*digicert.Issuance, error) {
			return c.Orders.CreateDuplicate(ctx, id, p)
		},
		func(s *digicerttest.Server, id digicert.OrderID) (ids []digicert.CertificateID) {
			for _, d := range s.Duplicates(id) {
				ids = append(ids, d.ID)
			}
			return ids
		},
	},
}

// eachFurther runs a test for a reissue and for a duplicate.
func eachFurther(t *testing.T, test func(*testing.T, further)) {
	for _, f := range furthers {
		t.Run(f.name, func(t *testing.T) { t.Parallel(); test(t, f) })
	}
}

// placedOrder returns a service and the id of an issued order for a.example and b.example.
func placedOrder(t testing.TB, opts ...digicerttest.Option) (*digicerttest.Server, digicert.OrderID) {
	t.Helper()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, append([]digicerttest.Option{digicerttest.WithoutSamples()}, opts...)...)
	p := placing(csr, "base")
	p.Certificate.DNSNames, p.SkipApproval = []string{"b.example"}, true
	placed, err := s.Client(quick).Orders.Place(t.Context(), "ssl_plus", p)
	require.NoError(t, err)
	return s, placed.ID
}

// asking returns parameters for a reissue or duplicate of that order.
func asking(csr string) *digicert.CreateReissueParams {
	return &digicert.CreateReissueParams{Certificate: digicert.CertificateRequest{CommonName: "a.example", DNSNames: []string{"B.example"}, CSR: csr}}
}

func TestIssuanceSends(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		full := &digicert.CreateReissueParams{
			Certificate: digicert.CertificateRequest{
				CommonName: "a.example", DNSNames: []string{"b.example"}, CSR: csr, SignatureHash: "sha384", CACertID: "X",
				ServerPlatformID: new(2), Validity: digicert.Validity{Days: 30}, Extra: map[string]any{"profile_option": "x"},
			},
			SkipApproval: true, Comments: "why", Extra: map[string]any{"dcv_method": "dns-txt-token"}, Since: time.Now(),
		}
		for _, test := range []struct {
			params *digicert.CreateReissueParams
			want   string
		}{
			{full, `{"certificate":{"common_name":"a.example","dns_names":["b.example"],"csr":"CSR","signature_hash":"sha384","ca_cert_id":"X",
				"server_platform":{"id":2},"cert_validity":{"days":30},"profile_option":"x"},"skip_approval":true,"comments":"why","dcv_method":"dns-txt-token"}`},
			{&digicert.CreateReissueParams{Certificate: digicert.CertificateRequest{CSR: csr}}, `{"certificate":{"csr":"CSR","signature_hash":"sha256"}}`},
		} {
			s := newService(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					return answerJSON(r, http.StatusOK, `{"certificates":[]}`), nil
				}
				return answerJSON(r, http.StatusCreated, `{"id":12,"certificate_id":5}`), nil
			})
			_, err := f.do(t.Context(), s.client(t), 12, test.params)
			require.NoError(t, err)
			sent := s.sent()
			require.Len(t, sent, 2)
			for _, r := range sent {
				require.Equal(t, "/services/v2/order/certificate/12/"+f.list, r.URL.Path)
			}
			require.Equal(t, []string{"show_archived=true"}, queryOf(t, sent[0]))
			require.Empty(t, sent[1].URL.RawQuery)
			body := bodyOf(t, sent[1])
			require.Equal(t, csr, body["certificate"].(map[string]any)["csr"])
			body["certificate"].(map[string]any)["csr"] = "CSR"
			got, err := json.Marshal(body)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(got))
		}
	})
}

func TestIssuanceAnswers(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		for name, test := range map[string]struct {
			body string
			want digicert.Issuance
		}{
			"only an id": {`{"id":12}`, digicert.Issuance{}},
			"a request":  {`{"id":"12","requests":[{"id":3}]}`, digicert.Issuance{Requests: []digicert.OrderRequest{{ID: 3}}}},
			"pending":    {`{"id":12,"requests":[{"id":3,"status":"pending"}]}`, digicert.Issuance{Requests: []digicert.OrderRequest{{ID: 3, Status: "pending"}}}},
			"issued": {
				`{"id":12,"certificate_id":5,"certificate_chain":[{"subject_common_name":"a","pem":"b"}],"dcv_random_value":"r"}`,
				digicert.Issuance{CertificateID: 5, CertificateChain: []digicert.ChainCertificate{{SubjectCommonName: "a", PEM: "b"}}, DCVRandomValue: "r"},
			},
		} {
			s := newService(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet {
					return answerJSON(r, http.StatusOK, `{}`), nil
				}
				return answerJSON(r, http.StatusCreated, test.body), nil
			})
			got, err := f.do(t.Context(), s.client(t), 12, asking(csr))
			require.NoError(t, err, name)
			test.want.OrderID = 12
			test.want.Requests = append([]digicert.OrderRequest{}, test.want.Requests...)
			test.want.CertificateChain = append([]digicert.ChainCertificate{}, test.want.CertificateChain...)
			require.Equal(t, &test.want, got, name)
		}
	})
}

func TestIssuanceRefused(t *testing.T) {
	t.Parallel()
	key, csr := newKey(t)
	secret := keyPEM(t, key)
	type params = digicert.CreateReissueParams
	eachFurther(t, func(t *testing.T, f further) {
		c, s := serve(t, http.StatusCreated, `{"id":12}`)
		for param, changes := range map[string][]func(*params){
			"certificate.csr": {
				func(p *params) { p.Certificate.CSR = "" },
				func(p *params) { p.Certificate.CSR = "x" },
				func(p *params) { p.Certificate.CSR = secret },
				func(p *params) { p.Certificate.Extra = map[string]any{"csr": "x"} },
			},
			"certificate.common_name":        {func(p *params) { p.Certificate.CommonName = "a b" }, func(p *params) { p.Certificate.CommonName = secret }},
			"certificate.dns_names":          {func(p *params) { p.Certificate.DNSNames = []string{"a..b"} }},
			"certificate.cert_validity":      {func(p *params) { p.Certificate.Validity = digicert.Validity{Years: 1, Days: 1} }},
			"certificate.cert_validity.days": {func(p *params) { p.Certificate.Validity.Days = -1 }},
			"comments":                       {func(p *params) { p.Comments = strings.Repeat("x", 10_001) }, func(p *params) { p.Comments = secret }},
			"certificate":                    {func(p *params) { p.Extra = map[string]any{"certificate": 1} }},
			"x.y":                            {func(p *params) { p.Extra = map[string]any{"x": map[string]string{"y": secret}} }},
		} {
			for _, change := range changes {
				p := asking(csr)
				change(p)
				_, err := f.do(t.Context(), c, 12, p)
				requireParamError(t, err, param)
				without(t, err, secret, csr)
			}
		}
		_, err := f.do(t.Context(), c, 12, nil)
		requireParamError(t, err, "certificate.csr")
		require.ErrorIs(t, err, digicert.CodeRequiredParam)
		_, err = f.do(t.Context(), c, 0, asking(csr))
		requireParamError(t, err, "order_id")
		require.Empty(t, s.sent())
	})
}

// An answer that has no certificate id gets that of the list.
func TestIssuanceKnowsItsCertificate(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t, digicerttest.WithApproval())
		for i := range 3 {
			got, err := f.do(t.Context(), s.Client(quick), order, asking(csr))
			require.NoError(t, err)
			require.False(t, got.Found)
			require.Equal(t, order, got.OrderID)
			require.Equal(t, "pending", got.Requests[0].Status)
			ids := f.ids(s, order)
			require.Len(t, ids, i+1, "without Since, each call asks for another one")
			require.Equal(t, ids[i], got.CertificateID)
		}
	})
}

func TestIssuanceFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for name, faults := range map[string][]digicerttest.Fault{
		"answer lost":                {digicerttest.LoseAnswer()},
		"cut while the service acts": {digicerttest.CutWhileActing()},
		"a 503 behind it":            {digicerttest.Status(503, "").AfterEffect()},
		"the answer is cut":          {digicerttest.Truncate()},
		"no content":                 {digicerttest.OtherForm()},
		"shown late":                 {digicerttest.CommitLate(3), digicerttest.LoseAnswer()},
		"rate limited, then lost":    {digicerttest.RateLimited(0), digicerttest.LoseAnswer()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachFurther(t, func(t *testing.T, f further) {
				s, order := placedOrder(t)
				c := s.Client(quick)
				_, err := f.do(t.Context(), c, order, asking(csr)) // an equal one that was there before
				require.NoError(t, err)
				for _, fault := range faults {
					require.NoError(t, s.Inject(fault.Times(1).On(f.endpoint)))
				}
				p := asking(strings.ReplaceAll(csr, "\n", "\r\n"))
				p.Certificate.CommonName, p.Certificate.DNSNames = "B.EXAMPLE", []string{"A.example", "b.example"}
				got, err := f.do(t.Context(), c, order, p)
				require.NoError(t, err)
				ids := f.ids(s, order)
				require.Len(t, ids, 2)
				require.Equal(t, &digicert.Issuance{
					OrderID: order, CertificateID: ids[1], Found: true, Requests: []digicert.OrderRequest{}, CertificateChain: []digicert.ChainCertificate{},
				}, got)
			})
		})
	}
}

// A request that never arrived leaves the outcome open. The same client looks as long again, and then asks.
func TestIssuanceOutcomeUnknown(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t)
		require.NoError(t, s.Inject(digicerttest.LoseRequest().Times(1)))
		c := s.Client(quick)
		_, err := f.do(t.Context(), c, order, asking(csr))
		var unknown *digicert.OutcomeUnknownError
		require.ErrorAs(t, err, &unknown)
		require.Equal(t, fmt.Sprintf("/order/certificate/%d/%s", order, f.list), unknown.Path)
		without(t, err, csr)
		require.Empty(t, f.ids(s, order))
		got, err := f.do(t.Context(), c, order, asking(csr))
		require.NoError(t, err)
		require.False(t, got.Found)
		require.Equal(t, f.ids(s, order), []digicert.CertificateID{got.CertificateID})

		// What shows only after the first call is found by the second.
		require.NoError(t, s.Inject(digicerttest.CommitLate(7).Times(1), digicerttest.LoseAnswer().Times(1)))
		_, err = f.do(t.Context(), c, order, asking(csr))
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		got, err = f.do(t.Context(), c, order, asking(csr))
		require.NoError(t, err)
		require.True(t, got.Found)
		require.Len(t, f.ids(s, order), 2)
		require.Equal(t, 2, s.Count(f.endpoint).Acted)
	})
}

func TestIssuanceSince(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	_, other := newKey(t)
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	eachFurther(t, func(t *testing.T, f further) {
		clock := digicerttest.NewClock(start)
		s, order := placedOrder(t, digicerttest.WithClock(clock.Now))
		require.NoError(t, s.Inject(digicerttest.DateMissing()))
		c := s.Client(quick)
		since := func(csr string, at time.Time, names ...string) *digicert.CreateReissueParams {
			p := asking(csr)
			p.Since = at
			if names != nil {
				p.Certificate.CommonName, p.Certificate.DNSNames = names[0], names[1:]
			}
			return p
		}
		first, err := f.do(t.Context(), c, order, since(csr, start))
		require.NoError(t, err)
		require.False(t, first.Found)
		clock.Advance(time.Hour)
		for _, test := range []struct {
			name   string
			params *digicert.CreateReissueParams
			found  bool
		}{
			{"the same moment", since(csr, start), true},
			{"half a minute off", since(csr, start.Add(30*time.Second)), true},
			{"the CSR as base64", since(strings.ReplaceAll(csr, "\n", ""), start), true},
			{"names in another order", since(csr, start, "b.example", "A.EXAMPLE"), true},
			{"another CSR", since(other, start), false},
			{"fewer names", since(csr, start, "a.example"), false},
			{"later", since(csr, start.Add(10*time.Minute)), false}, // from now on there are two
		} {
			before := len(f.ids(s, order))
			got, err := f.do(t.Context(), s.Client(quick), order, test.params) // another process
			require.NoError(t, err, test.name)
			require.Equal(t, test.found, got.Found, test.name)
			require.Equal(t, test.found, got.CertificateID == first.CertificateID, test.name)
			if !test.found {
				before++
			}
			require.Len(t, f.ids(s, order), before, test.name)
		}
	})
}

// The service's clock is behind: what was requested after Since bears an earlier time.
func TestIssuanceSinceWithAnotherClock(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		for name, offset := range map[string]time.Duration{"behind": -2 * time.Hour, "ahead": 2 * time.Hour} {
			s, order := placedOrder(t, digicerttest.WithClock(func() time.Time { return time.Now().Add(offset) }))
			p := asking(csr)
			p.Since = time.Now()
			for i := range 3 {
				got, err := f.do(t.Context(), s.Client(quick), order, p)
				require.NoError(t, err)
				require.Equal(t, i > 0, got.Found, name)
			}
			require.Len(t, f.ids(s, order), 1, name)
		}
	})
}

func TestIssuanceSentBefore(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t)
		require.NoError(t, s.Inject(digicerttest.CommitLate(8).Times(1), digicerttest.LoseAnswer().Times(1)))
		p := asking(csr)
		p.Since = time.Now()
		_, err := f.do(t.Context(), s.Client(quick), order, p)
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		p.SentBefore = true
		got, err := f.do(t.Context(), s.Client(quick), order, p) // another process
		require.NoError(t, err)
		require.True(t, got.Found)
		require.Len(t, f.ids(s, order), 1)
	})
}

func TestIssuanceAmbiguous(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t)
		p := asking(csr)
		for range 2 {
			_, err := f.do(t.Context(), s.Client(quick), order, p)
			require.NoError(t, err)
		}
		p.Since = time.Now().Add(-time.Hour)
		_, err := f.do(t.Context(), s.Client(quick), order, p)
		var several *digicert.AmbiguousError
		require.ErrorAs(t, err, &several)
		require.Equal(t, &digicert.AmbiguousError{OrderIDs: []digicert.OrderID{order}, CertificateIDs: f.ids(s, order)}, several)
		requireOneLine(t, err)
		require.Len(t, f.ids(s, order), 2)
	})
}

// The service is asked before anything is sent. If it does not know the order, nothing is.
func TestIssuanceOfAnUnknownOrder(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s := digicerttest.NewServer(t)
		_, err := f.do(t.Context(), s.Client(quick), 999, asking(csr))
		require.ErrorIs(t, err, digicert.ErrNotFound)
		require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.Zero(t, s.Count(f.endpoint).Received)
	})
}

// Calls for one order wait for each other, so that none takes the certificate of another for its own.
func TestIssuanceConcurrently(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t, digicerttest.WithLatency(time.Millisecond))
		require.NoError(t, s.Inject(digicerttest.LoseAnswer().Share(0.5, 1)))
		c := s.Client(quick)
		var mu sync.Mutex
		var wg sync.WaitGroup
		ids := map[digicert.CertificateID]bool{}
		for range 10 {
			wg.Go(func() {
				if got, err := f.do(t.Context(), c, order, asking(csr)); err == nil {
					mu.Lock()
					ids[got.CertificateID] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		require.Len(t, ids, 10)
		require.Len(t, f.ids(s, order), 10)
	})
}

// An answer about another order is not the answer to this request.
func TestIssuanceAnswerOfAnotherOrder(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s := newService(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return answerJSON(r, http.StatusOK, `{}`), nil
			}
			return answerJSON(r, http.StatusCreated, `{"id":13}`), nil
		})
		_, err := f.do(t.Context(), s.client(t), 12, asking(csr))
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		var undecoded *digicert.DecodeError
		require.ErrorAs(t, err, &undecoded)
		require.Equal(t, "/id", undecoded.Pointer)
	})
}
