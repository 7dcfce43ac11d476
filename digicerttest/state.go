// The state of a server.

package digicerttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-digicert/digicert"
)

// state is the data of the server. A change is visible in the next response.
type state struct {
	mu            sync.RWMutex
	version       uint64 // of the orders; incremented by each change
	accounts      map[digicert.AccountID]*account
	orders        []*order // all orders, by id ascending
	ofSubaccounts []*order // orders of subaccounts, by id ascending
	own           []*order // orders of the account itself, by id ascending
	reissues      map[digicert.OrderID][]digicert.Reissue
	duplicates    map[digicert.OrderID][]digicert.Duplicate
	products      map[digicert.Product]*product
	prices        map[string]*price // by their JSON

	approvals     map[int64]*approval
	organizations []*Organization // by id ascending
	domains       []*Domain       // by id ascending
	offers        []*Product      // products that the account can order
	containers    []*container

	process         process
	later           agenda
	lastOrder       digicert.OrderID // the highest id of an order placed by a request
	lastApproval    int64
	lastCertificate digicert.CertificateID // the highest id of a certificate
	views           viewCache
}

func (s *state) init() {
	s.accounts = make(map[digicert.AccountID]*account)
	s.reissues = make(map[digicert.OrderID][]digicert.Reissue)
	s.duplicates = make(map[digicert.OrderID][]digicert.Duplicate)
	s.products = make(map[digicert.Product]*product)
	s.prices = make(map[string]*price)
	s.approvals = make(map[int64]*approval)
}

// product and price are shared by orders.
type product struct {
	digicert.Product
	json string
}

type price struct {
	digicert.Price
	json string
}

// find returns the index of the order with an id, or where to insert it.
func find(orders []*order, id digicert.OrderID) (int, bool) {
	if n := len(orders); n == 0 || orders[n-1].id < id { // fast path: most orders are added by ascending id
		return n, false
	}
	return slices.BinarySearchFunc(orders, id, func(o *order, id digicert.OrderID) int { return cmp.Compare(o.id, id) })
}

// order returns an order, or nil. The caller holds the lock.
func (s *state) order(id digicert.OrderID) *order {
	if i, ok := find(s.orders, id); ok {
		return s.orders[i]
	}
	return nil
}

// orderByPrimary returns the order whose primary certificate has a serial number or thumbprint, or nil. It
// searches all orders, as orderWith does. The caller holds the lock.
func (s *state) orderByPrimary(ref string) *order {
	for _, o := range s.orders {
		c := &o.certificate
		if o.showsIssue() && (strings.EqualFold(c.serialNumber, ref) || strings.EqualFold(c.thumbprint, ref)) {
			return o
		}
	}
	return nil
}

// has reports whether an order exists.
func (s *state) has(id digicert.OrderID) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.order(id) != nil
}

// insert adds an order. The caller holds the lock and has checked that the id is free.
func (s *state) insert(o *order) {
	for _, list := range []*[]*order{&s.orders, s.listOf(o)} {
		i, _ := find(*list, o.id)
		*list = slices.Insert(*list, i, o)
	}
	s.lastCertificate = max(s.lastCertificate, o.certificate.id)
	s.version++
}

// listOf returns own or ofSubaccounts, the list that contains an order.
func (s *state) listOf(o *order) *[]*order {
	if o.account == nil {
		return &s.own
	}
	return &s.ofSubaccounts
}

func (s *state) internProduct(p digicert.Product) *product {
	shared, ok := s.products[p]
	if !ok {
		shared = &product{p, mustJSON(p)}
		s.products[p] = shared
	}
	return shared
}

func (s *state) internPrice(p digicert.Price) *price {
	text := mustJSON(p)
	shared, ok := s.prices[text]
	if !ok {
		shared = &price{p, text}
		s.prices[text] = shared
	}
	return shared
}

// mustJSON encodes a value that can always be encoded.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("digicerttest: %v", err))
	}
	return string(b)
}

// maxID is the largest id that a test may set. It is far larger than real ids, and leaves room for ids
// that the server assigns after it.
const maxID = 1 << 62

func checkID[T ~int64](of string, id T) error {
	if id < 1 || id > maxID {
		return fmt.Errorf("%s id %d is outside 1 to 2^62", of, id)
	}
	return nil
}

// maxYear is the last year in the format of dates.
const maxYear = 9999

// representable reports whether t can be written in the format of times.
func representable(t time.Time) bool { return t.UTC().Year() >= 1 && t.UTC().Year() <= maxYear }

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// parseList parses a list that mustJSON returned.
func parseList(text string) []string {
	var list []string
	if text != "" {
		_ = json.Unmarshal([]byte(text), &list)
	}
	return list
}

func (s *state) remove(id digicert.OrderID) bool {
	o := s.order(id)
	if o == nil {
		return false
	}
	for _, list := range []*[]*order{&s.orders, s.listOf(o)} {
		i, _ := find(*list, id)
		*list = slices.Delete(*list, i, i+1)
	}
	delete(s.reissues, id)
	delete(s.duplicates, id)
	for _, a := range o.some().approvals {
		delete(s.approvals, a.id)
	}
	s.version++
	return true
}
