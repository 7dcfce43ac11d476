// Requests for orders, reissues, duplicates and revocations, which require approval.

package digicert

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// RequestsService reads, approves and rejects the requests of the account.
type RequestsService struct{ c *Client }

// RequestType is the documented type of a request. Unknown values are preserved.
type RequestType string

// The documented types.
const (
	RequestNewRequest RequestType = "new_request"
	RequestReissue    RequestType = "reissue"
	RequestDuplicate  RequestType = "duplicate"
	RequestRevoke     RequestType = "revoke"
)

// RequestStatus is the documented status of a request. Unknown values are preserved.
type RequestStatus string

// The documented statuses.
const (
	RequestSubmitted RequestStatus = "submitted"
	RequestPending   RequestStatus = "pending"
	RequestApproved  RequestStatus = "approved"
	RequestRejected  RequestStatus = "rejected"
)

// Request is a request, as [RequestsService.Get] and [RequestsService.List] return it.
type Request struct {
	ID            RequestID     `json:"id,omitzero"`
	Date          time.Time     `json:"date,omitzero"` // UTC
	Type          RequestType   `json:"type,omitzero"`
	Status        RequestStatus `json:"status,omitzero"`
	DateProcessed time.Time     `json:"date_processed,omitzero"` // UTC; only from Get; zero until it is approved or rejected
	Requester     User          `json:"requester,omitzero"`
	Processor     User          `json:"processor,omitzero"` // the user who approved or rejected it
	Reviewer      User          `json:"reviewer,omitzero"`  // only from Get
	// Order is the order of the request. List sends only its id, common name, organization, container and product. The order
	// from Get was observed to be out of date.
	Order            Order  `json:"order,omitzero"`
	Comments         string `json:"comments,omitzero"`          // only from Get
	ProcessorComment string `json:"processor_comment,omitzero"` // only from Get

	RenewalOfOrderValidTill Date            `json:"renewal_of_order_valid_till,omitzero"` // only from Get
	UnsubmittedDomains      json.RawMessage `json:"unsubmitted_domains,omitzero"`         // only from Get; as sent: its form is not known
}

// ListRequestsParams are the parameters of [RequestsService.List] and [RequestsService.All].
type ListRequestsParams struct {
	Offset  int            `url:"offset,omitempty"`     // rows to skip
	Limit   int            `url:"limit,omitempty"`      // rows per page, at most 1000; 0 is the service's default
	Sort    []string       `url:"sort,comma,omitempty"` // the keys are not documented; a leading "-" sorts in descending order
	Filters RequestFilters `url:"filters"`
}

// RequestFilters are the documented filters of [RequestsService.List]. A zero field is not sent.
type RequestFilters struct {
	Type          RequestType   `url:"type,omitempty"`
	Status        RequestStatus `url:"status,omitempty"`
	ContainerID   ContainerID   `url:"container_id,omitempty"`
	MetadataID    int64         `url:"metadata_id,omitempty"` // of a custom field
	MetadataValue string        `url:"metadata_value,omitempty"`
	Search        string        `url:"search,omitempty"`
}

func (p *ListRequestsParams) check() error {
	if p == nil {
		return nil
	}
	return cmp.Or(
		checkPage(p.Limit, p.Offset),
		checkSortKeys(p.Sort),
		checkFilterID("filters[container_id]", p.Filters.ContainerID),
		checkFilterID("filters[metadata_id]", p.Filters.MetadataID),
	)
}

// RequestPage is one page of requests.
type RequestPage struct {
	Requests []Request `json:"requests"`
	Page     PageInfo  `json:"page,omitzero"`
}

const requestsPath = "/request"

// List returns one page of the requests of the account: GET /request.
//
// List returns a *[ParamError] for parameters that the service would refuse.
//
// https://dev.digicert.com/certcentral-apis/services-api/requests.html
func (s *RequestsService) List(ctx context.Context, params *ListRequestsParams) (*RequestPage, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	page := new(RequestPage)
	if _, err := s.client().get(ctx, requestsPath, params, page); err != nil {
		return nil, err
	}
	page.Requests = nonNil(page.Requests)
	return page, nil
}

// All yields the requests of all pages, from params.Offset on, as [SubaccountsService.AllOrders] does. The list is sorted by "id",
// a key that is not documented.
func (s *RequestsService) All(ctx context.Context, params *ListRequestsParams) iter.Seq2[Request, error] {
	return sortedList[ListRequestsParams, Request]{
		path: requestsPath, idKey: "id", guessed: true,
		paging: func(p *ListRequestsParams) (*[]string, *int, *int) { return &p.Sort, &p.Limit, &p.Offset },
		list: func(ctx context.Context, p *ListRequestsParams) ([]Request, PageInfo, error) {
			page, err := s.List(ctx, p)
			if err != nil {
				return nil, PageInfo{}, err
			}
			return page.Requests, page.Page, nil
		},
		id: func(row *Request) int64 { return int64(row.ID) },
	}.all(ctx, s.client(), params)
}

// Get returns a request: GET /request/{request_id}.
//
// Get returns a *[ParamError] if requestID is not positive, [ErrNotFound] for an unknown request, and a *[DecodeError] if the
// response has another request.
//
// https://dev.digicert.com/certcentral-apis/services-api/requests.html
func (s *RequestsService) Get(ctx context.Context, requestID RequestID) (*Request, error) {
	if err := checkID("request_id", requestID); err != nil {
		return nil, err
	}
	path := fmt.Sprintf("%s/%d", requestsPath, requestID)
	request := new(Request)
	if _, err := s.client().get(ctx, path, nil, request); err != nil {
		return nil, err
	}
	if err := checkAnswer(path, "/id", "request", request.ID, requestID); err != nil {
		return nil, err
	}
	return request, nil
}

// Approve approves a request: PUT /request/{request_id}/status. The service then carries out the request: it processes the order
// or revokes the certificate. comment ("processor_comment") may be empty and has at most 10,000 bytes.
//
// If the response is lost or cannot be read, or the service refuses because the request was already processed, Approve gets the
// request, and succeeds if it is approved, by any user. If the request is still not approved after the maximum number of
// attempts of the [RetryPolicy], or a lookup fails, the error is an *[OutcomeUnknownError], and nothing was sent again. It is safe
// to call Approve again.
//
// Approve returns a *[ParamError] if requestID is not positive or comment cannot be sent, [ErrNotFound] for an unknown request,
// [CodeInvalidApprover] if the user of the API key may not approve it, and an *[Error] if the service refuses.
//
// https://dev.digicert.com/certcentral-apis/services-api/requests.html
func (s *RequestsService) Approve(ctx context.Context, requestID RequestID, comment string) error {
	return s.process(ctx, requestID, RequestApproved, comment)
}

// Reject rejects a request: PUT /request/{request_id}/status. Lost responses and errors are handled as in [RequestsService.Approve].
//
// https://dev.digicert.com/certcentral-apis/services-api/requests.html
func (s *RequestsService) Reject(ctx context.Context, requestID RequestID, comment string) error {
	return s.process(ctx, requestID, RequestRejected, comment)
}

func (s *RequestsService) process(ctx context.Context, requestID RequestID, status RequestStatus, comment string) error {
	if err := cmp.Or(checkID("request_id", requestID), checkText("processor_comment", comment)); err != nil {
		return err
	}
	o := object{"status": status}
	put(o, "processor_comment", comment)
	body, err := o.encode()
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/%d", requestsPath, requestID)
	_, err = s.client().carryOut(ctx, &intent{
		lock: path, id: path + " " + string(status), method: http.MethodPut, path: path + "/status", body: body, result: new(struct{}),
		look: func(ctx context.Context, _ any) (bool, error) {
			request, err := s.Get(ctx, requestID)
			return err == nil && request.Status == status, err
		},
		refusalMayMeanDone: true,
	})
	return err
}
