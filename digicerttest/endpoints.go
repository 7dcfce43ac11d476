// The names of the endpoints.

package digicerttest

// Endpoint is the name of an endpoint in faults, in the text of a fault and in the log of requests.
type Endpoint string

// The endpoints for reads.
const (
	Reissues               Endpoint = "reissues"                 // GET /order/certificate/{order_id}/reissue
	SubaccountOrders       Endpoint = "subaccount-orders"        // GET /account/subaccount/order
	StatusChanges          Endpoint = "status-changes"           // GET /order/certificate/status-changes
	Orders                 Endpoint = "orders"                   // GET /order/certificate
	OrderInfo              Endpoint = "order"                    // GET /order/certificate/{order_id, serial number or thumbprint}
	Duplicates             Endpoint = "duplicates"               // GET /order/certificate/{order_id}/duplicate
	Subaccounts            Endpoint = "subaccounts"              // GET /account/subaccount
	SubaccountOrder        Endpoint = "subaccount-order"         // GET /account/subaccount/order/{order_id}
	Chain                  Endpoint = "chain"                    // GET /certificate/{certificate_id}/chain
	Download               Endpoint = "download"                 // GET /certificate/{certificate_id}/download/format/{format}
	DownloadPlatform       Endpoint = "download-platform"        // GET /certificate/{certificate_id}/download/platform[/{platform_id}]
	DownloadOrder          Endpoint = "download-order"           // GET /certificate/download/order/{order_id}[/format/{format}]
	OrdersByAlternativeID  Endpoint = "orders-by-alternative-id" // GET /order/alternate/{alternative_order_id}
	OrderValidation        Endpoint = "validation"               // GET /order/certificate/{order_id}/validation
	ApprovalRequests       Endpoint = "requests"                 // GET /request
	ApprovalRequest        Endpoint = "request"                  // GET /request/{request_id}
	Organizations          Endpoint = "organizations"            // GET /organization
	OrganizationInfo       Endpoint = "organization"             // GET /organization/{organization_id}
	OrganizationValidation Endpoint = "organization-validation"  // GET /organization/{organization_id}/validation
	Domains                Endpoint = "domains"                  // GET /domain
	DomainInfo             Endpoint = "domain"                   // GET /domain/{domain_id}
	Products               Endpoint = "products"                 // GET /product
	ProductInfo            Endpoint = "product"                  // GET /product/{name_id}
	Me                     Endpoint = "me"                       // GET /user/me
	Users                  Endpoint = "users"                    // GET /user
	UserInfo               Endpoint = "user"                     // GET /user/{user_id}
	Containers             Endpoint = "containers"               // GET /container
	AccountInfo            Endpoint = "account"                  // GET /account
)

// The endpoints for writes.
const (
	PlaceOrder        Endpoint = "place-order"        // POST /order/certificate/{product_name_id}
	CreateReissue     Endpoint = "create-reissue"     // POST /order/certificate/{order_id}/reissue
	CreateDuplicate   Endpoint = "create-duplicate"   // POST /order/certificate/{order_id}/duplicate
	UpdateOrderStatus Endpoint = "order-status"       // PUT /order/certificate/{order_id}/status
	RevokeOrder       Endpoint = "revoke-order"       // PUT /order/certificate/{order_id}/revoke
	RevokeCertificate Endpoint = "revoke-certificate" // PUT /certificate/{certificate_id or serial number}/revoke
	UpdateRequest     Endpoint = "update-request"     // PUT /request/{request_id}/status
	CheckDCV          Endpoint = "check-dcv"          // PUT /order/certificate/{order_id}/check-dcv
	ChangeDCVMethod   Endpoint = "dcv-method"         // PUT /order/certificate/{order_id}/dcv-method
	DCVRandomValue    Endpoint = "dcv-random-value"   // PUT /order/certificate/{order_id}/dcv-random-value
)

// writes reports whether the endpoint is for writes.
func (e Endpoint) writes() bool {
	r := routeOf(e)
	return r != nil && r.write != nil
}
