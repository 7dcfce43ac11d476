package digicert_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func isCode(err error, code digicert.ErrorCode) bool { return errors.Is(err, code) }

const htmlPage = "<!DOCTYPE html>\n<html><head><title>Request blocked</title></head>\n<body>Incident 42</body></html>\n"

// Every error status with every body, through every call.
func TestErrorTable(t *testing.T) {
	t.Parallel()
	statuses := map[int]error{
		http.StatusBadRequest:          nil,
		http.StatusUnauthorized:        digicert.ErrAccessDenied,
		http.StatusForbidden:           digicert.ErrAccessDenied,
		http.StatusNotFound:            digicert.ErrNotFound,
		http.StatusTooManyRequests:     digicert.ErrRateLimited,
		http.StatusInternalServerError: digicert.ErrUnavailable,
		http.StatusBadGateway:          digicert.ErrUnavailable,
		http.StatusServiceUnavailable:  digicert.ErrUnavailable,
	}
	bodies := map[string]struct {
		body    string
		details []digicert.ErrorDetail
	}{
		"byte order mark": {
			"\ufeff" + `{"errors":[{"code":"invalid_limit","message":"No."}]}`,
			[]digicert.ErrorDetail{{Code: "invalid_limit", Message: "No."}},
		},
		"white space": {
			" \n{ \"errors\" : [ { \"code\" : \"a\" } , \"b\" , [ ] ] } ", []digicert.ErrorDetail{{Code: "a"}, {Message: "b"}},
		},
		"escaped name": {
			`{"\u0065rrors":[{"c\u006fde":"a"}]}`, []digicert.ErrorDetail{{Code: "a"}},
		},
		"some of no use": {
			`{"errors":[{"code":{}},{"code":"a"},{"message":[{"code":"z"}]},{"code":"b"}]}`, []digicert.ErrorDetail{{Code: "a"}, {Code: "b"}},
		},
		"one entry": {
			`{"errors":[{"code":"invalid_limit","message":"No."}]}`,
			[]digicert.ErrorDetail{{Code: "invalid_limit", Message: "No."}},
		},
		"several": {
			`{"errors":[{"code":"a","message":"first"},{"code":"b|c","message":"second"},{"code":"d"},{"message":"last"}]}`,
			[]digicert.ErrorDetail{{Code: "a", Message: "first"}, {Code: "b|c", Message: "second"}, {Code: "d"}, {Message: "last"}},
		},
		"no such order": {
			`{"errors":[{"code":"not_found|order","message":"The order does not exist."}]}`,
			[]digicert.ErrorDetail{{Code: "not_found|order", Message: "The order does not exist."}},
		},
		"no permission": {
			`{"errors":[{"code":"access_denied|missing_permission","message":"No."}]}`,
			[]digicert.ErrorDetail{{Code: digicert.CodeMissingPermission, Message: "No."}},
		},
		"object": {
			`{"errors":{"code":"not_found|order","message":"No such order."}}`,
			[]digicert.ErrorDetail{{Code: "not_found|order", Message: "No such order."}},
		},
		"object of entries": {
			`{"errors":{"1":{"code":"b","message":"second"},"0":{"code":"a","message":"first"}}}`,
			[]digicert.ErrorDetail{{Code: "a", Message: "first"}, {Code: "b", Message: "second"}},
		},
		"text":              {`{"errors":"No."}`, []digicert.ErrorDetail{{Message: "No."}}},
		"texts":             {`{"errors":["No.","No!"]}`, []digicert.ErrorDetail{{Message: "No."}, {Message: "No!"}}},
		"code is a number":  {`{"errors":[{"code":17,"message":"No."}]}`, []digicert.ErrorDetail{{Code: "17", Message: "No."}}},
		"bad UTF-8":         {"{\"errors\":[{\"code\":\"a\",\"message\":\"N\xff\"}]}", []digicert.ErrorDetail{{Code: "a", Message: "N\ufffd"}}},
		"unknown fields":    {`{"status":"x","errors":[{"code":"a","message":"b","hint":{"c":[1]}}]}`, []digicert.ErrorDetail{{Code: "a", Message: "b"}}},
		"empty list":        {`{"errors":[]}`, nil},
		"null":              {`{"errors":null}`, nil},
		"no errors":         {`{"message":"No."}`, nil},
		"other JSON":        {`[1, 2]`, nil},
		"HTML":              {htmlPage, nil},
		"empty":             {``, nil},
		"text, not JSON":    {`upstream connect error`, nil},
		"JSON that is cut":  {`{"errors":[{"code":"a","mess`, nil},
		"entries of no use": {`{"errors":[{},[],1,true,null]}`, nil},
	}
	for status, kind := range statuses {
		for name, tc := range bodies {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				t.Parallel()
				for _, k := range calls {
					c, s := serve(t, status, tc.body)

					result, err := k.do(t.Context(), c)

					var answer *digicert.Error
					require.ErrorAs(t, err, &answer, k.name)
					require.Empty(t, result, k.name)
					require.Equal(t, &digicert.Error{
						StatusCode: status, Details: tc.details, Method: http.MethodGet, Path: k.path, Attempts: 1, Body: []byte(tc.body),
					}, answer)
					for _, sentinel := range sentinels {
						require.Equal(t, sentinel == kind, errors.Is(err, sentinel), "%s: %s", k.name, sentinel)
					}
					text := err.Error()
					requireOneLine(t, err)
					require.Contains(t, text, "GET "+k.path+": ")
					require.Contains(t, text, fmt.Sprint(status))
					for _, d := range tc.details {
						require.ErrorIs(t, err, d.Code)
						require.Contains(t, text, string(d.Code))
						require.Contains(t, text, d.Message)
					}
					require.NotContains(t, text, "Incident", "not the body")
					if query := s.only(t).URL.RawQuery; query != "" {
						require.NotContains(t, text, query)
					}
					requireNoKey(t, err)
				}
			})
		}
	}
}

var sentinels = []error{
	digicert.ErrAccessDenied, digicert.ErrNotFound, digicert.ErrRateLimited, digicert.ErrUnavailable,
	digicert.ErrRedirect, digicert.ErrResponseTooLarge, digicert.ErrNoProgress, digicert.ErrWrongCertificate,
}

func TestErrorOtherStatuses(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]error{
		http.StatusNotModified:                   nil,
		http.StatusTeapot:                        nil,
		http.StatusConflict:                      nil,
		http.StatusNotImplemented:                digicert.ErrUnavailable,
		http.StatusGatewayTimeout:                digicert.ErrUnavailable,
		http.StatusNetworkAuthenticationRequired: digicert.ErrUnavailable,
		599:                                      digicert.ErrUnavailable,
		600:                                      nil,
	} {
		c, _ := serve(t, status, ``)
		_, err := c.Reissues.List(t.Context(), 1, nil)
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, status, answer.StatusCode)
		require.Contains(t, err.Error(), fmt.Sprint(status))
		for _, sentinel := range sentinels {
			require.Equal(t, sentinel == kind, errors.Is(err, sentinel), "%d: %s", status, sentinel)
		}
	}
}

func TestErrorSample(t *testing.T) {
	t.Parallel()
	body := fixture(t, "error_time_frame_too_long.json")
	c, _ := serve(t, http.StatusBadRequest, body)

	_, err := c.StatusChanges.List(t.Context(), digicert.Last(digicert.MaxTimeFrame))

	var answer *digicert.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, &digicert.Error{
		StatusCode: http.StatusBadRequest,
		Details: []digicert.ErrorDetail{{
			Code: digicert.CodeTimeFrameTooLong, Message: "An error occurred while processing your request.",
		}},
		Method: http.MethodGet, Path: "/order/certificate/status-changes", Attempts: 1, Body: []byte(body),
	}, answer)
	require.ErrorIs(t, err, digicert.CodeTimeFrameTooLong)
	require.EqualError(t, err, "digicert: GET /order/certificate/status-changes: 400 Bad Request: "+
		"time_frame_too_long (An error occurred while processing your request.)")
}

func TestErrorCodes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		codes []string
		match []digicert.ErrorCode
		other []digicert.ErrorCode
	}{
		"itself":   {[]string{"not_found"}, []digicert.ErrorCode{digicert.CodeNotFound}, []digicert.ErrorCode{"not_found|order", "not", ""}},
		"family":   {[]string{"not_found|order"}, []digicert.ErrorCode{digicert.CodeNotFound, "not_found|order"}, []digicert.ErrorCode{"not_found|route", "order", "not_found|"}},
		"namesake": {[]string{"not_found_at_all"}, []digicert.ErrorCode{"not_found_at_all"}, []digicert.ErrorCode{digicert.CodeNotFound}},
		"key": {
			[]string{"access_denied|access_denied_invalid_key"},
			[]digicert.ErrorCode{digicert.CodeAccessDenied, digicert.CodeInvalidKey},
			[]digicert.ErrorCode{digicert.CodeMissingPermission},
		},
		"permission": {
			[]string{"access_denied|missing_permission"},
			[]digicert.ErrorCode{digicert.CodeAccessDenied, digicert.CodeMissingPermission},
			[]digicert.ErrorCode{digicert.CodeInvalidKey},
		},
		"limit":     {[]string{"request_limit_exceeded"}, []digicert.ErrorCode{digicert.CodeRequestLimitExceeded}, nil},
		"unknown":   {[]string{"brand_new|a|b"}, []digicert.ErrorCode{"brand_new", "brand_new|a", "brand_new|a|b"}, []digicert.ErrorCode{"brand"}},
		"any entry": {[]string{"a", "b|c", "d"}, []digicert.ErrorCode{"a", "b", "b|c", "d"}, []digicert.ErrorCode{"c", "e"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var entries []map[string]string
			for _, code := range tc.codes {
				entries = append(entries, map[string]string{"code": code, "message": "m"})
			}
			body, err := json.Marshal(map[string]any{"errors": entries})
			require.NoError(t, err)
			c, _ := serve(t, http.StatusBadRequest, string(body))

			_, err = c.Subaccounts.ListOrders(t.Context(), nil)

			for _, code := range tc.match {
				require.ErrorIs(t, err, code)
			}
			for _, code := range tc.other {
				require.NotErrorIs(t, err, code)
			}
			var first digicert.ErrorCode
			require.ErrorAs(t, err, &first)
			require.Equal(t, tc.codes[0], first.Error())
		})
	}
}

// A success whose body is no JSON is not an empty list. What is taken as it is only may not be empty.
func TestGarbageInASuccess(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"empty":       "",
		"white space": " \r\n\t",
		"HTML":        htmlPage,
		"text":        "OK",
		"a NUL":       "\x00",
		"XML":         `<?xml version="1.0"?><errors/>`,
		"CSV":         "id,status\n1,issued\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range calls {
				c, _ := serve(t, http.StatusOK, body)

				result, err := k.do(t.Context(), c)

				requireDecodeError(t, err, k.path, "")
				require.Empty(t, result)
				require.NotContains(t, err.Error(), "Incident", "not the body")
			}
		})
	}
}

// The service may say the key again, and may say too much, in too many lines.
func TestErrorMessages(t *testing.T) {
	t.Parallel()
	entry := func(code, message string) string {
		body, err := json.Marshal(map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}})
		require.NoError(t, err)
		return string(body)
	}
	many := strings.Repeat(`{"code":"invalid_field","message":"`+strings.Repeat("no ", 100)+`"},`, 100)

	for name, tc := range map[string]struct {
		body     string
		contains string
	}{
		"key in the message":  {entry("invalid_key", "the key "+testKey+" is unknown"), "is unknown"},
		"key in the code":     {entry("invalid_key|"+testKey, "m"), "invalid_key|"},
		"key in an HTML page": {"<html>" + testKey + "</html>", "403"},
		"key past the cut":    {entry("invalid_key", strings.Repeat("x", 190)+testKey), "invalid_key"},
		"lines":               {entry("two\nlines", "one\r\ntwo\nthree\u2028four\u0085five\vsix"), "one"},
		"control characters":  {entry("bell\a", "\x1b[31mred\x1b[0m\x00\x7f\u009b31m"), "red"},
		"right-to-left":       {entry("a", "abc\u202edcba"), "abc"},
		"long message":        {entry("long_message", strings.Repeat("very ", 2000)+"long"), "very very"},
		"long code":           {entry(strings.Repeat("long_", 2000), "m"), "long_long_"},
		"long, of many bytes": {entry("a", strings.Repeat("\u65e5\u672c", 2000)), "\u65e5"},
		"many entries":        {`{"errors":[` + strings.TrimSuffix(many, ",") + `]}`, "invalid_field"},
		"format verbs":        {entry("%s%d", "100%!"), "%s%d (100%!)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{http.StatusForbidden, http.StatusOK} {
				c, _ := serve(t, status, tc.body)
				_, err := c.Reissues.List(t.Context(), 1, nil)

				require.Error(t, err)
				requireOneLine(t, err)
				if status != http.StatusOK {
					require.Contains(t, err.Error(), tc.contains)
				}
				require.NotContains(t, err.Error(), "\u202e")
				requireNoKey(t, err)
			}
		})
	}
}

// requireNoKey asserts that the key is nowhere in err or what it wraps, however it is printed.
func requireNoKey(t *testing.T, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, err), testKey)
	}
	var answer *digicert.Error
	if errors.As(err, &answer) {
		require.NotContains(t, string(answer.Body), testKey)
		for _, d := range answer.Details {
			require.NotContains(t, string(d.Code)+d.Message, testKey)
		}
	}
	var undecoded *digicert.DecodeError
	if errors.As(err, &undecoded) {
		require.NotContains(t, undecoded.Pointer+undecoded.Err.Error(), testKey)
	}
}

// A body that repeats the key where something else is expected does not make a message repeat it.
func TestDecodeErrorsWithoutKey(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"as an id":      `{"certificates":[{"id":"` + testKey + `"}]}`,
		"as a date":     `{"certificates":[{"date_created":"` + testKey + `"}]}`,
		"as a boolean":  `{"certificates":[{"archived":"` + testKey + `"}]}`,
		"as a number":   `{"certificates":[{"days_remaining":"` + testKey + `"}]}`,
		"as a list":     `{"certificates":"` + testKey + `"}`,
		"as a document": `"` + testKey + `"`,
		"bare":          testKey,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serve(t, http.StatusOK, body)
			_, err := c.Reissues.List(t.Context(), 1, nil)
			require.Error(t, err)
			requireOneLine(t, err)
			requireNoKey(t, err)
		})
	}
}

// The place of an error is named by the body, too.
func TestDecodeErrorPointerWithoutKey(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"`+testKey+`": {"id": "abc"}}`)
	err := c.Get(t.Context(), "/x", nil, &map[string]struct {
		ID digicert.OrderID `json:"id"`
	}{})
	var undecoded *digicert.DecodeError
	require.ErrorAs(t, err, &undecoded)
	require.True(t, strings.HasSuffix(undecoded.Pointer, "/id"), undecoded.Pointer)
	requireOneLine(t, err)
	requireNoKey(t, err)
}

// Values of the body are quoted in a message no longer than needed to find them.
func TestDecodeErrorsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long\\n", 5000)
	for _, body := range []string{
		`{"certificates":[{"id":"` + long + `"}]}`,
		`{"certificates":[{"date_created":"` + long + `"}]}`,
		`{"certificates":[{"dns_names":{"` + long + `":1}}]}`,
		`{"certificates":"` + long + `"}`,
		`{"` + long + `":`,
		`{"certificates":[{"id":` + strings.Repeat("9", 5000) + `}]}`,
	} {
		c, _ := serve(t, http.StatusOK, body)
		_, err := c.Reissues.List(t.Context(), 1, nil)
		var undecoded *digicert.DecodeError
		require.ErrorAs(t, err, &undecoded)
		requireOneLine(t, err)
		require.Less(t, len(err.Error()), 600)
	}
}

func TestErrorBodyIsCapped(t *testing.T) {
	t.Parallel()
	const most = 64 << 10
	for _, size := range []int{most - 1, most, most + 1, 10 * most} {
		body := strings.Repeat("x", size)
		for _, status := range []int{http.StatusBadGateway, http.StatusForbidden} {
			c, _ := serve(t, status, body)
			_, err := c.Reissues.List(t.Context(), 1, nil)
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer)
			require.Equal(t, body[:min(size, most)], string(answer.Body))
		}
	}
	// A success may be larger than what is kept of it as an error.
	c, _ := serve(t, http.StatusOK, `{"errors":[{"code":"a"}],"pad":"`+strings.Repeat("x", 10*most)+`"}`)
	_, err := c.Reissues.List(t.Context(), 1, nil)
	var answer *digicert.Error
	require.ErrorAs(t, err, &answer)
	require.Len(t, answer.Body, most)
	require.Equal(t, []digicert.ErrorDetail{{Code: "a"}}, answer.Details)
}

// The body outlives the buffers that answers are read into.
func TestErrorBodyIsKept(t *testing.T) {
	t.Parallel()
	const first = `{"errors":[{"code":"first","message":"first"}]}`
	answers := []string{first, strings.Repeat(" ", 200) + `{"certificates":[]}`}
	s := newService(func(*http.Request) (*http.Response, error) {
		body := answers[0]
		answers = answers[1:]
		return httpmock.NewStringResponse(http.StatusOK, body), nil
	})
	c := s.client(t)

	_, err := c.Reissues.List(t.Context(), 1, nil)
	var answer *digicert.Error
	require.ErrorAs(t, err, &answer)
	_, err = c.Reissues.List(t.Context(), 1, nil)

	require.NoError(t, err)
	require.Equal(t, first, string(answer.Body))
	require.Equal(t, []digicert.ErrorDetail{{Code: "first", Message: "first"}}, answer.Details)
}

// The error of a request that was never answered names the path, and neither key nor query.
func TestTransportErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection\nbroken")
	s := newService(func(req *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("%w: %s with %s", broken, req.URL.RawQuery, req.Header.Get("X-DC-DEVKEY"))
	})

	err := s.client(t).Get(t.Context(), "/a/b", url.Values{"search": {"confidential"}}, nil)

	require.ErrorIs(t, err, broken)
	require.Contains(t, err.Error(), "GET /a/b: ")
	require.NotContains(t, err.Error(), "confidential")
	requireOneLine(t, err)
	for _, sentinel := range sentinels {
		require.NotErrorIs(t, err, sentinel)
	}
}

func TestErrorLongPath(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusNotFound, "")
	err := c.Get(t.Context(), "/"+strings.Repeat("a", 5000), nil, nil)
	require.ErrorIs(t, err, digicert.ErrNotFound)
	requireOneLine(t, err)
}

func TestErrorAttempts(t *testing.T) {
	t.Parallel()
	e := &digicert.Error{StatusCode: 502, Method: "GET", Path: "/a", Attempts: 3}
	require.EqualError(t, e, "digicert: GET /a: 502 Bad Gateway, after 3 attempts")
	e = &digicert.Error{StatusCode: 599, Method: "GET", Path: "/a", Attempts: 1}
	require.EqualError(t, e, "digicert: GET /a: 599")
}

func TestParamErrorIsNoOtherCode(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{}`)
	_, err := c.Reissues.List(context.Background(), 0, nil)
	require.NotErrorIs(t, err, digicert.CodeTimeFrameTooLong)
	for _, sentinel := range slices.Concat(sentinels, []error{digicert.CodeNotFound}) {
		require.NotErrorIs(t, err, sentinel)
	}
}

// An error that a test made by hand prints sensibly, whatever it lacks.
func TestErrorsMadeByHand(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"digicert: request failed":                                      &digicert.Error{},
		"digicert: 404 Not Found":                                       &digicert.Error{StatusCode: 404},
		"digicert: GET /a: request failed":                              &digicert.Error{Method: "GET", Path: "/a"},
		"digicert: request failed: a; b (c)":                            &digicert.Error{Details: []digicert.ErrorDetail{{Code: "a"}, {Code: "b", Message: "c"}}},
		"digicert: cannot decode the response":                          &digicert.DecodeError{},
		"digicert: cannot decode the response at /a: unexpected EOF":    &digicert.DecodeError{Pointer: "/a", Err: io.ErrUnexpectedEOF},
		"digicert: GET /x: cannot decode the response: it is malformed": &digicert.DecodeError{Method: "GET", Path: "/x", Err: errors.New("it is malformed")},
		"digicert: parameter (unnamed): refused":                        &digicert.ParamError{},
		"digicert: parameter limit: refused":                            &digicert.ParamError{Param: "limit"},
		"digicert: parameter (unnamed): must be positive":               &digicert.ParamError{Reason: "must be positive"},
		"not_found|order":                                               digicert.ErrorCode("not_found|order"),
		"":                                                              digicert.ErrorCode(""),
	} {
		require.EqualError(t, err, want)
		for _, sentinel := range sentinels {
			require.Equal(t, sentinel == digicert.ErrNotFound && strings.Contains(want, "404"), errors.Is(err, sentinel), want)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
			require.NotContains(t, fmt.Sprintf(verb, err), "PANIC")
		}
	}
	require.ErrorIs(t, &digicert.Error{Details: []digicert.ErrorDetail{{Code: "not_found|order"}}}, digicert.CodeNotFound)
	require.NoError(t, errors.Unwrap(&digicert.DecodeError{}))
	require.NoError(t, errors.Unwrap(&digicert.ParamError{}))
}
