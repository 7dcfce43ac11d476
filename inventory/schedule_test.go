package inventory_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// TestSyncAnyhow runs schedules: orders come, change, vanish and are reissued between and during syncs, which fail and are killed
// anywhere. After the next full sync the database equals the service, and every change that a poll has shown is there once.
func TestSyncAnyhow(t *testing.T) {
	t.Parallel()
	csr := newCSR(t)
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		seed := randomSeed(t)
		const schedules, shares = 500, 4
		for share := range shares {
			t.Run(fmt.Sprint(share), func(t *testing.T) {
				t.Parallel()
				for i := share; i < schedules && !t.Failed(); i += shares {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(t, rand.New(rand.NewPCG(seed, uint64(i))), newDSN(t), csr)
						w.name = fmt.Sprintf("schedule %d", i)
						w.run(t)
					})
				}
			})
		}
	})
}

// world is an account whose orders change, and programs that sync it.
type world struct {
	*digicerttest.Server
	name string
	dsn  string
	csr  string

	mu       sync.Mutex
	rng      *rand.Rand
	orders   []digicert.OrderID // that are there
	removed  []digicert.OrderID
	returned map[digicert.OrderID]bool // that were removed, and are there again
	next     digicert.OrderID
	statuses int  // how many statuses of their own orders were given
	rests    bool // whether nothing changes by itself
	fails    int  // of 100 requests
	kill     func()
	killIn   int // requests; 0: never

	latest map[digicert.OrderID]shown // of those with statuses of their own
	gone   map[shown]bool             // changes that another one of their order followed
	polled []shown                    // that answers of the present poll had
	due    map[shown]bool             // that have to be in the database in the end
	maybe  map[shown]bool             // the same, unless they are gone
}

// shown is a change with a status that no other change has.
type shown struct {
	order  digicert.OrderID
	status digicert.OrderStatus
}

func newCSR(t testing.TB) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(crand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "again.example.com"}}, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func newWorld(t *testing.T, rng *rand.Rand, dsn, csr string) *world {
	t.Helper()
	time.Sleep(26 * 365 * 24 * time.Hour) // not in 2000: public certificates are limited since 2026
	s, err := digicerttest.New(digicerttest.WithoutSamples(), digicerttest.WithClock(time.Now))
	require.NoError(t, err)
	w := &world{
		Server: s, dsn: dsn, csr: csr, rng: rng, next: 100,
		returned: make(map[digicert.OrderID]bool), latest: make(map[digicert.OrderID]shown), gone: make(map[shown]bool), due: make(map[shown]bool), maybe: make(map[shown]bool),
	}
	for id, parent := range []digicert.AccountID{0, 0, 1} {
		require.NoError(t, s.AddSubaccount(parent, digicert.Subaccount{AccountID: digicert.AccountID(id + 1), OrganizationName: fmt.Sprint("Sub ", id+1)}))
	}
	for range rng.IntN(30) {
		w.place(time.Now().Add(-time.Duration(rng.Int64N(int64(1000 * 24 * time.Hour)))))
	}
	return w
}

var plainStatuses = []digicert.OrderStatus{"issued", "issued", "pending", "needs_approval", "revoked", "reissue_pending", "rejected", "canceled"}

// place adds an order of the account or of one of its subaccounts.
func (w *world) place(created time.Time) {
	id := w.next + digicert.OrderID(1+w.rng.IntN(3))
	if n := len(w.removed); n > 0 && w.rng.IntN(5) == 0 { // one is there again
		id, w.removed = w.removed[n-1], w.removed[:n-1]
		w.returned[id] = true
	}
	w.next = max(w.next, id)
	o := digicert.SubaccountOrder{
		ID: id, DateCreated: created, Status: plainStatuses[w.rng.IntN(len(plainStatuses))],
		OrderPrice: digicert.Price{Cost: decimal.New(w.rng.Int64N(100_000), -2), Currency: "USD"},
	}
	if account := int(id) % 4; account > 0 {
		o.Subaccount.AccountID = digicert.AccountID(account)
		o.Subaccount.OrganizationName = fmt.Sprint("Sub ", account)
	}
	name := fmt.Sprintf("Host-%d.example.com", w.rng.IntN(20))
	o.Certificate.CommonName, o.Certificate.DNSNames = name, []string{name, "*." + name}
	if err := w.AddOrder(o); err != nil {
		panic(err)
	}
	w.orders = append(w.orders, id)
}

// change does anything to any order.
func (w *world) change() {
	if len(w.orders) == 0 || w.rng.IntN(5) == 0 {
		w.place(time.Now())
		return
	}
	i := w.rng.IntN(len(w.orders))
	id := w.orders[i]
	follow := func() {
		if before, ok := w.latest[id]; ok {
			w.gone[before] = true
			delete(w.latest, id)
		}
	}
	var err error
	switch w.rng.IntN(8) {
	case 0:
		follow()
		err = w.RemoveOrder(id)
		w.orders, w.removed = slices.Delete(w.orders, i, i+1), append(w.removed, id)
	case 1:
		follow()
		err = w.SetStatus(id, plainStatuses[w.rng.IntN(len(plainStatuses))])
	case 2:
		err = w.AddReissue(id, digicert.Reissue{})
	case 3:
		err = w.AddDuplicate(id, digicert.Duplicate{})
	case 4: // becomes the primary certificate
		follow()
		_ = w.Client().Do(context.Background(), http.MethodPost, fmt.Sprintf("/order/certificate/%d/reissue", id), nil,
			map[string]any{"certificate": map[string]any{"common_name": "again.example.com", "csr": w.csr, "signature_hash": "sha256"}}, nil) // not in every status
	default:
		follow()
		w.statuses++
		status := digicert.OrderStatus(fmt.Sprint("status-", w.statuses))
		err = w.SetStatus(id, status)
		w.latest[id] = shown{id, status}
	}
	if err != nil {
		panic(err)
	}
}

// RoundTrip serves a sync: it changes the world, fails, and kills the sync.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.rests {
		for range w.rng.IntN(2) {
			w.change()
		}
	}
	if w.killIn--; w.killIn == 0 {
		w.kill()
	}
	fate := w.rng.IntN(100)
	if fate < w.fails/2 {
		return nil, errors.New("no route to host")
	}
	resp, err := w.Transport().RoundTrip(r)
	if err != nil || fate < w.fails {
		return nil, errors.Join(err, errors.New("connection reset by peer"))
	}
	if strings.HasSuffix(r.URL.Path, "/status-changes") {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		var list struct {
			Orders []digicert.StatusChange `json:"orders"`
		}
		if err := json.Unmarshal(body, &list); err != nil {
			return nil, err
		}
		for _, row := range list.Orders {
			if strings.HasPrefix(string(row.Status), "status-") {
				w.polled = append(w.polled, shown{row.OrderID, row.Status})
			}
		}
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return resp, nil
}

// sync is one life of a program.
func (w *world) sync(t *testing.T, params inventory.SyncParams) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w.kill, w.polled = cancel, nil
	steps := -1
	if w.killIn > 0 && w.rng.IntN(2) == 0 { // after a transaction, and not at a request
		steps, w.killIn = w.rng.IntN(6), 0
	}
	c := w.Client(digicert.WithHTTPClient(&http.Client{Transport: w}), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 2}), digicert.WithLimiter(digicert.Unlimited()))
	inv, err := inventory.Open(t.Context(), w.dsn)
	require.NoError(t, err)
	w.mu.Lock()
	inv.SetBatches(1+w.rng.IntN(8), w.rng.IntN(4), 1+w.rng.IntN(5))
	w.mu.Unlock()
	params.Progress = func(p inventory.Progress) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if p.Stage == inventory.StageChanges {
			for _, s := range w.polled {
				w.due[s] = true
			}
			w.polled = nil
		}
		if steps--; steps == -1 {
			cancel()
		}
	}
	params.OnError = func(err error) { t.Errorf("%s: %v", w.name, err) }
	for {
		_, err = inv.Sync(ctx, c, &params)
		if !errors.Is(err, inventory.ErrBusy) {
			break // simulated time does not wait for the server to notice that a connection has ended
		}
	}
	for _, s := range w.polled { // of a poll that was not stored
		w.maybe[s] = true
	}
	require.NoError(t, inv.Close())
	w.killIn = 0
	return err
}

func (w *world) run(t *testing.T) {
	small := 1 + w.rng.IntN(3) // rows of a page do not depend on it, but how much changes does
	for range 2 + w.rng.IntN(6) {
		for range w.rng.IntN(10 * small) {
			w.change()
			time.Sleep(time.Duration(w.rng.Int64N(int64(time.Minute))))
		}
		time.Sleep([]time.Duration{0, time.Minute, 3 * time.Hour, 26 * time.Hour, 10 * 24 * time.Hour}[w.rng.IntN(5)])
		w.rests, w.fails = w.rng.IntN(3) == 0, w.rng.IntN(3)*5
		if w.rng.IntN(2) == 0 {
			w.killIn = 1 + w.rng.IntN(20)
		}
		if w.sync(t, inventory.SyncParams{Reissues: w.rng.IntN(2) == 0, Concurrency: w.rng.IntN(4)}) == nil && w.rests {
			w.equal(t, false, false)
		}
	}
	w.rests, w.fails = true, 0
	time.Sleep(time.Minute)
	require.NoError(t, w.sync(t, inventory.SyncParams{Full: true, Reissues: true}), w.name)
	w.equal(t, true, true)
	w.recorded(t)
}

// names returns the table names.
func (w *world) names(t *testing.T, inv *inventory.Inventory) map[digicert.CertificateID][]string {
	names := make(map[digicert.CertificateID][]string)
	require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
		rows, err := tx.Query("SELECT certificate_id, name FROM names ORDER BY 1, 2")
		if err != nil {
			return err
		}
		for rows.Next() {
			var id digicert.CertificateID
			var name string
			if err := rows.Scan(&id, &name); err != nil {
				return err
			}
			names[id] = append(names[id], name)
		}
		return errors.Join(rows.Err(), rows.Close())
	}))
	return names
}

// equal compares the database with the service: all, or all but orders that were removed.
func (w *world) equal(t *testing.T, full, reissues bool) {
	t.Helper()
	inv, err := inventory.Open(t.Context(), w.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, inv.Close()) }()
	want := listed(t, w.Server)
	got, pending := known(t, inv)
	for id, o := range got {
		if want[id].Serial == "" && want[id].Certificate == o.Certificate { // the list of reissues may have shown it before
			o.Serial, o.ValidTill = "", want[id].ValidTill
			got[id] = o
		}
	}
	if !full {
		maps.DeleteFunc(got, func(id digicert.OrderID, _ orderState) bool { _, ok := want[id]; return !ok })
	}
	require.Equal(t, want, got, w.name)
	require.Zero(t, pending, w.name)
	if !reissues {
		return
	}
	found := make(map[digicert.CertificateID]inventory.Certificate)
	names := make(map[digicert.CertificateID][]string)
	for c, err := range inv.Certificates(t.Context(), inventory.Filter{Removed: true}) {
		require.NoError(t, err)
		require.NotContains(t, found, c.ID, "each certificate once")
		found[c.ID] = c
		list := []string{}
		for _, name := range append(c.DNSNames, c.CommonName) {
			if name = strings.ToLower(name); name != "" {
				list = append(list, name)
			}
		}
		slices.Sort(list)
		names[c.ID] = slices.Compact(list)
	}
	require.Equal(t, names, w.names(t, inv), w.name)
	for id, o := range want {
		if o.Source != "own" || w.returned[id] {
			continue // no list counts their reissues, or there may be as many others as were read
		}
		for _, r := range w.Reissues(id) {
			require.Equal(t, id, found[r.ID].OrderID, "%s: reissue %d of order %d", w.name, r.ID, id)
			require.Equal(t, inventory.KindReissue, found[r.ID].Kind, "%s: reissue %d of order %d", w.name, r.ID, id)
			require.Equal(t, r.DNSNames, found[r.ID].DNSNames)
		}
		for _, d := range w.Duplicates(id) {
			require.Equal(t, inventory.KindDuplicate, found[d.ID].Kind, "%s: duplicate %d of order %d", w.name, d.ID, id)
			require.Equal(t, id, found[d.ID].OrderID)
		}
	}
}

// recorded checks that each change that polls have shown is there once.
func (w *world) recorded(t *testing.T) {
	t.Helper()
	inv, err := inventory.Open(t.Context(), w.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, inv.Close()) }()
	times := make(map[shown]int)
	state := make(map[digicert.OrderID]digicert.OrderStatus)
	last := int64(0)
	for c, err := range inv.Changes(t.Context(), time.Time{}) {
		require.NoError(t, err)
		require.Greater(t, c.ID, last)
		last = c.ID
		times[shown{c.OrderID, c.To}]++
		if before, ok := state[c.OrderID]; ok && before != c.From {
			for c := range inv.Changes(t.Context(), time.Time{}) {
				t.Log(c)
			}
			require.Equal(t, before, c.From, "%s: change %d of order %d goes on where the last one ended", w.name, c.ID, c.OrderID)
		}
		state[c.OrderID] = c.To
		if c.Kind == inventory.ChangeRemoved {
			state[c.OrderID] = c.From
		}
	}
	for s, n := range times {
		if n > 1 && strings.HasPrefix(string(s.status), "status-") {
			for c := range inv.Changes(t.Context(), time.Time{}) {
				if c.OrderID == s.order {
					t.Log(c)
				}
			}
		}
		if strings.HasPrefix(string(s.status), "status-") {
			require.Equal(t, 1, n, "%s: %v", w.name, s)
		}
	}
	for s := range w.maybe {
		if !w.gone[s] {
			w.due[s] = true
		}
	}
	for s := range w.due {
		require.Equal(t, 1, times[s], "%s: %v was shown", w.name, s)
	}
}
