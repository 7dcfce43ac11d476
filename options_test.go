package digicert_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"
)

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"":                                   "https://www.digicert.com/services/v2/order/certificate/1/reissue",
		digicert.BaseURLUS:                   "https://www.digicert.com/services/v2/order/certificate/1/reissue",
		digicert.BaseURLEU:                   "https://certcentral.digicert.eu/services/v2/order/certificate/1/reissue",
		digicert.BaseURLEU + "/":             "https://certcentral.digicert.eu/services/v2/order/certificate/1/reissue",
		"https://proxy.example:8443/dc/v2//": "https://proxy.example:8443/dc/v2/order/certificate/1/reissue",
		"https://proxy.example":              "https://proxy.example/order/certificate/1/reissue",
		"https://proxy.example/":             "https://proxy.example/order/certificate/1/reissue",
		"https://proxy.example/a%2Fb/c%20d/": "https://proxy.example/a%2Fb/c%20d/order/certificate/1/reissue",
		"HTTPS://proxy.example":              "https://proxy.example/order/certificate/1/reissue",
		"http://localhost:8080/v2":           "http://localhost:8080/v2/order/certificate/1/reissue",
		"http://LOCALHOST/v2":                "http://LOCALHOST/v2/order/certificate/1/reissue",
		"http://127.0.0.1:8080":              "http://127.0.0.1:8080/order/certificate/1/reissue",
		"http://127.255.0.9":                 "http://127.255.0.9/order/certificate/1/reissue",
		"http://[::1]:8080/v2":               "http://[::1]:8080/v2/order/certificate/1/reissue",
		"https://[2001:db8::1]/services/v2":  "https://[2001:db8::1]/services/v2/order/certificate/1/reissue",
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			var opts []digicert.Option
			if given != "" {
				opts = append(opts, digicert.WithBaseURL(given))
			}
			c, s := serve(t, http.StatusOK, `{}`, opts...)

			_, err := c.Reissues.List(t.Context(), 1, nil)

			require.NoError(t, err)
			require.Equal(t, want, s.only(t).URL.String())
		})
	}
}

func TestBaseURLRefused(t *testing.T) {
	t.Parallel()
	const password = "p4ssw0rd"
	for name, given := range map[string]string{
		"empty":                      "",
		"no scheme":                  "www.digicert.com/services/v2",
		"no host":                    "https://",
		"no host but a path":         "https:///services/v2",
		"no host but a port":         "https://:443/services/v2",
		"opaque":                     "https:www.digicert.com",
		"path":                       "/services/v2",
		"other scheme":               "ftp://www.digicert.com/services/v2",
		"file":                       "file:///etc/hosts",
		"http":                       "http://www.digicert.com/services/v2",
		"http, name like loopback":   "http://localhost.example.com/",
		"http, number like loopback": "http://127.0.0.1.example.com/",
		"http, any address":          "http://0.0.0.0/",
		"http, private address":      "http://192.168.0.1/",
		"user":                       "https://" + password + "@www.digicert.com/services/v2",
		"user and password":          "https://user:" + password + "@www.digicert.com/services/v2",
		"password on loopback":       "http://user:" + password + "@localhost/",
		"password, bad port":         "https://user:" + password + "@www.digicert.com:port/",
		"password, bad host":         "https://user:" + password + "@www.digicert .com/",
		"password, control":          "https://user:" + password + "@www.digicert.com/\n",
		"query":                      "https://www.digicert.com/services/v2?key=" + password,
		"empty query":                "https://www.digicert.com/services/v2?",
		"fragment":                   "https://www.digicert.com/services/v2#" + password,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := digicert.NewClient(testKey, digicert.WithBaseURL(given))
			require.Nil(t, c)
			requireOptionError(t, err, "WithBaseURL")
			require.NotContains(t, err.Error(), password)
		})
	}
}

// requireOptionError is requireParamError for options, whose messages may name the service.
func requireOptionError(t testing.TB, err error, param string) {
	t.Helper()
	var refused *digicert.ParamError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, param, refused.Param)
	require.NotEmpty(t, refused.Reason)
	require.NotContains(t, err.Error(), testKey)
	require.NotContains(t, err.Error(), "\n")
}

func TestOptionsAccepted(t *testing.T) {
	t.Parallel()
	keyFunc := func(context.Context) (string, error) { return testKey, nil }
	for name, tc := range map[string]struct {
		key  string
		opts []digicert.Option
	}{
		"none":                      {testKey, nil},
		"shortest key":              {"k", nil},
		"key of printable ASCII":    {"!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~", nil},
		"WithAPIKeyFunc":            {"", []digicert.Option{digicert.WithAPIKeyFunc(keyFunc)}},
		"WithHTTPClient":            {testKey, []digicert.Option{digicert.WithHTTPClient(http.DefaultClient)}},
		"WithHTTPClient, zero":      {testKey, []digicert.Option{digicert.WithHTTPClient(new(http.Client))}},
		"WithUserAgent":             {testKey, []digicert.Option{digicert.WithUserAgent("a/1")}},
		"WithRetry, zero":           {testKey, []digicert.Option{digicert.WithRetry(digicert.RetryPolicy{})}},
		"WithRetry, one attempt":    {testKey, []digicert.Option{digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1})}},
		"WithRetry, delays equal":   {testKey, []digicert.Option{digicert.WithRetry(digicert.RetryPolicy{MinDelay: 1, MaxDelay: 1})}},
		"WithRetry, long MinDelay":  {testKey, []digicert.Option{digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Hour})}},
		"WithLimiter":               {testKey, []digicert.Option{digicert.WithLimiter(unlimited{})}},
		"WithLimiter, default":      {testKey, []digicert.Option{digicert.WithLimiter(digicert.NewRollingLimiter())}},
		"WithLimiter, zero":         {testKey, []digicert.Option{digicert.WithLimiter(new(digicert.RollingLimiter))}},
		"WithLogger":                {testKey, []digicert.Option{digicert.WithLogger(slog.New(slog.DiscardHandler))}},
		"WithMaxResponseBytes":      {testKey, []digicert.Option{digicert.WithMaxResponseBytes(1)}},
		"WithPageConcurrency":       {testKey, []digicert.Option{digicert.WithPageConcurrency(1)}},
		"WithPageConcurrency, most": {testKey, []digicert.Option{digicert.WithPageConcurrency(100)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := digicert.NewClient(tc.key, tc.opts...)
			require.NoError(t, err)
			require.NotNil(t, c.Orders)
			require.NotNil(t, c.Reissues)
			require.NotNil(t, c.Subaccounts)
			require.NotNil(t, c.StatusChanges)
		})
	}
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	var noLimiter *digicert.RollingLimiter
	retry := func(p digicert.RetryPolicy) digicert.Option { return digicert.WithRetry(p) }
	for name, tc := range map[string]struct {
		param string
		opt   digicert.Option
	}{
		"nil option":                 {"opts", nil},
		"WithHTTPClient":             {"WithHTTPClient", digicert.WithHTTPClient(nil)},
		"WithAPIKeyFunc":             {"WithAPIKeyFunc", digicert.WithAPIKeyFunc(nil)},
		"both keys":                  {"apiKey", digicert.WithAPIKeyFunc(func(context.Context) (string, error) { return testKey, nil })},
		"WithUserAgent, empty":       {"WithUserAgent", digicert.WithUserAgent("")},
		"WithUserAgent, blank":       {"WithUserAgent", digicert.WithUserAgent(" ")},
		"WithUserAgent, two lines":   {"WithUserAgent", digicert.WithUserAgent("a/1\r\nX-Other: 1")},
		"WithUserAgent, control":     {"WithUserAgent", digicert.WithUserAgent("a\x00")},
		"WithUserAgent, no ASCII":    {"WithUserAgent", digicert.WithUserAgent("\u00fc/1")},
		"WithRetry, MaxAttempts":     {"WithRetry", retry(digicert.RetryPolicy{MaxAttempts: -1})},
		"WithRetry, MinDelay":        {"WithRetry", retry(digicert.RetryPolicy{MinDelay: -1})},
		"WithRetry, MaxDelay":        {"WithRetry", retry(digicert.RetryPolicy{MaxDelay: -1})},
		"WithRetry, MaxRetryAfter":   {"WithRetry", retry(digicert.RetryPolicy{MaxRetryAfter: -1})},
		"WithRetry, AttemptTimeout":  {"WithRetry", retry(digicert.RetryPolicy{AttemptTimeout: -1})},
		"WithRetry, delays":          {"WithRetry", retry(digicert.RetryPolicy{MinDelay: 2, MaxDelay: 1})},
		"WithRetry, default delay":   {"WithRetry", retry(digicert.RetryPolicy{MaxDelay: 1})},
		"WithLimiter":                {"WithLimiter", digicert.WithLimiter(nil)},
		"WithLimiter, nil rolling":   {"WithLimiter", digicert.WithLimiter(noLimiter)},
		"WithLogger":                 {"WithLogger", digicert.WithLogger(nil)},
		"WithMaxResponseBytes, 0":    {"WithMaxResponseBytes", digicert.WithMaxResponseBytes(0)},
		"WithMaxResponseBytes, -1":   {"WithMaxResponseBytes", digicert.WithMaxResponseBytes(-1)},
		"WithPageConcurrency, 0":     {"WithPageConcurrency", digicert.WithPageConcurrency(0)},
		"WithPageConcurrency, -1":    {"WithPageConcurrency", digicert.WithPageConcurrency(-1)},
		"WithPageConcurrency, large": {"WithPageConcurrency", digicert.WithPageConcurrency(101)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := digicert.NewClient(testKey, tc.opt)
			require.Nil(t, c)
			requireOptionError(t, err, tc.param)
		})
	}
	for _, window := range []digicert.Window{{Requests: 0, Per: time.Second}, {Requests: -1, Per: time.Second}, {Requests: 1}, {Requests: 1, Per: -1}} {
		c, err := digicert.NewClient(testKey, digicert.WithLimiter(digicert.NewRollingLimiter(window)))
		require.Nil(t, c)
		var refused *digicert.ParamError
		require.ErrorAs(t, err, &refused)
	}
}

func TestKeyRefused(t *testing.T) {
	t.Parallel()
	_, err := digicert.NewClient("")
	requireOptionError(t, err, "apiKey")
	_, err = digicert.NewClient(" ")
	requireOptionError(t, err, "apiKey")
	for name, key := range badKeys {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := digicert.NewClient(key)
			require.Nil(t, c)
			requireOptionError(t, err, "apiKey")
		})
	}
}

func TestHTTPClientIsCopied(t *testing.T) {
	t.Parallel()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
	hc := &http.Client{Transport: s, Jar: jar, Timeout: time.Hour}
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(hc))
	require.NoError(t, err)

	_, err = c.Reissues.List(t.Context(), 1, nil)

	require.NoError(t, err)
	require.Same(t, s, hc.Transport)
	require.Same(t, jar, hc.Jar)
	require.Equal(t, time.Hour, hc.Timeout)
	require.Nil(t, hc.CheckRedirect)

	hc.Transport = nil // what the caller does with it later is of no consequence
	_, err = c.Reissues.List(t.Context(), 1, nil)
	require.NoError(t, err)
	require.Len(t, s.sent(), 2)
}

// Calls at the same time leave as many connections behind, for the next ones. net/http's own transport keeps two.
func TestDefaultHTTPClientKeepsConnections(t *testing.T) {
	t.Parallel()
	const together = 8
	var connections, arrived atomic.Int64
	rounds := []chan struct{}{make(chan struct{}), make(chan struct{})}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := arrived.Add(1)
		round := rounds[(n-1)/together]
		if n%together == 0 { // all are here
			close(round)
		}
		<-round
		_, _ = io.WriteString(w, `{}`)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL))
	require.NoError(t, err)

	for range rounds {
		errs := make(chan error, together)
		for range together {
			go func() {
				_, err := c.Reissues.List(t.Context(), 1, nil)
				errs <- err
			}()
		}
		for range together {
			require.NoError(t, <-errs)
		}
	}

	require.EqualValues(t, together, connections.Load())
}

// Without WithHTTPClient a client has a transport of its own, which works.
func TestDefaultHTTPClient(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-DC-DEVKEY") != testKey || r.URL.RequestURI() != "/v2/order/certificate/1/reissue?show_archived=true" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `{"certificates": [{"id": 5}]}`)
	}))
	defer server.Close()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL+"/v2"))
	require.NoError(t, err)

	got, err := c.Reissues.List(t.Context(), 1, &digicert.ListReissuesParams{ShowArchived: true})

	require.NoError(t, err)
	require.Equal(t, []digicert.Reissue{{ID: 5, DNSNames: []string{}}}, got)
}
