// Canceling an order.

package digicerttest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/go-digicert/digicert"
)

// updateOrderStatus handles PUT /order/certificate/{order_id}/status. The status is documented in lower case
// and was formerly documented in upper case; both are accepted. Only migrated orders can be set to renewed
// or not_renewed, and this server has none.
func (s *Server) updateOrderStatus(r *request) (*change, *failure) {
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	status, note := r.body.text("status"), r.body.text("note")
	switch strings.ToLower(status) {
	case "":
		r.body.require("status")
	case "canceled":
		if strings.TrimSpace(note) == "" {
			r.body.require("note")
		}
	case "renewed", "not_renewed":
		r.body.invalid("status", "the order was not migrated")
	default:
		r.body.invalid("status", "it must be canceled, renewed or not_renewed")
	}
	if refusal := r.body.refusal(); refusal != nil {
		return nil, refusal
	}
	if o.status != digicert.OrderStatusReissuePending && !slices.Contains(cancelable, o.status) {
		return nil, fail(http.StatusBadRequest, "order_not_cancelable", "An order with the status "+string(o.status)+" cannot be canceled.")
	}
	return &change{status: http.StatusNoContent, commit: func() {
		reissue := o.status == digicert.OrderStatusReissuePending
		for _, a := range s.state.stored(o) {
			if o.waitsFor(a) && (!reissue || a.kind == kindReissue) {
				a.status, a.processorComment, a.processed = statusRejected, note, r.now
				s.state.decideRow(a, r.now, s.state.rejectRow)
			}
		}
		if !reissue {
			o.setStatus(digicert.OrderStatusCanceled, r.now)
		} else if o.status == digicert.OrderStatusReissuePending {
			o.setStatus(digicert.OrderStatusIssued, r.now)
		}
	}}, nil
}

// cancelable are the statuses in which an order can be canceled. pending and waiting_pickup are documented; the
// others are guesses.
var cancelable = []digicert.OrderStatus{
	digicert.OrderStatusPending, digicert.OrderStatusWaitingPickup, digicert.OrderStatusNeedsApproval,
	digicert.OrderStatusNeedsCSR, digicert.OrderStatusProcessing,
}
