// The history of an order: all its certificates, merged from three lists.

package digicert

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OrderHistory is every certificate that an order has or had.
type OrderHistory struct {
	Order   *Order         `json:"order,omitzero"`
	Entries []HistoryEntry `json:"entries"` // the oldest first
	// RepeatedPrimary is how many rows of the list of reissues are the primary certificate, beyond the first. The
	// service has been seen to repeat it in place of reissues, which are then not known.
	RepeatedPrimary int `json:"repeated_primary,omitzero"`
}

// HistoryEntry is one certificate of an order, and what each source says of it: the order itself, whose certificate
// is the primary one, the list of reissues and that of duplicates. Where they differ, the order's word
// counts before that of a reissue, and that before a duplicate's.
type HistoryEntry struct {
	CertificateID CertificateID     `json:"certificate_id,omitzero"`
	SerialNumber  string            `json:"serial_number,omitzero"` // as it was sent
	Thumbprint    string            `json:"thumbprint,omitzero"`
	CommonName    string            `json:"common_name,omitzero"`
	DNSNames      []string          `json:"dns_names,omitzero"`
	Status        CertificateStatus `json:"status,omitzero"`
	DateCreated   time.Time         `json:"date_created,omitzero"` // UTC
	DateIssued    time.Time         `json:"date_issued,omitzero"`  // UTC
	ValidTill     Date              `json:"valid_till,omitzero"`   // the last day
	Primary       bool              `json:"primary,omitzero"`      // it is the order's own certificate
	Reissue       *Reissue          `json:"reissue,omitzero"`      // its first row in the list of reissues, else nil
	Duplicate     *Duplicate        `json:"duplicate,omitzero"`    // its first row in the list of duplicates, else nil
	// Current is true for the one certificate that the order stands for: of the primary and the reissues that were
	// issued, the newest. Superseded is true for the others of them. Neither is true for what is a
	// duplicate only, or was not issued.
	Current    bool `json:"current,omitzero"`
	Superseded bool `json:"superseded,omitzero"`
}

// History returns every certificate of an order, in at most four calls, one after another:
// OrdersService.Get, then OrdersService.List for the order's counters unless Get sent them, then
// [ReissuesService.List] and [OrdersService.Duplicates], archived certificates included. A list whose counters say that it
// is empty is not asked for; that of reissues is, all the same, while a reissue is under way.
//
// The lists and their fields are documented; how they belong together is not, and inferred here:
//
//   - Rows with the same certificate id are one certificate, and so are rows with the same serial number, whatever
//     their ids. A row with neither is an entry of its own.
//   - A certificate was issued if its status says so, and was not if that is pending or rejected; with any other
//     status or none, if it has a serial number or a date of issue.
//   - The newest is told by the date of issue, or where there is none by that of creation; of the same date it is the
//     primary certificate, or else the one that comes last in Entries.
//
// Current says nothing of the order's status and of dates: the certificate may have been revoked or have
// expired. Entries are sorted by date of creation, or of issue where that is missing, those without either last, then by
// certificate id and serial number.
//
// An orderID that is not positive is a *[ParamError]; an unknown order is [ErrNotFound]. The error of any call
// is that of History.
func (s *OrdersService) History(ctx context.Context, orderID OrderID) (*OrderHistory, error) {
	order, err := s.Get(ctx, orderID)
	if err != nil {
		return nil, err
	}
	ofReissues := counter{order.HasReissues, order.ReissuesCount}
	ofDuplicates := counter{order.HasDuplicates, order.DuplicatesCount}
	if !ofReissues.known() || !ofDuplicates.known() {
		page, err := s.List(ctx, &ListOrdersParams{Filters: OrderFilters{ID: orderID}})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Orders {
			if row.ID == orderID {
				ofReissues.fill(row.HasReissues, row.ReissuesCount)
				ofDuplicates.fill(row.HasDuplicates, row.DuplicatesCount)
			}
		}
	}
	underWay := order.Status == OrderStatusReissuePending || order.Status == OrderStatusReissueProcessing
	var reissues []Reissue
	if underWay || !ofReissues.none() {
		if reissues, err = s.c.Reissues.List(ctx, orderID, &ListReissuesParams{ShowArchived: true}); err != nil {
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

// counter is what the service says of how many there are; nil is nothing.
type counter struct {
	has   *bool
	count *int
}

func (c *counter) fill(has *bool, count *int) {
	setDefault(&c.has, has)
	setDefault(&c.count, count)
}

func (c counter) known() bool { return c.has != nil || c.count != nil }

// none reports whether there are none for certain.
func (c counter) none() bool {
	return c.known() && (c.has == nil || !*c.has) && (c.count == nil || *c.count == 0)
}

// newHistory merges what the sources say.
func newHistory(order *Order, reissues []Reissue, duplicates []Duplicate) *OrderHistory {
	rows := historyRows(order, reissues, duplicates)
	history := &OrderHistory{Order: order, Entries: []HistoryEntry{}}
	place := make(map[int]int) // of a certificate, by its first row, in Entries
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

// historyRows gives all sources one form, in the order in which their word counts. An order whose certificate has
// neither id nor serial number nor name has none.
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
			CommonName: r.CommonName, DNSNames: r.DNSNames, Status: CertificateStatus(r.Status),
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

// firstRows tells of each row the first that is the same certificate. An id may lead to a serial number, and that
// to another id: rows are the same, too, where others in between are the same as both.
func firstRows(rows []HistoryEntry) []int {
	first := make([]int, len(rows))
	find := func(i int) int {
		for first[i] != i {
			i = first[i]
		}
		return i
	}
	seen := make(map[string]int) // the row in which an id or serial number came first
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

// fill takes from another row of the same certificate what is missing.
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

// compare is the order of Entries.
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

// issued reports whether the certificate was issued, as far as the service tells.
func (e HistoryEntry) issued() bool {
	switch e.Status {
	case CertificateStatusIssued:
		return true
	case CertificateStatusPending, CertificateStatusRejected:
		return false
	}
	return e.SerialNumber != "" || !e.DateIssued.IsZero()
}

// markCurrent finds the certificate that is current, and those that it superseded.
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
