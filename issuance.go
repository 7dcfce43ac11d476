// Reissues and duplicates that are requested: what both have in common.

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
	Certificate  CertificateRequest // "certificate"; names that are left out are dropped from the certificate
	SkipApproval bool               // "skip_approval"; needs a key with the right to
	Comments     string             // "comments", at most 10,000 bytes
	Extra        map[string]any     // further documented members of the body by their JSON names, except for "certificate"
	// Since says that one with the same CSR and names that was requested since then is what is wanted: it is returned, whatever
	// its status, and no other is requested. A store that has the time at which the certificate was first asked for makes the
	// call safe to repeat by any process. The clocks of both sides may differ, and the service's times are whole seconds: the moment is
	// corrected by the Date of the service where that makes it earlier, by a day at most, and one that was requested up to a minute
	// before counts too. The zero Time accepts only what this call requested. Neither field is sent.
	Since time.Time
	// SentBefore says that an earlier call with this Since may have been sent, by a process that ended before it knew. What it
	// may have requested is then looked for as long as after a lost answer.
	SentBefore bool
}

// CreateDuplicateParams are the parameters of [OrdersService.CreateDuplicate], which are those of [ReissuesService.Create].
type CreateDuplicateParams = CreateReissueParams

// Issuance is a reissue or duplicate that was requested or found. Which fields the service sends depends on the account, the key and
// how far the request has got; only OrderID is always set.
type Issuance struct {
	OrderID OrderID `json:"id,omitzero"`
	// CertificateID is that of the answer, which often has none, or else that of the entry in the order's list which has the CSR and
	// the names. It is 0 if the list did not show the entry yet.
	CertificateID    CertificateID      `json:"certificate_id,omitzero"`
	Requests         []OrderRequest     `json:"requests,omitzero"`
	CertificateChain []ChainCertificate `json:"certificate_chain,omitzero"` // if issued at once, the certificate first
	DCVRandomValue   string             `json:"dcv_random_value,omitzero"`

	// Found reports that it was requested before, or that the answer was lost and it was found in the list of the order. Only OrderID
	// and CertificateID are known then.
	Found bool `json:"found,omitzero"`
}

// issuanceRow is what an entry of the reissues or duplicates of an order is told by.
type issuanceRow struct {
	ID          CertificateID `json:"id"`
	CommonName  string        `json:"common_name"`
	DNSNames    []string      `json:"dns_names"`
	CSR         string        `json:"csr"`
	DateCreated time.Time     `json:"date_created"`
}

// clockTolerance is how long before Since a certificate may have been requested, and maxClockDifference how far the service's clock is
// believed to be behind.
const clockTolerance, maxClockDifference = time.Minute, 24 * time.Hour

// issuing is a request for a reissue or duplicate under way.
type issuing struct {
	c       *Client
	orderID OrderID
	list    string // "reissue" or "duplicate"
	form    certificateForm
	since   time.Time
	result  *Issuance
}

// issue requests a reissue or duplicate, unless there is one already. list is the segment of its path.
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

// before returns the ids of all there are. It is done if an equal one was requested since the time that the caller names.
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
		behind := time.Since(response.Date) // by how much the service's clock is
		since = since.Add(-min(max(behind, 0), maxClockDifference))
	}
	since = since.Add(-clockTolerance)
	done, err = w.found(rows, func(r issuanceRow) bool { return !r.DateCreated.IsZero() && !r.DateCreated.Before(since) })
	return known, done, err
}

// look looks for one that was not there before.
func (w *issuing) look(ctx context.Context, state any) (bool, error) {
	rows, _, err := w.rows(ctx)
	if err != nil {
		return false, err
	}
	known, _ := state.(map[CertificateID]bool)
	return w.found(rows, func(r issuanceRow) bool { return !known[r.ID] })
}

// complete adds the id of the certificate to an answer that lacks it.
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

// found makes the result of the one equal row among some. Several are an error.
func (w *issuing) found(rows []issuanceRow, among func(issuanceRow) bool) (bool, error) {
	var ids []CertificateID
	for _, r := range rows {
		if r.ID > 0 && among(r) && !slices.Contains(ids, r.ID) && w.isEqual(r) {
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

// isEqual reports whether a row has the CSR, and the names as far as both sides have any.
func (w *issuing) isEqual(r issuanceRow) bool {
	if !sameCSR(r.CSR, w.form.csr) {
		return false
	}
	names := normalNames(r.CommonName, r.DNSNames)
	return len(names) == 0 || len(w.form.names) == 0 || slices.Equal(names, w.form.names)
}

// rows lists the reissues or duplicates of the order, archived ones included.
func (w *issuing) rows(ctx context.Context) ([]issuanceRow, Response, error) {
	var answer struct {
		Certificates []issuanceRow `json:"certificates"`
	}
	response, err := w.c.get(ctx, w.path(), &ListReissuesParams{ShowArchived: true}, &answer)
	return answer.Certificates, response, err
}
