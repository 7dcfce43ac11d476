package digicert_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	const own = "go-digicert/" + digicert.Version
	for name, tc := range map[string]struct {
		opts  []digicert.Option
		agent string
	}{
		"default":         {nil, own},
		"with a product":  {[]digicert.Option{digicert.WithUserAgent("inventory/1.4")}, "inventory/1.4 " + own},
		"with a comment":  {[]digicert.Option{digicert.WithUserAgent("inventory/1.4 (nightly)")}, "inventory/1.4 (nightly) " + own},
		"the last counts": {[]digicert.Option{digicert.WithUserAgent("a/1"), digicert.WithUserAgent("b/2")}, "b/2 " + own},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range calls {
				c, s := serve(t, http.StatusOK, `{"id": 123}`, tc.opts...)

				_, err := k.do(t.Context(), c)

				require.NoError(t, err)
				req := s.only(t)
				require.Equal(t, http.MethodGet, req.Method)
				require.Nil(t, req.Body)
				require.Equal(t, []string{testKey}, req.Header.Values("X-DC-DEVKEY"))
				if k.raw {
					require.Equal(t, []string{"*/*"}, req.Header.Values("Accept"))
				} else {
					require.Equal(t, []string{"application/json"}, req.Header.Values("Accept"), k.name)
				}
				require.Len(t, req.Header.Values("User-Agent"), 1)
				require.True(t, strings.HasPrefix(req.UserAgent(), tc.agent+" ") || req.UserAgent() == tc.agent, req.UserAgent())
				require.Len(t, req.Header, 3)
				require.Equal(t, "/services/v2"+k.path, req.URL.Path)
				require.NotContains(t, req.URL.String(), testKey)
			}
		})
	}
}

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

// badKeys cannot be keys, and hold one that must not be shown.
var badKeys = map[string]string{
	"newline behind":      testKey + "\n",
	"CR LF behind":        testKey + "\r\n",
	"space before":        " " + testKey,
	"tab behind":          testKey + "\t",
	"space within":        "a " + testKey,
	"newline within":      "a\n" + testKey,
	"header within":       testKey + "\r\nX-Other: 1",
	"NUL":                 testKey + "\x00",
	"DEL":                 testKey + "\x7f",
	"not ASCII":           testKey + "\u00e9",
	"not UTF-8":           testKey + "\xff",
	"no-break space":      testKey + "\u00a0",
	"escape":              "\x1b" + testKey,
	"byte order mark":     "\ufeff" + testKey,
	"zero width in a key": testKey + "\u200b",
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

func TestAPIKeyFunc(t *testing.T) {
	t.Parallel()
	type ctxKey struct{}
	asked := 0
	s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
	c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(ctx context.Context) (string, error) {
		asked++
		return fmt.Sprint(ctx.Value(ctxKey{}), asked), nil
	}))...)
	require.NoError(t, err)
	require.Zero(t, asked)

	for range 3 {
		_, err := c.Reissues.List(context.WithValue(t.Context(), ctxKey{}, "rotating"), 1, nil)
		require.NoError(t, err)
	}

	var keys []string
	for _, req := range s.sent() {
		keys = append(keys, req.Header.Get("X-DC-DEVKEY"))
	}
	require.Equal(t, []string{"rotating1", "rotating2", "rotating3"}, keys)
}

func TestAPIKeyFuncFails(t *testing.T) {
	t.Parallel()
	sealed := errors.New("the vault is sealed")
	s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
	c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
		return testKey, sealed
	}))...)
	require.NoError(t, err)

	_, err = c.Reissues.List(t.Context(), 1, nil)

	require.ErrorIs(t, err, sealed)
	require.Contains(t, err.Error(), sealed.Error())
	requireOneLine(t, err)
	require.Zero(t, s.GetTotalCallCount())
}

func TestAPIKeyFuncBadKey(t *testing.T) {
	t.Parallel()
	bad := map[string]string{"empty": ""}
	for name, key := range badKeys {
		bad[name] = key
	}
	for name, key := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(httpmock.NewStringResponder(http.StatusOK, `{}`))
			c, err := digicert.NewClient("", append(s.options(), digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
				return key, nil
			}))...)
			require.NoError(t, err)

			_, err = c.Reissues.List(t.Context(), 1, nil)

			require.Error(t, err)
			requireOneLine(t, err)
			requireNoKey(t, err)
			require.Zero(t, s.GetTotalCallCount())
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

// However a client is printed, alone or within something else, its key is not.
func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{}`)
	_, err := c.Reissues.List(t.Context(), 1, nil) // a client that has been used knows more
	require.NoError(t, err)

	type exported struct {
		Name    string
		Pointer *digicert.Client
		Value   digicert.Client
	}
	type unexported struct {
		name    string
		pointer *digicert.Client
		value   digicert.Client
	}
	type embedded struct{ *digicert.Client }
	things := map[string]any{
		"pointer":              c,
		"value":                *c,
		"pointer to a pointer": &c,
		"exported fields":      exported{"x", c, *c},
		"pointer to exported":  &exported{"x", c, *c},
		"unexported fields":    unexported{"x", c, *c},
		"pointer to unexp.":    &unexported{"x", c, *c},
		"embedded":             embedded{c},
		"slice":                []any{c, *c, unexported{"x", c, *c}},
		"map":                  map[string]any{"c": c, "v": unexported{"x", c, *c}},
		"service":              c.Reissues,
		"service by value":     *c.StatusChanges,
		"all services":         []any{c.Orders, *c.Orders, c.Subaccounts, *c.Subaccounts, *c.Reissues},
		"method":               c.Get,
	}
	for name, thing := range things {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%p"} {
				require.NotContains(t, fmt.Sprintf(verb, thing), testKey, verb)
				require.NotContains(t, fmt.Sprintf(verb, thing), fmt.Sprintf("%x", testKey), verb)
			}
			for _, newHandler := range []func(io.Writer) slog.Handler{
				func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
				func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
			} {
				var out bytes.Buffer
				slog.New(newHandler(&out)).With("with", thing).WithGroup("g").Info("m", "thing", thing)
				require.NotEmpty(t, out.String())
				require.NotContains(t, out.String(), testKey)
			}
			encoded, err := json.Marshal(thing)
			require.NotContains(t, string(encoded)+fmt.Sprint(err), testKey)
		})
	}
}

func TestPrinting(t *testing.T) {
	t.Parallel()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(digicert.BaseURLEU))
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "digicert.Client(https://certcentral.digicert.eu/services/v2)", fmt.Sprintf(verb, c))
		require.Equal(t, "digicert.Client(https://certcentral.digicert.eu/services/v2)", fmt.Sprintf(verb, *c))
	}
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "client", c)
	require.Contains(t, out.String(), digicert.BaseURLEU)
	require.NotPanics(t, func() { _ = fmt.Sprintf("%v %+v", (*digicert.Client)(nil), digicert.Client{}) })
}

func TestGetPath(t *testing.T) {
	t.Parallel()
	const base = "https://www.digicert.com/services/v2"
	for given, want := range map[string]struct{ url, path string }{
		"/order/certificate/5":    {base + "/order/certificate/5", "/order/certificate/5"},
		"order/certificate/5":     {base + "/order/certificate/5", "/order/certificate/5"},
		"/order/certificate/5/":   {base + "/order/certificate/5/", "/order/certificate/5/"},
		"a":                       {base + "/a", "/a"},
		"/a:b/c":                  {base + "/a:b/c", "/a:b/c"},
		"/a%2Fb/c":                {base + "/a%2Fb/c", "/a%2Fb/c"},
		"/a%20b":                  {base + "/a%20b", "/a%20b"},
		"/a b":                    {base + "/a%20b", "/a%20b"},
		"/a%3Fb%23c":              {base + "/a%3Fb%23c", "/a%3Fb%23c"},
		"/a%25b":                  {base + "/a%25b", "/a%25b"},
		"/\u00fc":                 {base + "/%C3%BC", "/%C3%BC"},
		"/a+b@c":                  {base + "/a+b@c", "/a+b@c"},
		"/a..b/...":               {base + "/a..b/...", "/a..b/..."},
		"/.well-known/..x/x..":    {base + "/.well-known/..x/x..", "/.well-known/..x/x.."},
		"/a//b":                   {base + "/a//b", "/a//b"},
		"/certificate/1/chain;v2": {base + "/certificate/1/chain;v2", "/certificate/1/chain;v2"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusNotFound, ``)

			err := c.Get(t.Context(), given, url.Values{"q": {"1"}}, nil)

			require.ErrorIs(t, err, digicert.ErrNotFound)
			require.Equal(t, want.url+"?q=1", s.only(t).URL.String())
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer)
			require.Equal(t, want.path, answer.Path)
		})
	}
}

func TestGetPathRefused(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{
		"empty":                    "",
		"slash":                    "/",
		"absolute URL":             "https://evil.example/x",
		"absolute URL, own host":   "https://www.digicert.com/services/v2/x",
		"other scheme":             "file:///etc/passwd",
		"opaque":                   "mailto:x",
		"host":                     "//evil.example/x",
		"host with user":           "//user:pass@evil.example/x",
		"no host":                  "///x",
		"parent":                   "..",
		"parent first":             "../x",
		"parent after slash":       "/../x",
		"parent within":            "/a/../../x",
		"parent that stays":        "/a/../x",
		"parent last":              "/a/..",
		"dot":                      ".",
		"dot within":               "/a/./x",
		"escaped parent":           "/%2e%2e/x",
		"escaped parent, capital":  "/%2E%2E/x",
		"half escaped parent":      "/.%2e/x",
		"escaped slash, parent":    "/a%2f../x",
		"escaped slash, parent 2":  "/a%2f..%2f..%2fx",
		"all escaped":              "%2f%2e%2e%2fx",
		"backslash":                `/a\..\x`,
		"backslash first":          `\..\x`,
		"escaped backslash":        "/a%5c..%5cx",
		"query":                    "/x?y=1",
		"empty query":              "/x?",
		"fragment":                 "/x#y",
		"empty fragment":           "/x#",
		"newline":                  "/x\ny",
		"CR LF":                    "/x HTTP/1.1\r\nX-Other: 1",
		"NUL":                      "/x\x00",
		"DEL":                      "/x\x7f",
		"bad escape":               "/x%zz",
		"half an escape":           "/x%2",
		"colon in the first place": "1:x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			err := c.Get(t.Context(), given, nil, nil)
			requireParamError(t, err, "path")
			require.Zero(t, s.GetTotalCallCount())
		})
	}
}

func TestGetParams(t *testing.T) {
	t.Parallel()
	type filters struct {
		Status string             `url:"status,omitempty"`
		Till   digicert.DateRange `url:"valid_till"`
	}
	type params struct {
		Limit   int     `url:"limit,omitempty"`
		Filters filters `url:"filters"`
	}
	for name, tc := range map[string]struct {
		params any
		query  []string
	}{
		"nil":            {nil, nil},
		"nil pointer":    {(*params)(nil), nil},
		"zero":           {params{}, nil},
		"struct":         {params{Limit: 5, Filters: filters{Status: "issued"}}, []string{"limit=5", "filters[status]=issued"}},
		"pointer":        {&params{Limit: 5}, []string{"limit=5"}},
		"range":          {&params{Filters: filters{Till: digicert.DateRange{From: digicert.Date{Year: 2024, Month: 1, Day: 2}}}}, []string{"filters[valid_till]=2024-01-02...2999-12-31"}},
		"values":         {url.Values{"filters[search]": {"%text"}, "sort": {"a", "b"}}, []string{"filters[search]=%text", "sort=a", "sort=b"}},
		"nil values":     {url.Values(nil), nil},
		"own parameters": {&digicert.ListSubaccountOrdersParams{Limit: 5}, []string{"limit=5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			require.NoError(t, c.Get(t.Context(), "/x", tc.params, nil))
			require.ElementsMatch(t, tc.query, queryOf(t, s.only(t)))
		})
	}
	for _, wrong := range []any{5, "limit=5", []string{"limit=5"}, map[string]string{"limit": "5"}, true} {
		c, s := serve(t, http.StatusOK, `{}`)
		requireParamError(t, c.Get(t.Context(), "/x", wrong, nil), "params")
		require.Zero(t, s.GetTotalCallCount())
	}
}

// The parameters of a call are the caller's, and stay as they are.
func TestGetLeavesParamsAlone(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{}`)
	values := url.Values{"b": {"2", "1"}, "a": {""}}
	require.NoError(t, c.Get(t.Context(), "/x", values, nil))
	require.Equal(t, url.Values{"b": {"2", "1"}, "a": {""}}, values)
	require.Equal(t, values, s.only(t).URL.Query())
}

func TestGetResult(t *testing.T) {
	t.Parallel()
	body := fixture(t, "subaccount_orders.json")
	c, _ := serve(t, http.StatusOK, body)

	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, c.Get(t.Context(), "/x", nil, nil))
	})
	t.Run("nothing where nothing is wanted", func(t *testing.T) {
		t.Parallel()
		for status, body := range map[int]string{http.StatusOK: "", http.StatusNoContent: "", http.StatusAccepted: "<html>"} {
			c, _ := serve(t, status, body)
			require.NoError(t, c.Get(t.Context(), "/x", nil, nil))
		}
	})
	t.Run("json.RawMessage", func(t *testing.T) {
		t.Parallel()
		var got json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, strings.TrimSpace(body), strings.TrimSpace(string(got)))
	})
	t.Run("json.RawMessage of its own", func(t *testing.T) {
		t.Parallel()
		first := `{"a":"` + strings.Repeat("x", 1000) + `"}`
		c, _ := serve(t, http.StatusOK, first)
		var got json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		other, _ := serve(t, http.StatusOK, strings.Repeat("9", 1200))
		require.NoError(t, other.Get(t.Context(), "/x", nil, new(json.RawMessage)))
		require.Equal(t, first, string(got), "not a buffer that another answer is read into")
	})
	t.Run("map", func(t *testing.T) {
		t.Parallel()
		var got map[string]json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Len(t, got, 2)
		require.JSONEq(t, `{"total": 3, "limit": 1000, "offset": 0}`, string(got["page"]))
	})
	t.Run("any", func(t *testing.T) {
		t.Parallel()
		var got any
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Len(t, got, 2)
	})
	t.Run("own struct", func(t *testing.T) {
		t.Parallel()
		type orderInfo struct {
			digicert.SubaccountOrder
			Shared bool   `json:"is_shared"`
			Extra  string `json:"extra"`
		}
		row := `{"id": "7", "certificate": {"id": "8"}, "order_price": {"cost": "1.50"}, "date_created": "2018-11-29 01:48:04",
			"is_multi_year_plan": "1", "is_shared": "1", "extra": 5}`
		c, _ := serve(t, http.StatusOK, row)

		var got orderInfo
		require.NoError(t, c.Get(t.Context(), "/account/subaccount/order/7", nil, &got))

		want, err := decodeOrder(t, row)
		require.NoError(t, err)
		require.Equal(t, orderInfo{SubaccountOrder: want, Shared: true, Extra: "5"}, got)
	})
	t.Run("own page of own rows", func(t *testing.T) {
		t.Parallel()
		type row struct {
			digicert.SubaccountOrder
			Extra []string `json:"extra"`
		}
		var got struct {
			Orders []row             `json:"orders"`
			Page   digicert.PageInfo `json:"page"`
		}
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, samplePage().Page, got.Page)
		for i, want := range samplePage().Orders {
			require.Equal(t, want, withLists(got.Orders[i].SubaccountOrder))
		}
	})
	t.Run("pointer to a pointer", func(t *testing.T) {
		t.Parallel()
		var got *digicert.SubaccountOrderPage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, samplePage(), got)
	})
}

func TestGetResultRefused(t *testing.T) {
	t.Parallel()
	for _, result := range []any{
		5, "x", struct{}{}, digicert.SubaccountOrderPage{}, map[string]any{}, []int{}, json.RawMessage{}, (*digicert.SubaccountOrderPage)(nil),
	} {
		c, s := serve(t, http.StatusOK, `{}`)
		requireParamError(t, c.Get(t.Context(), "/x", nil, result), "result")
		require.Zero(t, s.GetTotalCallCount())
	}
}

// A client that NewClient did not make says so.
func TestNoClient(t *testing.T) {
	t.Parallel()
	for _, c := range []*digicert.Client{nil, new(digicert.Client)} {
		requireOneLine(t, c.Get(t.Context(), "/x", nil, nil))
	}
	_, err := new(digicert.ReissuesService).List(t.Context(), 1, nil)
	requireOneLine(t, err)
	_, err = new(digicert.SubaccountsService).ListOrders(t.Context(), nil)
	requireOneLine(t, err)
	_, err = new(digicert.StatusChangesService).List(t.Context(), digicert.Last(time.Hour))
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).Get(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).Duplicates(t.Context(), 1, nil)
	requireOneLine(t, err)
	_, err = new(digicert.OrdersService).History(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.CertificatesService).Chain(t.Context(), 1)
	requireOneLine(t, err)
	_, err = new(digicert.CertificatesService).Download(t.Context(), 1, digicert.FormatCER)
	requireOneLine(t, err)
}

func TestMaxResponseBytes(t *testing.T) {
	t.Parallel()
	body := fixture(t, "reissues.json")
	size := int64(len(body))
	answers := map[string]httpmock.Responder{
		"announced": func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(http.StatusOK, body)
			resp.ContentLength = size
			return resp, nil
		},
		"not announced": func(*http.Request) (*http.Response, error) {
			resp := httpmock.NewStringResponse(http.StatusOK, body)
			resp.ContentLength = -1
			return resp, nil
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, most := range []int64{size, size + 1, 10 * size} {
				got, err := newService(answer).client(t, digicert.WithMaxResponseBytes(most)).Reissues.List(t.Context(), 1, nil)
				require.NoError(t, err)
				require.Equal(t, sampleReissues(), got)
			}
			for _, most := range []int64{1, size / 2, size - 1} {
				_, err := newService(answer).client(t, digicert.WithMaxResponseBytes(most)).Reissues.List(t.Context(), 1, nil)
				require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
				require.Contains(t, err.Error(), "/order/certificate/1/reissue")
				requireOneLine(t, err)
			}
		})
	}
}

// A body that is announced as too large is not worth reading.
func TestMaxResponseBytesAnnounced(t *testing.T) {
	t.Parallel()
	c := newService(func(*http.Request) (*http.Response, error) {
		body := io.NopCloser(iotest.ErrReader(errors.New("it was read")))
		return &http.Response{StatusCode: http.StatusOK, Body: body, ContentLength: 1 << 40}, nil
	}).client(t)
	_, err := c.Reissues.List(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
}

// Without the option a body of 32 MiB is read, and not a byte more.
func TestMaxResponseBytesDefault(t *testing.T) {
	t.Parallel()
	const most = 32 << 20
	answer := func(size int64) *digicert.Client {
		return newService(func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{}`), io.LimitReader(blanks{}, size-2))
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body), ContentLength: -1}, nil
		}).client(t)
	}
	_, err := answer(most).Reissues.List(t.Context(), 1, nil)
	require.NoError(t, err)
	_, err = answer(most+1).Reissues.List(t.Context(), 1, nil)
	require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
}

// blanks is an endless body of white space.
type blanks struct{}

func (blanks) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Calls after each other use one connection, whatever the answers are.
func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	var connections, requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch requests.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, htmlPage+strings.Repeat(" ", 100<<10))
		case 1:
			_, _ = io.WriteString(w, `{"certificates": [{"id": "abc"}]}`+strings.Repeat(" ", 100<<10))
		case 2:
			_, _ = io.WriteString(w, `{"errors": [{"code": "a"}]}`)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	transport := new(http.Transport)
	defer transport.CloseIdleConnections()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}),
		digicert.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)

	for range 12 {
		_, _ = c.Reissues.List(t.Context(), 1, nil)
	}

	require.EqualValues(t, 12, requests.Load())
	require.EqualValues(t, 1, connections.Load())
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
