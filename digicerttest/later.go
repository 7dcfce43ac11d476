// Delayed changes: the delayed issue of certificates, and changes that a fault holds back.

package digicerttest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// agenda is a list of tasks that are due after a number of reads or at a time of the server's clock.
type agenda struct {
	size  atomic.Int64 // number of tasks
	mu    sync.Mutex
	reads int64 // number of GET requests handled while there were tasks
	tasks []task
}

// task is due when both its conditions are met. It runs with the state locked.
type task struct {
	reads int64     // value of agenda.reads
	at    time.Time // zero: any time
	run   func(at time.Time)
}

// add adds a task that is due after a number of further reads and a duration.
func (a *agenda) add(now time.Time, reads int, after time.Duration, run func(at time.Time)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := task{reads: a.reads + int64(reads), run: run}
	if after > 0 {
		t.at = now.Add(after)
	}
	a.tasks = append(a.tasks, t)
	a.size.Store(int64(len(a.tasks)))
}

// take removes and returns the tasks that are due before a request. read reports whether the request counts as
// a read.
func (a *agenda) take(now time.Time, read bool) []task {
	a.mu.Lock()
	defer a.mu.Unlock()
	var due []task
	a.tasks = slices.DeleteFunc(a.tasks, func(t task) bool {
		ok := t.reads <= a.reads && !t.at.After(now)
		if ok {
			due = append(due, t)
		}
		return ok
	})
	if read {
		a.reads++
	}
	a.size.Store(int64(len(a.tasks)))
	return due
}

// catchUp runs the tasks that are due before a request. It locks the state if there are any tasks.
func (s *state) catchUp(now time.Time, read bool) {
	if s.later.size.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runLater(now, read)
}

// runLater is catchUp for a caller that holds the lock of the state.
func (s *state) runLater(now time.Time, read bool) {
	for _, t := range s.later.take(now, read) {
		if t.at.IsZero() {
			t.at = now
		}
		t.run(t.at)
		s.version++
	}
}

// Settle makes all delayed changes at once: those that [CommitLate] holds back, and the delayed issue of
// certificates. A test calls it before it counts the results.
func (s *Server) Settle() {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	a := &s.state.later
	for a.size.Load() > 0 { // tasks add tasks
		a.mu.Lock()
		for i := range a.tasks {
			a.tasks[i].reads, a.tasks[i].at = 0, time.Time{}
		}
		a.mu.Unlock()
		s.state.runLater(s.now(), false)
	}
}
