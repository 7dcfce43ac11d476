// The query parameters of a request and their errors.

package digicerttest

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// failure is an error response.
type failure struct {
	status int
	errors []digicert.ErrorDetail
}

// answer returns the response for the failure.
func (f *failure) answer() *answer {
	a := newAnswer(f.status, contentJSON, appendErrors(nil, f.errors))
	a.refused = f == errRequestLimit
	return a
}

func fail(status int, code digicert.ErrorCode, message string) *failure {
	return &failure{status, []digicert.ErrorDetail{{Code: code, Message: message}}}
}

// query reads the parameters of a request and collects their errors for a response with status 400. The
// codes in that response, "invalid_parameter|" and the name, are a guess.
//
// An unknown parameter is an error too. The real service may ignore it, but a test should detect a
// misspelled filter. An empty value counts as absent.
type query struct {
	values   url.Values
	read     []string
	problems []digicert.ErrorDetail
}

func parseQuery(raw string) (*query, *failure) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, fail(http.StatusBadRequest, "invalid_parameter", "The query cannot be parsed.")
	}
	q := &query{values: mergeLists(values)}
	if t := q.text("content_type"); t != "" && t != "json" { // observed in a script, at every endpoint
		q.problem("content_type", "content_type must be json.")
	}
	return q, nil
}

var listParameter = regexp.MustCompile(`^(filters\[\w+\])\[(\d*)\]$`)

// mergeLists converts filters[x][0]=a&filters[x][1]=b, the form of lists in some languages, to several
// values of filters[x].
func mergeLists(values url.Values) url.Values {
	var lists []string
	for name := range values {
		if listParameter.MatchString(name) {
			lists = append(lists, name)
		}
	}
	slices.SortFunc(lists, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	for _, name := range lists {
		base := listParameter.FindStringSubmatch(name)[1]
		values[base] = append(values[base], values[name]...)
		delete(values, name)
	}
	return values
}

func (q *query) problem(name, format string, args ...any) {
	q.problems = append(q.problems, digicert.ErrorDetail{
		Code:    digicert.ErrorCode("invalid_parameter|" + name),
		Message: fmt.Sprintf(format, args...),
	})
}

// refusal returns the response with all collected errors, or nil. It must be called after all parameters are read.
func (q *query) refusal() *failure {
	var unknown []string
	for name := range q.values {
		if !slices.Contains(q.read, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	for _, name := range unknown {
		q.problem(name, "The endpoint has no parameter %s.", name)
	}
	if len(q.problems) == 0 {
		return nil
	}
	return &failure{http.StatusBadRequest, q.problems}
}

// has reports whether a parameter is present, even if it is empty.
func (q *query) has(name string) bool { return q.values.Has(name) }

// text returns a parameter, or "" if it is absent.
func (q *query) text(name string) string {
	q.read = append(q.read, name)
	values := q.values[name]
	if len(values) > 1 {
		q.problem(name, "%s is given more than once.", name)
	}
	return q.values.Get(name)
}

// texts returns the values of a parameter, joined by separator.
func (q *query) texts(name string) string {
	q.read = append(q.read, name)
	return strings.Join(slices.DeleteFunc(slices.Clone(q.values[name]), func(s string) bool { return s == "" }), separator)
}

// separator joins the values of a parameter, because a selection has to be comparable.
const separator = "\x00"

// int returns a whole number from low to high, or 0 if the parameter is absent.
func (q *query) int(name string, low, high int64) int64 {
	s := q.text(name)
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case err != nil || s[0] == '+':
		q.problem(name, "%s is not a whole number.", name)
	case n < low:
		q.problem(name, "%s must be at least %d.", name, low)
	case n > high:
		q.problem(name, "%s must be at most %d.", name, high)
	default:
		return n
	}
	return 0
}

// bool returns a boolean. The spellings 1 and 0 are a guess.
func (q *query) bool(name string) bool {
	switch q.text(name) {
	case "true", "1":
		return true
	case "", "false", "0":
	default:
		q.problem(name, "%s must be true or false.", name)
	}
	return false
}

// optionalBool returns "true", "false", or "" if the parameter is absent.
func (q *query) optionalBool(name string) string {
	if q.values.Get(name) == "" {
		return q.text(name)
	}
	return strconv.FormatBool(q.bool(name))
}

// sort returns the sort keys of the documented form "a,-b".
func (q *query) sort(known ...string) []string {
	s := q.text("sort")
	if s == "" {
		return nil
	}
	keys := strings.Split(s, ",")
	for _, key := range keys {
		if !slices.Contains(known, strings.TrimPrefix(key, "-")) {
			q.problem("sort", "sort must be by %s, each with an optional leading -.", strings.Join(known, ", "))
			return nil
		}
	}
	return keys
}

// span is a date filter: the Unix times from first to last, inclusive. The zero span is no filter.
type span struct{ first, last int64 }

// holds reports whether the filter accepts a time.
func (p span) holds(t time.Time) bool {
	at := t.Unix()
	return !t.IsZero() && at >= p.first && at <= p.last
}

// holdsDay reports whether the filter accepts a day: whether a part of the day is in the span. It does not accept 0.
func (p span) holdsDay(d day) bool {
	if d == 0 {
		return false
	}
	start := d.date().In(time.UTC).Unix()
	return start <= p.last && start+secondsOfDay > p.first
}

const secondsOfDay = 24 * 60 * 60

// span returns a date filter in a documented form, "a...b", "<d" or ">d". A date may have a time, as several clients
// send it, and one end of a range may be empty. That a range includes both ends, and that the other two forms exclude
// d, are guesses.
func (q *query) span(name string) span {
	s := q.text(name)
	if s == "" {
		return span{}
	}
	valid := true
	parse := func(s string) (first, last int64) {
		for _, layout := range []string{time.DateOnly, time.DateTime, "2006-01-02T15:04:05", time.RFC3339} {
			t, err := time.Parse(layout, s)
			switch {
			case err != nil:
			case layout == time.DateOnly:
				return t.Unix(), t.Unix() + secondsOfDay - 1
			default:
				return t.Unix(), t.Unix()
			}
		}
		valid = false
		return 0, 0
	}
	p := span{math.MinInt64, math.MaxInt64}
	if from, to, ok := strings.Cut(s, "..."); ok {
		if from != "" {
			p.first, _ = parse(from)
		}
		if to != "" {
			_, p.last = parse(to)
		}
		valid = valid && from+to != ""
	} else if to, ok := strings.CutPrefix(s, "<"); ok {
		p.last, _ = parse(to)
		p.last--
	} else if from, ok := strings.CutPrefix(s, ">"); ok {
		_, p.first = parse(from)
		p.first++
	} else {
		valid = false
	}
	switch {
	case !valid:
		q.problem(name, "%s must be from...to, <date or >date, with dates as yyyy-MM-dd, with or without a time.", name)
		return span{}
	case p.last < p.first:
		q.problem(name, "%s ends before it starts.", name)
		return span{}
	}
	return p
}
