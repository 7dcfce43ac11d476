// The clock of the sandbox, and how the control API sets it.

package main

import (
	"net/http"
	"sync"
	"time"
)

// sandboxClock is a clock that can be set, and stopped. Its zero value shows the time of this machine.
type sandboxClock struct {
	mu      sync.Mutex
	offset  time.Duration // by how much it is ahead while it goes
	stopped time.Time     // what it shows; zero: it goes
}

func (c *sandboxClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.locked()
}

// locked is now with the lock held.
func (c *sandboxClock) locked() time.Time {
	if !c.stopped.IsZero() {
		return c.stopped
	}
	return time.Now().Add(c.offset)
}

func (c *sandboxClock) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.stopped = 0, time.Time{}
}

// clockState is a clock as JSON.
type clockState struct {
	Time    time.Time `json:"time"`
	Stopped bool      `json:"stopped"`
}

func (c *sandboxClock) state() clockState {
	c.mu.Lock()
	defer c.mu.Unlock()
	return clockState{c.locked().UTC(), !c.stopped.IsZero()}
}

// The years to which the clock can be set: an offset holds 292 years.
const firstYear, lastYear = 1900, 2200

// set sets the clock to a time, unless that is zero, or else forward by a duration. It stops the clock or lets it go, unless stop is nil.
func (c *sandboxClock) set(to time.Time, by time.Duration, stop *bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.IsZero() {
		to = c.locked().Add(by)
	}
	if to.Year() < firstYear || to.Year() > lastYear {
		return refuse(http.StatusBadRequest, "the clock can be set to the years %d to %d", firstYear, lastYear)
	}
	stays := !c.stopped.IsZero()
	if stop != nil {
		stays = *stop
	}
	if c.stopped = (time.Time{}); stays {
		c.stopped = to
	}
	c.offset = time.Until(to)
	return nil
}

func (c *control) clockNow(*http.Request) (any, error) { return c.clock.state(), nil }

func (c *control) setClock(r *http.Request) (any, error) {
	var body struct {
		Time    time.Time `json:"time"`
		Advance string    `json:"advance"`
		Stopped *bool     `json:"stopped"`
	}
	if err := decodeBody(r, &body); err != nil {
		return nil, err
	}
	by, ok := parseSpan(body.Advance)
	switch {
	case !body.Time.IsZero() && body.Advance != "", body.Time.IsZero() && body.Advance == "" && body.Stopped == nil:
		return nil, refuse(http.StatusBadRequest, "one of time and advance is needed, or stopped")
	case body.Advance != "" && !ok:
		return nil, refuse(http.StatusBadRequest, "advance %q is not a length of time, must be like 90s, 36h or 30d", body.Advance)
	}
	if err := c.clock.set(body.Time, by.duration(), body.Stopped); err != nil {
		return nil, err
	}
	return c.clock.state(), nil
}
