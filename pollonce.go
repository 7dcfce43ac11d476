// Single polls, for programs that store their progress in the same transaction as their data.

package digicert

import (
	"context"
	"fmt"
	"time"
)

// PollParams are the parameters of StatusChangesService.Poll. They have the same meaning as in [WatchParams].
type PollParams struct {
	// Start is where the first poll begins, which has no state. The default is now. A program whose first poll may fail should store it.
	Start   time.Time
	Overlap time.Duration // how far a poll reaches back before the last one; the default is two minutes
}

// StatusPoll is the result of one poll.
type StatusPoll struct {
	Changes []StatusChange // since the given state, each once; never nil
	// Repeats are orders that the service listed again in the state in which an earlier poll returned them, because polls overlap. If the
	// program knows another status of such an order, it changed and changed back.
	Repeats []StatusChange
	State   []byte  // for the next poll; opaque
	Bad     []error // rows that cannot be decoded and are not in Changes; the next poll may report them again
}

// Poll polls once, as [StatusChangesService.Watch] does. It returns the changes since state, and the new state. The first poll has no state.
//
// Poll is for programs with a transactional store. If such a program stores the effects of the changes and the new State in one transaction,
// each change takes effect exactly once, whatever ends the program. If the transaction fails, a poll from the old state returns the same
// changes again, or later changes of the same orders.
//
// Otherwise a poll is like a watch that is restarted from its checkpoint: it reaches back as far, and cannot tell the same changes from
// repeats. A poll without changes takes one request, or two if the last one was long ago. State is also a checkpoint of Watch, and a
// checkpoint of Watch is a state.
//
// Poll returns a *[ParamError] if params are invalid, an error if state is invalid, and the errors of [StatusChangesService.List]. An error
// does not change state.
func (s *StatusChangesService) Poll(ctx context.Context, state []byte, params *PollParams) (*StatusPoll, error) {
	if err := s.client().ready(); err != nil {
		return nil, err
	}
	result := &StatusPoll{Changes: []StatusChange{}}
	w := &watch{s: s, ctx: ctx, known: make(knownRows)}
	w.OnError = func(err error) { result.Bad = append(result.Bad, err) }
	if params != nil {
		w.Start, w.Overlap = params.Start, params.Overlap
	}
	if err := w.setDefaults(); err != nil {
		return nil, err
	}
	if err := w.begin(state); err != nil {
		return nil, fmt.Errorf("digicert: the state of the last poll: %w", err)
	}
	p := &poll{watch: w, caught: make(map[bool][]*catchUp)}
	if err := p.ask(); err != nil {
		return nil, err
	}
	w.reportRows(p)
	changed := make(map[OrderID]bool)
	for _, c := range p.changes() {
		result.Changes = append(result.Changes, c.StatusChange)
		changed[c.OrderID] = true
		p.handedOver(c)
	}
	for _, row := range p.final.rows {
		if !changed[row.OrderID] {
			result.Repeats = append(result.Repeats, row)
		}
	}
	w.advance(p)
	var err error
	result.State, err = encodeState(w.state())
	return result, err
}
