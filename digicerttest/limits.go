package digicerttest

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

const keyHeader = "X-DC-DEVKEY"

// KeyOption restricts what a key may do.
type KeyOption func(*access)

// ViewOnly restricts a key to GET, as the service's "view only" keys are. That other methods are
// answered with access_denied|missing_permission is a guess.
func ViewOnly() KeyOption { return func(a *access) { a.viewOnly = true } }

// NoSubaccounts takes the permission for subaccounts from a key: their endpoints are answered with
// access_denied|missing_permission.
func NoSubaccounts() KeyOption { return func(a *access) { a.noSubaccounts = true } }

type access struct {
	viewOnly      bool
	noSubaccounts bool
}

type keyEntry struct {
	key    string
	access access
}

func newKeyEntry(key string, opts []KeyOption) keyEntry {
	k := keyEntry{key: key}
	for _, opt := range opts {
		if opt != nil {
			opt(&k.access)
		}
	}
	return k
}

// AddKey adds a key besides [Server.Key]. Without options it may do the same. Every key has rate
// limits of its own. A key that is there already, or that no header can carry, is an error.
func (s *Server) AddKey(key string, opts ...KeyOption) error {
	return s.keys.add(newKeyEntry(key, opts))
}

// RemoveKey makes a key unknown, as when somebody revokes it; [Server.Key] may go too.
func (s *Server) RemoveKey(key string) error {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if _, ok := s.keys.known[key]; !ok {
		return errors.New("digicerttest: RemoveKey: the key is not known")
	}
	delete(s.keys.known, key)
	return nil
}

// keyring knows the keys and enforces their limits.
type keyring struct {
	windows []digicert.Window // none: no limits
	longest time.Duration

	mu    sync.Mutex
	known map[string]*keyState
}

type keyState struct {
	access
	accepted []time.Time // the requests that count, ascending, none older than the longest window
}

func (k *keyring) init(windows []digicert.Window) {
	k.windows = windows
	for _, w := range windows {
		k.longest = max(k.longest, w.Per)
	}
	k.known = make(map[string]*keyState)
}

func (k *keyring) limited() bool { return len(k.windows) > 0 }

func (k *keyring) add(e keyEntry) error {
	if e.key == "" || strings.ContainsFunc(e.key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("digicerttest: a key is one word of printable ASCII")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.known[e.key]; ok {
		return errors.New("digicerttest: the key is there already")
	}
	k.known[e.key] = &keyState{access: e.access}
	return nil
}

// knows reports whether a request carries a key of the server.
func (k *keyring) knows(r *http.Request) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.known[r.Header.Get(keyHeader)]
	return ok
}

// admit looks the key of a request up and counts the request against its limits. now is asked under
// the lock, so that the order in which requests count is that of their times.
func (k *keyring) admit(r *http.Request, now func() time.Time) (access, *failure) {
	k.mu.Lock()
	defer k.mu.Unlock()
	key, ok := k.known[r.Header.Get(keyHeader)]
	if !ok {
		return access{}, fail(http.StatusForbidden, digicert.CodeInvalidKey, "Access denied due to access_denied_invalid_key.")
	}
	if k.limited() && !key.count(now(), k.windows, k.longest) {
		return access{}, errRequestLimit
	}
	return key.access, nil
}

var errRequestLimit = fail(
	http.StatusTooManyRequests, digicert.CodeRequestLimitExceeded, "Service unavailable, please limit request volume",
)

// count adds a request at t unless a window (t−Per, t] is full.
func (k *keyState) count(t time.Time, windows []digicert.Window, longest time.Duration) bool {
	expired := func(at time.Time) bool { return !at.After(t.Add(-longest)) }
	ahead := func(at time.Time) bool { return at.After(t) } // the clock was set back
	k.accepted = slices.DeleteFunc(k.accepted, func(at time.Time) bool { return expired(at) || ahead(at) })
	for _, w := range windows {
		since, _ := slices.BinarySearchFunc(k.accepted, t.Add(-w.Per), func(at, start time.Time) int {
			if at.After(start) {
				return 1
			}
			return -1 // the start itself has left the window
		})
		if len(k.accepted)-since >= w.Requests {
			return false
		}
	}
	k.accepted = append(k.accepted, t)
	return true
}
