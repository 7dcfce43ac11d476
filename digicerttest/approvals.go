// Requests in the sense of the service: for orders, reissues, duplicates and revocations, subject to approval.

package digicerttest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// approval is a request for an order, a reissue, a duplicate or a revocation. It is not called request to avoid
// confusion with HTTP requests.
type approval struct {
	id               int64
	kind             string // as sent
	status           string // as sent
	order            *order
	certificate      digicert.CertificateID // the requested certificate or the one to be revoked; 0 for all of the order
	date             time.Time
	processed        time.Time // zero until it is approved or rejected
	comments         string
	processorComment string
}

// The documented kinds and statuses of requests.
const (
	kindNewRequest = "new_request"
	kindReissue    = "reissue"
	kindDuplicate  = "duplicate"
	kindRevoke     = "revoke"

	statusPending   = "pending"
	statusSubmitted = "submitted"
	statusApproved  = "approved"
	statusRejected  = "rejected"
)

// open reports whether the request is not approved or rejected yet.
func (a *approval) open() bool { return a.status == statusPending || a.status == statusSubmitted }

// firstApproval is less than the ids of the requests that are created through the API.
const firstApproval = 7_000_000_000

// newApproval returns a request with a new id. The caller adds it to its order with keep.
func (s *state) newApproval(kind string, o *order, now time.Time) *approval {
	s.lastApproval = max(s.lastApproval, firstApproval) + 1
	for s.order(digicert.OrderID(s.lastApproval/2)) != nil { // the id of a derived request
		s.lastApproval++
	}
	return &approval{id: s.lastApproval, kind: kind, status: statusPending, order: o, date: now}
}

// keep adds a request to its order.
func (s *state) keep(a *approval) {
	d := a.order.more()
	d.approvals = append(s.stored(a.order), a)
	s.approvals[a.id] = a
}

// stored returns the requests of an order. It stores derived ones, so that they can change.
func (s *state) stored(o *order) []*approval {
	d := o.more()
	d.approvals = o.approvals()
	for _, a := range d.approvals {
		s.approvals[a.id] = a
	}
	return d.approvals
}

// approvals returns the requests of an order. If the order was not placed by a request, they are derived from its
// status.
func (o *order) approvals() []*approval {
	if d := o.some(); d.approvals != nil {
		return d.approvals
	}
	first := &approval{
		id: 2 * int64(o.id), kind: kindNewRequest, status: statusApproved, order: o, date: o.created,
		comments: "A request of digicerttest.",
	}
	list := []*approval{first}
	further := func(status string) {
		list = append(list, &approval{id: first.id + 1, kind: kindReissue, status: status, order: o, date: o.changed})
	}
	switch o.status {
	case digicert.OrderStatusRejected, digicert.OrderStatusDenied:
		first.status = statusRejected
	case digicert.OrderStatusReissuePending:
		further(statusPending)
	case digicert.OrderStatusReissueProcessing:
		further(statusApproved)
	case digicert.OrderStatusPending, digicert.OrderStatusNeedsApproval, digicert.OrderStatusNeedsCSR:
		first.status = statusPending
	}
	return list
}

// pendingRequest reports whether the order has an open request.
func (o *order) pendingRequest() bool { return slices.ContainsFunc(o.approvals(), (*approval).open) }

// approval returns a request, or nil. The caller holds the lock.
func (s *state) approval(id int64) *approval {
	if a := s.approvals[id]; a != nil {
		return a
	}
	o := s.order(digicert.OrderID(id / 2))
	if o == nil {
		return nil
	}
	if i := slices.IndexFunc(o.approvals(), func(a *approval) bool { return a.id == id }); i >= 0 {
		return o.approvals()[i]
	}
	return nil
}

var errNoApproval = fail(http.StatusNotFound, "not_found|request", "The request does not exist.")

// approvalInfo handles GET /request/{request_id}.
func (s *Server) approvalInfo(r *request) (render, *failure) {
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	a := s.state.approval(r.id)
	if a == nil {
		return nil, errNoApproval
	}
	return whole(s.appendApproval(nil, a, true)), nil
}

// whole returns the render function of a body that is already complete.
func whole(body []byte) render {
	return func(b []byte, _ effects) []byte { return append(b, body...) }
}

// listApprovals handles GET /request, with the requests of the account's own orders. Their order, the
// latest first, is a guess, and so is that a search matches the common name.
func (s *Server) listApprovals(r *request) (render, *failure) {
	q := r.query
	page := s.paging(q)
	kind, status, search := q.text("filters[type]"), cmp.Or(q.text("filters[status]"), q.text("status")), strings.ToLower(q.text("filters[search]"))
	container := q.int("filters[container_id]", 1, maxID)
	if sort := q.sort("id", "date"); len(sort) > 1 {
		q.problem("sort", "sort must be by id or date.")
	}
	ascending := q.text("sort") == "id" || q.text("sort") == "date"
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	var list []*approval
	for _, o := range s.state.own {
		if container != 0 && int64(o.owner().container) != container || search != "" && !strings.Contains(strings.ToLower(o.certificate.commonName), strings.Trim(search, "%")) {
			continue
		}
		for _, a := range o.approvals() {
			if (kind == "" || a.kind == kind) && (status == "" || a.status == status) {
				list = append(list, a)
			}
		}
	}
	slices.SortFunc(list, func(a, b *approval) int {
		c := cmp.Or(a.date.Compare(b.date), cmp.Compare(a.id, b.id))
		if ascending {
			return c
		}
		return -c
	})
	first := min(page.offset, len(list))
	shown := list[first:min(first+page.limit, len(list))]
	rows := make([][]byte, len(shown))
	for i, a := range shown {
		rows[i] = s.appendApproval(nil, a, false)
	}
	return func(b []byte, fx effects) []byte {
		return appendPaged(b, "requests", len(list), page, fx, func(b []byte, i int) []byte {
			if i -= first; i < 0 || i >= len(rows) {
				return append(b, "{}"...)
			}
			return append(b, rows[i]...)
		})
	}, nil
}

// appendApproval appends a request: a row of the list, or with full all fields.
func (s *Server) appendApproval(b []byte, a *approval, full bool) []byte {
	o := a.order
	by := o.owner()
	b = appendInt(b, `{"id":`, a.id)
	b = appendTime(b, `,"date":`, a.date)
	b = appendText(b, `,"type":`, a.kind)
	b = appendText(b, `,"status":`, a.status)
	if full && !a.processed.IsZero() {
		b = appendTime(b, `,"date_processed":`, a.processed)
	}
	b = s.appendPerson(b, `,"requester":`, by)
	if !a.processed.IsZero() {
		b = s.appendPerson(b, `,"processor":`, by)
		if full {
			b = s.appendPerson(b, `,"reviewer":`, by)
		}
	}
	if full {
		b = s.appendOrderInfo(append(b, `,"order":`...), o, a.date)
		b = appendGiven(b, `,"comments":`, a.comments)
		b = appendGiven(b, `,"processor_comment":`, a.processorComment)
		return append(b, '}')
	}
	b = appendInt(b, `,"order":{"id":`, o.id)
	b = append(appendText(b, `,"certificate":{"common_name":`, o.certificate.commonName), '}')
	b = appendOrganization(b, o, func(b []byte, by owner) []byte { return appendText(b, `,"name":`, by.organizationName) })
	b = appendInt(b, `,"container":{"id":`, by.container)
	b = append(appendText(b, `,"name":`, by.containerName), '}')
	return append(appendProduct(b, o), "}}}"...)
}

// updateApproval handles PUT /request/{request_id}/status.
func (s *Server) updateApproval(r *request) (*change, *failure) {
	a := s.state.approval(r.id)
	if a == nil {
		return nil, errNoApproval
	}
	status, comment := r.body.text("status"), r.body.text("processor_comment")
	switch {
	case status == "":
		r.body.require("status")
	case !slices.Contains([]string{statusPending, statusSubmitted, statusApproved, statusRejected}, status):
		r.body.invalid("status", "it must be submitted, pending, approved or rejected")
	}
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}
	if r.access.noApproval {
		return nil, fail(http.StatusForbidden, "access_denied|invalid_approver", "The user of the key may not approve or reject this request.")
	}
	if !a.open() {
		return nil, fail(http.StatusBadRequest, "request_already_processed", "The request was approved or rejected already.")
	}
	return &change{status: http.StatusNoContent, commit: func() {
		s.state.stored(a.order)
		if a := s.state.approvals[a.id]; a.open() {
			s.state.decide(a, status, comment, r.now)
		}
	}}, nil
}
