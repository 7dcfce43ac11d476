package digicerttest

import (
	"net/http"
	"slices"
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
	Orders           Endpoint = "orders"            // GET /order/certificate
	OrderInfo        Endpoint = "order"             // GET /order/certificate/{order_id}
	Duplicates       Endpoint = "duplicates"        // GET /order/certificate/{order_id}/duplicate
	Subaccounts      Endpoint = "subaccounts"       // GET /account/subaccount
	SubaccountOrder  Endpoint = "subaccount-order"  // GET /account/subaccount/order/{order_id}
	Chain            Endpoint = "chain"             // GET /certificate/{certificate_id}/chain
	Download         Endpoint = "download"          // GET /certificate/{certificate_id}/download/format/{format}
)

// route is one line of the table of endpoints, all of which are GET.
type route struct {
	endpoint    Endpoint
	pattern     []string // segments of the path; "{id}" stands for digits, "{word}" for letters, digits and _
	subaccounts bool     // whether it takes the permission for subaccounts
	shape       shape
	mediaType   func(word string) string // nil for JSON
	handle      handler
}

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

// named is what a path names.
type named struct {
	id   int64  // of an order or a certificate
	word string // the format of a download
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
		endpoint: Duplicates,
		pattern:  []string{"order", "certificate", "{id}", "duplicate"},
		handle:   (*Server).listDuplicates,
		shape: shape{list: "certificates", ids: []string{"id"}, optional: [][]string{
			{"thumbprint"},
			{"serial_number"},
			{"date_issued"},
			{"valid_from"},
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
		endpoint: Orders,
		pattern:  []string{"order", "certificate"},
		handle:   (*Server).listOrders,
		shape: shape{list: "orders", ids: []string{"id"}, optional: [][]string{
			{"certificate", "serial_number"},
			{"certificate", "valid_from"},
			{"certificate", "valid_till"},
			{"certificate", "days_remaining"},
			{"order_valid_till"},
			{"is_multi_year_plan"},
		}},
	},
	{
		endpoint: OrderInfo,
		pattern:  []string{"order", "certificate", "{id}"},
		handle:   (*Server).orderInfo,
		shape: shape{ids: []string{"id"}, optional: [][]string{
			{"certificate", "thumbprint"},
			{"certificate", "serial_number"},
			{"certificate", "emails"},
			{"certificate", "date_created"},
			{"certificate", "date_issued"},
			{"certificate", "valid_from"},
			{"certificate", "valid_till"},
			{"certificate", "days_remaining"},
			{"certificate", "organization_units"},
			{"certificate", "status"},
			{"date_issued"},
			{"order_valid_till"},
			{"receipt_id"},
			{"is_multi_year_plan"},
		}},
	},
	{
		endpoint:    Subaccounts,
		pattern:     []string{"account", "subaccount"},
		subaccounts: true,
		handle:      (*Server).listSubaccounts,
		shape:       shape{list: subaccountsKey, ids: []string{"account_id"}},
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
	{
		endpoint:    SubaccountOrder,
		pattern:     []string{"account", "subaccount", "order", "{id}"},
		subaccounts: true,
		handle:      (*Server).subaccountOrder,
		shape: shape{ids: []string{"id"}, optional: [][]string{
			{"certificate"},
			{"certificate", "thumbprint"},
			{"certificate", "serial_number"},
			{"certificate", "valid_till"},
			{"certificate", "organization_units"},
			{"date_issued"},
			{"is_multi_year_plan"},
			{"order_valid_from"},
			{"order_valid_till"},
		}},
	},
	{
		endpoint: Chain,
		pattern:  []string{"certificate", "{id}", "chain"},
		handle:   (*Server).listChain,
		shape:    shape{list: "intermediates"},
	},
	{
		endpoint:  Download,
		pattern:   []string{"certificate", "{id}", "download", "format", "{word}"},
		mediaType: downloadType,
		handle:    (*Server).download,
	},
}

// routeOf returns the route of an endpoint, or nil.
func routeOf(endpoint Endpoint) *route {
	if i := slices.IndexFunc(routes, func(r route) bool { return r.endpoint == endpoint }); i >= 0 {
		return &routes[i]
	}
	return nil
}

// findRoute returns the route of a path relative to the base URL, or nil, and what the path names.
func findRoute(path string) (*route, named) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
next:
	for i := range routes {
		route := &routes[i]
		if len(segments) != len(route.pattern) {
			continue
		}
		var names named
		for j, want := range route.pattern {
			switch got := segments[j]; {
			case want == "{id}" && isDigits(got):
				names.id, _ = strconv.ParseInt(got, 10, 64) // too large a number becomes the largest there is
			case want == "{word}" && isWord(got):
				names.word = got
			case want != got:
				continue next
			}
		}
		return route, names
	}
	return nil, named{}
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
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
	s.moveRows(r, endpoint)

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

// moveRows lets those who move rows before an answer do so.
func (s *Server) moveRows(r *http.Request, endpoint Endpoint) {
	if hook := s.hook.Load(); hook != nil {
		(*hook)(r)
	}
	if d := s.drift.Load(); d != nil && endpoint == SubaccountOrders {
		d.move(s)
	}
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
	if m.countedLate {
		s.moveRows(r, found.endpoint)
		a.body = withPageOf(a.body, body(nil, *m))
	}
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
