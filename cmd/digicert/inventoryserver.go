// The HTTP server of an inventory: who may ask, and what is answered.

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
	ctx   context.Context // of the server: what is made for many readers does not end with one of them
	token string          // "": none is demanded
	stale time.Duration
	now   func() time.Time
	log   io.Writer   // of requests; may be nil
	warn  func(error) // of what is not answered as asked
	syncs *syncCounts // nil: it does not sync

	report kept[[]byte]
	counts kept[*inventory.Counts]
}

func (s *inventoryServer) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.private(s.serveReport))
	mux.HandleFunc("GET /metrics", s.private(s.serveMetrics))
	mux.HandleFunc("GET /healthz", s.serveHealth)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.log != nil {
			fmt.Fprintf(s.log, "%s %s\n", r.Method, printable(r.URL.Path)) // not the query, which may have a token
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "private, no-cache") // it may be kept, and asked for again by its ETag
		mux.ServeHTTP(w, r)
	})
}

// private answers only requests with the token.
func (s *inventoryServer) private(next func(http.ResponseWriter, *http.Request, inventory.State) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Query().Has("token"):
			http.Error(w, "A token in a URL ends in logs: send it as Authorization: Bearer, and replace this one.", http.StatusBadRequest)
			return
		case !s.knows(r.Header.Get("Authorization")):
			w.Header().Set("WWW-Authenticate", `Bearer realm="digicert inventory"`)
			http.Error(w, "The header Authorization: Bearer with the token is needed.", http.StatusUnauthorized)
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

// knows reports whether an Authorization has the token. How long it takes says nothing about the token.
func (s *inventoryServer) knows(authorization string) bool {
	if s.token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(authorization, " ")
	got, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(s.token))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// fail answers that the database cannot be read. Why is for the log only.
func (s *inventoryServer) fail(w http.ResponseWriter, err error) {
	if s.ctx.Err() == nil {
		s.warn(err)
	}
	http.Error(w, "The database cannot be read.", http.StatusServiceUnavailable)
}

// reportAge is how long a report is kept: it shows days, and how long ago things were.
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
	// What is counted depends on the database only, and not on the day.
	counts, err := s.counts.get(state.Version, s.now(), 0, func() (*inventory.Counts, error) { return s.inv.Counts(s.ctx) })
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(metricsText(s.now(), state, counts, s.syncs)) // to a client that may be gone
	return nil
}

func (s *inventoryServer) serveHealth(w http.ResponseWriter, r *http.Request) {
	state, err := s.inv.State(r.Context())
	age := s.now().Sub(state.SyncedAt)
	switch {
	case err != nil:
		s.fail(w, err)
	case state.SyncedAt.IsZero():
		http.Error(w, "No sync was complete yet.", http.StatusServiceUnavailable)
	case age < -s.stale:
		http.Error(w, fmt.Sprintf("The last complete sync ended %s, which is in the future: a clock is wrong.", state.SyncedAt.Format(time.RFC3339)), http.StatusServiceUnavailable)
	case age > s.stale:
		http.Error(w, fmt.Sprintf("The last complete sync ended %s, more than %s ago.", state.SyncedAt.Format(time.RFC3339), s.stale), http.StatusServiceUnavailable)
	default:
		fmt.Fprintln(w, "ok")
	}
}

// kept is what is made once for many readers, and again when the database has changed.
type kept[T any] struct {
	mu      sync.Mutex // held while it is made
	version string
	made    time.Time // zero: not yet
	value   T
}

// get returns the value of a version of the database. It is made by make unless it is there, and younger than most; 0: of any age.
func (k *kept[T]) get(version string, now time.Time, most time.Duration, make func() (T, error)) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.made.IsZero() && k.version == version && (most == 0 || now.Sub(k.made) < most) {
		return k.value, nil
	}
	value, err := make()
	if err == nil {
		k.value, k.version, k.made = value, version, now
	}
	return value, err
}
