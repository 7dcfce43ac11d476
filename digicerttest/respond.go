// The way of a request from its arrival to its answer.

package digicerttest

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// handler checks a request and returns the function that renders its answer. The two steps are
// separate because faults that alter an answer only count requests that succeed.
type handler func(s *Server, r *request) (render, *failure)

// render appends the body of an answer.
type render func(b []byte, fx effects) []byte

// request is a request as a handler sees it.
type request struct {
	named
	query *query
	now   time.Time
}

// respond returns the answer to a request. It checks, in this order: faults in front of the service,
// key, rate limit, route, method, permission, parameters. The order after the first is a guess.
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

	var fx effects
	s.faults.draw(endpoint, true, &fx)
	a := fx.reply
	switch {
	case a != nil:
	case fx.hang || fx.reset: // the request does not reach the service
		a = newAnswer(0, "", nil)
	default:
		a = s.serve(r, found, names, &fx)
	}
	a.delivery = fx.delivery
	a.delay += s.latency
	s.log.end(entry, a, fx.faulted)
	return a
}

// serve answers a request that the faults in front of the service let pass.
func (s *Server) serve(r *http.Request, found *route, names named, fx *effects) *answer {
	body, refusal := s.handle(r, found, names)
	if refusal != nil {
		a := newAnswer(refusal.status, contentJSON, appendErrors(nil, refusal.errors))
		a.refused = refusal == errRequestLimit
		return a
	}
	s.faults.draw(found.endpoint, false, fx)
	contentType := contentJSON
	if found.mediaType != nil {
		contentType = found.mediaType(names.word)
	}
	a := newAnswer(http.StatusOK, contentType, body(getBuffer(), *fx))
	a.pooled = true
	if fx.altersJSON() {
		a.body = found.shape.alter(a.body, *fx)
	}
	return a
}

// handle checks a request, from its key to its parameters, and returns what renders the answer.
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
	http.StatusForbidden, digicert.CodeMissingPermission, "The key lacks the permission that the endpoint requires.",
)
