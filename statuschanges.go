// Order status changes in one time frame.

package digicert

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// StatusChangesService lists and watches the status changes of the account's orders.
type StatusChangesService struct{ c *Client }

// MaxTimeFrame is the longest time frame of one request for status changes.
const MaxTimeFrame = 7 * 24 * time.Hour

// StatusChange is one entry of the documented "orders": an order whose status changed in the
// time frame, with its present status. The service does not report when it changed.
type StatusChange struct {
	OrderID       OrderID       `json:"order_id,omitzero"`
	CertificateID CertificateID `json:"certificate_id,omitzero"`
	Status        OrderStatus   `json:"status,omitzero"`
}

// ListStatusChangesParams are the parameters of [StatusChangesService.List]. The service requires
// a time frame of at most [MaxTimeFrame]: Minutes, Seconds or both, which are added, or a range.
type ListStatusChangesParams struct {
	Minutes int                 `url:"minutes,omitempty"` // the last n minutes, at most 10080
	Seconds int                 `url:"seconds,omitempty"` // the last n seconds, at most 604800
	Filters StatusChangeFilters `url:"filters"`
}

// StatusChangeFilters are the documented filters of status changes.
type StatusChangeFilters struct {
	// StatusLastUpdated selects the orders whose latest change is in the range. An order that
	// changed again later is not listed.
	StatusLastUpdated TimeRange `url:"status_last_updated"`
}

// TimeRange is a range of time. Both ends are required. It is sent in whole seconds as UTC−6 all
// year, which is the documented "MDT". Whether the service uses UTC−7 in winter is not known: to
// be sure not to miss a change, widen the range by an hour on either side, or call
// [StatusChangesService.Since].
type TimeRange struct{ From, To time.Time }

// IsZero reports whether neither end is set.
func (r TimeRange) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

// mountainTime is the documented time zone of ranges.
var mountainTime = time.FixedZone("MDT", -6*60*60)

// EncodeValues encodes the range in the documented form, for package go-querystring.
func (r TimeRange) EncodeValues(key string, v *url.Values) error {
	if !r.IsZero() {
		v.Set(key, r.From.In(mountainTime).Format(dateTime)+"..."+r.To.In(mountainTime).Format(dateTime))
	}
	return nil
}

// Last returns parameters for the changes of the last d. A fraction of a second is rounded up.
func Last(d time.Duration) *ListStatusChangesParams {
	seconds := int64(d / time.Second)
	if d%time.Second > 0 {
		seconds++
	}
	return &ListStatusChangesParams{Minutes: int(seconds / 60), Seconds: int(seconds % 60)}
}

const paramStatusLastUpdated = "filters[status_last_updated]"

func (p *ListStatusChangesParams) check() error {
	var r TimeRange
	var minutes, seconds int
	if p != nil {
		r, minutes, seconds = p.Filters.StatusLastUpdated, p.Minutes, p.Seconds
	}
	tooLong := func(param string, n int, unit string) error {
		err := paramErrorf(param, "%d %s are more than 7 days, the longest time frame", n, unit)
		err.code = CodeTimeFrameTooLong
		return err
	}
	maxSeconds := int(MaxTimeFrame / time.Second)
	switch {
	case minutes < 0:
		return paramErrorf("minutes", "%d is negative", minutes)
	case seconds < 0:
		return paramErrorf("seconds", "%d is negative", seconds)
	case minutes > maxSeconds/60:
		return tooLong("minutes", minutes, "minutes")
	case seconds > maxSeconds:
		return tooLong("seconds", seconds, "seconds")
	case minutes*60+seconds > maxSeconds:
		return tooLong("minutes", minutes*60+seconds, "seconds, minutes included,")
	case r.IsZero() && minutes == 0 && seconds == 0:
		return paramErrorf("minutes, seconds, "+paramStatusLastUpdated, "one of them is required")
	case r.IsZero():
		return nil
	case minutes != 0 || seconds != 0:
		return paramErrorf(paramStatusLastUpdated, "a range cannot be combined with minutes or seconds")
	case r.From.IsZero() || r.To.IsZero():
		return paramErrorf(paramStatusLastUpdated, "both ends of the range are required")
	case r.To.Before(r.From):
		return paramErrorf(paramStatusLastUpdated, "the range ends before it starts")
	case r.To.Sub(r.From) > MaxTimeFrame:
		err := paramErrorf(paramStatusLastUpdated, "a range of %s is longer than 7 days", r.To.Sub(r.From).Round(time.Second))
		err.code = CodeTimeFrameTooLong
		return err
	}
	return nil
}

// List returns the orders whose status changed in a time frame, each with its present status:
// GET /order/certificate/status-changes. The list is empty if no status changed.
//
// List returns a *[ParamError] for parameters that the service would refuse. The error for a time
// frame over seven days also matches [CodeTimeFrameTooLong], like the service's own error.
func (s *StatusChangesService) List(ctx context.Context, params *ListStatusChangesParams) ([]StatusChange, error) {
	a, err := s.ask(ctx, params)
	if err != nil {
		return nil, err
	}
	return a.rows, nil
}

const statusChangesPath = "/order/certificate/status-changes"

// statusAnswer is a response and its times.
type statusAnswer struct {
	rows    []StatusChange
	bad     []badRow
	begun   time.Time // before the request was sent, by the local clock
	arrived time.Time
	date    time.Time // by the service's clock, in whole seconds; zero if there was no Date header
}

// took returns the maximum duration of the request. The service read the changes at some moment in it.
func (a *statusAnswer) took() time.Duration { return longestBetween(a.begun, a.arrived) }

// ask sends one request.
func (s *StatusChangesService) ask(ctx context.Context, params *ListStatusChangesParams) (*statusAnswer, error) {
	var body struct {
		Orders []StatusChange `json:"orders"`
	}
	a, err := s.get(ctx, params, &body)
	if err == nil {
		a.rows = nonNil(body.Orders)
	}
	return a, err
}

// badRow is an invalid row.
type badRow struct {
	text string // as sent
	err  error
}

// askLeniently is like ask, but skips rows that cannot be decoded or have no order id, and returns them in bad.
func (s *StatusChangesService) askLeniently(ctx context.Context, params *ListStatusChangesParams) (*statusAnswer, error) {
	var body struct {
		Orders []jsontext.Value `json:"orders"`
	}
	a, err := s.get(ctx, params, &body)
	if err != nil {
		return nil, err
	}
	for i, text := range body.Orders {
		var row StatusChange
		_, err := decode(text, &row)
		switch {
		case err != nil:
		case row.OrderID == 0:
			err = &decodeFailure{reason: "the row has no order_id"}
		default:
			a.rows = append(a.rows, row)
			continue
		}
		bad := s.request().newDecodeError(err)
		bad.Pointer = fmt.Sprintf("/orders/%d%s", i, bad.Pointer)
		a.bad = append(a.bad, badRow{string(text), bad})
	}
	return a, nil
}

// get sends one request and decodes its response into result.
func (s *StatusChangesService) get(ctx context.Context, params *ListStatusChangesParams, result any) (*statusAnswer, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	a := &statusAnswer{begun: time.Now()}
	response, err := s.client().get(ctx, statusChangesPath, params, result)
	if err != nil {
		return nil, err
	}
	a.arrived, a.date = time.Now(), response.Date
	return a, nil
}

// request returns a request that describes the call in errors.
func (s *StatusChangesService) request() *request {
	return &request{method: http.MethodGet, path: statusChangesPath, redactor: redactor{ring: s.client().keys}}
}

// longestBetween returns the time from a to b by the monotonic clock or by the wall clock, whichever is longer. On some systems
// the monotonic clock stands still while the machine sleeps.
func longestBetween(a, b time.Time) time.Duration { return max(b.Sub(a), b.Round(0).Sub(a.Round(0))) }
