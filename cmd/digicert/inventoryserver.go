// The HTTP server of an inventory: access, and responses.

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert/inventory"
)

// inventoryServer answers requests for the report, the metrics and the health of an inventory.
type inventoryServer struct {
	inv   *inventory.Inventory
	ctx   context.Context // of the server: what several requests wait for does not end with one of them
	token string          // empty: none is required
	stale time.Duration
	now   func() time.Time
	log   io.Writer   // logs requests; may be nil
	warn  func(error) // logs why a request failed
	syncs *syncCounts // nil without syncs

	report cached[[]byte]
	counts cached[*inventory.Counts]
}

func (s *inventoryServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.private(s.serveReport))
	mux.HandleFunc("GET /metrics", s.private(s.serveMetrics))
	mux.HandleFunc("GET /healthz", s.serveHealth)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.log != nil {
			fmt.Fprintf(s.log, "%s %s\n", r.Method, printable(r.URL.Path)) // not the query, which may contain a token
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache") // it may be cached, and revalidated by its ETag
		mux.ServeHTTP(w, r)
	})
}

// private answers only requests with the token.
func (s *inventoryServer) private(next func(http.ResponseWriter, *http.Request, inventory.State) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("token"):
			http.Error(w, "A token in a URL ends up in logs: replace it, and send the new one in the header Authorization.", http.StatusBadRequest)
			return
		case !s.knows(r.Header.Get("Authorization")):
			w.Header().Set("WWW-Authenticate", `Bearer realm="digicert inventory"`)
			http.Error(w, "The header \"Authorization: Bearer TOKEN\" is required.", http.StatusUnauthorized)
			return
		}
		state, err := s.inv.State(r.Context())
		if err == nil {
			err = next(w, r, state)
		}
		if err != nil {
			s.fail(w, err)
		}
	}
}

// knows reports whether the value of an Authorization header has the token. Its duration does not depend on the token.
func (s *inventoryServer) knows(authorization string) bool {
	if s.token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// fail answers that the database cannot be read. The reason is only logged.
func (s *inventoryServer) fail(w http.ResponseWriter, err error) {
	if s.ctx.Err() == nil {
		s.warn(err)
	}
	http.Error(w, "The database cannot be read.", http.StatusServiceUnavailable)
}

// reportAge is how long a report is cached. It shows the number of days left.
const reportAge = 10 * time.Minute

func (s *inventoryServer) serveReport(w http.ResponseWriter, r *http.Request, state inventory.State) error {
	page, err := s.report.get(state.Version, s.now(), reportAge, func() ([]byte, error) {
		var page bytes.Buffer
		err := s.inv.Report(s.ctx, &page)
		return page.Bytes(), err
	})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(page)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(page))
	return nil
}

func (s *inventoryServer) serveMetrics(w http.ResponseWriter, _ *http.Request, state inventory.State) error {
	// The counts depend on the database only, not on the time.
	counts, err := s.counts.get(state.Version, s.now(), 0, func() (*inventory.Counts, error) { return s.inv.Counts(s.ctx) })
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(metricsText(s.now(), state, counts, s.syncs)) // the client may be gone
	return nil
}

func (s *inventoryServer) serveHealth(w http.ResponseWriter, r *http.Request) {
	state, err := s.inv.State(r.Context())
	age := s.now().Sub(state.SyncedAt)
	switch {
	case err != nil:
		s.fail(w, err)
	case state.SyncedAt.IsZero():
		http.Error(w, "No sync has completed yet.", http.StatusServiceUnavailable)
	case age < -s.stale:
		http.Error(w, fmt.Sprintf("The last complete sync ended %s, which is in the future: a clock is wrong.", state.SyncedAt.Format(time.RFC3339)), http.StatusServiceUnavailable)
	case age > s.stale:
		http.Error(w, fmt.Sprintf("The last complete sync ended %s, more than %s ago.", state.SyncedAt.Format(time.RFC3339), s.stale), http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}

// cached is a value that is computed once for all requests, and again when the database has changed.
type cached[T any] struct {
	mu       sync.Mutex // held while it is computed
	version  string
	computed time.Time // zero: not yet
	value    T
}

// get returns the value for a version of the database. It calls compute unless the value is cached and younger than maxAge (0 = any age).
func (c *cached[T]) get(version string, now time.Time, maxAge time.Duration, compute func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.computed.IsZero() && c.version == version && (maxAge == 0 || now.Sub(c.computed) < maxAge) {
		return c.value, nil
	}
	value, err := compute()
	if err == nil {
		c.value, c.version, c.computed = value, version, now
	}
	return value, err
}
