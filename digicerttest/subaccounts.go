// The subaccounts and their list.

package digicerttest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// The two documented names of the list of subaccounts.
const (
	subaccountsKey   = "subaccounts"
	childAccountsKey = "child_accounts"
)

// listSubaccounts handles GET /account/subaccount, with the immediate subaccounts, by id. That it omits those below
// them, and that it accepts limit and offset, are guesses.
func (s *Server) listSubaccounts(r *request) (render, *failure) {
	page := s.paging(r.query)
	return func(b []byte, fx effects) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		list := slices.Collect(maps.Values(s.state.accounts))
		list = slices.DeleteFunc(list, func(a *account) bool { return !a.immediate })
		slices.SortFunc(list, func(a, b *account) int { return cmp.Compare(a.AccountID, b.AccountID) })
		key := subaccountsKey
		if fx.childAccounts {
			key = childAccountsKey
		}
		return appendPaged(b, key, len(list), page, fx, func(b []byte, i int) []byte { return appendSubaccount(b, list[i]) })
	}, nil
}

// appendSubaccount appends a row of the subaccounts. The fields of the account manager are a guess.
func appendSubaccount(b []byte, a *account) []byte {
	person := people[int(a.AccountID)%len(people)]
	b = appendInt(b, `{"account_id":`, a.AccountID)
	b = appendText(b, `,"account_type":`, string(a.AccountType))
	b = appendText(b, `,"organization_name":`, a.OrganizationName)
	b = appendText(b, `,"date_created":`, a.created.UTC().Format(time.DateTime))
	b = appendText(b, `,"account_manager":{"firstname":`, person.first)
	return append(appendText(b, `,"lastname":`, person.last), "}}"...)
}

// account is a subaccount at any depth.
type account struct {
	digicert.Subaccount
	immediate bool      // whether it is directly below the account itself
	created   time.Time // when it was added
	json      string    // as part of an order
}

// AddSubaccount adds a subaccount below parent, which is the id of another subaccount, or 0 for an immediate
// subaccount of the account itself. The default account type is "enterprise". The time of creation is now.
// AddSubaccount returns an error if the id is not positive or in use, or if the parent is unknown.
func (s *Server) AddSubaccount(parent digicert.AccountID, sub digicert.Subaccount) error {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	_, err := s.state.addAccount(parent, sub, s.now())
	if err != nil {
		return fmt.Errorf("digicerttest: AddSubaccount %d: %w", sub.AccountID, err)
	}
	return nil
}

func (s *state) addAccount(parent digicert.AccountID, sub digicert.Subaccount, created time.Time) (*account, error) {
	if err := checkID("account", sub.AccountID); err != nil {
		return nil, err
	}
	if _, ok := s.accounts[sub.AccountID]; ok {
		return nil, errors.New("the subaccount already exists")
	}
	if _, ok := s.accounts[parent]; parent != 0 && !ok {
		return nil, fmt.Errorf("the parent %d does not exist", parent)
	}
	setDefault(&sub.AccountType, digicert.AccountTypeEnterprise)
	return s.putAccount(parent, sub, created), nil
}

func (s *state) putAccount(parent digicert.AccountID, sub digicert.Subaccount, created time.Time) *account {
	a := &account{Subaccount: sub, immediate: parent == 0, created: created, json: mustJSON(sub)}
	s.accounts[sub.AccountID] = a
	return a
}
