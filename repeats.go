// Repeats: rows of a poll that were yielded before.

package digicert

import (
	"slices"
	"time"
)

// The service does not report when an order changed. An order that was absent from the last response and is listed now has
// changed again, whatever its status. An order in both has changed if its status or certificate has.

// knownRow is a row that was yielded.
type knownRow struct {
	StatusChange
	since time.Time // the order changed after this time; zero if unknown
	until time.Time // and before this time; zero while responses list the row
	seen  time.Time // when a response last listed the row
}

// listed reports whether the last response had the row.
func (k *knownRow) listed() bool { return k.until.IsZero() }

// knownRows are the yielded rows by order. An order has several only if one response had them.
type knownRows map[OrderID][]*knownRow

func (rows knownRows) find(row StatusChange) *knownRow {
	for _, k := range rows[row.OrderID] {
		if k.StatusChange == row {
			return k
		}
	}
	return nil
}

const (
	// maxKnown is the maximum number of known rows that the last response did not have. They are needed if a poll reaches
	// further back than the last one: by a few hours with ranges, and by the error of a clock after a restart.
	maxKnown = 1000
	knownFor = MaxTimeFrame + 4*zoneMargin
)

// change is a row to be yielded.
type change struct {
	StatusChange
	in   *windowed // the first response that had it
	seen time.Time // when the last response that had it arrived
}

// changes returns the rows that are not repeats, in the order of the responses.
func (p *poll) changes() []change {
	var list []change
	index := make(map[StatusChange]int)
	overreached := p.overreached()
	for _, a := range p.asks {
		for _, row := range a.rows {
			if i, ok := index[row]; ok {
				list[i].seen = a.arrived
			} else if !p.repeats(a, row, overreached) {
				index[row] = len(list)
				list = append(list, change{row, a, a.arrived})
			}
		}
	}
	return list
}

// repeats reports whether an earlier poll yielded the row.
func (p *poll) repeats(a *windowed, row StatusChange, overreached bool) bool {
	k := p.known.find(row)
	switch {
	case k == nil:
		return false
	case a.more > 0 && overreached:
		return true
	case a.isAfter(k.seen):
		return false
	case a.window == 0:
		// A range begins hours before the last poll, because its time zone is not certain.
		return true
	}
	return k.listed()
}

// overreached reports whether the clock that extended the time frame of this poll was wrong. The response then lists all rows
// again that earlier polls yielded. Two unchanged rows are sufficient evidence.
func (p *poll) overreached() bool {
	if p.final.more == 0 {
		return false
	}
	present := make(map[OrderID]bool)
	same := make(map[StatusChange]bool)
	for _, a := range p.asks {
		for _, row := range a.rows {
			present[row.OrderID], same[row] = true, true
		}
	}
	unchanged := 0
	for id, rows := range p.known {
		for _, k := range rows {
			if k.listed() || k.since.Before(p.final.latest().Add(time.Second)) {
				continue // it may be absent, or proves nothing
			}
			if !present[id] {
				return false
			}
			if same[k.StatusChange] {
				unchanged++
			}
		}
	}
	return unchanged >= 2
}

// handedOver records a yielded change. Earlier rows of its order are dropped, except those that this poll lists too.
func (p *poll) handedOver(c change) {
	rows := slices.DeleteFunc(p.known[c.OrderID], func(k *knownRow) bool {
		return k.StatusChange == c.StatusChange || !slices.Contains(p.final.rows, k.StatusChange)
	})
	since := c.in.from
	// The last response did not have the row. The overlap allows for changes that the service shows late.
	if last := p.base.Add(-p.overlap()); c.in.more == 0 && p.begun && last.After(since) {
		since = last
	}
	p.known[c.OrderID] = append(rows, &knownRow{StatusChange: c.StatusChange, since: since, seen: c.seen})
}

// done records the rows of the last response, and drops those that no later response can list again.
func (p *poll) done() {
	listed := make(map[StatusChange]bool)
	present := make(map[OrderID]bool)
	for _, a := range p.asks[slices.Index(p.asks, p.final):] { // final and any response after it
		for _, row := range a.rows {
			listed[row], present[row.OrderID] = true, true
		}
	}
	for id, rows := range p.known {
		rows = slices.DeleteFunc(rows, func(k *knownRow) bool {
			switch {
			case listed[k.StatusChange]:
				k.until, k.seen = time.Time{}, p.final.arrived
			case present[id]:
				return true
			case k.listed():
				k.until = p.final.latest()
			}
			return time.Since(k.until) > knownFor && !k.listed()
		})
		if p.known[id] = rows; len(rows) == 0 {
			delete(p.known, id)
		}
	}
	p.forget()
}

// forget drops the oldest rows beyond maxKnown that the last response did not have. It keeps those of the hours that ranges
// reach back.
func (p *poll) forget() {
	var old []*knownRow
	needed := time.Now().Add(-p.reach() - 4*zoneMargin)
	for _, rows := range p.known {
		for _, k := range rows {
			if !k.listed() && k.until.Before(needed) {
				old = append(old, k)
			}
		}
	}
	if len(old) <= maxKnown {
		return
	}
	slices.SortFunc(old, func(a, b *knownRow) int { return a.until.Compare(b.until) })
	for _, k := range old[:len(old)-maxKnown] {
		delete(p.known, k.OrderID)
	}
}
