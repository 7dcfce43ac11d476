// Requests for reissues and duplicates.

package digicert

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// CreateReissueParams are the parameters of [ReissuesService.Create]. A zero field is not sent.
type CreateReissueParams struct {
	Certificate  CertificateRequest // "certificate"; names that are not listed are removed from the certificate
	SkipApproval bool               // "skip_approval"; requires a key with this permission
	Comments     string             // "comments", at most 10,000 bytes
	Extra        map[string]any     // further documented members of the body by their JSON names, except "certificate"
	// Since makes the call safe to repeat: if a certificate with the same CSR and names was requested at or after Since, it is
	// returned, whatever its status, and no other is requested. Store the time of the first call, so that any process can
	// repeat the call with it. Because clocks may differ and the service's times are whole seconds, Since is moved back by one
	// minute, plus the time by which the service's Date is behind, at most a day. If Since is zero, only a certificate that
	// this call requested is returned. Since and SentBefore are not sent.
	Since time.Time
	// SentBefore means that an earlier call with this Since may have been sent by a process that ended before it knew the
	// outcome. The certificate is then looked for as many times as after a lost response.
	SentBefore bool
}

// CreateDuplicateParams are the parameters of [OrdersService.CreateDuplicate], which are those of [ReissuesService.Create].
type CreateDuplicateParams = CreateReissueParams

// Issuance is a reissue or duplicate that was requested or found. Which fields the service sends depends on the account, the key
// and the state of the request; only OrderID is always set.
type Issuance struct {
	OrderID OrderID `json:"id,omitzero"`
	// CertificateID is from the response. If the response has none, as is often the case, it is from the entry in the order's
	// list with the same CSR and names, or 0 if the list does not show the entry yet.
	CertificateID    CertificateID      `json:"certificate_id,omitzero"`
	Requests         []OrderRequest     `json:"requests,omitzero"`
	CertificateChain []ChainCertificate `json:"certificate_chain,omitzero"` // if issued at once; the certificate is the first
	DCVRandomValue   string             `json:"dcv_random_value,omitzero"`

	// Found reports that the reissue or duplicate was found in the list of the order, because it was requested before or because
	// the response was lost. Only OrderID and CertificateID are known then.
	Found bool `json:"found,omitzero"`
}

// issuanceRow has the fields that identify an entry of the reissues or duplicates of an order.
type issuanceRow struct {
	ID          CertificateID `json:"id"`
	CommonName  string        `json:"common_name"`
	DNSNames    []string      `json:"dns_names"`
	CSR         string        `json:"csr"`
	DateCreated time.Time     `json:"date_created"`
}

// clockTolerance is how long before Since a certificate may have been requested. maxClockDifference limits the correction for a
// service's clock that is behind.
const clockTolerance, maxClockDifference = time.Minute, 24 * time.Hour

// issuing is a call that requests a reissue or duplicate.
type issuing struct {
	c       *Client
	orderID OrderID
	list    string // "reissue" or "duplicate"
	form    certificateForm
	since   time.Time
	result  *Issuance
}

// issue requests a reissue or duplicate, unless an equal one was requested since p.Since. list is the last segment of the path.
func (c *Client) issue(ctx context.Context, orderID OrderID, list string, p *CreateReissueParams) (*Issuance, error) {
	form, body, err := p.check(orderID)
	if err != nil {
		return nil, err
	}
	w := &issuing{c: c, orderID: orderID, list: list, form: form, since: p.Since, result: new(Issuance)}
	path := w.path()
	found, err := c.carryOut(ctx, &intent{
		lock: targetOf(path), id: fmt.Sprintf("%s %x", path, sha256.Sum256(fmt.Appendf(nil, "%x %q", form.csr, form.names))),
		shared: !p.Since.IsZero(),
		method: http.MethodPost, path: path, body: body, result: w.result,
		answered: func() bool { return w.result.OrderID == orderID },
		before:   w.before, look: w.look, complete: w.complete, sentBefore: p.SentBefore,
	})
	if err != nil {
		return nil, err
	}
	w.result.Found = found
	w.result.Requests, w.result.CertificateChain = nonNil(w.result.Requests), nonNil(w.result.CertificateChain)
	return w.result, nil
}

func (p *CreateReissueParams) check(orderID OrderID) (form certificateForm, body []byte, err error) {
	if err := checkID("order_id", orderID); err != nil {
		return form, nil, err
	}
	if p == nil || strings.TrimSpace(p.Certificate.CSR) == "" {
		return form, nil, missingParam("certificate.csr")
	}
	if name := p.Certificate.CommonName; name != "" {
		err = checkDNSName("certificate.common_name", name)
	}
	if err = cmp.Or(err, checkText("comments", p.Comments)); err != nil {
		return form, nil, err
	}
	if form, err = p.Certificate.check(false); err != nil {
		return form, nil, err
	}
	o := object{"certificate": form.object}
	put(o, "skip_approval", p.SkipApproval)
	put(o, "comments", p.Comments)
	if err := o.merge("", p.Extra, "certificate"); err != nil {
		return form, nil, err
	}
	body, err = o.encode()
	return form, body, err
}

func (w *issuing) path() string { return fmt.Sprintf("%s/%d/%s", ordersPath, w.orderID, w.list) }

// before returns the ids in the list. done reports that an equal one was requested since the caller's time.
func (w *issuing) before(ctx context.Context) (state any, done bool, err error) {
	rows, response, err := w.rows(ctx)
	if err != nil {
		return nil, false, err
	}
	known := make(map[CertificateID]bool)
	for _, r := range rows {
		known[r.ID] = true
	}
	if w.since.IsZero() {
		return known, false, nil
	}
	since := w.since
	if !response.Date.IsZero() {
		behind := time.Since(response.Date)
		since = since.Add(-min(max(behind, 0), maxClockDifference))
	}
	since = since.Add(-clockTolerance)
	done, err = w.found(rows, func(r issuanceRow) bool { return !r.DateCreated.IsZero() && !r.DateCreated.Before(since) })
	return known, done, err
}

// look looks for an equal one that was not in the list before.
func (w *issuing) look(ctx context.Context, state any) (bool, error) {
	rows, _, err := w.rows(ctx)
	if err != nil {
		return false, err
	}
	known, _ := state.(map[CertificateID]bool)
	return w.found(rows, func(r issuanceRow) bool { return !known[r.ID] })
}

// complete sets the certificate id of a response without one.
func (w *issuing) complete(ctx context.Context, state any) {
	if w.result.CertificateID != 0 {
		return
	}
	answer := *w.result
	if found, err := w.look(ctx, state); found && err == nil {
		answer.CertificateID = w.result.CertificateID
	}
	*w.result = answer
}

// found sets the result from the equal row that matches. Several such rows are an error.
func (w *issuing) found(rows []issuanceRow, matches func(issuanceRow) bool) (bool, error) {
	var ids []CertificateID
	for _, r := range rows {
		if r.ID > 0 && matches(r) && !slices.Contains(ids, r.ID) && w.isEqual(r) {
			ids = append(ids, r.ID)
		}
	}
	switch len(ids) {
	case 0:
		return false, nil
	case 1:
		*w.result = Issuance{OrderID: w.orderID, CertificateID: ids[0]}
		return true, nil
	}
	return false, &AmbiguousError{OrderIDs: []OrderID{w.orderID}, CertificateIDs: ids}
}

// isEqual reports whether a row has the same CSR, and the same names if both have names.
func (w *issuing) isEqual(r issuanceRow) bool {
	if !sameCSR(r.CSR, w.form.csr) {
		return false
	}
	names := normalNames(r.CommonName, r.DNSNames)
	return len(names) == 0 || len(w.form.names) == 0 || slices.Equal(names, w.form.names)
}

// rows lists the reissues or duplicates of the order, including archived ones.
func (w *issuing) rows(ctx context.Context) ([]issuanceRow, Response, error) {
	var answer struct {
		Certificates []issuanceRow `json:"certificates"`
	}
	response, err := w.c.get(ctx, w.path(), &ListReissuesParams{ShowArchived: true}, &answer)
	return answer.Certificates, response, err
}
