package digicerttest

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// Endpoint names an endpoint, for faults and in the log of requests. Its text is the one that
// [ParseFault] reads.
type Endpoint string

// The endpoints that a Server has.
const (
	Reissues         Endpoint = "reissues"          // GET /order/certificate/{order_id}/reissue
	SubaccountOrders Endpoint = "subaccount-orders" // GET /account/subaccount/order
	StatusChanges    Endpoint = "status-changes"    // GET /order/certificate/status-changes
)

// route is one line of the table of endpoints, all of which are GET.
type route struct {
	endpoint    Endpoint
	pattern     []string // segments of the path; "{id}" stands for digits
	subaccounts bool     // whether it takes the permission for subaccounts
	shape       shape
	handle      handler
}

// handler checks a request and returns what renders its answer. The two are apart because faults
// that distort an answer are only spent on a request that is given one.
type handler func(s *Server, r *request) (render, *failure)

// render appends the body of an answer.
type render func(b []byte, m mischief) []byte

// request is what a handler needs to know.
type request struct {
	query *query
	id    digicert.OrderID // the path's
	now   time.Time
}

var routes = []route{
	{
		endpoint: Reissues,
		pattern:  []string{"order", "certificate", "{id}", "reissue"},
		handle:   (*Server).listReissues,
		shape: shape{list: "certificates", ids: []string{"id"}, optional: [][]string{
			{"thumbprint"},
			{"serial_number"},
			{"date_issued"},
			{"valid_till"},
			{"days_remaining"},
			{"receipt_id"},
			{"purchased_dns_names"},
			{"purchased_wildcard_names"},
		}},
	},
	{
		endpoint: StatusChanges,
		pattern:  []string{"order", "certificate", "status-changes"},
		handle:   (*Server).listStatusChanges,
		shape:    shape{list: "orders", ids: []string{"order_id"}},
	},
	{
		endpoint:    SubaccountOrders,
		pattern:     []string{"account", "subaccount", "order"},
		subaccounts: true,
		handle:      (*Server).listSubaccountOrders,
		shape: shape{list: "orders", ids: []string{"id"}, optional: [][]string{
			{"certificate"},
			{"certificate", "thumbprint"},
			{"certificate", "serial_number"},
			{"certificate", "valid_till"},
			{"certificate", "organization_units"},
			{"date_issued"},
		}},
	},
}

// findRoute returns the route of a path relative to the base URL, or nil, and the id in the path.
func findRoute(path string) (*route, digicert.OrderID) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
next:
	for i := range routes {
		route := &routes[i]
		if len(segments) != len(route.pattern) {
			continue
		}
		var id int64
		for j, want := range route.pattern {
			switch got := segments[j]; {
			case want == "{id}" && isDigits(got):
				id, _ = strconv.ParseInt(got, 10, 64) // too large a number becomes the largest there is
			case want != got:
				continue next
			}
		}
		return route, digicert.OrderID(id)
	}
	return nil, 0
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// respond makes up the answer to a request. The order of the checks is: faults in place of an
// answer, which come from what stands in front of the service; key; rate limit; route; method;
// permission; parameters. Only that the first comes first is sure, the rest is a guess.
func (s *Server) respond(r *http.Request) *answer {
	path, under := strings.CutPrefix(r.URL.EscapedPath(), BasePath)
	var found *route
	var id digicert.OrderID
	var endpoint Endpoint
	if under && strings.HasPrefix(path, "/") {
		if found, id = findRoute(path); found != nil {
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
		a = s.serve(r, found, id, &m)
	}
	a.delivery = m.delivery
	a.delay += s.latency
	s.log.end(entry, a, m.faulted)
	return a
}

// serve is respond behind the faults: what the service itself does.
func (s *Server) serve(r *http.Request, found *route, id digicert.OrderID, m *mischief) *answer {
	body, refusal := s.handle(r, found, id)
	if refusal != nil {
		a := newAnswer(refusal.status, contentJSON, appendErrors(nil, refusal.errors))
		a.refused = refusal == errRequestLimit
		return a
	}
	s.faults.draw(found.endpoint, false, m)
	a := newAnswer(http.StatusOK, contentJSON, body(getBuffer(), *m))
	a.pooled = true
	if m.distorts() {
		a.body = found.shape.distort(a.body, *m)
	}
	return a
}

// handle checks a request, from its key to its parameters.
func (s *Server) handle(r *http.Request, found *route, id digicert.OrderID) (render, *failure) {
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
	body, refusal := found.handle(s, &request{query: q, id: id, now: s.now()})
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
