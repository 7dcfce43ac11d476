// The API keys of a server and their permissions.

package digicerttest

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

const keyHeader = "X-DC-DEVKEY"

// KeyOption restricts a key.
type KeyOption func(*access)

// ViewOnly restricts a key to GET, like the service's "view only" keys. The error for other methods,
// access_denied|missing_permission, is a guess.
func ViewOnly() KeyOption { return func(a *access) { a.viewOnly = true } }

// NoSubaccounts removes the permission for subaccounts from a key: the error of their endpoints is
// access_denied|missing_permission.
func NoSubaccounts() KeyOption { return func(a *access) { a.noSubaccounts = true } }

// OrdersOnly restricts a key to orders, requests, certificates and products, like the service's keys
// restricted to orders. That products are included is a guess, and so is the error elsewhere,
// access_denied|missing_permission.
func OrdersOnly() KeyOption { return func(a *access) { a.role = roleOrders } }

// OrdersDomainsOrganizations is like OrdersOnly, but also allows domains and organizations.
func OrdersDomainsOrganizations() KeyOption { return func(a *access) { a.role = roleValidation } }

// NoApproval removes the right to approve requests from the user of a key: skip_approval has no
// effect, and an attempt to approve a request fails with access_denied|invalid_approver.
func NoApproval() KeyOption { return func(a *access) { a.noApproval = true } }

type access struct {
	viewOnly      bool
	noSubaccounts bool
	noApproval    bool
	role          role
}

// role is the documented restriction of a key to a part of the service.
type role int

const (
	roleAny        role = iota
	roleOrders          // the documented 100
	roleValidation      // the documented 101
)

// area is a part of the service.
type area int

const (
	areaOrders     area = iota // orders, requests, certificates, products
	areaValidation             // domains, organizations
	areaAccount                // users, containers, the account
	areaSubaccounts
)

// covers reports whether a key with the role may use a part of the service.
func (r role) covers(of area) bool {
	switch r {
	case roleOrders:
		return of == areaOrders
	case roleValidation:
		return of == areaOrders || of == areaValidation
	}
	return true
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

// AddKey adds a key. Without options it has the permissions of [Server.Key]. Each key has its own
// rate limits. AddKey returns an error if the key already exists or is not valid in a header.
func (s *Server) AddKey(key string, opts ...KeyOption) error {
	return s.keys.add(newKeyEntry(key, opts))
}

// RemoveKey removes a key, as if it were revoked. The key may be [Server.Key].
func (s *Server) RemoveKey(key string) error {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if _, ok := s.keys.known[key]; !ok {
		return errors.New("digicerttest: RemoveKey: unknown key")
	}
	delete(s.keys.known, key)
	return nil
}

// keyring holds the keys and enforces their limits.
type keyring struct {
	windows []digicert.Window // none: no limits
	longest time.Duration

	mu    sync.Mutex
	known map[string]*keyState
}

type keyState struct {
	access
	accepted []time.Time // times of the counted requests, ascending, none older than the longest window
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
		return errors.New("digicerttest: a key must be one word of printable ASCII")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.known[e.key]; ok {
		return errors.New("digicerttest: the key already exists")
	}
	k.known[e.key] = &keyState{access: e.access}
	return nil
}

// knows reports whether a request has a key of the server.
func (k *keyring) knows(r *http.Request) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.known[r.Header.Get(keyHeader)]
	return ok
}

// admit looks up the key of a request and counts the request against its limits. It calls now under
// the lock, so that requests count in the order of their times.
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
