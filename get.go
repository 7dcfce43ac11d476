// Client.Get, and the request of a call.

package digicert

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/google/go-querystring/query"
)

// Get calls any other GET endpoint, with the same authentication, pacing, retries, decoding and errors as the services.
//
// path is relative to the base URL, such as "/order/certificate/123". It is URL-escaped where needed. It must not leave the
// base URL or have a query. params is nil, a struct with url tags (package go-querystring), or url.Values.
//
// result is nil or a pointer that the JSON is decoded into, as leniently as into the types of this package. A *json.RawMessage
// gets the response unchanged. A *[Download] gets a response that is neither JSON nor HTML, and that is of its Format if Format
// is set. A response without content leaves result unchanged.
//
// Get returns a *[ParamError] if path, params or result is invalid.
func (c *Client) Get(ctx context.Context, path string, params, result any) error {
	_, err := c.get(ctx, path, params, result)
	return err
}

// get is Get that also returns the Response.
func (c *Client) get(ctx context.Context, path string, params, result any) (Response, error) {
	r, err := c.newRequest(http.MethodGet, path, params, nil, result)
	if err != nil {
		return Response{}, err
	}
	return c.do(ctx, r)
}

// request is the request of a call, the same for all attempts, and the destination of its result.
type request struct {
	method   string
	path     string // escaped, relative to the base URL, without query, as errors and logs show it
	url      *url.URL
	body     []byte // JSON; nil without one
	result   any    // a pointer, or nil
	redactor redactor
}

// errNoClient is the error of every call to a nil or zero Client or service.
var errNoClient = errors.New("digicert: the Client was not made by NewClient")

// ready returns an error if c was not made by NewClient. c may be nil.
func (c *Client) ready() error {
	if c == nil || c.base == nil {
		return errNoClient
	}
	return nil
}

func (c *Client) newRequest(method, path string, params any, body []byte, result any) (*request, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if v := reflect.ValueOf(result); result != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return nil, paramErrorf("result", "%T is not a pointer to decode into", result)
	}
	r := &request{method: method, body: body, result: result, redactor: redactor{ring: c.keys}}
	var err error
	if r.url, r.path, err = c.resolve(path, &r.redactor); err != nil {
		return nil, err
	}
	values, ok := params.(url.Values)
	if !ok && params != nil {
		if values, err = query.Values(params); err != nil {
			return nil, paramErrorf("params", "%T is neither a struct nor url.Values", params)
		}
	}
	r.url.RawQuery = values.Encode()
	r.redactor.addQuery(r.url.RawQuery)
	return r, nil
}

// resolve returns the URL of path below the base URL, and the escaped path.
func (c *Client) resolve(path string, red *redactor) (*url.URL, string, error) {
	shown := oneLine(red.redact(path), 100)
	u, err := url.Parse(path)
	switch {
	case err != nil:
		return nil, "", paramErrorf("path", "%q is not a URL path", shown)
	case u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(path, "//"):
		return nil, "", paramErrorf("path", "must be relative to the base URL, without a host")
	case strings.Contains(path, "?"):
		return nil, "", paramErrorf("path", "must not have a query, which belongs in params")
	case strings.Contains(path, "#"):
		return nil, "", paramErrorf("path", "must not have a fragment, which is never sent")
	}
	rel := strings.TrimPrefix(u.Path, "/")
	if rel == "" {
		return nil, "", paramErrorf("path", "must not be empty")
	}
	if leavesBase(rel) {
		return nil, "", paramErrorf("path", "%q would leave the base URL", shown)
	}
	escaped := "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	full := *c.base
	full.Path = c.base.Path + "/" + rel
	full.RawPath = c.base.EscapedPath() + escaped
	return &full, escaped, nil
}

// leavesBase reports whether a server or proxy could interpret a segment of path as "." or "..". Some remove parameters after
// a semicolon, truncate at a NUL, interpret a backslash as a slash, or unescape more than once.
func leavesBase(path string) bool {
	for range 3 {
		for _, segment := range strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '\\' }) {
			name := segment
			if i := strings.IndexFunc(segment, func(r rune) bool { return strings.ContainsRune(";?#", r) || r < ' ' || r == 0x7f }); i >= 0 {
				name = segment[:i]
			}
			if name = strings.TrimSpace(name); name == "." || name == ".." {
				return true
			}
		}
		unescaped, err := url.PathUnescape(path)
		if err != nil || unescaped == path {
			return false
		}
		path = unescaped
	}
	return false
}

// build returns the HTTP request of an attempt. The key is set here and not by a transport, which may be shared with
// requests to other services.
func (r *request) build(ctx context.Context, agent, key string) *http.Request {
	req := &http.Request{
		Method: r.method,
		URL:    r.url,
		Host:   r.url.Host,
		Header: http.Header{"Accept": {r.accept()}, "User-Agent": {agent}},
	}
	req.Header.Set(keyHeader, key)
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req.WithContext(ctx)
}

func (r *request) accept() string {
	if _, raw := r.result.(*Download); raw {
		return "*/*"
	}
	return "application/json"
}

// take decodes the body of a success into the result, which holds only copies of it. It returns the JSON pointers of dropped
// values.
func (r *request) take(body []byte, mediaType string) (dropped []string, err error) {
	switch result := r.result.(type) {
	case nil:
		return nil, nil
	case *Download:
		if err := checkFile(result.Format, mediaType, body); err != nil {
			return nil, r.newDecodeError(err)
		}
		result.MediaType, result.Body = mediaType, bytes.Clone(body)
		return nil, nil
	}
	if dropped, err = decode(body, r.result); err != nil {
		return nil, r.newDecodeError(err)
	}
	return dropped, nil
}

// takeNoContent is take for a response without content.
func (r *request) takeNoContent() error {
	if _, raw := r.result.(*Download); raw {
		return r.newDecodeError(&decodeFailure{reason: "the body is empty"})
	}
	return nil
}
