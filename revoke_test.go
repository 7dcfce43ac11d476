package digicert_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// revoker is one of the two ways to revoke.
type revoker struct {
	name     string
	endpoint digicerttest.Endpoint
	path     string // for the id 12
	param    string
	do       func(context.Context, *digicert.Client, int64, *digicert.RevokeParams) (*digicert.Revocation, error)
}

var revokers = []revoker{
	{"order", digicerttest.RevokeOrder, "/order/certificate/12/revoke", "order_id", func(ctx context.Context, c *digicert.Client, id int64, p *digicert.RevokeParams) (*digicert.Revocation, error) {
		return c.Orders.Revoke(ctx, digicert.OrderID(id), p)
	}},
	{"certificate", digicerttest.RevokeCertificate, "/certificate/12/revoke", "certificate_id", func(ctx context.Context, c *digicert.Client, id int64, p *digicert.RevokeParams) (*digicert.Revocation, error) {
		return c.Certificates.Revoke(ctx, digicert.CertificateID(id), p)
	}},
}

func eachRevoker(t *testing.T, test func(*testing.T, revoker)) {
	for _, r := range revokers {
		t.Run(r.name, func(t *testing.T) { t.Parallel(); test(t, r) })
	}
}

// revocable returns a service with one issued order, and what the revoker revokes.
func revocable(t *testing.T, r revoker, opts ...digicerttest.Option) (s *digicerttest.Server, order digicert.OrderID, id int64) {
	t.Helper()
	s, order = placedOrder(t, opts...)
	info, err := s.Client(quick).Orders.Get(t.Context(), order)
	require.NoError(t, err)
	if r.name == "certificate" {
		return s, order, int64(info.Certificate.ID)
	}
	return s, order, int64(order)
}

// revocations returns the requests of an order to revoke.
func revocations(t *testing.T, s *digicerttest.Server, order digicert.OrderID) (list []digicert.OrderRequest) {
	t.Helper()
	info, err := s.Client(quick).Orders.Get(t.Context(), order)
	require.NoError(t, err)
	for _, r := range info.Requests {
		if r.Type == "revoke" {
			list = append(list, r)
		}
	}
	return list
}

func isRevoked(t *testing.T, s *digicerttest.Server, order digicert.OrderID) bool {
	t.Helper()
	info, err := s.Client(quick).Orders.Get(t.Context(), order)
	require.NoError(t, err)
	return info.Status == digicert.OrderStatusRevoked || info.Certificate.Status == "revoked"
}

func TestRevokeSends(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		for _, test := range []struct {
			params *digicert.RevokeParams
			want   string
		}{
			{nil, `{}`},
			{&digicert.RevokeParams{}, `{}`},
			{&digicert.RevokeParams{Comments: "gone", SkipApproval: true, Reason: digicert.RevocationSuperseded}, `{"comments":"gone","skip_approval":true,"revocation_reason":"superseded"}`},
			{&digicert.RevokeParams{Reason: "privilegeWithdrawn"}, `{"revocation_reason":"privilegeWithdrawn"}`},
		} {
			s := newService(func(req *http.Request) (*http.Response, error) {
				switch {
				case req.Method == http.MethodPut:
					return answerJSON(req, http.StatusNoContent, ""), nil
				case strings.HasSuffix(req.URL.Path, "/12"):
					return answerJSON(req, http.StatusOK, `{"id":12,"status":"issued"}`), nil
				}
				return answerJSON(req, http.StatusOK, `{}`), nil
			})
			got, err := r.do(t.Context(), s.client(t), 12, test.params)
			require.NoError(t, err)
			require.Equal(t, &digicert.Revocation{}, got)
			sent := 0
			for _, req := range s.sent() {
				if req.Method == http.MethodGet {
					continue
				}
				sent++
				require.Equal(t, http.MethodPut, req.Method)
				require.Equal(t, "/services/v2"+r.path, req.URL.Path)
				text, err := json.Marshal(bodyOf(t, req))
				require.NoError(t, err)
				require.JSONEq(t, test.want, string(text))
			}
			require.Equal(t, 1, sent)
		}
	})
}

func TestRevokeRefused(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	secret := keyPEM(t, key)
	eachRevoker(t, func(t *testing.T, r revoker) {
		c, s := serve(t, http.StatusNoContent, "")
		for param, params := range map[string][]*digicert.RevokeParams{
			"comments":          {{Comments: strings.Repeat("x", 10_001)}, {Comments: secret}, {Comments: "a\x00"}},
			"revocation_reason": {{Reason: "two words"}, {Reason: "a,b"}, {Reason: digicert.RevocationReason(secret)}},
		} {
			for _, p := range params {
				_, err := r.do(t.Context(), c, 12, p)
				requireParamError(t, err, param)
				without(t, err, secret)
			}
		}
		for _, id := range []int64{0, -1} {
			_, err := r.do(t.Context(), c, id, nil)
			requireParamError(t, err, r.param)
		}
		require.Empty(t, s.sent())
	})
}

// Both forms of the answer, and what was done before.
func TestRevoke(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		s, order, id := revocable(t, r)
		c := s.Client(quick)
		asked, err := r.do(t.Context(), c, id, &digicert.RevokeParams{Comments: "gone"})
		require.NoError(t, err)
		require.False(t, asked.Found)
		require.Equal(t, "pending", asked.Request.Status)
		require.Equal(t, "revoke", asked.Request.Type)
		require.Equal(t, "gone", asked.Request.Comments)
		require.NotZero(t, asked.Request.Date)
		require.Equal(t, revocations(t, s, order)[0].ID, asked.Request.ID)
		require.False(t, isRevoked(t, s, order))

		got, err := r.do(t.Context(), c, id, &digicert.RevokeParams{SkipApproval: true})
		require.NoError(t, err)
		require.Equal(t, &digicert.Revocation{}, got)
		require.True(t, isRevoked(t, s, order))
		sent := s.Count(r.endpoint).Received
		got, err = r.do(t.Context(), c, id, &digicert.RevokeParams{SkipApproval: true})
		require.NoError(t, err)
		require.Equal(t, &digicert.Revocation{Found: true}, got)
		require.Equal(t, sent, s.Count(r.endpoint).Received, "it was revoked already")
	})
}

// An answer without a body where a request was made, and one with a body where it was revoked at once.
func TestRevokeOtherForms(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		s, order, id := revocable(t, r)
		require.NoError(t, s.Inject(digicerttest.OtherForm().OnWrites()))
		got, err := r.do(t.Context(), s.Client(quick), id, nil)
		require.NoError(t, err)
		require.Equal(t, "pending", got.Request.Status)
		got, err = r.do(t.Context(), s.Client(quick), id, &digicert.RevokeParams{SkipApproval: true})
		require.NoError(t, err)
		require.NotNil(t, got.Request)
		require.True(t, isRevoked(t, s, order))
	})
}

var lostAnswers = map[string][]digicerttest.Fault{
	"answer lost":                {digicerttest.LoseAnswer()},
	"cut while the service acts": {digicerttest.CutWhileActing()},
	"a 504 behind it":            {digicerttest.HTMLPage(504).AfterEffect()},
	"shown late":                 {digicerttest.CommitLate(4), digicerttest.LoseAnswer()},
	"rate limited, then lost":    {digicerttest.RateLimited(0), digicerttest.LoseAnswer()},
}

func TestRevokeFindsWhatWasLost(t *testing.T) {
	t.Parallel()
	for name, faults := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachRevoker(t, func(t *testing.T, r revoker) {
				for _, skip := range []bool{true, false} {
					s, order, id := revocable(t, r)
					c := s.Client(quick)
					_, err := r.do(t.Context(), c, id, nil) // a request that was there before
					require.NoError(t, err)
					for _, fault := range faults {
						require.NoError(t, s.Inject(fault.Times(1).On(r.endpoint)))
					}
					got, err := r.do(t.Context(), c, id, &digicert.RevokeParams{SkipApproval: skip})
					require.NoError(t, err)
					require.True(t, got.Found)
					require.Equal(t, skip, isRevoked(t, s, order))
					list := revocations(t, s, order)
					require.Len(t, list, 2)
					if !skip {
						require.Equal(t, &list[1], got.Request)
					}
					require.Equal(t, 2, s.Count(r.endpoint).Acted)
				}
			})
		})
	}
}

func TestRevokeOutcomeUnknown(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		s, order, id := revocable(t, r)
		require.NoError(t, s.Inject(digicerttest.LoseRequest().Times(1)))
		c := s.Client(quick)
		_, err := r.do(t.Context(), c, id, nil)
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		requireOneLine(t, err)
		require.Empty(t, revocations(t, s, order))
		require.Equal(t, 1, s.Count(r.endpoint).Received)
		got, err := r.do(t.Context(), c, id, nil)
		require.NoError(t, err)
		require.NotNil(t, got.Request)
		require.Len(t, revocations(t, s, order), 1)

		// What shows only after the first call is found by the second, of the same client.
		require.NoError(t, s.Inject(digicerttest.CommitLate(25).Times(1), digicerttest.LoseAnswer().Times(1)))
		_, err = r.do(t.Context(), c, id, nil)
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		s.Settle()
		got, err = r.do(t.Context(), c, id, nil)
		require.NoError(t, err)
		require.True(t, got.Found)
		require.Len(t, revocations(t, s, order), 2)
	})
}

// A refusal because it is revoked already is what was wanted, whatever its code.
func TestRevokeRefusedAsDone(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		for code, ok := range map[string]bool{"order_already_revoked": true, "order_is_revoked": true, "certificate_already_revoked": true, "order_has_pending_reissue": false} {
			puts := 0
			s := newService(func(req *http.Request) (*http.Response, error) {
				switch {
				case req.Method == http.MethodPut:
					puts++
					return answerJSON(req, http.StatusBadRequest, `{"errors":[{"code":"`+code+`"}]}`), nil
				case strings.HasSuffix(req.URL.Path, "/12"):
					return answerJSON(req, http.StatusOK, `{"id":12,"status":"issued"}`), nil
				}
				return answerJSON(req, http.StatusOK, `{}`), nil
			})
			got, err := r.do(t.Context(), s.client(t), 12, nil)
			if ok {
				require.NoError(t, err)
				require.Equal(t, &digicert.Revocation{Found: true}, got)
			} else {
				require.ErrorIs(t, err, digicert.ErrorCode(code))
			}
			require.Equal(t, 1, puts)
		}
		s, order, id := revocable(t, r)
		require.NoError(t, s.SetStatus(order, digicert.OrderStatusReissuePending))
		_, err := r.do(t.Context(), s.Client(quick), id, nil)
		require.ErrorIs(t, err, digicert.ErrorCode("order_has_pending_reissue"))
	})
}

// A key that may not look at orders may still revoke. A service that does not answer is asked again later.
func TestRevokeThatCannotLook(t *testing.T) {
	t.Parallel()
	eachRevoker(t, func(t *testing.T, r revoker) {
		s, order, id := revocable(t, r)
		require.NoError(t, s.Inject(digicerttest.APIError(403, "access_denied", "x").On(digicerttest.Orders, digicerttest.OrderInfo)))
		_, err := r.do(t.Context(), s.Client(quick), id, &digicert.RevokeParams{SkipApproval: true})
		require.NoError(t, err)
		s.ClearFaults()
		require.True(t, isRevoked(t, s, order))

		s, _, id = revocable(t, r)
		require.NoError(t, s.Inject(digicerttest.Status(503, "").On(digicerttest.Orders, digicerttest.OrderInfo)))
		_, err = r.do(t.Context(), s.Client(quick), id, nil)
		require.ErrorIs(t, err, digicert.ErrUnavailable)
		require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
		require.Zero(t, s.Count(r.endpoint).Received)
	})
}

// The certificates of an order besides its primary one.
func TestRevokeReissueAndDuplicate(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	eachFurther(t, func(t *testing.T, f further) {
		s, order := placedOrder(t)
		c := s.Client(quick)
		var ids []digicert.CertificateID
		for range 2 { // the second one is, or leaves, the primary certificate
			got, err := f.do(t.Context(), c, order, asking(csr))
			require.NoError(t, err)
			ids = append(ids, got.CertificateID)
		}
		for _, id := range ids {
			_, err := c.Certificates.Revoke(t.Context(), id, &digicert.RevokeParams{SkipApproval: true})
			require.NoError(t, err)
			got, err := c.Certificates.Revoke(t.Context(), id, &digicert.RevokeParams{SkipApproval: true})
			require.NoError(t, err)
			require.True(t, got.Found)
		}
		require.Equal(t, 2, s.Count(digicerttest.RevokeCertificate).Acted)
	})
	c, _ := serve(t, http.StatusNotFound, `{"errors":[{"code":"not_found|order"}]}`)
	_, err := c.Certificates.Revoke(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrNotFound)
}

func TestCancelSends(t *testing.T) {
	t.Parallel()
	for status, body := range map[int]string{http.StatusNoContent: "", http.StatusOK: `{}`} {
		s := newService(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodGet {
				return answerJSON(r, http.StatusOK, `{"id":12,"status":"pending"}`), nil
			}
			return answerJSON(r, status, body), nil
		})
		require.NoError(t, s.client(t).Orders.Cancel(t.Context(), 12, "no longer needed"))
		sent := s.sent()
		require.Len(t, sent, 2)
		require.Equal(t, http.MethodPut, sent[1].Method)
		require.Equal(t, "/services/v2/order/certificate/12/status", sent[1].URL.Path)
		require.Equal(t, map[string]any{"status": "canceled", "note": "no longer needed"}, bodyOf(t, sent[1]))
	}
}

func TestCancelRefused(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	secret := keyPEM(t, key)
	c, s := serve(t, http.StatusNoContent, "")
	for _, note := range []string{"", " \n", strings.Repeat("x", 10_001), secret, "a\x00", "\xff"} {
		err := c.Orders.Cancel(t.Context(), 12, note)
		requireParamError(t, err, "note")
		without(t, err, secret)
	}
	require.ErrorIs(t, c.Orders.Cancel(t.Context(), 12, ""), digicert.CodeRequiredParam)
	requireParamError(t, c.Orders.Cancel(t.Context(), 0, "x"), "order_id")
	require.Empty(t, s.sent())
}

// pendingOrder returns a service whose only order waits for an approval.
func pendingOrder(t *testing.T) (*digicerttest.Server, digicert.OrderID) {
	t.Helper()
	_, csr := newKey(t)
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithApproval())
	placed, err := s.Client(quick).Orders.Place(t.Context(), "ssl_plus", placing(csr, ""))
	require.NoError(t, err)
	return s, placed.ID
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for name, faults := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, id := pendingOrder(t)
			for _, fault := range faults {
				require.NoError(t, s.Inject(fault.Times(1).On(digicerttest.UpdateOrderStatus)))
			}
			for range 2 {
				require.NoError(t, s.Client(quick).Orders.Cancel(t.Context(), id, "no longer needed"))
			}
			order, err := s.Client(quick).Orders.Get(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, digicert.OrderStatusCanceled, order.Status)
			require.Equal(t, 1, s.Count(digicerttest.UpdateOrderStatus).Acted)
		})
	}
}

// Of an order with a pending reissue, the reissue is canceled.
func TestCancelReissue(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for name, faults := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, id := placedOrder(t, digicerttest.WithApproval())
			_, err := s.Client(quick).Reissues.Create(t.Context(), id, asking(csr))
			require.NoError(t, err)
			for _, fault := range faults {
				require.NoError(t, s.Inject(fault.Times(1).On(digicerttest.UpdateOrderStatus)))
			}
			require.NoError(t, s.Client(quick).Orders.Cancel(t.Context(), id, "no longer needed"))
			order, err := s.Client(quick).Orders.Get(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, digicert.OrderStatusIssued, order.Status)
			require.Equal(t, digicert.ReissueStatusRejected, s.Reissues(id)[0].Status)
			require.Equal(t, 1, s.Count(digicerttest.UpdateOrderStatus).Acted)
		})
	}
}

func TestCancelOutcomeUnknown(t *testing.T) {
	t.Parallel()
	s, id := pendingOrder(t)
	require.NoError(t, s.Inject(digicerttest.LoseRequest().Times(1)))
	c := s.Client(quick)
	err := c.Orders.Cancel(t.Context(), id, "no longer needed")
	require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
	requireOneLine(t, err)
	require.Equal(t, 1, s.Count(digicerttest.UpdateOrderStatus).Received)
	require.NoError(t, c.Orders.Cancel(t.Context(), id, "no longer needed"))

	// An issued order is refused, and a reissue that was issued was not canceled.
	s, id = placedOrder(t)
	err = s.Client(quick).Orders.Cancel(t.Context(), id, "no longer needed")
	require.ErrorIs(t, err, digicert.ErrorCode("order_not_cancelable"))
	require.NotErrorIs(t, err, digicert.ErrOutcomeUnknown)
	require.ErrorIs(t, s.Client(quick).Orders.Cancel(t.Context(), 999, "x"), digicert.ErrNotFound)
}

func TestCancelOfAReissueThatWasIssued(t *testing.T) {
	t.Parallel()
	gets := 0
	s := newService(func(r *http.Request) (*http.Response, error) {
		switch {
		case r.Method == http.MethodPut:
			return answerJSON(r, http.StatusBadGateway, ""), nil
		case gets > 0:
			return answerJSON(r, http.StatusOK, `{"id":12,"status":"issued","certificate":{"id":6}}`), nil
		}
		gets++
		return answerJSON(r, http.StatusOK, `{"id":12,"status":"reissue_pending","certificate":{"id":5}}`), nil
	})
	err := s.client(t).Orders.Cancel(t.Context(), 12, "no longer needed")
	require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
}
