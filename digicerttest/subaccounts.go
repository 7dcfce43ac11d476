package digicerttest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
)

// The two names that the documentation has for the list of subaccounts.
const (
	subaccountsKey   = "subaccounts"
	childAccountsKey = "child_accounts"
)

// listSubaccounts answers GET /account/subaccount: the immediate subaccounts, by their ids. That it
// leaves out those below them, and that it takes limit and offset, is a guess.
func (s *Server) listSubaccounts(r *request) (render, *failure) {
	page := s.paging(r.query)
	return func(b []byte, m mischief) []byte {
		s.state.mu.RLock()
		defer s.state.mu.RUnlock()
		list := slices.Collect(maps.Values(s.state.accounts))
		list = slices.DeleteFunc(list, func(a *account) bool { return !a.immediate })
		slices.SortFunc(list, func(a, b *account) int { return cmp.Compare(a.AccountID, b.AccountID) })
		key := subaccountsKey
		if m.childAccounts {
			key = childAccountsKey
		}
		return appendPaged(b, key, len(list), page, m, func(b []byte, i int) []byte { return appendSubaccount(b, list[i]) })
	}, nil
}

// appendSubaccount appends a row of the subaccounts. The shape of the account manager is a guess.
func appendSubaccount(b []byte, a *account) []byte {
	person := people[int(a.AccountID)%len(people)]
	b = appendInt(b, `{"account_id":`, a.AccountID)
	b = appendText(b, `,"account_type":`, string(a.AccountType))
	b = appendText(b, `,"organization_name":`, a.OrganizationName)
	b = appendText(b, `,"date_created":`, a.created.UTC().Format(time.DateTime))
	b = appendText(b, `,"account_manager":{"firstname":`, person.first)
	return append(appendText(b, `,"lastname":`, person.last), "}}"...)
}

// subaccountOrder answers GET /account/subaccount/order/{order_id}. An order of the account itself
// is one that does not exist here, which is a guess.
func (s *Server) subaccountOrder(r *request) (render, *failure) {
	o, ok := s.state.orderNow(digicert.OrderID(r.id))
	if !ok || o.account == nil {
		return nil, errNoOrder
	}
	return func(b []byte, _ mischief) []byte { return appendSubaccountOrder(b, &o) }, nil
}
