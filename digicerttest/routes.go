// The table of endpoints.

package digicerttest

import (
	"slices"
	"strconv"
	"strings"
)

// Endpoint names an endpoint in faults and in the log of requests, and in the text of a fault.
type Endpoint string

// The endpoints of a Server.
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
	pattern     []string // segments of the path; "{id}" matches digits, "{word}" letters, digits and _
	subaccounts bool     // whether it requires the permission for subaccounts
	shape       shape
	mediaType   func(word string) string // nil for JSON
	handle      handler
}

// named holds the variable parts of a path.
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

// findRoute returns the route of a path relative to the base URL, or nil, and the variable parts of the path.
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
				names.id, _ = strconv.ParseInt(got, 10, 64) // a number that is too large becomes the largest int64
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
