// Client.Get, and how a call becomes a request.

package digicert

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/google/go-querystring/query"
)

// Get calls any other GET endpoint under the same rules of auth, pacing, retry, decoding and errors.
//
// path is relative to the base URL, such as "/order/certificate/123", URL-escaped
// where needed, and cannot leave it; the query is not part of it. params is nil, a struct with
// url tags (package go-querystring), or url.Values. result is a pointer to what the JSON is decoded
// into, or nil. Scalars are decoded as leniently as those of this package; a *json.RawMessage keeps the
// answer as it is, and a *[Download] takes one that is no JSON.
func (c *Client) Get(ctx context.Context, path string, params, result any) error {
	_, err := c.get(ctx, path, params, result)
	return err
}

// get is the one way down to the service. It also returns the moment at which the service
// answered, by its Date header, or by the local clock where it had none.
func (c *Client) get(ctx context.Context, path string, params, result any) (time.Time, error) {
	if c == nil || c.base == nil {
		return time.Time{}, errors.New("digicert: a Client is made by NewClient")
	}
	if v := reflect.ValueOf(result); result != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return time.Time{}, paramErrorf("result", "%T is no pointer to decode into", result)
	}
	u, path, err := c.resolve(path)
	if err != nil {
		return time.Time{}, err
	}
	values, ok := params.(url.Values)
	if !ok && params != nil {
		if values, err = query.Values(params); err != nil {
			return time.Time{}, paramErrorf("params", "%T is neither a struct nor url.Values", params)
		}
	}
	u.RawQuery = values.Encode()
	return c.attempts(ctx, &call{path: path, url: u, result: result})
}

// resolve joins path to the base URL and returns both in their escaped form.
func (c *Client) resolve(path string) (*url.URL, string, error) {
	u, err := url.Parse(path)
	switch {
	case err != nil:
		return nil, "", paramErrorf("path", "%q is no URL path", oneLine(path, 100))
	case u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(path, "//"):
		return nil, "", paramErrorf("path", "it is relative to the base URL and cannot name a host")
	case strings.Contains(path, "?"):
		return nil, "", paramErrorf("path", "the query belongs into params")
	case strings.Contains(path, "#"):
		return nil, "", paramErrorf("path", "it has a fragment, which is never sent")
	}
	rel := strings.TrimPrefix(u.Path, "/")
	if rel == "" {
		return nil, "", paramErrorf("path", "it is empty")
	}
	for _, segment := range strings.FieldsFunc(rel, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return nil, "", paramErrorf("path", "%q would leave the base URL", oneLine(path, 100))
		}
	}
	escaped := "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	full := *c.base
	full.Path = c.base.Path + "/" + rel
	full.RawPath = c.base.EscapedPath() + escaped
	return &full, escaped, nil
}
