// Order status changes: one time frame, or everything since a moment.

package digicert

import (
	"context"
	"net/url"
	"slices"
	"time"
)

// StatusChangesService follows the status of all orders of the account.
type StatusChangesService struct{ c *Client }

// MaxTimeFrame is the longest time that one request for status changes may cover.
const MaxTimeFrame = 7 * 24 * time.Hour

// StatusChange is one entry of the documented "orders": an order whose status changed in the
// time frame, with the status that it has now. The service does not say when it changed.
type StatusChange struct {
	OrderID       OrderID       `json:"order_id,omitzero"`
	CertificateID CertificateID `json:"certificate_id,omitzero"`
	Status        OrderStatus   `json:"status,omitzero"`
}

// ListStatusChangesParams are the parameters of StatusChangesService.List. The service demands
// a time frame: Minutes, Seconds or both, which add up, or a range. Not more than
// [MaxTimeFrame] in all.
type ListStatusChangesParams struct {
	Minutes int                 `url:"minutes,omitempty"` // the last n minutes, at most 10080
	Seconds int                 `url:"seconds,omitempty"` // the last n seconds, at most 604800
	Filters StatusChangeFilters `url:"filters"`
}

// StatusChangeFilters are the documented filters of status changes.
type StatusChangeFilters struct {
	// StatusLastUpdated asks for the orders whose latest change lies in the range. An order that
	// changed again later is not part of it.
	StatusLastUpdated TimeRange `url:"status_last_updated"`
}

// TimeRange is a time from a moment to a moment; both ends are needed. It travels in
// whole seconds as UTC−6, which is the "MDT" that the service's documentation says it
// reads, all year. Whether the service reads UTC−7 in winter is not known: a caller that
// must not miss a change widens the range by an hour on either side, or calls Since.
type TimeRange struct{ From, To time.Time }

// IsZero reports whether neither end is set.
func (r TimeRange) IsZero() bool { return r.From.IsZero() && r.To.IsZero() }

// mountainTime is the zone in which the service is documented to read ranges.
var mountainTime = time.FixedZone("MDT", -6*60*60)

// EncodeValues writes the range as the service documents it, for package go-querystring.
func (r TimeRange) EncodeValues(key string, v *url.Values) error {
	if !r.IsZero() {
		v.Set(key, r.From.In(mountainTime).Format(dateTime)+"..."+r.To.In(mountainTime).Format(dateTime))
	}
	return nil
}

// Last asks for the changes of the last d, up to now. Part of a second counts as a whole one.
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
		return paramErrorf("minutes, seconds, "+paramStatusLastUpdated, "one is needed: the service has no default")
	case r.IsZero():
		return nil
	case minutes != 0 || seconds != 0:
		return paramErrorf(paramStatusLastUpdated, "a range cannot be mixed with minutes or seconds")
	case r.From.IsZero() || r.To.IsZero():
		return paramErrorf(paramStatusLastUpdated, "a range needs both ends")
	case r.To.Before(r.From):
		return paramErrorf(paramStatusLastUpdated, "the range ends before it starts")
	case r.To.Sub(r.From) > MaxTimeFrame:
		err := paramErrorf(paramStatusLastUpdated, "a range of %s is longer than 7 days", r.To.Sub(r.From).Round(time.Second))
		err.code = CodeTimeFrameTooLong
		return err
	}
	return nil
}

// List returns the orders whose status changed in a time frame, each with its status of now:
// GET /order/certificate/status-changes. No change gives an empty list.
//
// Parameters that the service would refuse are a *[ParamError]. One for a time frame over
// seven days matches [CodeTimeFrameTooLong] too, as the service's own refusal does.
func (s *StatusChangesService) List(ctx context.Context, params *ListStatusChangesParams) ([]StatusChange, error) {
	changes, _, _, err := s.read(ctx, params)
	return changes, err
}

// read is List with two moments of the service's clock: one before which all changes were seen by the service when
// it answered, and that of the answer.
func (s *StatusChangesService) read(ctx context.Context, params *ListStatusChangesParams) (changes []StatusChange, complete, date time.Time, err error) {
	if err := params.check(); err != nil {
		return nil, time.Time{}, time.Time{}, err
	}
	var answer struct {
		Orders []StatusChange `json:"orders"`
	}
	sent := time.Now()
	response, err := s.c.get(ctx, statusChangesPath, params, &answer)
	if date = response.Date; date.IsZero() {
		date = time.Now()
	}
	if err != nil {
		return nil, time.Time{}, time.Time{}, err
	}
	// The service read the changes after the sending, and its clock is told in whole seconds.
	return nonNil(answer.Orders), date.Add(-time.Since(sent) - time.Second), date, nil
}

// Margins of what Since asks for.
const (
	// zoneMargin is how far the service's reading of a range may be off: it is documented as UTC−6, and
	// may be UTC−7 in winter.
	zoneMargin = time.Hour
	// rangeStep is how far one range gets. With a margin on either side, and one more hour for the night in which a
	// zone repeats one, it is at most seven days on any clock.
	rangeStep = MaxTimeFrame - 4*zoneMargin
	// clockMargin covers that the service's clock is told in whole seconds, and the time between its reading of
	// the changes and the writing of the answer.
	clockMargin = time.Minute
	// maxClockMargin is what clockMargin grows to where answers take longer than that.
	maxClockMargin = time.Hour
)

const statusChangesPath = "/order/certificate/status-changes"

// Since returns the orders whose status changed since t, of any age, each once and with its latest
// status, in the order in which their changes were met, the oldest first.
//
// The changes of the last seven days are asked for by minutes and seconds, older ones by ranges. The service does not
// say when an order changed and reads ranges in a time zone that is not known for certain, so the
// result may hold changes from before t: less than two hours for a t older than seven days, else a few minutes.
// It never holds less, whatever the local clock says, as long as the service sends a Date header.
func (s *StatusChangesService) Since(ctx context.Context, t time.Time) ([]StatusChange, error) {
	if t.IsZero() {
		return nil, paramErrorf("t", "it is the zero time")
	}
	changes, _, err := s.since(ctx, t, new(serviceClock))
	return changes, err
}

// serviceClock is the service's clock as its last answer told it, and the local one before that.
type serviceClock struct {
	date time.Time
	told time.Time // by the local clock, whose jumps do not show in the time that has passed since
}

func (k *serviceClock) now() time.Time {
	if k.date.IsZero() {
		return time.Now()
	}
	return k.date.Add(time.Since(k.told))
}

func (k *serviceClock) set(date time.Time) { k.date, k.told = date, time.Now() }

// since is Since with the moment, by the service's clock, up to which the result is complete.
func (s *StatusChangesService) since(ctx context.Context, t time.Time, clock *serviceClock) ([]StatusChange, time.Time, error) {
	var (
		found  = make(map[OrderID]int) // index in result
		result []StatusChange
		margin = clockMargin
	)
	for {
		age := max(clock.now().Sub(t), 0)
		recent := age <= MaxTimeFrame-margin
		params := Last(age + margin)
		if !recent {
			params = &ListStatusChangesParams{Filters: StatusChangeFilters{
				StatusLastUpdated: TimeRange{From: t.Add(-zoneMargin), To: t.Add(rangeStep + zoneMargin)},
			}}
		}
		rows, complete, date, err := s.read(ctx, params)
		if err != nil {
			return nil, time.Time{}, err
		}
		clock.set(date)
		for _, change := range rows {
			// An order that was met before has changed again: its place is behind the others now.
			if i, ok := found[change.OrderID]; ok {
				result[i] = StatusChange{}
			}
			found[change.OrderID] = len(result)
			result = append(result, change)
		}
		switch {
		case !recent:
			// A range that reaches into the future holds the changes up to now only.
			t = t.Add(rangeStep)
			if t.After(complete) {
				t = complete
			}
		case date.Add(time.Second).Sub(t) <= age+margin:
			return slices.DeleteFunc(nonNil(result), func(c StatusChange) bool { return c == StatusChange{} }), complete, nil
		default:
			// The local clock was so wrong, or the answer took so long, that the beginning is missing.
			margin = min(2*margin, maxClockMargin)
		}
	}
}
