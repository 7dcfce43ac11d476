// The handling of a request from its arrival to its response.

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

// reader handles a read, and returns the function that renders its response. The two steps
// are separate because faults that alter a response count only requests that succeed.
type reader func(s *Server, r *request) (render, *failure)

// render appends the body of a response.
type render func(b []byte, fx effects) []byte

// writer checks a write, and returns its change. The caller holds the lock of the state.
type writer func(s *Server, r *request) (*change, *failure)

// change is the change and the response of a write.
type change struct {
	status int
	body   []byte // nil for none, as with 204
	other  []byte // the body with OtherForm if body is nil; nil for {}
	commit func() // changes the state, which is locked; may be nil
}

// request is a request as a handler sees it.
type request struct {
	named
	query  *query
	body   object // of a write
	now    time.Time
	access access // of the key

	// Set by the readers of downloads.
	contentType string
	fileName    string
}

// respond returns the response to a request. It checks, in this order: faults that act before the service,
// key, rate limit, role of the key, route, permission, parameters, body. The order after the first is a
// guess. cut resets the connection; it is nil if there is no connection.
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

// moveRows makes the changes that are due before each response.
func (s *Server) moveRows(r *http.Request, endpoint Endpoint) {
	if hook := s.hook.Load(); hook != nil {
		(*hook)(r)
	}
	if d := s.drift.Load(); d != nil && endpoint == SubaccountOrders {
		d.move(s)
	}
}

// notImplemented is the response for an unknown route. The service may have the route, and a 404 would
// be misleading: some clients interpret any 404 as an object that does not exist.
func notImplemented(method, path string) *failure {
	return fail(
		http.StatusNotImplemented, "not_implemented",
		fmt.Sprintf("digicerttest does not implement %s %s. The real service may.", method, path),
	)
}

// refuse returns the response to a request without a route.
func (s *Server) refuse(r *http.Request, refusal *failure) *answer {
	if _, denied := s.admit(r, areaOrders); denied != nil {
		refusal = denied
	}
	return refusal.answer()
}

// serve handles a request that the faults before the service have not stopped.
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

// serveWrite is serve for a write.
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
			fx.closed = true
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

// commit makes a change, or schedules it if a fault holds it back.
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

// answer returns the response to a write, in its documented form or the other one.
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
