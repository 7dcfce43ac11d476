// Rate limits.

package digicerttest

import (
	"net/http"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

var errRequestLimit = fail(
	http.StatusTooManyRequests, digicert.CodeRequestLimitExceeded, "Service unavailable, please limit request volume",
)

// count adds a request at t unless a window (t−Per, t] is full.
func (k *keyState) count(t time.Time, windows []digicert.Window, longest time.Duration) bool {
	expired := func(at time.Time) bool { return !at.After(t.Add(-longest)) }
	ahead := func(at time.Time) bool { return at.After(t) } // after the clock was set back
	k.accepted = slices.DeleteFunc(k.accepted, func(at time.Time) bool { return expired(at) || ahead(at) })
	for _, w := range windows {
		since, _ := slices.BinarySearchFunc(k.accepted, t.Add(-w.Per), func(at, start time.Time) int {
			if at.After(start) {
				return 1
			}
			return -1 // the window does not include its start
		})
		if len(k.accepted)-since >= w.Requests {
			return false
		}
	}
	k.accepted = append(k.accepted, t)
	return true
}
