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
	// CSR or CertificateID selects the reissue or duplicate to wait for; at most one may be set. The order itself may be issued
	// already. If neither is set, WaitIssued waits for the order. CSR may be PEM or plain base64.
	CSR           string
	CertificateID CertificateID
	// Interval is the time between two polls. By default it begins at 2 s and grows to 1 min.
	Interval time.Duration
	// CheckDCV makes WaitIssued call [OrdersService.CheckDCV] after each poll that finds the order not issued. A failed check is
	// reported to OnError as an *[Error] and does not end the wait.
	CheckDCV bool
	// OnPoll is called with the order after each poll, and OnError with each error that does not end the wait. Both are called
	// in the goroutine of WaitIssued.
	OnPoll  func(*Order)
	OnError func(error)
}

const firstInterval, longestInterval = 2 * time.Second, time.Minute

// interval returns the time between poll n and the next one.
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

// NotIssuedError reports that a wait ended before the order was issued.
type NotIssuedError struct {
	OrderID OrderID
	Order   *Order // from the last poll; nil if there is none
	Reason  string // why it will not be issued, such as the comment of the user who rejected it; "" if not known
	Err     error  // why the wait ended: the error of the context or of a request; nil if the order will not be issued
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

// WaitIssued polls an order until it is issued, and returns it. With a CSR or CertificateID it waits until that reissue or duplicate
// of the order is issued. Use the context to limit the wait.
//
// If the wait ends otherwise, WaitIssued returns a *[NotIssuedError]: if the order is rejected, canceled, revoked or expired, with
// the reason if the service has one; if ctx is done; and after a permanent error, such as [ErrAccessDenied]. An unavailable
// service does not end the wait. The service may show a new order late, so the error is [ErrNotFound] only after the maximum number
// of attempts of the [RetryPolicy]. The same applies to a reissue or duplicate that the order does not have.
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

// waiting is a call of WaitIssued.
type waiting struct {
	s       *OrdersService
	id      OrderID
	p       WaitParams
	csr     []byte // DER; nil if there is none
	order   *Order // from the last poll
	missing int    // number of successive polls that ended with ErrNotFound
}

func (w *waiting) check() (err error) {
	switch p := w.p; {
	case p.Interval < 0:
		return paramErrorf("Interval", "%s is negative", p.Interval)
	case p.CSR != "" && p.CertificateID != 0:
		return paramErrorf("CertificateID", "must not be set together with CSR")
	case p.CSR != "":
		_, w.csr, err = checkCSR("CSR", p.CSR)
		return err
	}
	return checkFilterID("CertificateID", w.p.CertificateID)
}

// errOver ends the wait for an order or certificate that will not be issued.
type errOver struct{ reason string }

func (errOver) Error() string { return "it will not be issued" }

// neverIssued are the statuses of orders that will not be issued.
var neverIssued = []OrderStatus{
	OrderStatusRejected, OrderStatusDenied, OrderStatusCanceled, OrderStatusRevoked, OrderStatusExpired,
}

// poll gets the order once.
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

// pollCertificate looks up the reissue or duplicate.
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
	if w.order.Status == OrderStatusIssued { // the certificate does not exist or is not shown yet
		return false, errNoSuchCertificate
	}
	return false, nil
}

var errNoSuchCertificate = fmt.Errorf("the order has no certificate with this id or CSR: %w", ErrNotFound)

// isIt reports whether the wait is for this certificate.
func (w *waiting) isIt(id CertificateID, csr string) bool {
	return w.csr != nil && sameCSR(csr, w.csr) || w.p.CertificateID != 0 && w.p.CertificateID == id
}

// over returns an error if the order will not be issued. list is the type of the request that has the reason; "" is any.
func (w *waiting) over(ctx context.Context, list string) error {
	if slices.Contains(neverIssued, w.order.Status) {
		return errOver{w.reason(ctx, list)}
	}
	return nil
}

// reason returns the comment on the last rejected request of a type, if there is one; "" is any type.
func (w *waiting) reason(ctx context.Context, requestType string) string {
	if w.order.Status == OrderStatusRevoked || w.order.Status == OrderStatusExpired {
		return "" // not because of a request
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

// checkDCV requests a check. It returns an error only if further checks would fail too.
func (w *waiting) checkDCV(ctx context.Context) error {
	err := w.s.requestCheck(ctx, w.id, nil)
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

// notIssued returns the error for a wait that ended with err.
func (w *waiting) notIssued(err error) error {
	var over errOver
	if errors.As(err, &over) {
		return &NotIssuedError{OrderID: w.id, Order: w.order, Reason: over.reason}
	}
	return &NotIssuedError{OrderID: w.id, Order: w.order, Err: err}
}
