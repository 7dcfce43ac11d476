// Single polls, for programs that store what they do with the changes together with how far they have got.

package digicert

import (
	"context"
	"fmt"
	"time"
)

// PollParams are the parameters of StatusChangesService.Poll, as those of the same name in [WatchParams].
type PollParams struct {
	// Start is where the first poll begins, which has no state; zero: now. A program whose first poll may fail remembers it.
	Start   time.Time
	Overlap time.Duration // how far a poll reaches back over the last one; the default is two minutes
}

// StatusPoll is the result of one poll.
type StatusPoll struct {
	Changes []StatusChange // those since the state that was given, each once; never nil
	// Repeats are orders that the service listed as an earlier poll returned them, because a poll reaches back over the last one. If what is
	// known of such an order differs, it changed and changed back.
	Repeats []StatusChange
	State   []byte  // for the next poll; it means nothing to anybody else
	Bad     []error // rows that cannot be read and are not among Changes; the next poll may report them again
}

// Poll polls once, as [StatusChangesService.Watch] does, and returns the changes since state with the state after them. The first poll has no
// state. It is for a program with a transactional store: where it stores in one transaction what the changes led to and the new
// State, each change has its effect exactly once, whatever ends the program. Where the transaction fails, a poll from the old state
// returns the same changes again, or later ones of the same orders.
//
// Everything else is as with a watch that is started again from its checkpoint: how far a poll reaches back, and which changes
// cannot be told from repeats. A quiet poll is one request, or two if the last one was long ago. State is a checkpoint
// that Watch can continue from, and the other way round.
//
// Poll returns a *[ParamError] if params are invalid, an error if state is not one of Poll or Watch, and the errors of [StatusChangesService.List].
// After an error nothing has changed.
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
