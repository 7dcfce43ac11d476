package digicert_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// inBubble runs a test in simulated time with a service in memory, which has one order for a.example.
func inBubble(t *testing.T, opts []digicerttest.Option, test func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, csr string)) {
	_, csr := newKey(t)
	synctest.Test(t, func(t *testing.T) {
		s, err := digicerttest.New(append([]digicerttest.Option{digicerttest.WithoutSamples()}, opts...)...)
		require.NoError(t, err)
		c := s.Client()
		ctx, stop := context.WithTimeout(t.Context(), 30*24*time.Hour) // a wait must not go on for ever in simulated time
		defer stop()
		placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, "base"))
		require.NoError(t, err)
		test(ctx, t, s, c, placed.ID, csr)
	})
}

func requireNotIssued(t *testing.T, err error, reason string) *digicert.NotIssuedError {
	t.Helper()
	var ended *digicert.NotIssuedError
	require.ErrorAs(t, err, &ended)
	require.Equal(t, reason, ended.Reason)
	requireOneLine(t, err)
	return ended
}

func TestWaitIssued(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		opts   []digicerttest.Option
		params *digicert.WaitParams
		after  time.Duration // when it is issued
		took   time.Duration
		looks  int
	}{
		"issued at once":       {nil, nil, 0, 0, 1},
		"after a minute":       {[]digicerttest.Option{digicerttest.WithIssueDelay(time.Minute)}, nil, 0, 64343750 * time.Microsecond, 8},
		"at a fixed interval":  {[]digicerttest.Option{digicerttest.WithIssueDelay(time.Minute)}, &digicert.WaitParams{Interval: 25 * time.Second}, 0, 75 * time.Second, 4},
		"after n looks":        {[]digicerttest.Option{digicerttest.WithIssueAfterReads(3)}, &digicert.WaitParams{Interval: time.Second}, 0, 3 * time.Second, 4},
		"a day later":          {[]digicerttest.Option{digicerttest.WithIssueDelay(24 * time.Hour)}, nil, 0, 24*time.Hour + 29773437500, 1448},
		"once the DCV passes":  {[]digicerttest.Option{digicerttest.WithDCV(3)}, &digicert.WaitParams{Interval: time.Second, CheckDCV: true}, 0, 4 * time.Second, 5},
		"once it is approved":  {[]digicerttest.Option{digicerttest.WithApproval()}, &digicert.WaitParams{Interval: time.Hour}, 150 * time.Minute, 3 * time.Hour, 4},
		"at the default steps": {[]digicerttest.Option{digicerttest.WithApproval()}, &digicert.WaitParams{}, 3 * time.Second, 5 * time.Second, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, test.opts, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
				if test.after > 0 {
					time.AfterFunc(test.after, func() { _ = s.SetStatus(order, digicert.OrderStatusIssued) })
				}
				var p digicert.WaitParams
				if test.params != nil {
					p = *test.params
				}
				var seen []digicert.OrderStatus
				p.OnPoll = func(o *digicert.Order) { seen = append(seen, o.Status) }
				start := time.Now()
				got, err := c.Orders.WaitIssued(ctx, order, &p)
				require.NoError(t, err)
				require.Equal(t, order, got.ID)
				require.Equal(t, digicert.OrderStatusIssued, got.Status)
				require.Equal(t, test.took, time.Since(start))
				require.Len(t, seen, test.looks)
				require.Equal(t, digicert.OrderStatusIssued, seen[len(seen)-1])
			})
		})
	}
}

func TestWaitIssuedOfWhatEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(ctx context.Context, s *digicerttest.Server, c *digicert.Client, order *digicert.Order) error
		status digicert.OrderStatus
		reason string
	}{
		"rejected": {func(ctx context.Context, _ *digicerttest.Server, c *digicert.Client, order *digicert.Order) error {
			return c.Requests.Reject(ctx, order.Requests[0].ID, "not in\nthis budget")
		}, digicert.OrderStatusRejected, "not in\nthis budget"},
		"canceled": {func(ctx context.Context, _ *digicerttest.Server, c *digicert.Client, order *digicert.Order) error {
			return c.Orders.Cancel(ctx, order.ID, "a mistake")
		}, digicert.OrderStatusCanceled, "a mistake"},
		"expired": {func(_ context.Context, s *digicerttest.Server, _ *digicert.Client, order *digicert.Order) error {
			return s.SetStatus(order.ID, digicert.OrderStatusExpired)
		}, digicert.OrderStatusExpired, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, []digicerttest.Option{digicerttest.WithApproval()}, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, id digicert.OrderID, _ string) {
				time.AfterFunc(time.Hour, func() {
					order, err := c.Orders.Get(t.Context(), id)
					if err == nil {
						err = test.end(t.Context(), s, c, order)
					}
					if err != nil {
						t.Error(err)
					}
				})
				start := time.Now()
				_, err := c.Orders.WaitIssued(ctx, id, nil)
				ended := requireNotIssued(t, err, test.reason)
				require.Equal(t, test.status, ended.Order.Status)
				require.Equal(t, id, ended.OrderID)
				require.NoError(t, ended.Err)
				require.Contains(t, err.Error(), fmt.Sprintf("order %d is not issued: its status is %s", id, test.status))
				require.Contains(t, err.Error(), strings.ReplaceAll(test.reason, "\n", " "))
				require.Less(t, time.Since(start), time.Hour+2*time.Minute)
			})
		})
	}
}

func TestWaitIssuedEndOfContext(t *testing.T) {
	t.Parallel()
	inBubble(t, []digicerttest.Option{digicerttest.WithApproval()}, func(ctx context.Context, t *testing.T, _ *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		_, err := c.Orders.WaitIssued(ctx, order, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		ended := requireNotIssued(t, err, "")
		require.Equal(t, digicert.OrderStatusNeedsApproval, ended.Order.Status)

		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		time.AfterFunc(time.Minute, stop)
		start := time.Now()
		_, err = c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{Interval: time.Hour})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, time.Minute, time.Since(start))
		require.NotNil(t, requireNotIssued(t, err, "").Order)
	})
}

// An unavailable service does not end a wait, an order that is shown late does not, and one that never is does.
func TestWaitIssuedFailures(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
		require.NoError(t, s.Inject(digicerttest.HTMLPage(503).Times(23).On(digicerttest.OrderInfo)))
		failures := 0
		_, err := c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{OnError: func(err error) {
			require.ErrorIs(t, err, digicert.ErrUnavailable)
			failures++
		}})
		require.NoError(t, err)
		require.Equal(t, 4, failures, "of five attempts each")

		require.NoError(t, s.Inject(digicerttest.APIError(404, "not_found|order", "").Times(4).On(digicerttest.OrderInfo)))
		_, err = c.Orders.WaitIssued(ctx, order, nil)
		require.NoError(t, err)

		_, err = c.Orders.WaitIssued(ctx, 999_999_999, nil)
		require.ErrorIs(t, err, digicert.ErrNotFound)
		require.Nil(t, requireNotIssued(t, err, "").Order)

		require.NoError(t, s.Inject(digicerttest.APIError(403, digicert.CodeMissingPermission, "").Times(1).On(digicerttest.OrderInfo)))
		_, err = c.Orders.WaitIssued(ctx, order, nil)
		require.ErrorIs(t, err, digicert.ErrAccessDenied)
	})
}

// A key that may not check ends the wait; what else a check says does not.
func TestWaitIssuedFailuresOfChecks(t *testing.T) {
	t.Parallel()
	inBubble(t, []digicerttest.Option{digicerttest.WithDCV(2)}, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
		require.NoError(t, s.Inject(digicerttest.HTMLPage(500).Times(1).On(digicerttest.CheckDCV)))
		var failures []error
		_, err := c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{CheckDCV: true, OnError: func(err error) { failures = append(failures, err) }})
		require.NoError(t, err)
		require.Len(t, failures, 3)
		require.ErrorIs(t, failures[0], digicert.ErrOutcomeUnknown)
		require.ErrorIs(t, failures[1], digicert.CodeInvalidDNSMethod)
	})
	inBubble(t, []digicerttest.Option{digicerttest.WithDCV(-1)}, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
		require.NoError(t, s.Inject(digicerttest.APIError(403, digicert.CodeMissingPermission, "").On(digicerttest.CheckDCV)))
		_, err := c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{CheckDCV: true})
		require.ErrorIs(t, err, digicert.ErrAccessDenied)
		require.Equal(t, digicert.OrderStatusPending, requireNotIssued(t, err, "").Order.Status)
	})
}

// The wait for a reissue or duplicate is not ended by the order, which is issued all the time or again.
func TestWaitIssuedOfFurtherCertificates(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	for _, f := range furthers {
		for _, named := range []string{"by CSR", "by id"} {
			t.Run(f.name+" "+named, func(t *testing.T) {
				t.Parallel()
				inBubble(t, []digicerttest.Option{digicerttest.WithApproval()}, func(ctx context.Context, t *testing.T, s *digicerttest.Server, c *digicert.Client, order digicert.OrderID, _ string) {
					first, err := c.Orders.Get(t.Context(), order)
					require.NoError(t, err)
					require.NoError(t, c.Requests.Approve(t.Context(), first.Requests[0].ID, ""))
					params := func(issuance *digicert.Issuance, csr string) *digicert.WaitParams {
						p := &digicert.WaitParams{CSR: strings.ReplaceAll(csr, "\n", "\r\n")}
						if named == "by id" {
							require.NotZero(t, issuance.CertificateID)
							p = &digicert.WaitParams{CertificateID: issuance.CertificateID}
						}
						return p
					}
					issuance, err := f.do(t.Context(), c, order, &digicert.CreateReissueParams{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: csr}})
					require.NoError(t, err)
					time.AfterFunc(time.Hour, func() {
						if err := c.Requests.Approve(t.Context(), issuance.Requests[0].ID, ""); err != nil {
							t.Error(err)
						}
					})
					start := time.Now()
					_, err = c.Orders.WaitIssued(ctx, order, params(issuance, csr))
					require.NoError(t, err)
					require.GreaterOrEqual(t, time.Since(start), time.Hour)

					_, other := newKey(t)
					issuance, err = f.do(t.Context(), c, order, &digicert.CreateReissueParams{Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: other}})
					require.NoError(t, err)
					time.AfterFunc(time.Hour, func() {
						if err := c.Requests.Reject(t.Context(), issuance.Requests[0].ID, "enough of them"); err != nil {
							t.Error(err)
						}
					})
					_, err = c.Orders.WaitIssued(ctx, order, params(issuance, other))
					requireNotIssued(t, err, "enough of them")

					_, err = c.Orders.WaitIssued(ctx, order, params(issuance, csr))
					if named == "by CSR" {
						require.NoError(t, err, "the one before is still issued")
					}
					_, unknown := newKey(t)
					_, err = c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{CSR: unknown})
					require.ErrorIs(t, err, digicert.ErrNotFound)
					_, err = c.Orders.WaitIssued(ctx, order, &digicert.WaitParams{CertificateID: 999_999_999})
					require.ErrorIs(t, err, digicert.ErrNotFound)
				})
			})
		}
	}
}

func TestWaitIssuedRefused(t *testing.T) {
	t.Parallel()
	_, csr := newKey(t)
	c, s := serve(t, http.StatusOK, `{}`)
	for param, p := range map[string]*digicert.WaitParams{
		"Interval":      {Interval: -1},
		"CSR":           {CSR: "no CSR"},
		"CertificateID": {CertificateID: -1},
	} {
		_, err := c.Orders.WaitIssued(t.Context(), 1, p)
		requireParamError(t, err, param)
	}
	_, err := c.Orders.WaitIssued(t.Context(), 1, &digicert.WaitParams{CSR: csr, CertificateID: 1})
	requireParamError(t, err, "CertificateID")
	require.Empty(t, s.sent())
}
