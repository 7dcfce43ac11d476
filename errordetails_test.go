package digicert_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

// The status decides, but a success that carries errors is none.
func TestErrorsInASuccess(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body    string
		details []digicert.ErrorDetail
	}{
		"list":           {`{"errors":[{"code":"access_denied","message":"No."}]}`, []digicert.ErrorDetail{{Code: "access_denied", Message: "No."}}},
		"object":         {`{"errors":{"code":"access_denied","message":"No."}}`, []digicert.ErrorDetail{{Code: "access_denied", Message: "No."}}},
		"beside rows":    {`{"certificates":[],"orders":[],"errors":[{"code":"access_denied"}]}`, []digicert.ErrorDetail{{Code: "access_denied"}}},
		"with a number":  {`{"errors":[{"code":500,"message":"No."}]}`, []digicert.ErrorDetail{{Code: "500", Message: "No."}}},
		"only a message": {`{"errors":[{"message":"No."}]}`, []digicert.ErrorDetail{{Message: "No."}}},
		"a text":         {`{"errors":"No."}`, []digicert.ErrorDetail{{Message: "No."}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, k := range calls {
				c, _ := serve(t, http.StatusOK, tc.body)

				result, err := k.do(t.Context(), c)

				var answer *digicert.Error
				require.ErrorAs(t, err, &answer, k.name)
				require.Empty(t, result)
				require.Equal(t, &digicert.Error{
					StatusCode: http.StatusOK, Details: tc.details, Method: http.MethodGet, Path: k.path, Attempts: 1, Body: []byte(tc.body),
				}, answer)
				for _, sentinel := range sentinels {
					require.NotErrorIs(t, err, sentinel)
				}
				requireOneLine(t, err)
			}
		})
	}
}

// Errors of which nothing can be read are errors all the same: taken for a success, they would be an empty list.
func TestUnreadableErrorsInASuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"errors":[{}]}`,
		`{"errors":[{"code":{"a":1}}]}`,
		`{"errors":[["access_denied"]]}`,
		`{"errors":true}`,
		`{"errors":7}`,
	} {
		for _, k := range calls {
			c, _ := serve(t, http.StatusOK, body)
			_, err := k.do(t.Context(), c)
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer, "%s: %s", k.name, body)
			require.Equal(t, http.StatusOK, answer.StatusCode)
			require.Equal(t, body, string(answer.Body))
		}
	}
}

// An empty errors, or one that belongs to something else, is no failure.
func TestNoErrorsInASuccess(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"errors":[]}`,
		`{"errors":null}`,
		`{"errors":{}}`,
		`{"certificates":[],"meta":{"errors":[{"code":"access_denied"}]}}`,
		`{"note":"\"errors\":[{\"code\":\"access_denied\"}]"}`,
	} {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Reissues.List(t.Context(), 1, nil)
		require.NoError(t, err, body)
		require.Equal(t, []digicert.Reissue{}, got)
	}
}

// A type that has a place for "errors" reads a member that is not a list of {code, message}. For any other type, and where there is a code, the result is an Error.
func TestErrorsOfAnotherMeaning(t *testing.T) {
	t.Parallel()
	holders := map[string]func() any{
		"struct": func() any {
			return new(struct {
				Errors any `json:"errors"`
			})
		},
		"pointer": func() any {
			return new(*struct {
				Errors json.RawMessage `json:"errors"`
			})
		},
		"embedded": func() any { return new(struct{ errorHolder }) },
		"map":      func() any { return new(map[string]any) },
		"any":      func() any { return new(any) },
		"raw":      func() any { return new(json.RawMessage) },
		"method":   func() any { return new(ownJSON) },
	}
	others := map[string]func() any{
		"nothing": func() any { return nil },
		"struct": func() any {
			return new(struct {
				ID int `json:"id"`
			})
		},
		"order": func() any { return new(digicert.Order) },
		"skipped": func() any {
			return new(struct {
				Errors any `json:"-"`
			})
		},
		"list":   func() any { return new([]digicert.Order) },
		"scalar": func() any { return new(int) },
		"text":   func() any { return new(ownText) },
	}
	for body, coded := range map[string]bool{
		`{"errors":3}`:                                false,
		`{"errors":true}`:                             false,
		`{"errors":["a","b"]}`:                        false,
		`{"errors":{"dns":["a"]}}`:                    false,
		`{"errors":[{"message":"m"}]}`:                false,
		`{"errors":[{"line":5,"text":"m"}]}`:          false,
		`{"errors":[[1],[2]]}`:                        false,
		`{"errors":[{"code":"a"}]}`:                   true,
		`{"errors":{"code":"a"}}`:                     true,
		`{"errors":{"x":{"code":"a"}}}`:               true,
		`{"errors":["b",{"code":"a","message":"m"}]}`: true,
		"\ufeff" + `{"errors":[{"code":"a"}]}`:        true,
	} {
		c, _ := serve(t, http.StatusOK, body)
		for name, holder := range holders {
			result := holder()
			err := c.Get(t.Context(), "/x", nil, result)
			var answer *digicert.Error
			require.Equal(t, coded, errors.As(err, &answer), "%s: %s: %v", name, body, err)
			if !coded {
				require.NoError(t, err)
				require.NotEmpty(t, result)
			}
		}
		for name, other := range others {
			var answer *digicert.Error
			require.ErrorAs(t, c.Get(t.Context(), "/x", nil, other()), &answer, "%s: %s", name, body)
		}
	}
}

type errorHolder struct {
	Errors any `json:"errors"`
}
