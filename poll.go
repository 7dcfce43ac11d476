// One poll of a watch: its requests and their time frames.

package digicert

import (
	"slices"
	"time"
)

// The window of a poll is the time since the last poll began, plus an overlap, plus a margin for a slow response. The service
// counts "the last n seconds" back from its own time, so a wrong clock on either side does not move the start of the window.
//
// A poll may send several requests: another one if a response came too late to cover the window; one for a longer time if
// another clock reports that more time has passed; ranges for changes older than seven days; and, before all these, one for the
// time since the last response, if that shows whether an order has changed once more.

// poll is one poll. The responses in asks cover all changes since the last poll, in this order.
type poll struct {
	*watch
	asks  []*windowed
	final *windowed // the response from which the next poll continues
	// caught is keyed by whether the covered time includes time that has not certainly passed.
	caught map[bool][]*catchUp
}

// windowed is a response and its time frame.
type windowed struct {
	*statusAnswer
	window time.Duration // 0 for a range
	spare  time.Duration // how much later the response could have arrived
	from   time.Time     // the window does not begin before this time; zero if unknown
	more   time.Duration // the time that a clock reports as passed, beyond what has certainly passed
}

// latest returns a time after which the window cannot begin. It is not for ranges.
func (a *windowed) latest() time.Time { return a.arrived.Add(-a.window) }

// isAfter reports whether the window certainly begins after t.
func (a *windowed) isAfter(t time.Time) bool {
	return !a.from.IsZero() && a.from.After(t.Add(time.Second-a.more))
}

// reach is how far a window reaches back before the last poll.
func (w *watch) reach() time.Duration { return w.overlap() + w.margin() }

// overlap is 0 for the first poll, which has no poll before it.
func (w *watch) overlap() time.Duration {
	if !w.begun {
		return 0
	}
	return w.Overlap
}

// margin is the allowance for a slow response: at least the time-out of an attempt.
func (w *watch) margin() time.Duration { return max(clockMargin, w.s.client().retry.AttemptTimeout) }

// ask sends the requests of the poll. After a failure it starts over, but does not repeat the ranges.
func (p *poll) ask() error {
	p.final = nil
	// The monotonic clock may stand still while the machine is suspended.
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

// claimed returns how much longer ago the last poll was by the service's clock than by the local one. It is 0 except after
// a restart.
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
		p.warn("digicert: the checkpoint is in the future by the service's clock", -away)
		return p.unsure()
	}
	return max(min(away, maxAway)-p.final.arrived.Sub(p.base), 0)
}

// unsure returns the additional time to request if no clock shows how long ago the last poll was: as much as one request
// can cover.
func (p *poll) unsure() time.Duration {
	if !p.future {
		return 0
	}
	return MaxTimeFrame - p.reach() - clockMargin
}

// relative requests the changes since base, and those of a further time more before it.
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
		// The response came too late, so its window may begin too late. Retries and pauses are temporary, but if responses
		// are always slow, the margin has to grow.
		if n > 1 {
			margin = min(max(2*margin, 2*a.took()), MaxTimeFrame)
		}
	}
}

// windowFor returns a window in whole seconds of at least need and, if possible, the margin. It avoids reaching back to rows
// that are no longer in the last response, because they would be taken for new changes.
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

// last requests the changes of the last d.
func (p *poll) last(d, more time.Duration) (*windowed, error) {
	a, err := p.send(Last(d))
	if err != nil {
		return nil, err
	}
	p.final = &windowed{statusAnswer: a, window: d, from: a.begun.Add(-d), more: more}
	p.asks = append(p.asks, p.final)
	return p.final, nil
}

// catchUp is the progress of a poll with changes older than seven days. A poll that fails continues from there: a change in a
// range of the past can only move to a later range.
type catchUp struct {
	base, at    time.Time
	more        time.Duration
	least, most time.Duration // bounds on how far the clock of the ranges is ahead of the local one
}

// catchUp requests the time from base to seven days ago in ranges, and then the last seven days.
func (p *poll) catchUp(more time.Duration) error {
	away := time.Since(p.base) + more
	if away > maxAway {
		p.warn("digicert: the checkpoint is too old; older changes are skipped", away)
		away = maxAway
	}
	base := time.Now().Add(-away)
	if p.final == nil { // ranges are absolute times and require the service's current time
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

// clockLead bounds how far a clock is ahead of the local one.
type clockLead struct{ least, most time.Duration }

// rangeClocks returns the clocks by which the service may interpret ranges.
func (p *poll) rangeClocks(more time.Duration) []clockLead {
	const far = 48 * time.Hour
	ahead, ok := p.final.ahead()
	steady := false
	if !p.date.IsZero() {
		before := p.date.Sub(p.base)
		if steady = ok && max(ahead-before, before-ahead) <= zoneMargin; !steady {
			if more > 0 && p.restored {
				return []clockLead{{ahead, ahead}} // this clock reported the additional time
			}
			ahead, ok = before, true // the clocks have drifted apart since
		}
	}
	local := clockLead{-zoneMargin, zoneMargin}
	switch {
	case ok && max(ahead, -ahead) <= far:
		return []clockLead{{min(ahead, 0), max(ahead, 0)}}
	case ok && steady:
		return []clockLead{{ahead, ahead}} // both clocks run steadily, and the local one is set wrong
	case ok && !p.begun:
		return []clockLead{local, {ahead, ahead}} // either may be wrong, and nothing was yielded yet that could repeat
	}
	return []clockLead{local} // nothing shows whether the local clock is wrong
}

// ranges requests the ranges from the base, or from where c stopped before, to seven days ago. The first range begins before the
// last poll for every reading of clock and time zone, and the others begin after it.
func (p *poll) ranges(c *catchUp, margin time.Duration) error {
	if c.at.IsZero() {
		from := c.base.Add(c.least - p.reach())
		to := c.base.Add(c.most + 2*zoneMargin + p.margin())
		// A poll that did not finish has yielded rows after the base.
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
	// One zoneMargin is added by rangeAround, the other allows for the service's time zone.
	begins := from.Add(-c.most - 2*zoneMargin)
	p.asks = append(p.asks, &windowed{statusAnswer: a, from: begins, more: c.more})
	return nil
}

// doubts returns the times at which the last response listed orders, if they are much longer ago than windows overlap: an order
// that is listed again with the same status may have changed and changed back.
func (p *poll) doubts(asleep time.Duration) []time.Time {
	const most = 10 // there is one time for each poll that did not finish
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

// askSince requests only the changes since an earlier response.
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

// send sends a request with the client's retry policy, but without retries after a failed one: an unavailable service gets one
// request per interval.
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
