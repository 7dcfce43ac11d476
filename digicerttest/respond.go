// The way of a request from its arrival to its answer.

package digicerttest

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// handler checks a request and returns what renders its answer. The two are apart because faults
// that distort an answer are only spent on a request that is given one.
type handler func(s *Server, r *request) (render, *failure)

// render appends the body of an answer.
type render func(b []byte, m mischief) []byte

// request is what a handler needs to know.
type request struct {
	named
	query *query
	now   time.Time
}

// respond makes up the answer to a request. The order of the checks is: faults in place of an
// answer, which come from what stands in front of the service; key; rate limit; route; method;
// permission; parameters. Only that the first comes first is sure, the rest is a guess.
func (s *Server) respond(r *http.Request) *answer {
	path, under := strings.CutPrefix(r.URL.EscapedPath(), BasePath)
	var found *route
	var names named
	var endpoint Endpoint
	if under && strings.HasPrefix(path, "/") {
		if found, names = findRoute(path); found != nil {
			endpoint = found.endpoint
		}
	} else {
		path = r.URL.EscapedPath()
	}
	entry := s.log.begin(r, path, endpoint, s.keys.knows(r), s.now())
	if hook := s.hook.Load(); hook != nil {
		(*hook)(r)
	}
	if d := s.drift.Load(); d != nil && endpoint == SubaccountOrders {
		d.move(s)
	}

	var m mischief
	s.faults.draw(endpoint, true, &m)
	a := m.reply
	switch {
	case a != nil:
	case m.hang || m.reset: // as the other faults, it keeps the request from reaching the service
		a = newAnswer(0, "", nil)
	default:
		a = s.serve(r, found, names, &m)
	}
	a.delivery = m.delivery
	a.delay += s.latency
	s.log.end(entry, a, m.faulted)
	return a
}

// serve is respond behind the faults: what the service itself does.
func (s *Server) serve(r *http.Request, found *route, names named, m *mischief) *answer {
	body, refusal := s.handle(r, found, names)
	if refusal != nil {
		a := newAnswer(refusal.status, contentJSON, appendErrors(nil, refusal.errors))
		a.refused = refusal == errRequestLimit
		return a
	}
	s.faults.draw(found.endpoint, false, m)
	contentType := contentJSON
	if found.mediaType != nil {
		contentType = found.mediaType(names.word)
	}
	a := newAnswer(http.StatusOK, contentType, body(getBuffer(), *m))
	a.pooled = true
	if m.distorts() {
		a.body = found.shape.distort(a.body, *m)
	}
	return a
}

// handle checks a request, from its key to its parameters.
func (s *Server) handle(r *http.Request, found *route, names named) (render, *failure) {
	may, refusal := s.keys.admit(r, s.now)
	switch {
	case refusal != nil:
		return nil, refusal
	case r.Method != http.MethodGet && may.viewOnly:
		return nil, errMissingPermission
	case found == nil:
		return nil, fail(http.StatusNotFound, "not_found|route", "The requested route does not exist.")
	case r.Method != http.MethodGet:
		return nil, fail(http.StatusMethodNotAllowed, "method_not_allowed", "The route only answers GET.")
	case found.subaccounts && (may.noSubaccounts || s.noSubaccounts):
		return nil, errMissingPermission
	}
	q, refusal := parseQuery(r.URL.RawQuery)
	if refusal != nil {
		return nil, refusal
	}
	body, refusal := found.handle(s, &request{named: names, query: q, now: s.now()})
	if refusal == nil {
		refusal = q.refusal()
	}
	if refusal != nil {
		return nil, refusal
	}
	return body, nil
}

var errMissingPermission = fail(
	http.StatusForbidden, digicert.CodeMissingPermission, "The key does not have the permission that this takes.",
)
