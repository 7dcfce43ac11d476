// Waiting until an order is issued.

package digicert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// WaitParams are the parameters of [OrdersService.WaitIssued].
type WaitParams struct {
	// CSR is that of the reissue or duplicate to wait for, in any form in which a CSR is written. The order may be issued before
	// and while this one is not. CertificateID names it too, for who has no CSR; at most one of both is set. Without either, the wait
	// is for the order.
	CSR           string
	CertificateID CertificateID
	// Interval is the time between two looks. By default it begins at 2 s and grows to a minute.
	Interval time.Duration
	// CheckDCV makes WaitIssued ask the service to check the domain control validation whenever the order is not issued, as
	// [OrdersService.CheckDCV] does. A check that fails is reported to OnError as the *[Error] that it is, and the wait goes on.
	CheckDCV bool
	// OnPoll is called with the order as each look found it, and OnError with each failure that does not end the wait. Both are
	// called by the goroutine that waits.
	OnPoll  func(*Order)
	OnError func(error)
}

const firstInterval, longestInterval = 2 * time.Second, time.Minute

// interval returns the time until the next look after n of them.
func (p *WaitParams) interval(n int) time.Duration {
	if p.Interval > 0 {
		return p.Interval
	}
	d := firstInterval
	for i := 1; i < n && d < longestInterval; i++ {
		d += d / 2
	}
	return min(d, longestInterval)
}

// NotIssuedError is the end of a wait for an order that is not issued.
type NotIssuedError struct {
	OrderID OrderID
	Order   *Order // as it was last seen; nil if it never was
	Reason  string // what is known of why it will not be issued, such as the comment of who rejected it
	Err     error  // what ended the wait: the end of the context, or a request that failed. It is nil if the order will not be issued
}

func (e *NotIssuedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "digicert: order %d is not issued", e.OrderID)
	if e.Order != nil && e.Order.Status != "" {
		b.WriteString(": its status is " + oneLine(string(e.Order.Status), 40))
	}
	if e.Reason != "" {
		b.WriteString(": " + oneLine(e.Reason, 200))
	}
	if e.Err != nil {
		b.WriteString(": " + strings.TrimPrefix(e.Err.Error(), "digicert: "))
	}
	return b.String()
}

func (e *NotIssuedError) Unwrap() error { return e.Err }

// WaitIssued waits until an order is issued, and returns it. With a CSR or CertificateID it waits until that reissue or duplicate of the
// order is issued. It looks at the order again and again, paced as every call: bound it by the context.
//
// If the wait ends otherwise, the error is a *[NotIssuedError] with the order as it was last seen: if it is rejected, canceled, revoked
// or expired, with the reason as far as the service says one; at the end of ctx; and at a failure that waiting does not
// mend, such as [ErrAccessDenied]. A service that is unavailable does not end the wait. An order that was never seen is
// [ErrNotFound] after as many looks as the [RetryPolicy] allows attempts, because a new one may be shown late; so is a reissue or
// duplicate that the order does not have.
//
// WaitIssued returns a *[ParamError] if orderID is not positive or a parameter is invalid.
func (s *OrdersService) WaitIssued(ctx context.Context, orderID OrderID, params *WaitParams) (*Order, error) {
	var p WaitParams
	if params != nil {
		p = *params
	}
	w := &waiting{s: s, id: orderID, p: p}
	if err := cmp.Or(checkID("order_id", orderID), w.check(), s.client().ready()); err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		issued, err := w.poll(ctx)
		if issued {
			return w.order, nil
		}
		if err == nil && p.CheckDCV {
			err = w.checkDCV(ctx)
		}
		if err != nil && w.ends(ctx, err) {
			return nil, w.notIssued(err)
		}
		if err != nil && p.OnError != nil {
			p.OnError(err)
		}
		if end := sleep(ctx, p.interval(n)); end != nil {
			return nil, w.notIssued(end)
		}
	}
}

// waiting is a wait under way.
type waiting struct {
	s       *OrdersService
	id      OrderID
	p       WaitParams
	csr     []byte // DER; nil without one
	order   *Order // as it was last seen
	missing int    // how many looks in a row did not find what is waited for
}

func (w *waiting) check() (err error) {
	switch p := w.p; {
	case p.Interval < 0:
		return paramErrorf("Interval", "must not be negative, but is %s", p.Interval)
	case p.CSR != "" && p.CertificateID != 0:
		return paramErrorf("CertificateID", "must not be set together with CSR")
	case p.CSR != "":
		_, w.csr, err = checkCSR("CSR", p.CSR)
		return err
	}
	return checkFilterID("CertificateID", w.p.CertificateID)
}

// errOver is the end of a wait for what will not be issued.
type errOver struct{ reason string }

func (errOver) Error() string { return "it will not be issued" }

// neverIssued are the statuses of orders that no certificate is issued for any more.
var neverIssued = []OrderStatus{
	OrderStatusRejected, OrderStatusDenied, OrderStatusCanceled, OrderStatusRevoked, OrderStatusExpired,
}

// poll looks once.
func (w *waiting) poll(ctx context.Context) (issued bool, err error) {
	order, err := w.s.Get(ctx, w.id)
	if err != nil {
		return false, err
	}
	w.order = order
	if w.p.OnPoll != nil {
		w.p.OnPoll(order)
	}
	if w.csr == nil && w.p.CertificateID == 0 {
		w.missing = 0
		return order.Status == OrderStatusIssued, w.over(ctx, "")
	}
	return w.pollCertificate(ctx)
}

// pollCertificate looks for the reissue or duplicate.
func (w *waiting) pollCertificate(ctx context.Context) (issued bool, err error) {
	if w.isIt(w.order.Certificate.ID, w.order.Certificate.CSR) && w.order.Status == OrderStatusIssued {
		return true, nil
	}
	for _, list := range []string{"reissue", "duplicate"} {
		rows, err := certificatesOf[Reissue](ctx, w.s.client(), w.id, list, &ListReissuesParams{ShowArchived: true})
		if err != nil {
			return false, err
		}
		i := slices.IndexFunc(rows, func(r Reissue) bool { return w.isIt(r.ID, r.CSR) })
		if i < 0 {
			continue
		}
		w.missing = 0
		switch status := rows[i].Status; {
		case status == CertificateStatusIssued, status == CertificateStatusApproved && list == "duplicate":
			return true, nil
		case status == CertificateStatusRejected, status == certificateStatusRevoked:
			return false, errOver{cmp.Or(w.reason(ctx, list), "the "+list+" is "+string(status))}
		}
		return false, w.over(ctx, list)
	}
	if err := w.over(ctx, ""); err != nil {
		return false, err
	}
	if w.order.Status == OrderStatusIssued { // nothing of it is pending, or not shown yet
		return false, errNoSuchCertificate
	}
	return false, nil
}

var errNoSuchCertificate = fmt.Errorf("the order has no certificate with this id or CSR: %w", ErrNotFound)

// isIt reports whether a certificate is the one that is waited for.
func (w *waiting) isIt(id CertificateID, csr string) bool {
	return w.csr != nil && sameCSR(csr, w.csr) || w.p.CertificateID != 0 && w.p.CertificateID == id
}

// over returns an error if the order has ended. list is the type of the request that says why; "" is any.
func (w *waiting) over(ctx context.Context, list string) error {
	if slices.Contains(neverIssued, w.order.Status) {
		return errOver{w.reason(ctx, list)}
	}
	return nil
}

// reason returns what is known of why the last request of a type was rejected; "" is any type.
func (w *waiting) reason(ctx context.Context, requestType string) string {
	if w.order.Status == OrderStatusRevoked || w.order.Status == OrderStatusExpired {
		return "" // no request led to that
	}
	for _, r := range slices.Backward(w.order.Requests) {
		if RequestStatus(r.Status) != RequestRejected || requestType != "" && r.Type != requestType {
			continue
		}
		if request, err := w.s.client().Requests.Get(ctx, r.ID); err == nil {
			return request.ProcessorComment
		}
	}
	return ""
}

// checkDCV asks for a check. It returns the failures that say that no check will be made.
func (w *waiting) checkDCV(ctx context.Context) error {
	err := w.s.askForCheck(ctx, w.id, nil)
	if err == nil || errors.Is(err, ErrAccessDenied) || ctx.Err() != nil {
		return err
	}
	if w.p.OnError != nil {
		w.p.OnError(err)
	}
	return nil
}

// ends reports whether a failure ends the wait.
func (w *waiting) ends(ctx context.Context, err error) bool {
	var over errOver
	switch {
	case ctx.Err() != nil, errors.As(err, &over):
		return true
	case errors.Is(err, ErrNotFound):
		w.missing++
		return w.missing >= w.s.client().retry.MaxAttempts
	}
	return !conditionOf(err).transient
}

// notIssued returns the error of a wait that err ended.
func (w *waiting) notIssued(err error) error {
	var over errOver
	if errors.As(err, &over) {
		return &NotIssuedError{OrderID: w.id, Order: w.order, Reason: over.reason}
	}
	return &NotIssuedError{OrderID: w.id, Order: w.order, Err: err}
}
