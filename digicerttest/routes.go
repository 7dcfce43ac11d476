// The table of endpoints.

package digicerttest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// route is one line of the table: either read or write is set.
type route struct {
	endpoint Endpoint
	method   string
	path     string // relative to the base URL; see matches
	area     area
	shape    shape
	file     bool // the response is a file, not JSON
	read     reader
	write    writer
}

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
)

// routes lists fixed segments before variable ones, because the first match applies.
var routes = []route{
	{endpoint: StatusChanges, method: get, path: "/order/certificate/status-changes", read: (*Server).listStatusChanges, shape: changeShape},
	{endpoint: Orders, method: get, path: "/order/certificate", read: (*Server).listOrders, shape: ownOrderShape},
	{endpoint: OrderInfo, method: get, path: "/order/certificate/{ref}", read: (*Server).orderInfo, shape: orderInfoShape},
	{endpoint: PlaceOrder, method: post, path: "/order/certificate/{word}", write: (*Server).placeOrder, shape: idShape},
	{endpoint: UpdateOrderStatus, method: put, path: "/order/certificate/{id}/status", write: (*Server).updateOrderStatus, shape: idShape},
	{endpoint: RevokeOrder, method: put, path: "/order/certificate/{id}/revoke", write: (*Server).revokeOrder, shape: idShape},

	{endpoint: Reissues, method: get, path: "/order/certificate/{id}/reissue", read: (*Server).listReissues, shape: reissueShape},
	{endpoint: CreateReissue, method: post, path: "/order/certificate/{id}/reissue", write: (*Server).createReissue, shape: idShape},
	{endpoint: Duplicates, method: get, path: "/order/certificate/{id}/duplicate", read: (*Server).listDuplicates, shape: duplicateShape},
	{endpoint: CreateDuplicate, method: post, path: "/order/certificate/{id}/duplicate", write: (*Server).createDuplicate, shape: idShape},

	{endpoint: OrderValidation, method: get, path: "/order/certificate/{id}/validation", read: (*Server).orderValidation},
	{endpoint: CheckDCV, method: put, path: "/order/certificate/{id}/check-dcv", write: (*Server).checkDCV},
	{endpoint: ChangeDCVMethod, method: put, path: "/order/certificate/{id}/dcv-method", write: (*Server).changeDCVMethod},
	{endpoint: DCVRandomValue, method: put, path: "/order/certificate/{id}/dcv-random-value", write: (*Server).dcvRandomValue},
	{endpoint: OrdersByAlternativeID, method: get, path: "/order/alternate/{text}", read: (*Server).listOrdersByAlternativeID, shape: shape{list: "orders", ids: []string{"order_id"}}},

	{endpoint: ApprovalRequests, method: get, path: "/request", read: (*Server).listApprovals, shape: shape{list: "requests", ids: []string{"id"}}},
	{endpoint: ApprovalRequest, method: get, path: "/request/{id}", read: (*Server).approvalInfo, shape: idShape},
	{endpoint: UpdateRequest, method: put, path: "/request/{id}/status", write: (*Server).updateApproval},

	{endpoint: Chain, method: get, path: "/certificate/{id}/chain", read: (*Server).listChain, shape: shape{list: "intermediates"}},
	{endpoint: Download, method: get, path: "/certificate/{id}/download/format/{word}", read: (*Server).download, file: true},
	{endpoint: DownloadPlatform, method: get, path: "/certificate/{id}/download/platform", read: (*Server).downloadPlatform, file: true},
	{endpoint: DownloadPlatform, method: get, path: "/certificate/{id}/download/platform/{number}", read: (*Server).downloadPlatform, file: true},
	{endpoint: DownloadOrder, method: get, path: "/certificate/download/order/{id}", read: (*Server).downloadOrder, file: true},
	{endpoint: DownloadOrder, method: get, path: "/certificate/download/order/{id}/format/{word}", read: (*Server).downloadOrder, file: true},
	{endpoint: RevokeCertificate, method: put, path: "/certificate/{ref}/revoke", write: (*Server).revokeCertificate, shape: idShape},

	{endpoint: Organizations, method: get, path: "/organization", read: (*Server).listOrganizations, area: areaValidation, shape: shape{list: "organizations", ids: []string{"id"}}},
	{endpoint: OrganizationInfo, method: get, path: "/organization/{id}", read: (*Server).organizationInfo, area: areaValidation, shape: idShape},
	{endpoint: OrganizationValidation, method: get, path: "/organization/{id}/validation", read: (*Server).organizationValidation, area: areaValidation, shape: shape{list: "validations"}},
	{endpoint: Domains, method: get, path: "/domain", read: (*Server).listDomains, area: areaValidation, shape: shape{list: "domains", ids: []string{"id"}}},
	{endpoint: DomainInfo, method: get, path: "/domain/{id}", read: (*Server).domainInfo, area: areaValidation, shape: idShape},

	{endpoint: Products, method: get, path: "/product", read: (*Server).listProducts, shape: shape{list: "products", ids: []string{"name_id"}}},
	{endpoint: ProductInfo, method: get, path: "/product/{word}", read: (*Server).productInfo, shape: shape{ids: []string{"name_id"}}},

	{endpoint: Me, method: get, path: "/user/me", read: (*Server).userMe, area: areaAccount, shape: idShape},
	{endpoint: Users, method: get, path: "/user", read: (*Server).listUsers, area: areaAccount, shape: shape{list: "users", ids: []string{"id"}}},
	{endpoint: UserInfo, method: get, path: "/user/{id}", read: (*Server).userInfo, area: areaAccount, shape: idShape},
	{endpoint: Containers, method: get, path: "/container", read: (*Server).listContainers, area: areaAccount, shape: shape{list: "containers", ids: []string{"id"}}},
	{endpoint: AccountInfo, method: get, path: "/account", read: (*Server).accountInfo, area: areaAccount, shape: idShape},
	{endpoint: Subaccounts, method: get, path: "/account/subaccount", read: (*Server).listSubaccounts, area: areaSubaccounts, shape: shape{list: subaccountsKey, ids: []string{"account_id"}}},
	{endpoint: SubaccountOrders, method: get, path: "/account/subaccount/order", read: (*Server).listSubaccountOrders, area: areaSubaccounts, shape: subaccountOrderShape},
	{endpoint: SubaccountOrder, method: get, path: "/account/subaccount/order/{id}", read: (*Server).subaccountOrder, area: areaSubaccounts, shape: subaccountOrderInfoShape},
}

// idShape is the shape of a single object of which only the id is certain.
var idShape = shape{ids: []string{"id"}}

// routeOf returns the first route of an endpoint, or nil.
func routeOf(endpoint Endpoint) *route {
	if i := slices.IndexFunc(routes, func(r route) bool { return r.endpoint == endpoint }); i >= 0 {
		return &routes[i]
	}
	return nil
}

// named holds the variable parts of a path.
type named struct {
	id     int64  // of an order, a certificate, a request, …
	word   string // a format or a product
	ref    string // an id, serial number or thumbprint, as sent
	text   string // any text, unescaped
	number string // of a platform
}

// findRoute returns the route of a method and a path relative to the base URL, or nil, and the variable
// parts of the path. A trailing slash is ignored.
func findRoute(method, path string) (*route, named) {
	path = strings.TrimSuffix(path, "/")
	for i := range routes {
		if routes[i].method != method {
			continue
		}
		if names, ok := routes[i].matches(path); ok {
			return &routes[i], names
		}
	}
	return nil, named{}
}

// matches compares a path with that of the route, segment by segment. "{id}" and "{number}" match digits,
// "{word}" letters, digits and _, "{ref}" hexadecimal digits, and "{text}" anything.
func (r *route) matches(path string) (named, bool) {
	var names named
	want := r.path
	for want != "" {
		var w, g string
		var ok bool
		w, want = cutSegment(want)
		if path == "" {
			return named{}, false
		}
		if g, path = cutSegment(path); g == "" {
			return named{}, false
		}
		switch w {
		case "{id}":
			ok = isDigits(g)
			names.id = parseID(g)
		case "{number}":
			ok = isDigits(g)
			names.number = g
		case "{word}":
			ok = isWord(g)
			names.word = g
		case "{ref}":
			ok = isHex(g)
			names.ref = g
			if isDigits(g) {
				names.id = parseID(g)
			}
		case "{text}":
			text, err := url.PathUnescape(g)
			ok = err == nil
			names.text = text
		default:
			ok = w == g
		}
		if !ok {
			return named{}, false
		}
	}
	return names, path == ""
}

// cutSegment splits "/a/b" into "a" and "/b".
func cutSegment(path string) (segment, rest string) {
	path = path[1:] // the slash
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// parseID parses digits. A number that is too large becomes the largest int64.
func parseID(digits string) int64 {
	n, _ := strconv.ParseInt(digits, 10, 64)
	return n
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func isHex(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
}
