// Response, the metadata of the response to a call.

package digicert

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Response has the metadata of the last response to a call.
type Response struct {
	StatusCode int         // HTTP status; 0 if there was no response
	Header     http.Header // as received
	Attempts   int         // number of times the request was sent
	Date       time.Time   // from the Date header; zero if missing or invalid
}

// CaptureResponse returns a context with which a call stores the metadata of its last response in r, even if the call
// fails:
//
//	var response digicert.Response
//	order, err := client.Orders.Get(digicert.CaptureResponse(ctx, &response), 123)
//
// Read r after the call has returned, or, for the All methods and Watch, after the loop has ended. The header is not
// redacted.
func CaptureResponse(ctx context.Context, r *Response) context.Context {
	return context.WithValue(ctx, captureKey{}, &capture{response: r})
}

type captureKey struct{}

// capture guards a Response that concurrent calls may store.
type capture struct {
	mu       sync.Mutex
	response *Response
}

// captureFrom returns the capture of ctx, or nil.
func captureFrom(ctx context.Context) *capture {
	c, _ := ctx.Value(captureKey{}).(*capture)
	return c
}

// store stores the response of an attempt. After a retry without a response only Attempts changes.
func (c *capture) store(r Response) {
	if c == nil || c.response == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.StatusCode == 0 && r.Attempts > 1 {
		c.response.Attempts = r.Attempts
		return
	}
	*c.response = r
}
