// The query parameters of a request, and errors about them.

package digicerttest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// failure is an error answer.
type failure struct {
	status int
	errors []digicert.ErrorDetail
}

func fail(status int, code digicert.ErrorCode, message string) *failure {
	return &failure{status, []digicert.ErrorDetail{{Code: code, Message: message}}}
}

// query reads the parameters of a request, and collects their errors for an answer with status 400. The
// codes of that answer, "invalid_parameter|" and the name, are a guess.
//
// An unknown parameter is an error too. The real service may ignore it, but a test should notice a
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
	return &query{values: values}, nil
}

func (q *query) problem(name, format string, args ...any) {
	q.problems = append(q.problems, digicert.ErrorDetail{
		Code:    digicert.ErrorCode("invalid_parameter|" + name),
		Message: fmt.Sprintf(format, args...),
	})
}

// refusal returns the answer to all collected errors, or nil. It must follow the last parameter.
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

// sort returns the keys of a documented "a,-b".
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

// days is a date filter: the days from first to last, where 0 is an open end.
type days struct{ first, last day }

func (d days) isZero() bool { return d == days{} }

// holds reports whether the filter accepts a day. It never accepts an absent one.
func (d days) holds(x day) bool {
	return x != 0 && x >= d.first && (d.last == 0 || x <= d.last)
}

// days returns the documented "a...b", "<d" or ">d". It is a guess that a range includes both its days,
// and that the other two do not include theirs.
func (q *query) days(name string) days {
	s := q.text(name)
	if s == "" {
		return days{}
	}
	var d days
	valid := true
	parse := func(s string, shift int) day {
		t, err := time.Parse(time.DateOnly, s)
		valid = valid && err == nil
		return dayOf(digicert.DateOf(t.AddDate(0, 0, shift)))
	}
	if from, to, ok := strings.Cut(s, "..."); ok {
		d = days{parse(from, 0), parse(to, 0)}
	} else if to, ok := strings.CutPrefix(s, "<"); ok {
		d = days{0, parse(to, -1)}
	} else if from, ok := strings.CutPrefix(s, ">"); ok {
		d = days{parse(from, +1), 0}
	} else {
		valid = false
	}
	switch {
	case !valid:
		q.problem(name, "%s must be yyyy-MM-dd...yyyy-MM-dd, <yyyy-MM-dd or >yyyy-MM-dd.", name)
		return days{}
	case d.last != 0 && d.last < d.first:
		q.problem(name, "%s ends before it starts.", name)
		return days{}
	}
	return d
}
