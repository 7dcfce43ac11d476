// The history of an order: all its certificates, merged from the order, its reissues and its duplicates.

package digicert

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OrderHistory holds every certificate that an order has or had.
type OrderHistory struct {
	Order   *Order         `json:"order,omitzero"`
	Entries []HistoryEntry `json:"entries"` // oldest first
	// RepeatedPrimary is the number of times that the list of reissues repeats the primary certificate. The service has been
	// seen to list it in place of reissues, which are then unknown.
	RepeatedPrimary int `json:"repeated_primary,omitzero"`
}

// Current returns the entry whose Current is true: the certificate that is valid unless it was revoked or has expired. It
// returns nil if no certificate of the order was issued, or if h is nil.
func (h *OrderHistory) Current() *HistoryEntry {
	if h == nil {
		return nil
	}
	for i := range h.Entries {
		if h.Entries[i].Current {
			return &h.Entries[i]
		}
	}
	return nil
}

// HistoryEntry is one certificate of an order, merged from up to three sources: the order itself, which has the primary
// certificate, the list of reissues and the list of duplicates. If they differ, the order takes precedence over a reissue, and
// a reissue over a duplicate.
type HistoryEntry struct {
	CertificateID CertificateID     `json:"certificate_id,omitzero"`
	SerialNumber  string            `json:"serial_number,omitzero"` // as received
	Thumbprint    string            `json:"thumbprint,omitzero"`
	CommonName    string            `json:"common_name,omitzero"`
	DNSNames      []string          `json:"dns_names,omitzero"`
	Status        CertificateStatus `json:"status,omitzero"`
	DateCreated   time.Time         `json:"date_created,omitzero"` // UTC
	DateIssued    time.Time         `json:"date_issued,omitzero"`  // UTC
	ValidTill     Date              `json:"valid_till,omitzero"`   // the last day
	Primary       bool              `json:"primary,omitzero"`      // whether it is the certificate of the order itself
	Reissue       *Reissue          `json:"reissue,omitzero"`      // its first row in the list of reissues, or nil
	Duplicate     *Duplicate        `json:"duplicate,omitzero"`    // its first row in the list of duplicates, or nil
	// Of the primary certificate and the reissues that were issued, Current is true for the newest one and Superseded for the
	// others. Both are false for certificates that are only duplicates or were not issued.
	Current    bool `json:"current,omitzero"`
	Superseded bool `json:"superseded,omitzero"`
}

// History returns every certificate of an order. It makes at most four calls, one after another: [OrdersService.Get],
// [OrdersService.List] if Get did not return the order's counters, [ReissuesService.List] and [OrdersService.Duplicates],
// both including archived certificates. A list whose counters are zero is not requested, except for reissues while a
// reissue is pending.
//
// The lists and their fields are documented. How they are related is not documented, and is inferred:
//
//   - Rows with the same certificate id or the same serial number are one certificate. A row with neither is an entry of
//     its own.
//   - A certificate was issued if its status is issued, and was not issued if its status is pending or rejected. With any
//     other status, or none, it was issued if it has a serial number or a date of issue.
//   - The newest certificate has the latest date of issue, or date of creation if it has no date of issue. Of several with
//     the same date, the primary certificate is the newest, or else the last one in Entries.
//
// Current does not depend on the order's status and today's date: the certificate may have been revoked or have expired.
// Entries are sorted by date of creation, or date of issue if that is missing, then by certificate id and serial number.
// Entries without a date come last.
//
// History returns a *[ParamError] if orderID is not positive, [ErrNotFound] for an unknown order, a *[DecodeError] if a
// response has another order, or the error of a call that fails.
func (s *OrdersService) History(ctx context.Context, orderID OrderID) (*OrderHistory, error) {
	order, err := s.Get(ctx, orderID)
	if err != nil {
		return nil, err
	}
	ofReissues := counter{order.HasReissues, order.ReissuesCount}
	ofDuplicates := counter{order.HasDuplicates, order.DuplicatesCount}
	if !ofReissues.known() || !ofDuplicates.known() {
		row, err := s.listRow(ctx, orderID)
		if err != nil {
			return nil, err
		}
		ofReissues.fill(row.HasReissues, row.ReissuesCount)
		ofDuplicates.fill(row.HasDuplicates, row.DuplicatesCount)
	}
	pending := order.Status == OrderStatusReissuePending || order.Status == OrderStatusReissueProcessing
	var reissues []Reissue
	if pending || !ofReissues.none() {
		if reissues, err = s.client().Reissues.List(ctx, orderID, &ListReissuesParams{ShowArchived: true}); err != nil {
			return nil, err
		}
	}
	var duplicates []Duplicate
	if !ofDuplicates.none() {
		if duplicates, err = s.Duplicates(ctx, orderID, &ListDuplicatesParams{ShowArchived: true}); err != nil {
			return nil, err
		}
	}
	return newHistory(order, reissues, duplicates), nil
}

// listRow returns the order's row in the list of orders, or the zero Order if the list does not have it. The list is known to
// have only the account's own orders.
func (s *OrdersService) listRow(ctx context.Context, orderID OrderID) (Order, error) {
	page, err := s.List(ctx, &ListOrdersParams{Filters: OrderFilters{ID: orderID}})
	if err != nil || len(page.Orders) == 0 {
		return Order{}, err
	}
	for _, row := range page.Orders {
		if row.ID == orderID {
			return row, nil
		}
	}
	return Order{}, checkAnswer(ordersPath, "/orders/0/id", "order", page.Orders[0].ID, orderID)
}

// counter is the number of reissues or duplicates of an order. Its fields are nil if they were not sent.
type counter struct {
	has   *bool
	count *int
}

func (c *counter) fill(has *bool, count *int) {
	setDefault(&c.has, has)
	setDefault(&c.count, count)
}

func (c counter) known() bool { return c.has != nil || c.count != nil }

// none reports whether there are certainly none. The fields may contradict each other.
func (c counter) none() bool {
	return c.known() && (c.has == nil || !*c.has) && (c.count == nil || *c.count == 0)
}

// newHistory merges the sources.
func newHistory(order *Order, reissues []Reissue, duplicates []Duplicate) *OrderHistory {
	rows := historyRows(order, reissues, duplicates)
	history := &OrderHistory{Order: order, Entries: []HistoryEntry{}}
	place := make(map[int]int) // from a first row to its index in Entries
	for i, first := range firstRows(rows) {
		if first == i {
			place[i] = len(history.Entries)
			history.Entries = append(history.Entries, rows[i])
			continue
		}
		e := &history.Entries[place[first]]
		if e.Primary && e.Reissue != nil && rows[i].Reissue != nil {
			history.RepeatedPrimary++
		}
		e.fill(rows[i])
	}
	slices.SortStableFunc(history.Entries, HistoryEntry.compare)
	markCurrent(history.Entries)
	return history
}

// historyRows converts the rows of all sources to entries, in order of precedence. It omits an order's certificate without id,
// serial number and common name.
func historyRows(order *Order, reissues []Reissue, duplicates []Duplicate) []HistoryEntry {
	var rows []HistoryEntry
	if c := order.Certificate; c.ID != 0 || c.SerialNumber != "" || c.CommonName != "" {
		rows = append(rows, HistoryEntry{
			CertificateID: c.ID, SerialNumber: c.SerialNumber, Thumbprint: c.Thumbprint,
			CommonName: c.CommonName, DNSNames: c.DNSNames, Status: c.Status,
			DateCreated: c.DateCreated, DateIssued: c.DateIssued, ValidTill: c.ValidTill, Primary: true,
		})
	}
	for i, r := range reissues {
		rows = append(rows, HistoryEntry{
			CertificateID: r.ID, SerialNumber: r.SerialNumber, Thumbprint: r.Thumbprint,
			CommonName: r.CommonName, DNSNames: r.DNSNames, Status: r.Status,
			DateCreated: r.DateCreated, DateIssued: r.DateIssued, ValidTill: r.ValidTill, Reissue: &reissues[i],
		})
	}
	for i, d := range duplicates {
		rows = append(rows, HistoryEntry{
			CertificateID: d.ID, SerialNumber: d.SerialNumber, Thumbprint: d.Thumbprint,
			CommonName: d.CommonName, DNSNames: d.DNSNames, Status: d.Status,
			DateCreated: d.DateCreated, DateIssued: d.DateIssued, ValidTill: d.ValidTill, Duplicate: &duplicates[i],
		})
	}
	return rows
}

// firstRows returns, for each row, the index of the first row with the same certificate. The relation is transitive: two ids
// are the same certificate if they share a serial number.
func firstRows(rows []HistoryEntry) []int {
	first := make([]int, len(rows))
	find := func(i int) int {
		for first[i] != i {
			i = first[i]
		}
		return i
	}
	seen := make(map[string]int) // the first row with an id or serial number
	for i, row := range rows {
		first[i] = i
		var keys []string
		if row.CertificateID != 0 {
			keys = append(keys, "id "+strconv.FormatInt(int64(row.CertificateID), 10))
		}
		if serial, _ := normalSerial(row.SerialNumber); serial != "" {
			keys = append(keys, "serial "+serial)
		}
		for _, key := range keys {
			if j, ok := seen[key]; ok {
				a, b := find(i), find(j)
				first[max(a, b)] = min(a, b)
			} else {
				seen[key] = i
			}
		}
	}
	for i := range first {
		first[i] = find(i)
	}
	return first
}

// fill sets missing fields from another row of the same certificate.
func (e *HistoryEntry) fill(row HistoryEntry) {
	setDefault(&e.CertificateID, row.CertificateID)
	setDefault(&e.SerialNumber, row.SerialNumber)
	setDefault(&e.Thumbprint, row.Thumbprint)
	setDefault(&e.CommonName, row.CommonName)
	if len(e.DNSNames) == 0 {
		e.DNSNames = row.DNSNames
	}
	setDefault(&e.Status, row.Status)
	setDefault(&e.DateCreated, row.DateCreated)
	setDefault(&e.DateIssued, row.DateIssued)
	setDefault(&e.ValidTill, row.ValidTill)
	setDefault(&e.Reissue, row.Reissue)
	setDefault(&e.Duplicate, row.Duplicate)
}

// compare defines the order of Entries.
func (e HistoryEntry) compare(other HistoryEntry) int {
	a, b := cmp.Or(e.DateCreated, e.DateIssued), cmp.Or(other.DateCreated, other.DateIssued)
	switch {
	case a.IsZero() && !b.IsZero():
		return 1
	case b.IsZero() && !a.IsZero():
		return -1
	}
	return cmp.Or(
		a.Compare(b),
		cmp.Compare(e.CertificateID, other.CertificateID),
		strings.Compare(e.SerialNumber, other.SerialNumber),
	)
}

// issued reports whether the certificate was issued, as [OrdersService.History] documents.
func (e HistoryEntry) issued() bool {
	switch e.Status {
	case CertificateStatusIssued:
		return true
	case CertificateStatusPending, CertificateStatusRejected:
		return false
	}
	return e.SerialNumber != "" || !e.DateIssued.IsZero()
}

// markCurrent marks the current certificate, and those that it superseded.
func markCurrent(entries []HistoryEntry) {
	var current *HistoryEntry
	var newest time.Time
	for i := range entries {
		e := &entries[i]
		if !e.Primary && e.Reissue == nil || !e.issued() {
			continue
		}
		e.Superseded = true
		at := cmp.Or(e.DateIssued, e.DateCreated)
		if current == nil || at.After(newest) || at.Equal(newest) && !current.Primary {
			current, newest = e, at
		}
	}
	if current != nil {
		current.Current, current.Superseded = true, false
	}
}
