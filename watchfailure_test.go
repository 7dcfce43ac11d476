package digicert_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// refused answers every request with an error in place of a response.
func refused(err error) *service {
	return newService(func(*http.Request) (*http.Response, error) { return nil, err })
}

// TestFirstPollFails checks what ends a watch that has never worked: what no repetition mends.
func TestFirstPollFails(t *testing.T) {
	t.Parallel()
	status := func(status int, body string) *service {
		return newService(httpmock.NewStringResponder(status, body))
	}
	const codes = `{"errors":[{"code":"odd","message":"Odd."}]}`
	for name, tt := range map[string]struct {
		service *service
		opts    []digicert.Option
		ends    bool
	}{
		"404":                    {status(404, `<html>`), nil, true},
		"404 with codes":         {status(404, codes), nil, true},
		"400":                    {status(400, codes), nil, true},
		"401":                    {status(401, ``), nil, true},
		"403 with codes":         {status(403, codes), nil, true},
		"407":                    {status(407, ``), nil, true},
		"410":                    {status(410, ``), nil, true},
		"a firewall's 403":       {status(403, `<html>`), nil, false},
		"408":                    {status(408, ``), nil, false},
		"429":                    {status(429, codes), nil, false},
		"500":                    {status(500, codes), nil, false},
		"HTML":                   {status(200, `<html>`), nil, false},
		"errors in a success":    {status(200, codes), nil, false},
		"a redirect":             {newService(httpmock.NewStringResponder(302, ``).HeaderSet(http.Header{"Location": {"https://elsewhere.invalid/"}})), nil, true},
		"no route":               {refused(errors.New("no route to host")), nil, false},
		"an unknown authority":   {refused(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), nil, true},
		"another name":           {refused(x509.HostnameError{Certificate: new(x509.Certificate), Host: "x"}), nil, true},
		"a proxy that asks":      {refused(&net.OpError{Op: "proxyconnect", Err: errors.New("Proxy Authentication Required")}), nil, true},
		"a key function":         {status(200, `{}`), []digicert.Option{digicert.WithAPIKeyFunc(func(context.Context) (string, error) { return "", errors.New("the vault is sealed") })}, true},
		"a key that is invalid":  {status(200, `{}`), []digicert.Option{digicert.WithAPIKeyFunc(func(context.Context) (string, error) { return "", nil })}, true},
		"a limiter that refuses": {status(200, `{}`), []digicert.Option{digicert.WithLimiter(digicert.PaceWith(refusal{}))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				opts := append(tt.service.options(), digicert.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
				key := testKey
				if strings.HasPrefix(name, "a key") {
					key = ""
				}
				c, err := digicert.NewClient(key, append(opts, tt.opts...)...)
				require.NoError(t, err)
				const day = 24 * time.Hour
				ctx, cancel := context.WithTimeout(t.Context(), day)
				defer cancel()
				var heard []error
				var last error
				for _, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{OnError: func(err error) { heard = append(heard, err) }}) {
					require.NoError(t, last, "one error, and it is the last element")
					last = err
				}
				require.Error(t, last)
				requireOneLine(t, last)
				require.NotEmpty(t, heard)
				for _, err := range heard {
					requireOneLine(t, err)
				}
				require.Contains(t, log.String(), "digicert: poll failed")
				require.NotContains(t, log.String(), testKey)
				if tt.ends {
					require.NotErrorIs(t, last, context.DeadlineExceeded)
					require.Len(t, heard, 1)
					require.Equal(t, last, heard[0])
					require.LessOrEqual(t, len(tt.service.sent()), 1)
					return
				}
				require.ErrorIs(t, last, context.DeadlineExceeded)
				polls := int(day/time.Minute) + 1 // the first and the last moment
				require.LessOrEqual(t, len(heard), polls)
				require.LessOrEqual(t, len(tt.service.sent()), polls, "no more than one request an interval")
				require.Greater(t, len(heard), polls/2)
			})
		})
	}
}

type refusal struct{}

func (refusal) Wait(context.Context) error { return errors.New("not now") }

// TestLogOfAFailedPoll checks that the log has the cause's own words.
func TestLogOfAFailedPoll(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	defer server.Close()
	var log bytes.Buffer
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL), digicert.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	for _, err := range c.StatusChanges.Watch(t.Context(), nil) {
		require.ErrorContains(t, err, "x509: certificate signed by unknown authority")
	}
	require.Contains(t, log.String(), "x509: certificate signed by unknown authority")
	require.NotContains(t, log.String(), testKey)
}

// TestFailingWatch checks that a watch whose service stops working asks no more than once an interval, and works again afterwards.
func TestFailingWatch(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]digicerttest.Fault{
		"404": digicerttest.APIError(404, "not_found", "No."), "503": digicerttest.HTMLPage(503), "reset": digicerttest.Reset(), "garbage": digicerttest.Status(200, "]"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, c := still(t, 0, 3)
				const hours = 10
				failed := 0
				time.AfterFunc(time.Hour+time.Second, func() { _ = a.Inject(fault) })
				time.AfterFunc((1+hours)*time.Hour-time.Minute, func() {
					a.ClearFaults()
					_ = a.SetStatus(2, "issued")
				})
				time.AfterFunc(2*time.Hour, func() { _ = a.SetStatus(1, "issued") })
				got := ids(t, c, &digicert.WatchParams{OnError: func(error) { failed++ }}, (2+hours)*time.Hour)
				require.ElementsMatch(t, []digicert.OrderID{1, 2}, got)
				require.InDelta(t, hours*60, failed, 5)
				// At first as the client's retry policy says, then once an interval.
				require.LessOrEqual(t, a.Stats().Requests, (2+hours)*60+10)
			})
		})
	}
}

// TestUnreadableRows checks that a row that is no change of an order is reported, once, and does not hold back the others.
func TestUnreadableRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService(httpmock.NewStringResponder(http.StatusOK, `{"orders":[
			{"order_id":1,"certificate_id":1,"status":"issued"},
			{"order_id":"A-1","certificate_id":2,"status":"issued"},
			{},
			{"certificate_id":3,"status":"issued"},
			{"certificate_id":4,"status":"revoked"},
			{},
			"row", 5, null, [1],
			{"order_id":2,"certificate_id":"`+testKey+`"},
			{"order_id":"7","certificate_id":"8","status":"revoked"}
		]}`))
		c := s.client(t)
		var heard []string
		got := ids(t, c, &digicert.WatchParams{OnError: func(err error) {
			requireOneLine(t, err)
			var bad *digicert.DecodeError
			require.ErrorAs(t, err, &bad)
			heard = append(heard, bad.Pointer)
		}}, time.Hour-time.Second)
		require.Equal(t, []digicert.OrderID{1, 7}, got)
		require.Equal(t, []string{
			"/orders/1/order_id", "/orders/2", "/orders/3", "/orders/4", "/orders/5", "/orders/6", "/orders/7", "/orders/8", "/orders/9", "/orders/10/certificate_id",
		}, heard)
		require.Len(t, s.sent(), 60)

		_, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
		requireDecodeError(t, err, "/order/certificate/status-changes", "/orders/1/order_id")
	})
}

// TestRowsWithoutAnOrder checks that none of them vanishes.
func TestRowsWithoutAnOrder(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"orders":[{"certificate_id":3,"status":"issued"},{"certificate_id":4,"status":"issued"},{},{}]}`)
	want := []digicert.StatusChange{{CertificateID: 3, Status: "issued"}, {CertificateID: 4, Status: "issued"}, {}, {}}
	got, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
	require.NoError(t, err)
	require.Equal(t, want, got)
	got, err = c.StatusChanges.Since(t.Context(), time.Now())
	require.NoError(t, err)
	require.Equal(t, want, got)
}
