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

// RevocationReason is the documented "revocation_reason". Other words are sent as they are.
type RevocationReason string

// The documented reasons.
const (
	RevocationUnspecified          RevocationReason = "unspecified" // the service's default
	RevocationKeyCompromise        RevocationReason = "keyCompromise"
	RevocationAffiliationChanged   RevocationReason = "affiliationChanged"
	RevocationSuperseded           RevocationReason = "superseded"
	RevocationCessationOfOperation RevocationReason = "cessationOfOperation"
)

// RevokeParams are the parameters of [OrdersService.Revoke] and [CertificatesService.Revoke]. A zero field is not sent, and nil is the
// zero RevokeParams.
type RevokeParams struct {
	Comments     string           // "comments", at most 10,000 bytes; the service keeps none where approval is skipped
	SkipApproval bool             // "skip_approval"; needs a key with administrator rights
	Reason       RevocationReason // "revocation_reason"
}

// Revocation is what came of a request to revoke.
type Revocation struct {
	// Request is the request that has to be approved before anything is revoked, see [OrdersService.Revoke]. It is nil if the
	// certificates were revoked at once, or before.
	Request *OrderRequest `json:"request,omitzero"`
	Found   bool          `json:"found,omitzero"` // it was so already, or the answer was lost and the effect found
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

// Revoke revokes all certificates of an order, reissues and duplicates included, for good:
// PUT /order/certificate/{order_id}/revoke. Without SkipApproval, or if the key has no right to it, the service makes a request
// instead, which somebody has to approve: by then nothing is revoked.
//
// An order that is revoked already is not revoked again. If the answer is lost or cannot be read, Revoke looks at the
// order, as often as the [RetryPolicy] allows attempts, whether it is revoked or has a new request to revoke. If neither, or the
// service cannot be asked, the error is an *[OutcomeUnknownError], and nothing was sent again. Calling Revoke again is safe: at worst there
// are two requests to approve.
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

// Revoke revokes one certificate for good: PUT /certificate/{certificate_id}/revoke. Its order stays, and can be reissued even if it was
// the only one, unless a setting of the account says otherwise. Approval and lost answers are as with [OrdersService.Revoke]. To look at
// the certificate, Revoke needs its order: where the service does not find that by the certificate's id, a lost answer stays an
// *[OutcomeUnknownError], and a second call relies on the service's answer that it is revoked already.
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

// revokeState is what is known of an order or a certificate that is to be revoked.
type revokeState struct {
	done     bool           // it is revoked
	requests []OrderRequest // to revoke something of the order
}

// revokeRequests returns the requests of an order to revoke something.
func revokeRequests(order *Order) []OrderRequest {
	return slices.DeleteFunc(slices.Clone(order.Requests), func(r OrderRequest) bool { return r.Type != string(RequestRevoke) })
}

// certificateState looks for a certificate. If its order is not found, nothing is known.
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
	return revokeState{}, nil // the order is that of another certificate
}

// certificateStatusRevoked is not documented for certificates.
const certificateStatusRevoked CertificateStatus = "revoked"

// revoking is a request to revoke under way.
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
	if params == nil || !params.SkipApproval { // an answer without a request may still have made one
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

// before returns the ids of the requests there are. A key that may not look may still revoke.
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

// look looks whether it is revoked, or has a request that it did not have before.
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

// isRevokedAlready reports whether the service refused because it is as wanted. Two such codes are known, from clients that guess them.
func isRevokedAlready(err error) bool { return codeContains(err, "already_revoked", "is_revoked") }

// Cancel cancels an order that is not issued yet: PUT /order/certificate/{order_id}/status. Of an order with a pending reissue it
// cancels the reissue only: the order is issued again, and the request for the reissue is rejected. note says why and must not be
// empty; it has at most 10,000 bytes.
//
// An order that is canceled already is not canceled again. If the answer is lost or cannot be read, Cancel looks at the order, as often
// as the [RetryPolicy] allows attempts. If it is not canceled, or the service cannot be asked, the error is
// an *[OutcomeUnknownError], and nothing was sent again. Calling Cancel again is safe.
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
			// A reissue is canceled if the order is as it was before the reissue, and not if that was issued.
			return order.Status == OrderStatusCanceled || before != nil && before.Status == OrderStatusReissuePending &&
				order.Status == OrderStatusIssued && order.Certificate.ID == before.Certificate.ID, nil
		},
		refusalMayMeanDone: true,
	})
	return err
}
