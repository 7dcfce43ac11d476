// Repeats: which rows of a poll were handed over before.

package digicert

import (
	"slices"
	"time"
)

// The service does not say when an order changed. An order that was absent from the last answer and is listed now has
// changed again, whatever its status. One that is in both has changed if its status or certificate did.

// knownRow is a row that was handed over.
type knownRow struct {
	StatusChange
	since time.Time // the order changed after that; zero: not known
	until time.Time // and before that; zero while answers list it
	seen  time.Time // when an answer that is done with listed it last
}

// listed reports whether the last answer had the row.
func (k *knownRow) listed() bool { return k.until.IsZero() }

// knownRows are the rows that were handed over, by their order. An order has several only where one answer had them.
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
	// maxKnown is how many orders are remembered that the last answer did not have. They are needed where a poll reaches
	// further back than the last one: a few hours where it asks by ranges, and as much as a clock is wrong after a restart.
	maxKnown = 1000
	knownFor = MaxTimeFrame + 4*zoneMargin
)

// change is a row that is to be handed over.
type change struct {
	StatusChange
	in   *windowed // the first answer that had it
	seen time.Time // when the last one arrived
}

// changes returns the rows that are not repeats, in the order of the answers.
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

// repeats reports whether a row was handed over by an earlier poll.
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
		// A range that begins before the last poll by hours, because its time zone is not known for certain.
		return true
	}
	return k.listed()
}

// overreached reports whether the clock that made this poll ask for more time was wrong: then its answer lists again what
// earlier polls handed over, all of it. Two rows are enough, as nothing else lists exactly those.
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
				continue // it may be absent, or is no sign of anything
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

// handedOver remembers a change. What its order was before is forgotten, except where this poll lists both.
func (p *poll) handedOver(c change) {
	rows := slices.DeleteFunc(p.known[c.OrderID], func(k *knownRow) bool {
		return k.StatusChange == c.StatusChange || !slices.Contains(p.final.rows, k.StatusChange)
	})
	since := c.in.from
	// It was not in the last answer, or something else. What is shown late is allowed for by the overlap.
	if last := p.base.Add(-p.overlap()); c.in.more == 0 && p.begun && last.After(since) {
		since = last
	}
	p.known[c.OrderID] = append(rows, &knownRow{StatusChange: c.StatusChange, since: since, seen: c.seen})
}

// done notes what the poll's last answer listed, and forgets what no later one can list again.
func (p *poll) done() {
	listed := make(map[StatusChange]bool)
	present := make(map[OrderID]bool)
	for _, a := range p.asks[slices.Index(p.asks, p.final):] { // and of an answer after it
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

// forget drops the oldest of too many rows that the last answer did not have. It keeps those of the hours that ranges reach
// back.
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
