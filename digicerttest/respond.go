// The way of a request from its arrival to its answer.

package digicerttest

import (
	"bytes"
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// reader checks a request that reads, and returns the function that renders its answer. The two steps
// are separate because faults that alter an answer only count requests that succeed.
type reader func(s *Server, r *request) (render, *failure)

// render appends the body of an answer.
type render func(b []byte, fx effects) []byte

// writer checks a request that writes, and returns what it changes. The state is locked.
type writer func(s *Server, r *request) (*change, *failure)

// change is what a write does, and the answer to it.
type change struct {
	status int
	body   []byte // nil for none, as with 204
	other  []byte // the body under OtherForm if body is nil; nil for {}
	commit func() // changes the state, which is locked; nil for nothing
}

// request is a request as a handler sees it.
type request struct {
	named
	query  *query
	body   object // of a write
	now    time.Time
	access access // of the key

	// Set by the reader of a download.
	contentType string
	fileName    string
}

// respond returns the answer to a request. It checks, in this order: faults in front of the service,
// key, rate limit, role of the key, route, permission, parameters, body. The order after the first is a
// guess. cut breaks the connection; it is nil if there is none.
func (s *Server) respond(r *http.Request, cut func()) *answer {
	path, under := strings.CutPrefix(r.URL.EscapedPath(), BasePath)
	under = under && (path == "" || path[0] == '/')
	var found *route
	var names named
	var endpoint Endpoint
	if under {
		if found, names = findRoute(r.Method, path); found != nil {
			endpoint = found.endpoint
		}
	} else {
		path = r.URL.EscapedPath()
	}
	entry := s.log.begin(r, path, endpoint, s.keys.knows(r), s.now())
	s.moveRows(r, endpoint)

	var fx effects
	s.faults.draw(endpoint, beforeService, &fx)
	a := fx.reply
	switch {
	case a != nil:
	case fx.hang || fx.reset: // the request does not reach the service
		a = newAnswer(0, "", nil)
	case !under:
		a = s.refuse(r, fail(http.StatusNotFound, "not_found|route", "The requested route does not exist."))
	case found == nil:
		a = s.refuse(r, notImplemented(r.Method, cmp.Or(path, "/")))
	default:
		a = s.serve(r, found, names, &fx, cut)
	}
	a.delivery = fx.delivery
	a.delay += s.latency
	s.log.end(entry, a, fx.faulted)
	return a
}

// moveRows calls what moves rows before an answer.
func (s *Server) moveRows(r *http.Request, endpoint Endpoint) {
	if hook := s.hook.Load(); hook != nil {
		(*hook)(r)
	}
	if d := s.drift.Load(); d != nil && endpoint == SubaccountOrders {
		d.move(s)
	}
}

// notImplemented is the answer to an unknown route. The service may have the route, so that a 404 would
// mislead: some clients understand any 404 as the answer that a thing does not exist.
func notImplemented(method, path string) *failure {
	return fail(
		http.StatusNotImplemented, "not_implemented",
		fmt.Sprintf("digicerttest does not implement %s %s. The real service may.", method, path),
	)
}

// refuse answers a request for which there is no route.
func (s *Server) refuse(r *http.Request, refusal *failure) *answer {
	if _, denied := s.admit(r, areaOrders); denied != nil {
		refusal = denied
	}
	return refusal.answer()
}

// serve answers a request that the faults in front of the service let pass.
func (s *Server) serve(r *http.Request, found *route, names named, fx *effects, cut func()) *answer {
	may, refusal := s.admit(r, found.area)
	if refusal != nil {
		return refusal.answer()
	}
	q, refusal := parseQuery(r.URL.RawQuery)
	if refusal != nil {
		return refusal.answer()
	}
	req := &request{named: names, query: q, access: may}
	if found.write != nil {
		return s.serveWrite(r, found, req, fx, cut)
	}
	req.now = s.now()
	s.state.catchUp(req.now, true)
	body, refusal := found.read(s, req)
	if refusal == nil {
		refusal = q.refusal()
	}
	if refusal != nil {
		return refusal.answer()
	}
	s.faults.draw(found.endpoint, onAnswer, fx)
	if a := fx.instead(); a != nil {
		return a
	}
	a := newAnswer(http.StatusOK, cmp.Or(req.contentType, contentJSON), body(getBuffer(), *fx))
	if fx.countedLate {
		s.moveRows(r, found.endpoint)
		a.body = withPageOf(a.body, body(nil, *fx))
	}
	a.pooled = true
	if req.fileName != "" {
		a.header.Set("Content-Disposition", `attachment; filename="`+req.fileName+`"`)
	}
	return found.altered(a, fx)
}

// altered applies the faults that alter JSON.
func (r *route) altered(a *answer, fx *effects) *answer {
	if fx.altersJSON() && len(bytes.TrimSpace(a.body)) > 0 {
		a.body = r.shape.alter(a.body, *fx)
	}
	return a
}

// serveWrite is serve for a route that writes.
func (s *Server) serveWrite(r *http.Request, found *route, req *request, fx *effects, cut func()) *answer {
	body, refusal := readBody(r)
	if refusal != nil {
		return refusal.answer()
	}
	req.body = body
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	req.now = s.now()
	s.state.runLater(req.now, false)
	c, refusal := found.write(s, req)
	if refusal == nil {
		refusal = req.query.refusal()
	}
	if refusal == nil {
		refusal = body.refusal()
	}
	if refusal != nil {
		return refusal.answer()
	}
	s.faults.draw(found.endpoint, onAnswer, fx)
	if fx.cutFirst {
		if cut != nil {
			cut()
			fx.broken = true
		} else {
			fx.reset = true
		}
	}
	s.log.acted(found.endpoint)
	s.commit(c, req.now, fx)
	if a := fx.instead(); a != nil {
		return a
	}
	return found.altered(c.answer(fx.otherForm), fx)
}

// commit makes a change, at once or later if a fault says so.
func (s *Server) commit(c *change, now time.Time, fx *effects) {
	switch {
	case c.commit == nil:
	case fx.lateReads > 0 || fx.lateBy > 0:
		s.state.later.add(now, fx.lateReads, fx.lateBy, func(time.Time) { c.commit() })
	default:
		c.commit()
		s.state.version++
	}
}

// answer returns the answer to a write, in its documented form or the other one.
func (c *change) answer(otherForm bool) *answer {
	status, body := c.status, c.body
	if otherForm && body != nil {
		status, body = http.StatusNoContent, nil
	} else if otherForm {
		status, body = http.StatusOK, []byte("{}")
		if c.other != nil {
			status, body = http.StatusCreated, c.other
		}
	}
	if body == nil {
		return newAnswer(status, "", nil)
	}
	return newAnswer(status, contentJSON, body)
}

// admit checks the key of a request, its limits and its role.
func (s *Server) admit(r *http.Request, of area) (access, *failure) {
	may, refusal := s.keys.admit(r, s.now)
	switch {
	case refusal != nil:
		return may, refusal
	case r.Method != http.MethodGet && may.viewOnly:
		return may, errMissingPermission
	case of == areaSubaccounts && (may.noSubaccounts || s.noSubaccounts), !may.role.covers(of):
		return may, errMissingPermission
	}
	return may, nil
}

var errMissingPermission = fail(
	http.StatusForbidden, digicert.CodeMissingPermission, "The key lacks the permission that the endpoint requires.",
)
