// One poll of a watch: what it asks for, and which rows are changes that were not handed over yet.

package digicert

import (
	"slices"
	"time"
)

// The window of a poll is the time that has passed since the last poll began, an overlap, and a margin for a slow answer:
// "the last n seconds" are counted by the service itself, so that neither clock can be wrong about where it begins.
//
// A poll may ask more than once: again, where an answer came too late to be sure of its window; for a longer time, where
// another clock says that more has passed; by ranges, for what is older than seven days; and before all that for the time since
// the last answer, where that shows whether an order has changed once more.

// poll is one poll. Its asks, in their order, cover all changes since the last one.
type poll struct {
	*watch
	asks  []*windowed
	final *windowed // the one from which the next poll goes on
	// By whether they are of a time that is not certain to have passed.
	caught map[bool][]*catchUp
}

// windowed is an answer with what is known of its window.
type windowed struct {
	*statusAnswer
	window time.Duration // 0: a range
	spare  time.Duration // how much later the answer could have come
	from   time.Time     // a moment before which the window cannot begin; zero: none is certain
	more   time.Duration // how much more time has passed, as a clock says, than is certain
}

// latest is a moment after which the window of an answer that is not a range cannot begin.
func (a *windowed) latest() time.Time { return a.arrived.Add(-a.window) }

// isAfter reports whether the window begins after a moment.
func (a *windowed) isAfter(t time.Time) bool {
	return !a.from.IsZero() && a.from.After(t.Add(time.Second-a.more))
}

// reach is how far a window reaches back over the last poll.
func (w *watch) reach() time.Duration { return w.overlap() + w.margin() }

// overlap is 0 for the first poll, which has nothing to reach back over.
func (w *watch) overlap() time.Duration {
	if !w.begun {
		return 0
	}
	return w.Overlap
}

// margin is how late an answer may come: at least as late as one attempt takes.
func (w *watch) margin() time.Duration { return max(clockMargin, w.s.client().retry.AttemptTimeout) }

// ask sends what has to be asked for. After a failure it begins again, but for the ranges.
func (p *poll) ask() error {
	p.final = nil
	// A suspended machine shows on the wall clock only.
	asleep := longestBetween(p.base, time.Now()) - time.Since(p.base)
	for _, seen := range p.doubts(asleep) {
		if err := p.askSince(seen, asleep); err != nil {
			return err
		}
	}
	if err := p.relative(0); err != nil {
		return err
	}
	if more := max(asleep, p.claimed()); more > p.final.spare {
		if err := p.relative(more); err != nil {
			return err
		}
	}
	return nil
}

// claimed is how much longer ago the last poll was by the service's clock than by the local one. It counts after a
// restart only.
func (p *poll) claimed() time.Duration {
	if !p.restored || p.date.IsZero() {
		return 0
	}
	if p.final.date.IsZero() {
		return p.unsure()
	}
	away := p.final.date.Sub(p.date)
	switch {
	case away > maxClockError:
		return 0
	case away < -clockMargin:
		p.warn("digicert: the checkpoint lies in the future by the service's clock", -away)
		return p.unsure()
	}
	return max(min(away, maxAway)-p.final.arrived.Sub(p.base), 0)
}

// unsure is what is asked for in addition where no clock says how long ago the last poll was: as much as one request can.
func (p *poll) unsure() time.Duration {
	if !p.future {
		return 0
	}
	return MaxTimeFrame - p.reach() - clockMargin
}

// relative asks for the time since base, which is by more longer than is certain.
func (p *poll) relative(more time.Duration) error {
	margin := p.margin()
	for n := 1; ; n++ {
		need := time.Since(p.base) + more + p.overlap()
		if need+margin > MaxTimeFrame {
			return p.catchUp(more)
		}
		window := p.windowFor(need, margin, n <= 2)
		a, err := p.last(window, more)
		if err != nil {
			return err
		}
		a.spare = window - need - a.took()
		if a.spare >= 0 {
			return nil
		}
		// Too late: the window may begin too late too. Repeats and pauses pass; answers that are always slow need more.
		if n > 1 {
			margin = min(max(2*margin, 2*a.took()), MaxTimeFrame)
		}
	}
}

// windowFor is a window of whole seconds that holds need and, if possible, the margin. It does not reach back to what has
// left the last answer, where that can be avoided: it would be taken for changed again.
func (p *poll) windowFor(need, margin time.Duration, exact bool) time.Duration {
	most := ceilSecond(need + margin)
	if !exact {
		return most
	}
	window := most
	for _, rows := range p.known {
		for _, k := range rows {
			if !k.until.IsZero() {
				window = min(window, time.Since(k.until).Truncate(time.Second))
			}
		}
	}
	return max(window, min(ceilSecond(need+time.Second), most))
}

func ceilSecond(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }

// last asks for the last d.
func (p *poll) last(d, more time.Duration) (*windowed, error) {
	a, err := p.send(Last(d))
	if err != nil {
		return nil, err
	}
	p.final = &windowed{statusAnswer: a, window: d, from: a.begun.Add(-d), more: more}
	p.asks = append(p.asks, p.final)
	return p.final, nil
}

// catchUp is how far a poll got with what is older than seven days. A poll that fails goes on there: what a range of the
// past holds can only move to a later one.
type catchUp struct {
	base, at    time.Time
	more        time.Duration
	least, most time.Duration // how far the clock by which ranges are meant may be ahead of the local one
}

// catchUp asks for the time since base by ranges, up to seven days ago, and for the last seven days.
func (p *poll) catchUp(more time.Duration) error {
	away := time.Since(p.base) + more
	if away > maxAway {
		p.warn("digicert: the checkpoint is too old, older changes are left out", away)
		away = maxAway
	}
	base := time.Now().Add(-away)
	if p.final == nil { // ranges are moments, and need to know what time it is for the service
		if _, err := p.last(clockMargin, more); err != nil {
			return err
		}
	}
	all := p.caught[more > 0]
	if all == nil || base.Before(all[0].base.Add(-clockMargin)) {
		all = nil
		for _, k := range p.rangeClocks(more) {
			all = append(all, &catchUp{base: base, more: more, least: k.least, most: k.most})
		}
		p.caught[more > 0] = all
	}
	margin := p.margin()
	for {
		for _, c := range all {
			if err := p.ranges(c, margin); err != nil {
				return err
			}
		}
		a, err := p.last(MaxTimeFrame, more)
		if err != nil {
			return err
		}
		if a.spare = margin - a.took(); a.spare >= 0 || margin == MaxTimeFrame {
			return nil
		}
		margin = min(max(2*margin, 2*a.took()), MaxTimeFrame)
	}
}

// clockLead is how far a clock may be ahead of the local one, at the least and at the most.
type clockLead struct{ least, most time.Duration }

// rangeClocks returns the clocks by which ranges may be meant.
func (p *poll) rangeClocks(more time.Duration) []clockLead {
	const far = 48 * time.Hour
	ahead, ok := p.final.ahead()
	steady := false
	if !p.date.IsZero() {
		before := p.date.Sub(p.base)
		if steady = ok && max(ahead-before, before-ahead) <= zoneMargin; !steady {
			if more > 0 && p.restored {
				return []clockLead{{ahead, ahead}} // it is that clock which says that more time has passed
			}
			ahead, ok = before, true // it has not gone as the local one has
		}
	}
	local := clockLead{-zoneMargin, zoneMargin}
	switch {
	case ok && max(ahead, -ahead) <= far:
		return []clockLead{{min(ahead, 0), max(ahead, 0)}}
	case ok && steady:
		return []clockLead{{ahead, ahead}} // both have gone well, and one was set wrong, which is not the service's
	case ok && !p.begun:
		return []clockLead{local, {ahead, ahead}} // either may be wrong, and nothing was handed over that could come again
	}
	return []clockLead{local} // the local clock may be wrong, and nothing shows it
}

// ranges asks for the time from the base, or where it got to before, to seven days ago. The first range begins before the
// last poll on any reading of clock and time zone, and the others after it.
func (p *poll) ranges(c *catchUp, margin time.Duration) error {
	if c.at.IsZero() {
		from := c.base.Add(c.least - p.reach())
		to := c.base.Add(c.most + 2*zoneMargin + p.margin())
		// Of a poll that was not done, rows were handed over later than the base.
		for _, rows := range p.known {
			for _, k := range rows {
				if seen := k.seen.Add(c.most - c.more + 2*zoneMargin + p.margin()); seen.After(to) && seen.Sub(from) < rangeStep {
					to = seen
				}
			}
		}
		if err := p.inRange(c, from, to); err != nil {
			return err
		}
		c.at = to
	}
	for c.at.Before(time.Now().Add(c.most - MaxTimeFrame + margin)) {
		to := c.at.Add(rangeStep)
		if err := p.inRange(c, c.at, to); err != nil {
			return err
		}
		c.at = to
	}
	return nil
}

func (p *poll) inRange(c *catchUp, from, to time.Time) error {
	a, err := p.send(rangeAround(from, to))
	if err != nil {
		return err
	}
	// By the margin of rangeAround, and by that of the service's reading.
	begins := from.Add(-c.most - 2*zoneMargin)
	p.asks = append(p.asks, &windowed{statusAnswer: a, from: begins, more: c.more})
	return nil
}

// doubts are the moments at which the last answer listed orders, if the time since then is much longer than what windows have
// in common: an order that is listed again as it was then may have changed and changed back.
func (p *poll) doubts(asleep time.Duration) []time.Time {
	const most = 10 // there is one for each poll that was not done; after so many none is told apart any more
	if time.Since(p.base)+asleep <= p.reach() && p.window <= 2*p.reach() {
		return nil
	}
	var list []time.Time
	for _, rows := range p.known {
		for _, k := range rows {
			if k.listed() && len(list) < most && !slices.ContainsFunc(list, k.seen.Equal) {
				list = append(list, k.seen)
			}
		}
	}
	return list
}

// askSince asks for the time since an earlier answer only.
func (p *poll) askSince(seen time.Time, asleep time.Duration) error {
	window := (time.Since(seen) + asleep - 2*time.Second).Truncate(time.Second)
	if window <= 0 || window > MaxTimeFrame {
		return nil
	}
	a, err := p.send(Last(window))
	if err == nil {
		p.asks = append(p.asks, &windowed{statusAnswer: a, window: window, from: a.begun.Add(-window), more: asleep})
	}
	return err
}

// send sends a request as the client's retry policy says, but only once after one that failed: a service that does not work
// is asked once an interval.
func (p *poll) send(params *ListStatusChangesParams) (*statusAnswer, error) {
	s := p.s
	if p.failed {
		once := *s.c
		once.retry.MaxAttempts = 1
		s = &StatusChangesService{&once}
	}
	a, err := s.askLeniently(p.ctx, params)
	p.failed = err != nil
	return a, err
}
