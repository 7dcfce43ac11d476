// Drift: orders that appear and vanish between pages.

package digicerttest

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/go-digicert/digicert"
)

// drift adds and removes orders while a client reads pages of them.
type drift struct {
	mu             sync.Mutex
	chance         *rand.Rand
	insert, remove float64
}

func newDrift(seed uint64, insertShare, removeShare float64) (*drift, error) {
	for _, share := range []float64{insertShare, removeShare} {
		if !(share >= 0 && share <= 1) { // NaN is neither
			return nil, fmt.Errorf("drift: a share of %v is outside 0 to 1", share)
		}
	}
	return &drift{chance: rand.New(rand.NewPCG(seed, 0)), insert: insertShare, remove: removeShare}, nil
}

// Drift makes orders of subaccounts appear and vanish: before each page of them, an order
// with a new highest id is added with probability insertShare, and a random one is removed with
// probability removeShare. Both are 0 to 1; 0 for both stops the drift. The same seed and requests
// result in the same changes.
//
// For other changes between pages, use [Server.OnRequest].
func (s *Server) Drift(seed uint64, insertShare, removeShare float64) error {
	d, err := newDrift(seed, insertShare, removeShare)
	if err != nil {
		return fmt.Errorf("digicerttest: %w", err)
	}
	s.drift.Store(d)
	return nil
}

// move makes the changes before one response.
func (d *drift) move(s *Server) {
	d.mu.Lock()
	insert, remove, which := d.chance.Float64() < d.insert, d.chance.Float64() < d.remove, d.chance.Float64()
	d.mu.Unlock()
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if n := len(s.state.ofSubaccounts); remove && n > 0 {
		s.state.remove(s.state.ofSubaccounts[int(which*float64(n))].id)
	}
	if insert {
		o := digicert.SubaccountOrder{ID: s.state.nextOrderID(), Subaccount: s.state.anySubaccount()}
		_ = s.state.addOrder(o, s.now()) // fails if a test has used the highest id
	}
}
