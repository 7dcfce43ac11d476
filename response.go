// What is known of the response of a call.

package digicert

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// Response is what is known of the last response to a call.
type Response struct {
	StatusCode int         // HTTP status; 0 if there was no response
	Header     http.Header // as received
	Attempts   int         // times the request was sent, the first included
	Date       time.Time   // of the Date header; zero if it was missing or could not be read
}

// CaptureResponse returns a context under which a call stores in r what its last response was, also when the call
// fails:
//
//	var response digicert.Response
//	order, err := client.Orders.Get(digicert.CaptureResponse(ctx, &response), 123)
//
// Read r when the call has returned. The All methods and Watch make many calls: read it when the loop has ended.
// The header is as the service sent it, and may hold anything.
func CaptureResponse(ctx context.Context, r *Response) context.Context {
	return context.WithValue(ctx, captureKey{}, &capture{response: r})
}

type captureKey struct{}

// capture guards a Response that several calls may store.
type capture struct {
	mu       sync.Mutex
	response *Response
}

// captureFrom returns the capture of ctx, or nil.
func captureFrom(ctx context.Context) *capture {
	c, _ := ctx.Value(captureKey{}).(*capture)
	return c
}

// store stores the response of an attempt. An attempt without a response leaves the one before.
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
