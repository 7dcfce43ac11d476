package digicert_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// requestBody is a request with every field that is known of it.
const requestBody = `{"id":"198","date":"2026-10-22T14:04:27+00:00","type":"new_request","status":"approved","date_processed":"2026-10-23T09:00:00+00:00",
"requester":{"id":14,"first_name":"Clive","last_name":"Collegedean","email":"clive@example.com"},"processor":{"id":15,"firstname":"John"},"reviewer":{"id":16},
"order":{"id":542757,"certificate":{"common_name":"example.com"},"organization":{"id":112233,"name":"Epigyne"},"container":{"id":5,"name":"Web"},"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate"}},
"comments":"for the shop","processor_comment":"fine","renewal_of_order_valid_till":"2026-12-31","unsubmitted_domains":["a.example"],"new":1}`

func wholeRequest() digicert.Request {
	return digicert.Request{
		ID: 198, Date: utc(2026, 10, 22, 14, 4, 27), Type: digicert.RequestNewRequest, Status: digicert.RequestApproved, DateProcessed: utc(2026, 10, 23, 9, 0, 0),
		Requester: digicert.User{ID: 14, FirstName: "Clive", LastName: "Collegedean", Email: "clive@example.com"},
		Processor: digicert.User{ID: 15, FirstName: "John"}, Reviewer: digicert.User{ID: 16},
		Order: digicert.Order{
			ID: 542757, Organization: digicert.Organization{ID: 112233, Name: "Epigyne"}, Container: digicert.Container{ID: 5, Name: "Web"},
			Product: digicert.OrderProduct{Product: digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"}},
			Certificate: digicert.Certificate{
				CommonName: "example.com", DNSNames: []string{}, Emails: []string{}, OrganizationUnits: []string{},
			},
			AdditionalEmails: []string{}, CustomFields: []digicert.CustomField{}, Notes: []digicert.OrderNote{}, Requests: []digicert.OrderRequest{},
		},
		Comments: "for the shop", ProcessorComment: "fine", RenewalOfOrderValidTill: digicert.Date{Year: 2026, Month: 12, Day: 31},
		UnsubmittedDomains: json.RawMessage(`["a.example"]`),
	}
}

func TestRequestsGet(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, requestBody)
	got, err := c.Requests.Get(t.Context(), 198)
	require.NoError(t, err)
	require.Equal(t, new(wholeRequest()), got)
	require.Equal(t, "/services/v2/request/198", s.only(t).URL.Path)
	_, err = c.Requests.Get(t.Context(), 199)
	requireDecodeError(t, err, "/request/199", "/id")
	_, err = c.Requests.Get(t.Context(), 0)
	requireParamError(t, err, "request_id")
	require.Len(t, s.sent(), 2)
	_, err = (*digicert.RequestsService)(nil).Get(t.Context(), 1)
	require.Error(t, err)
}

func TestRequestsList(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*digicert.RequestPage{
		`{"requests":[` + requestBody + `],"page":{"total":1,"limit":0,"offset":0}}`: {Requests: []digicert.Request{wholeRequest()}, Page: digicert.PageInfo{Total: 1}},
		`{}`: {Requests: []digicert.Request{}},
	} {
		c, _ := serve(t, http.StatusOK, body)
		got, err := c.Requests.List(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	c, s := serve(t, http.StatusOK, `{}`)
	_, err := c.Requests.List(t.Context(), &digicert.ListRequestsParams{
		Offset: 3, Limit: 7, Sort: []string{"-id", "date"},
		Filters: digicert.RequestFilters{Type: digicert.RequestRevoke, Status: digicert.RequestPending, ContainerID: 5, MetadataID: 6, MetadataValue: "v", Search: "%x"},
	})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{
		"offset=3", "limit=7", "sort=-id,date", "filters[type]=revoke", "filters[status]=pending", "filters[container_id]=5",
		"filters[metadata_id]=6", "filters[metadata_value]=v", "filters[search]=%x",
	}, queryOf(t, s.only(t)))
	for param, p := range map[string]digicert.ListRequestsParams{
		"limit":                 {Limit: 1001},
		"offset":                {Offset: -1},
		"sort":                  {Sort: []string{"a,b"}},
		"filters[container_id]": {Filters: digicert.RequestFilters{ContainerID: -1}},
		"filters[metadata_id]":  {Filters: digicert.RequestFilters{MetadataID: -1}},
	} {
		_, err := c.Requests.List(t.Context(), &p)
		requireParamError(t, err, param)
	}
	s.only(t)
}

func TestRequestsAll(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	_, csr := newKey(t)
	c := s.Client(quick)
	var want []digicert.RequestID
	for range 25 {
		placed, err := c.Orders.Place(t.Context(), "ssl_plus", placing(csr, ""))
		require.NoError(t, err)
		want = append(want, placed.Requests[0].ID)
	}
	var got []digicert.RequestID
	for r, err := range c.Requests.All(t.Context(), &digicert.ListRequestsParams{Limit: 10}) {
		require.NoError(t, err)
		require.Equal(t, digicert.RequestNewRequest, r.Type)
		require.NotZero(t, r.Order.ID)
		got = append(got, r.ID)
	}
	require.Equal(t, want, got)
	for _, err := range c.Requests.All(t.Context(), &digicert.ListRequestsParams{Limit: -1}) {
		requireParamError(t, err, "limit")
	}
}

// processing are the two things that can be done with a request.
var processing = map[digicert.RequestStatus]func(context.Context, *digicert.Client, digicert.RequestID, string) error{
	digicert.RequestApproved: func(ctx context.Context, c *digicert.Client, id digicert.RequestID, comment string) error {
		return c.Requests.Approve(ctx, id, comment)
	},
	digicert.RequestRejected: func(ctx context.Context, c *digicert.Client, id digicert.RequestID, comment string) error {
		return c.Requests.Reject(ctx, id, comment)
	},
}

func eachProcessing(t *testing.T, test func(t *testing.T, status digicert.RequestStatus, do func(context.Context, *digicert.Client, digicert.RequestID, string) error)) {
	for status, do := range processing {
		t.Run(string(status), func(t *testing.T) { t.Parallel(); test(t, status, do) })
	}
}

// statusOfRequest returns the status of a request by the service.
func statusOfRequest(t *testing.T, s *digicerttest.Server, id digicert.RequestID) digicert.RequestStatus {
	t.Helper()
	r, err := s.Client(quick).Requests.Get(t.Context(), id)
	require.NoError(t, err)
	return r.Status
}

// asked returns a service with an order that waits for an approval, and the id of its request.
func asked(t *testing.T) (*digicerttest.Server, digicert.RequestID) {
	t.Helper()
	s, id := pendingOrder(t)
	order, err := s.Client(quick).Orders.Get(t.Context(), id)
	require.NoError(t, err)
	return s, order.Requests[0].ID
}

func TestRequestsProcess(t *testing.T) {
	t.Parallel()
	key, _ := newKey(t)
	secret := keyPEM(t, key)
	eachProcessing(t, func(t *testing.T, status digicert.RequestStatus, do func(context.Context, *digicert.Client, digicert.RequestID, string) error) {
		c, s := serve(t, http.StatusNoContent, "")
		require.NoError(t, do(t.Context(), c, 198, "fine"))
		require.NoError(t, do(t.Context(), c, 198, ""))
		for i, want := range []map[string]any{{"status": string(status), "processor_comment": "fine"}, {"status": string(status)}} {
			require.Equal(t, http.MethodPut, s.sent()[i].Method)
			require.Equal(t, "/services/v2/request/198/status", s.sent()[i].URL.Path)
			require.Equal(t, want, bodyOf(t, s.sent()[i]))
		}
		requireParamError(t, do(t.Context(), c, 0, ""), "request_id")
		for _, comment := range []string{strings.Repeat("x", 10_001), secret, "a\x00"} {
			err := do(t.Context(), c, 198, comment)
			requireParamError(t, err, "processor_comment")
			without(t, err, secret)
		}
		require.Len(t, s.sent(), 2)
		c, _ = serve(t, http.StatusForbidden, `{"errors":[{"code":"access_denied|invalid_approver"}]}`)
		err := do(t.Context(), c, 198, "")
		require.ErrorIs(t, err, digicert.CodeInvalidApprover)
		require.ErrorIs(t, err, digicert.ErrAccessDenied)
		c, _ = serve(t, http.StatusNotFound, `{"errors":[{"code":"not_found|request"}]}`)
		require.ErrorIs(t, do(t.Context(), c, 198, ""), digicert.ErrNotFound)
	})
}

func TestRequestsProcessWhatWasLost(t *testing.T) {
	t.Parallel()
	for name, faults := range lostAnswers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachProcessing(t, func(t *testing.T, status digicert.RequestStatus, do func(context.Context, *digicert.Client, digicert.RequestID, string) error) {
				s, id := asked(t)
				for _, fault := range faults {
					require.NoError(t, s.Inject(fault.Times(1).On(digicerttest.UpdateRequest)))
				}
				require.NoError(t, do(t.Context(), s.Client(quick), id, "fine"))
				require.Equal(t, status, statusOfRequest(t, s, id))
				require.NoError(t, do(t.Context(), s.Client(quick), id, "fine"), "the service refuses it, and it is as wanted")
				require.Equal(t, 1, s.Count(digicerttest.UpdateRequest).Acted)
			})
		})
	}
}

func TestRequestsProcessOutcomeUnknown(t *testing.T) {
	t.Parallel()
	eachProcessing(t, func(t *testing.T, status digicert.RequestStatus, do func(context.Context, *digicert.Client, digicert.RequestID, string) error) {
		s, id := asked(t)
		require.NoError(t, s.Inject(digicerttest.LoseRequest().Times(1)))
		c := s.Client(quick)
		err := do(t.Context(), c, id, "fine")
		require.ErrorIs(t, err, digicert.ErrOutcomeUnknown)
		requireOneLine(t, err)
		require.Equal(t, digicert.RequestPending, statusOfRequest(t, s, id))
		require.Equal(t, 1, s.Count(digicerttest.UpdateRequest).Received)
		require.NoError(t, do(t.Context(), c, id, "fine"))

		// What is decided the other way is refused.
		for other, do := range processing {
			if other != status {
				err := do(t.Context(), c, id, "")
				require.ErrorIs(t, err, digicert.CodeRequestAlreadyProcessed)
				require.Equal(t, status, statusOfRequest(t, s, id))
			}
		}
	})
}
