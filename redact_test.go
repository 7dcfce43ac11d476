package digicert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// piece is the length of a piece of a key that may not be shown.
const piece = 8

// randomKeys returns keys of 8 to 200 printable characters, those among them that are escaped.
func randomKeys(t *testing.T, n int) []string {
	rng := rand.New(rand.NewPCG(randomSeed(t), 11))
	keys := make([]string, n)
	for i := range keys {
		key := make([]byte, []int{8, 9, 16, 39, 40, 41, 72, 200, 8 + rng.IntN(193)}[i%9])
		for j := range key {
			key[j] = byte('!' + rng.IntN('~'-'!'+1))
			if rng.IntN(6) == 0 {
				key[j] = `/+"<&%\'~;`[rng.IntN(10)]
			}
		}
		keys[i] = string(key)
	}
	return keys
}

// requireHidden asserts that no piece of a key, and none of the queries, is in text.
func requireHidden(t *testing.T, text, key string, queries ...string) {
	t.Helper()
	for i := range len(key) - piece + 1 {
		if strings.Contains(text, key[i:i+piece]) {
			require.Fail(t, "the key is shown", "%q of %q in %q", key[i:i+piece], key, text)
		}
	}
	for _, query := range queries {
		require.NotContains(t, text, query)
	}
}

// requireErrorHides asserts it of an error, all that it wraps and what they hold, however they are printed.
func requireErrorHides(t *testing.T, err error, key string, queries ...string) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		requireHidden(t, fmt.Sprintf(verb, err), key, queries...)
	}
	switch e := err.(type) {
	case *digicert.Error:
		requireHidden(t, string(e.Body), key, queries...)
		requireHidden(t, e.Path, key, queries...)
		for _, d := range e.Details {
			requireHidden(t, string(d.Code), key, queries...)
			requireHidden(t, d.Message, key, queries...)
		}
	case *digicert.DecodeError:
		requireHidden(t, e.Pointer, key, queries...)
		requireHidden(t, e.Path, key, queries...)
	case *digicert.ParamError:
		requireHidden(t, e.Reason+e.Param, key, queries...)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			requireErrorHides(t, inner, key, queries...)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			requireErrorHides(t, inner, key, queries...)
		}
	}
}

// keyedClient returns a client with a key, of a service, that logs everything.
func keyedClient(t *testing.T, key string, answer roundTripFunc, opts ...digicert.Option) (*digicert.Client, *logged) {
	t.Helper()
	var log logged
	c, err := digicert.NewClient(key, append([]digicert.Option{
		digicert.WithHTTPClient(&http.Client{Transport: answer}), digicert.WithLimiter(unlimited{}), log.option(),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}),
	}, opts...)...)
	require.NoError(t, err)
	return c, &log
}

func answerWith(status int, body string) roundTripFunc {
	return func(*http.Request) (*http.Response, error) { return httpmock.NewStringResponse(status, body), nil }
}

// inJSON returns s as a JSON string, without its quotes.
func inJSON(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text[1 : len(text)-1])
}

// What the service repeats of the key, it may cut anywhere.
func TestKeyInResponses(t *testing.T) {
	t.Parallel()
	bodies := map[string]func(cut string) (int, string){
		"id":     func(cut string) (int, string) { return 200, `{"id":"` + inJSON(cut) + `"}` },
		"date":   func(cut string) (int, string) { return 200, `{"date_created":"x` + inJSON(cut) + `y"}` },
		"name":   func(cut string) (int, string) { return 200, `{"` + inJSON(cut) + `":{"` + inJSON(cut) + `":"x"}}` },
		"syntax": func(cut string) (int, string) { return 200, `{"` + inJSON(cut) + `":` },
		"bare":   func(cut string) (int, string) { return 200, cut },
		"PHP": func(cut string) (int, string) {
			return 200, `{"id":"` + strings.ReplaceAll(inJSON(cut), "/", `\/`) + `"}`
		},
		"dropped": func(cut string) (int, string) { return 200, `{"` + inJSON(cut) + `":{"":""}}` },
		"code": func(cut string) (int, string) {
			return 403, `{"errors":[{"code":"` + inJSON(cut) + `","message":"m"}]}`
		},
		"message": func(cut string) (int, string) {
			return 403, `{"errors":[{"code":"a","message":"the key ` + inJSON(cut) + `."}]}`
		},
		"HTML":      func(cut string) (int, string) { return 502, `<html>` + html.EscapeString(cut) + `</html>` },
		"raw":       func(cut string) (int, string) { return 400, cut },
		"URL":       func(cut string) (int, string) { return 400, url.QueryEscape(cut) + " " + url.PathEscape(cut) },
		"quoted":    func(cut string) (int, string) { return 400, strconv.Quote(cut) },
		"twice":     func(cut string) (int, string) { return 400, cut + cut },
		"a success": func(cut string) (int, string) { return 200, `{"errors":[{"code":"a` + inJSON(cut) + `"}]}` },
	}
	targets := []func() any{
		func() any { return new(digicert.Order) }, func() any { return new(map[string]map[string]int) }, func() any { return new(map[string]digicert.OrderID) },
	}
	for i, key := range randomKeys(t, 27) {
		t.Run(strconv.Itoa(len(key)), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(i), 5))
			for name, body := range bodies {
				for n := range 12 {
					from, to := 0, len(key)
					if n%3 > 0 && len(key) > piece {
						from = rng.IntN(len(key) - piece + 1)
					}
					if n%3 > 1 {
						to = from + piece + rng.IntN(len(key)-from-piece+1)
					}
					status, text := body(key[from:to])
					c, log := keyedClient(t, key, answerWith(status, text))
					err := c.Get(t.Context(), "/x", nil, targets[n%len(targets)]())
					if err != nil {
						requireErrorHides(t, err, key)
					} else {
						require.Less(t, status, 300, name)
					}
					requireHidden(t, log.String(), key)
				}
			}
		})
	}
}

// The beginning and the end of a key, cut at every place, as an id that cannot be decoded and in the body of an error.
func TestKeyCutAtEveryPlace(t *testing.T) {
	t.Parallel()
	for _, key := range randomKeys(t, 9) {
		t.Run(strconv.Itoa(len(key)), func(t *testing.T) {
			t.Parallel()
			for at := piece; at <= len(key); at++ {
				for _, cut := range []string{key[:at], key[len(key)-at:]} {
					for _, answer := range []struct {
						status int
						body   string
					}{{200, `{"id":"` + inJSON(cut) + `"}`}, {400, cut}} {
						c, log := keyedClient(t, key, answerWith(answer.status, answer.body))
						_, err := c.Orders.Get(t.Context(), 1)
						require.Error(t, err)
						requireErrorHides(t, err, key)
						requireHidden(t, log.String(), key)
					}
				}
			}
		})
	}
}

// The key at the end of what is kept of an error's body.
func TestKeyAtTheEndOfTheBody(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	for _, key := range randomKeys(t, 9)[4:9:9] {
		for before := most - len(key) - 4; before <= most+4; before += max(1, len(key)/24) {
			c, _ := keyedClient(t, key, answerWith(http.StatusBadGateway, strings.Repeat(".", before)+key+strings.Repeat(".", 100)))
			err := c.Get(t.Context(), "/x", nil, nil)
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer)
			requireHidden(t, string(answer.Body), key)
			require.LessOrEqual(t, len(answer.Body), most)
			require.GreaterOrEqual(t, len(answer.Body), most-2*len(key))
		}
	}
}

// callersError is an error of a caller's RoundTripper that says too much.
type callersError struct {
	URL    string
	Header http.Header
	Inner  error
}

func (e callersError) Error() string {
	return fmt.Sprintf("dial %s with %v: %v", e.URL, e.Header, e.Inner)
}
func (e callersError) Unwrap() error { return e.Inner }

var errCallers = errors.New("it failed")

// An error of a caller's RoundTripper may hold the request: it is matched, and its text is redacted.
func TestKeyInTransportErrors(t *testing.T) {
	t.Parallel()
	for _, key := range randomKeys(t, 18) {
		query := url.Values{"search": {"confidential & co"}, "apikey": {key}}
		fail := func(req *http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("round trip: %w", callersError{req.URL.String(), req.Header, fmt.Errorf("%w: %s %s", errCallers, req.URL.RawQuery, key)})
		}
		c, log := keyedClient(t, key, fail)
		err := c.Get(t.Context(), "/x", query, nil)
		require.ErrorIs(t, err, errCallers)
		var callers callersError
		require.ErrorAs(t, err, &callers)
		require.Contains(t, err.Error(), "/x")
		requireErrorHides(t, err, key, query.Encode(), "confidential")
		requireHidden(t, log.String(), key, query.Encode(), "confidential")

		// The second hop's query is another one.
		hops := 0
		c, log = keyedClient(t, key, func(req *http.Request) (*http.Response, error) {
			if hops++; hops == 1 {
				resp := httpmock.NewStringResponse(http.StatusFound, key)
				resp.Header.Set("Location", "/services/v2/y?z=hop-secret&k="+url.QueryEscape(key))
				resp.Request = req
				return resp, nil
			}
			return fail(req)
		})
		err = c.Get(t.Context(), "/x", query, nil)
		require.ErrorIs(t, err, errCallers)
		require.Equal(t, 2, hops)
		requireErrorHides(t, err, key, query.Encode(), "confidential", "hop-secret")
		requireHidden(t, log.String(), key, query.Encode(), "confidential", "hop-secret")

		// A redirect that is refused.
		for _, location := range []string{"https://evil.example/" + url.PathEscape(key) + "?q=hop-secret", "/%zz" + key, "//" + url.PathEscape(key), key} {
			c, log = keyedClient(t, key, func(req *http.Request) (*http.Response, error) {
				resp := httpmock.NewStringResponse(http.StatusFound, key)
				resp.Header.Set("Location", location)
				resp.Request = req
				return resp, nil
			})
			err = c.Get(t.Context(), "/x", query, nil)
			require.Error(t, err)
			requireErrorHides(t, err, key, query.Encode(), "confidential", "hop-secret")
			requireHidden(t, log.String(), key, query.Encode(), "confidential", "hop-secret")
		}
	}
}

// failingLimiter refuses with an error of its own.
type failingLimiter struct{ err error }

func (l failingLimiter) Acquire(context.Context) (func(), error) { return nil, l.err }

// The key in what a caller hands over: a path, the cause of a context, the errors of a key function and of a limiter.
func TestKeyInCallersHands(t *testing.T) {
	t.Parallel()
	for _, key := range randomKeys(t, 27) {
		ok := answerWith(http.StatusNotFound, key)
		c, log := keyedClient(t, key, ok)
		// Before the first request a key of WithAPIKeyFunc is not known; that of NewClient is.
		for _, path := range []string{"/a/" + url.PathEscape(key), "/a/" + key, key, "/" + key + "/../x", "/%zz" + key, "https://x/" + key, "/a/" + url.QueryEscape(key)} {
			err := c.Get(t.Context(), path, nil, new(int))
			require.Error(t, err)
			requireErrorHides(t, err, key)
		}
		requireHidden(t, log.String(), key)

		secret := callersError{URL: key, Inner: errCallers}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(fmt.Errorf("cause: %w", secret))
		err := c.Get(ctx, "/x", nil, nil)
		require.ErrorIs(t, err, errCallers)
		require.ErrorIs(t, err, context.Canceled)
		requireErrorHides(t, err, key)

		c, log = keyedClient(t, key, ok, digicert.WithLimiter(failingLimiter{secret}))
		err = c.Get(t.Context(), "/x", url.Values{"q": {"confidential"}}, nil)
		require.ErrorIs(t, err, errCallers)
		requireErrorHides(t, err, key, "confidential")
		requireHidden(t, log.String(), key)

		calls := 0
		c, log = keyedClient(t, "", ok, digicert.WithAPIKeyFunc(func(context.Context) (string, error) {
			if calls++; calls == 1 {
				return key, nil
			}
			return "", secret
		}))
		requireErrorHides(t, c.Get(t.Context(), "/x", nil, nil), key)
		err = c.Get(t.Context(), "/x", nil, nil)
		require.ErrorIs(t, err, errCallers)
		requireErrorHides(t, err, key)
		requireHidden(t, log.String(), key)
	}
}

// A word that only resembles a piece of the key stays.
func TestRedactionKeepsOtherText(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusForbidden, `{"errors":[{"code":"a","message":"K3Y-nev is not shown, 0123456 neither. -to-be- stays"}]}`)
	err := c.Get(t.Context(), "/x", nil, nil)
	require.Contains(t, err.Error(), "K3Y-nev is not shown, 0123456 neither. -to-be- stays")
}

// What a server or a proxy could read as a way out of the base URL is refused.
func TestPathsLeavingTheBase(t *testing.T) {
	t.Parallel()
	for _, dots := range []string{
		"..", ".", "..;", "..;x=y", "..%3b", "..%00", "..%00x", "%2e%2e", "%2E.", ".%2e", "%2e", "%252e%252e", "%25252e%25252e", "..%20", "..%09", "..%0a", "..%5c", `..\`, "%2e%2e%5c",
		"..%3Fx", "..%23x", "%2e%2e;", "%252e%252e%3b", "..%253b", "..%2500",
	} {
		for _, path := range []string{dots, "/" + dots + "/x", "/a/" + dots, "/a/" + dots + "/b", "/a%2f" + dots + "%2fb", "/a%252f" + dots + "/b", `/a\` + dots + "/b", "/a%5c" + dots + "%5cb"} {
			c, s := serve(t, http.StatusOK, `{}`)
			err := c.Get(t.Context(), path, nil, nil)
			var refused *digicert.ParamError
			require.ErrorAs(t, err, &refused, path)
			require.Equal(t, "path", refused.Param)
			require.Empty(t, s.sent())
		}
	}
	for _, path := range []string{"/a", "/a/b.c", "/a..b", "/...", "/a;b", "/..a", "/a..", "/%2e%2e%2e", "/a%2fb", "/a%20b", "/..x;y", "/user@example.com", "/a,b", "/a%25b"} {
		c, s := serve(t, http.StatusOK, `{}`)
		require.NoError(t, c.Get(t.Context(), path, nil, nil), path)
		require.Len(t, s.sent(), 1)
	}
}

// refusing is a limiter that has no slots.
type refusing struct{}

func (refusing) Acquire(context.Context) (func(), error) {
	return nil, errors.New("digicert: no slots")
}

// The prefix of errors is not taken for a piece of a key that begins as it does.
func TestPrefixIsNotRedacted(t *testing.T) {
	t.Parallel()
	c, err := digicert.NewClient("digicert-key-0001", digicert.WithLimiter(refusing{}), digicert.WithHTTPClient(&http.Client{Transport: httpmock.NewMockTransport()}))
	require.NoError(t, err)
	_, err = c.Account.Get(t.Context())
	require.EqualError(t, err, "digicert: GET /account: no slots")
}
