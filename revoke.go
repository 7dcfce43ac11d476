// Revoking certificates and canceling orders.

package digicert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// RevocationReason is the documented "revocation_reason". Other words are sent unchanged.
type RevocationReason string

// The documented reasons.
const (
	RevocationUnspecified          RevocationReason = "unspecified" // the service's default
	RevocationKeyCompromise        RevocationReason = "keyCompromise"
	RevocationAffiliationChanged   RevocationReason = "affiliationChanged"
	RevocationSuperseded           RevocationReason = "superseded"
	RevocationCessationOfOperation RevocationReason = "cessationOfOperation"
)

// RevokeParams are the parameters of [OrdersService.Revoke] and [CertificatesService.Revoke]. A zero field is not sent. A nil
// pointer is equivalent to the zero RevokeParams.
type RevokeParams struct {
	Comments     string           // "comments", at most 10,000 bytes; the service does not store them if approval is skipped
	SkipApproval bool             // "skip_approval"; requires an API key with administrator rights
	Reason       RevocationReason // "revocation_reason"
}

// Revocation is the result of a revocation.
type Revocation struct {
	// Request is the request that has to be approved before anything is revoked, see [OrdersService.Revoke]. It is nil if the
	// certificates are revoked.
	Request *OrderRequest `json:"request,omitzero"`
	Found   bool          `json:"found,omitzero"` // it was revoked already, or the response was lost and a lookup found the effect
}

func (p *RevokeParams) body() ([]byte, error) {
	if p == nil {
		p = new(RevokeParams)
	}
	if err := cmp.Or(checkText("comments", p.Comments), checkWord("revocation_reason", p.Reason)); err != nil {
		return nil, err
	}
	o := object{}
	put(o, "comments", p.Comments)
	put(o, "skip_approval", p.SkipApproval)
	put(o, "revocation_reason", p.Reason)
	return o.encode()
}

// Revoke permanently revokes all certificates of an order, including reissues and duplicates:
// PUT /order/certificate/{order_id}/revoke. Without SkipApproval, or if the API key lacks the right to skip approval, the service
// creates a request instead. Nothing is revoked until a user approves that request.
//
// Revoke sends nothing if the order is revoked already. If the response is lost or cannot be read, Revoke gets the order, up to the
// maximum number of attempts of the [RetryPolicy], to see whether it is revoked or has a new request to revoke it. If neither, or
// if a lookup fails, the error is an *[OutcomeUnknownError], and nothing was sent again. It is safe to call Revoke again: at worst
// there are two requests to approve.
//
// Revoke returns a *[ParamError] if orderID is not positive or params cannot be sent, [ErrNotFound] for an unknown order, and an
// *[Error] if the service refuses: an order with a pending reissue cannot be revoked.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/revoke-order-certificates.html
func (s *OrdersService) Revoke(ctx context.Context, orderID OrderID, params *RevokeParams) (*Revocation, error) {
	if err := checkID("order_id", orderID); err != nil {
		return nil, err
	}
	w := &revoking{c: s.client(), path: fmt.Sprintf("%s/%d/revoke", ordersPath, orderID)}
	w.state = func(ctx context.Context) (revokeState, error) {
		order, err := s.Get(ctx, orderID)
		if err != nil {
			return revokeState{}, err
		}
		return revokeState{done: order.Status == OrderStatusRevoked, requests: revokeRequests(order)}, nil
	}
	return w.revoke(ctx, params)
}

// Revoke permanently revokes one certificate: PUT /certificate/{certificate_id}/revoke. Its order remains, and can be reissued even
// after its only certificate is revoked, unless a setting of the account prevents it. Approval and lost responses are handled
// as in [OrdersService.Revoke]. Revoke looks up the state of the certificate in its order. If the service does not find the order by
// the id of the certificate, a lost response results in an *[OutcomeUnknownError], and a second call relies on the service to
// refuse a certificate that is already revoked.
//
// Revoke returns a *[ParamError] if certificateID is not positive or params cannot be sent, [ErrNotFound] for an unknown
// certificate, and an *[Error] if the service refuses: a certificate with a pending reissue cannot be revoked.
//
// https://dev.digicert.com/certcentral-apis/services-api/certificates/revoke-certificate.html
func (s *CertificatesService) Revoke(ctx context.Context, certificateID CertificateID, params *RevokeParams) (*Revocation, error) {
	if err := checkID("certificate_id", certificateID); err != nil {
		return nil, err
	}
	w := &revoking{c: s.client(), path: fmt.Sprintf("/certificate/%d/revoke", certificateID)}
	w.state = func(ctx context.Context) (revokeState, error) { return w.c.certificateState(ctx, certificateID) }
	return w.revoke(ctx, params)
}

// revokeState is the state of an order or a certificate to be revoked.
type revokeState struct {
	done     bool           // it is revoked
	requests []OrderRequest // requests of type revoke of the order
}

// revokeRequests returns the requests of type revoke of an order.
func revokeRequests(order *Order) []OrderRequest {
	return slices.DeleteFunc(slices.Clone(order.Requests), func(r OrderRequest) bool { return r.Type != string(RequestRevoke) })
}

// certificateState returns the state of a certificate, or the zero revokeState if its order is not found.
func (c *Client) certificateState(ctx context.Context, id CertificateID) (revokeState, error) {
	page, err := c.Orders.List(ctx, &ListOrdersParams{Limit: 1, Filters: OrderFilters{CertificateID: id}})
	if err != nil || len(page.Orders) == 0 || page.Orders[0].ID <= 0 {
		return revokeState{}, err
	}
	order, err := c.Orders.Get(ctx, page.Orders[0].ID)
	if err != nil {
		return revokeState{}, err
	}
	state := revokeState{requests: revokeRequests(order)}
	if order.Certificate.ID == id {
		state.done = order.Status == OrderStatusRevoked || order.Certificate.Status == certificateStatusRevoked
		return state, nil
	}
	for _, list := range []string{"reissue", "duplicate"} {
		rows, err := certificatesOf[Reissue](ctx, c, order.ID, list, &ListReissuesParams{ShowArchived: true})
		if err != nil {
			return revokeState{}, err
		}
		if i := slices.IndexFunc(rows, func(r Reissue) bool { return r.ID == id }); i >= 0 {
			state.done = order.Status == OrderStatusRevoked || rows[i].Status == certificateStatusRevoked
			return state, nil
		}
	}
	return revokeState{}, nil // the order does not have the certificate
}

// certificateStatusRevoked is not documented for certificates.
const certificateStatusRevoked CertificateStatus = "revoked"

// revoking is a revocation in progress.
type revoking struct {
	c      *Client
	path   string
	state  func(context.Context) (revokeState, error)
	answer OrderRequest
}

func (w *revoking) revoke(ctx context.Context, params *RevokeParams) (*Revocation, error) {
	body, err := params.body()
	if err != nil {
		return nil, err
	}
	in := &intent{
		lock: targetOf(w.path), id: w.path, method: http.MethodPut, path: w.path, body: body, result: &w.answer,
		before: w.before, look: w.look, refusalMayMeanDone: true, isDone: isRevokedAlready,
	}
	if params == nil || !params.SkipApproval { // the service may have created a request even if the response has none
		in.complete = func(ctx context.Context, state any) {
			if answer := w.answer; w.answer.ID == 0 {
				if found, err := w.c.lookUp(ctx, func(ctx context.Context) (bool, error) { return w.look(ctx, state) }); !found || err != nil {
					w.answer = answer
				}
			}
		}
	}
	found, err := w.c.carryOut(ctx, in)
	if err != nil {
		return nil, err
	}
	revocation := &Revocation{Found: found}
	if w.answer.ID != 0 {
		revocation.Request = &w.answer
	}
	return revocation, nil
}

// before returns the ids of the existing requests. A key that may not read the order may still revoke it.
func (w *revoking) before(ctx context.Context) (state any, done bool, err error) {
	s, err := w.state(ctx)
	if errors.Is(err, ErrAccessDenied) {
		return nil, false, nil
	}
	known := make(map[RequestID]bool)
	for _, r := range s.requests {
		known[r.ID] = true
	}
	return known, s.done, err
}

// look reports whether it is revoked, or has a request that it did not have before.
func (w *revoking) look(ctx context.Context, state any) (bool, error) {
	s, err := w.state(ctx)
	if err != nil || s.done {
		return s.done, err
	}
	known, looked := state.(map[RequestID]bool)
	for _, r := range s.requests {
		if looked && !known[r.ID] {
			w.answer = r
			return true, nil
		}
	}
	return false, nil
}

// isRevokedAlready reports whether the service refused because it is revoked already. The two codes are guesses of other clients.
func isRevokedAlready(err error) bool { return codeContains(err, "already_revoked", "is_revoked") }

// Cancel cancels an order that is not issued yet: PUT /order/certificate/{order_id}/status. If an order has a pending reissue,
// Cancel cancels only that: the order returns to status issued, and the request for the reissue is rejected. note is the reason;
// it must not be empty and has at most 10,000 bytes.
//
// Cancel sends nothing if the order is canceled already. If the response is lost or cannot be read, Cancel gets the order, up to the
// maximum number of attempts of the [RetryPolicy]. If the order is not canceled, or a lookup fails, the error is an
// *[OutcomeUnknownError], and nothing was sent again. It is safe to call Cancel again.
//
// Cancel returns a *[ParamError] if orderID is not positive or note cannot be sent, [ErrNotFound] for an unknown order, and an
// *[Error] if the service refuses, such as for an issued order.
//
// https://dev.digicert.com/certcentral-apis/services-api/orders/update-order-status.html
func (s *OrdersService) Cancel(ctx context.Context, orderID OrderID, note string) error {
	if err := checkID("order_id", orderID); err != nil {
		return err
	}
	if strings.TrimSpace(note) == "" {
		return missingParam("note")
	}
	if err := checkText("note", note); err != nil {
		return err
	}
	body, err := object{"status": OrderStatusCanceled, "note": note}.encode()
	if err != nil {
		return err
	}
	path := fmt.Sprintf("%s/%d/status", ordersPath, orderID)
	_, err = s.client().carryOut(ctx, &intent{
		lock: targetOf(path), id: path, method: http.MethodPut, path: path, body: body, result: new(struct{}),
		before: func(ctx context.Context) (state any, done bool, err error) {
			order, err := s.Get(ctx, orderID)
			if err != nil {
				return nil, false, err
			}
			return order, order.Status == OrderStatusCanceled, nil
		},
		look: func(ctx context.Context, state any) (bool, error) {
			order, err := s.Get(ctx, orderID)
			if err != nil {
				return false, err
			}
			before, _ := state.(*Order)
			// The reissue is canceled if the order is issued with the certificate it had before.
			return order.Status == OrderStatusCanceled || before != nil && before.Status == OrderStatusReissuePending &&
				order.Status == OrderStatusIssued && order.Certificate.ID == before.Certificate.ID, nil
		},
		refusalMayMeanDone: true,
	})
	return err
}
