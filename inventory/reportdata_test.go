// Tests of the report's queries: on random data they return what loops over the data return.

package inventory_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/inventory"
)

// someInventory is random rows of an inventory.
type someInventory struct {
	orders  []someOrder
	changes []someChange
}

type someOrder struct {
	id           digicert.OrderID
	account      digicert.AccountID // 0: the account itself
	unread       bool               // it changed, and was not read yet
	status       string
	created      time.Time
	price        string // empty: not known
	currency     string
	renewed      bool
	removed      bool
	product      int // 0: not known
	certificates []someCertificate
}

type someCertificate struct {
	id      digicert.CertificateID
	kind    inventory.Kind
	primary bool
	status  string
	names   []string
	till    digicert.Date // zero: not known
	hash    string
	bits    int
	serial  string
}

type someChange struct {
	seen     time.Time
	order    digicert.OrderID
	kind     inventory.ChangeKind
	from, to string
}

var (
	reportNow    = time.Date(2026, time.March, 4, 9, 30, 0, 0, time.UTC) // a Wednesday
	reportToday  = digicert.DateOf(reportNow)
	someAccounts = map[digicert.AccountID]string{0: "", 7: "Seven", 8: "Eight", 9: "Eight"}
	someProducts = []string{"", "Basic OV", "Secure Site"}
)

func randomInventory(r *rand.Rand) *someInventory {
	s := new(someInventory)
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	domains := make([]string, 40)
	for i := range domains {
		domains[i] = pick("www", "a", "b", "*", "x_y", "\u00fc", "a.b") + "." + pick("example.com", "example.net", "com", "shop.example.com", "*")
	}
	accounts := slices.Sorted(maps.Keys(someAccounts))
	for i := range 250 {
		o := someOrder{
			id: digicert.OrderID(1000 + i), account: accounts[r.IntN(len(accounts))], product: r.IntN(len(someProducts)),
			status:  pick("issued", "issued", "issued", "reissue_pending", "reissue_processing", "pending", "revoked", "canceled", "denied"),
			created: reportNow.Add(-time.Duration(r.IntN(500*24)) * time.Hour),
			price:   pick("", "0", "0.1", "0.2", "218", "90071992547409930.001"), currency: pick("USD", "USD", "EUR", ""),
			renewed: r.IntN(8) == 0, removed: r.IntN(10) == 0,
		}
		if r.IntN(20) == 0 {
			o.account, o.unread = 0, true
		}
		for range r.IntN(4) {
			c := someCertificate{
				id: digicert.CertificateID(3_000_000_000 + 10*i + len(o.certificates)), kind: inventory.KindOrder, primary: len(o.certificates) == 0,
				status: pick("", "issued", "approved", "revoked"), hash: pick("", "sha256", "sha384", "sha1"), bits: []int{0, 256, 1024, 2048}[r.IntN(4)],
			}
			if !c.primary && r.IntN(2) == 0 {
				c.kind = inventory.KindDuplicate
			}
			if r.IntN(8) > 0 {
				c.till = reportToday.AddDays(r.IntN(60) - 20)
			}
			if r.IntN(2) == 0 {
				c.till = reportToday.AddDays(r.IntN(500))
			}
			if r.IntN(40) == 0 {
				c.till = digicert.Date{Year: 2999, Month: time.December, Day: 31}
			}
			if r.IntN(4) == 0 {
				c.names = append(c.names, fmt.Sprintf("n%d.example.org", i)) // which other certificates of the order may have
			}
			for range 1 + r.IntN(3) {
				c.names = append(c.names, domains[r.IntN(len(domains))])
			}
			slices.Sort(c.names)
			c.names = slices.Compact(c.names)
			o.certificates = append(o.certificates, c)
		}
		s.orders = append(s.orders, o)
	}
	for range 200 {
		s.changes = append(s.changes, someChange{
			seen: reportNow.Add(-time.Duration(r.IntN(10*24*60)) * time.Minute), order: s.orders[r.IntN(len(s.orders))].id,
			kind: inventory.ChangeKind(pick("added", "status", "removed")), from: pick("", "pending"), to: pick("", "issued"),
		})
	}
	slices.SortFunc(s.changes, func(a, b someChange) int { return a.seen.Compare(b.seen) })
	return s
}

// orNull returns NULL for a zero value.
func orNull[T comparable](value T) any {
	if value == *new(T) {
		return nil
	}
	return value
}

const momentForm = "2006-01-02T15:04:05Z"

func (s *someInventory) store(t testing.TB, inv *inventory.Inventory) {
	for id, name := range someAccounts {
		if id != 0 {
			inv.Exec(t, "INSERT INTO subaccounts (id, account_type, organization_name) VALUES (?, '', ?)", int64(id), name)
		}
	}
	for id, name := range someProducts {
		if id != 0 {
			inv.Exec(t, "INSERT INTO products (id, name_id, name, type) VALUES (?, ?, ?, '')", id, fmt.Sprint("product", id), name)
		}
	}
	for _, o := range s.orders {
		var primary any
		name := ""
		for _, c := range o.certificates {
			if c.primary {
				primary, name = int64(c.id), c.names[0]
			}
			inv.Exec(t, "INSERT INTO certificates (id, order_id, kind, status, common_name, dns_names, valid_till, signature_hash, key_size, serial_number) VALUES (?, ?, ?, ?, ?, '[]', ?, ?, ?, ?)",
				int64(c.id), int64(o.id), string(c.kind), orNull(c.status), c.names[0], orNull(c.till.String()), orNull(c.hash), orNull(c.bits), orNull(c.serial))
			for _, name := range c.names {
				inv.Exec(t, "INSERT INTO names (certificate_id, name) VALUES (?, ?)", int64(c.id), name)
			}
		}
		source := "subaccount"
		switch {
		case o.unread:
			source = "unknown"
		case o.account == 0:
			source = "own"
		}
		var removed any
		if o.removed {
			removed = reportNow.Format(momentForm)
		}
		inv.Exec(t, "INSERT INTO orders (id, source, subaccount_id, status, certificate_id, common_name, product_id, date_created, price, currency, is_renewed, first_seen_at, removed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?)",
			int64(o.id), source, orNull(int64(o.account)), o.status, primary, name, orNull(o.product), o.created.Format(momentForm), orNull(o.price), orNull(o.currency), o.renewed, removed)
	}
	for _, c := range s.changes {
		inv.Exec(t, "INSERT INTO changes (seen_at, order_id, kind, from_status, to_status, reported) VALUES (?, ?, ?, ?, ?, TRUE)",
			c.seen.Format(momentForm), int64(c.order), string(c.kind), orNull(c.from), orNull(c.to))
	}
	inv.Exec(t, "UPDATE sync_state SET synced_at = ?, listed_at = ?", reportNow.Add(-time.Hour).Format(momentForm), reportNow.Add(-48*time.Hour).Format(momentForm))
}

// live is a certificate in use.
type live struct {
	someCertificate
	order *someOrder
}

// inUse returns the certificates in use, by last day and id.
func (s *someInventory) inUse() []live {
	var list []live
	for i := range s.orders {
		o := &s.orders[i]
		if o.removed || o.renewed || !slices.Contains([]string{"issued", "reissue_pending", "reissue_processing"}, o.status) {
			continue
		}
		for _, c := range o.certificates {
			if c.primary && slices.Contains([]string{"", "issued"}, c.status) || c.kind == inventory.KindDuplicate && slices.Contains([]string{"issued", "approved"}, c.status) {
				list = append(list, live{c, o})
			}
		}
	}
	slices.SortFunc(list, func(a, b live) int { return cmp.Or(a.till.Compare(b.till), cmp.Compare(a.id, b.id)) })
	return list
}

// isFor reports whether a certificate with a name is for another one: it is the same, or a wildcard that covers it.
func isFor(name, other string) bool {
	suffix, isWildcard := strings.CutPrefix(name, "*")
	label, found := strings.CutSuffix(other, suffix)
	return name == other ||
		isWildcard && found && strings.HasPrefix(suffix, ".") && strings.Contains(suffix[1:], ".") && !strings.Contains(label, ".") && label != "*"
}

func TestReportData(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		seed := randomSeed(t)
		for i := range uint64(3) {
			s := randomInventory(rand.New(rand.NewPCG(seed, i)))
			inv := open(t, newDSN(t))
			s.store(t, inv)
			data, err := inv.ReadReport(t.Context(), reportNow)
			require.NoError(t, err)
			require.Equal(t, reportNow.Add(-time.Hour), data.Synced)
			require.Equal(t, reportNow.Add(-48*time.Hour), data.FullySynced)
			requireExpiry(t, s, data)
			requireCosts(t, s, data)
			requireShares(t, s, data)
			requireTwice(t, s, data)
			requireChanges(t, s, data)
		}
	})
}

func requireExpiry(t *testing.T, s *someInventory, data *inventory.ReportData) {
	t.Helper()
	orders := 0
	for _, o := range s.orders {
		if !o.removed {
			orders++
		}
	}
	require.Equal(t, orders, data.Orders)

	monday := digicert.Date{Year: 2026, Month: time.March, Day: 2}
	var expired, soon, later, noDay, next int
	weeks := make([]int, inventory.ReportWeeks)
	all := s.inUse()
	for _, c := range all {
		switch {
		case c.till.IsZero():
			noDay++
			continue
		case c.till.Before(reportToday):
			expired++
			continue
		case !c.till.Before(monday.AddDays(7 * len(weeks))):
			later++
		default:
			week := 0
			for !c.till.Before(monday.AddDays(7 * (week + 1))) {
				week++
			}
			weeks[week]++
		}
		if !c.till.After(reportToday.AddDays(30)) {
			soon++
		}
		if next < inventory.ReportNext {
			row := data.Next[next]
			require.Equal(t, []any{c.id, c.order.id, c.till, c.names[0], someProducts[c.order.product], c.order.account, someAccounts[c.order.account], c.order.unread, c.order.status},
				[]any{row.CertificateID, row.OrderID, row.ValidTill, row.CommonName, row.Product, row.Account.ID, row.Account.Name, row.Account.Unknown, row.Status})
		}
		next++
	}
	require.Len(t, data.Next, min(next, inventory.ReportNext))
	require.Equal(t, []int{len(all), expired, soon, later, noDay}, []int{data.InUse, data.Expired, data.Soon, data.Later, data.NoDay})
	require.Len(t, data.Weeks, len(weeks))
	for i, week := range data.Weeks {
		require.Equal(t, monday.AddDays(7*i), week.Monday)
		require.Equal(t, weeks[i], week.Count, week.Monday)
	}
}

func requireCosts(t *testing.T, s *someInventory, data *inventory.ReportData) {
	t.Helper()
	want := make(map[string]decimal.Decimal) // by currency, account and month, and their sums
	orders := make(map[string]int)
	first := time.Date(2025, time.April, 1, 0, 0, 0, 0, time.UTC)
	for _, o := range s.orders {
		if o.price == "" || o.created.Before(first) || slices.Contains([]string{"rejected", "denied", "canceled"}, o.status) {
			continue
		}
		month := o.created.Format("2006-01")
		for _, key := range []string{fmt.Sprint(o.currency, o.account, month), fmt.Sprint(o.currency, o.account), fmt.Sprint(o.currency, month), o.currency} {
			want[key] = want[key].Add(decimal.RequireFromString(o.price))
			orders[key]++
		}
	}
	require.Len(t, data.Costs, 3)
	for _, c := range data.Costs {
		require.Len(t, c.Months, 12)
		require.Equal(t, orders[c.Currency], c.Total.Orders)
		require.Equal(t, want[c.Currency].String(), c.Total.Sum.String())
		require.Zero(t, c.Others.Subaccounts)
		require.Len(t, c.Rows, c.Total.Subaccounts)
		require.True(t, slices.IsSortedFunc(c.Rows, func(a, b inventory.CostRow) int { return b.Sum.Cmp(a.Sum) }))
		for i, month := range c.Months {
			require.Equal(t, digicert.DateOf(first.AddDate(0, i, 0)), month)
			require.Equal(t, want[c.Currency+month.String()[:7]].String(), c.Total.ByMonth[i].String())
		}
		for _, row := range c.Rows {
			require.Equal(t, someAccounts[row.Account.ID], row.Account.Name)
			require.Equal(t, orders[fmt.Sprint(c.Currency, row.Account.ID)], row.Orders)
			require.Equal(t, want[fmt.Sprint(c.Currency, row.Account.ID)].String(), row.Sum.String())
			for i, month := range c.Months {
				require.Equal(t, want[fmt.Sprint(c.Currency, row.Account.ID, month.String()[:7])].String(), row.ByMonth[i].String())
			}
		}
	}
}

func requireShares(t *testing.T, s *someInventory, data *inventory.ReportData) {
	t.Helper()
	statuses, products, bits, hashes := make(map[string]int), make(map[string]int), make(map[string]int), make(map[string]int)
	for _, o := range s.orders {
		if !o.removed {
			statuses[o.status]++
		}
	}
	for _, c := range s.inUse() {
		products[someProducts[c.order.product]]++
		bits[strings.TrimLeft(strconv.Itoa(c.bits), "0")]++
		hashes[c.hash]++
	}
	for _, c := range []struct {
		want map[string]int
		got  inventory.Shares
	}{{statuses, data.Statuses}, {products, data.Products}, {bits, data.KeySizes}, {hashes, data.SignatureHashes}} {
		got := make(map[string]int)
		total := 0
		for i, row := range c.got.Rows {
			got[row.Value] = row.Count
			total += row.Count
			require.True(t, i == 0 || row.Count <= c.got.Rows[i-1].Count)
		}
		require.Equal(t, c.want, got)
		require.Equal(t, total, c.got.Total)
	}
}

func requireTwice(t *testing.T, s *someInventory, data *inventory.ReportData) {
	t.Helper()
	var valid []live
	names := make(map[string]bool)
	for _, c := range s.inUse() {
		if !c.till.IsZero() && !c.till.Before(reportToday) {
			valid = append(valid, c)
			for _, name := range c.names {
				names[name] = true
			}
		}
	}
	twice := 0
	for name := range names {
		var certificates []live
		var orders []digicert.OrderID // by last day: valid is sorted
		for _, c := range valid {
			if slices.ContainsFunc(c.names, func(n string) bool { return isFor(n, name) }) {
				certificates = append(certificates, c)
				if !slices.Contains(orders, c.order.id) {
					orders = append(orders, c.order.id)
				}
			}
		}
		i := slices.IndexFunc(data.Twice, func(row inventory.NameCoveredTwice) bool { return row.Name == name })
		if len(orders) > 1 {
			twice++
		}
		if i < 0 {
			require.True(t, len(orders) < 2 || len(data.Twice) == 50 && len(certificates) <= data.Twice[49].Certificates, name)
			continue
		}
		row := data.Twice[i]
		require.Equal(t, len(certificates), row.Certificates, name)
		require.Equal(t, len(orders), row.OrdersTotal, name)
		require.Len(t, row.Orders, min(3, len(orders)))
		require.Subset(t, orders, row.Orders)
		require.Equal(t, orders[0], row.Orders[0])
		require.Equal(t, []digicert.Date{certificates[0].till, certificates[len(certificates)-1].till}, []digicert.Date{row.First, row.Last})
	}
	require.NotZero(t, twice)
	require.Len(t, data.Twice, min(50, twice))
	require.Equal(t, twice, data.TwiceTotal)
}

func requireChanges(t *testing.T, s *someInventory, data *inventory.ReportData) {
	t.Helper()
	recent := slices.DeleteFunc(slices.Clone(s.changes), func(c someChange) bool { return c.seen.Before(reportNow.Add(-7 * 24 * time.Hour)) })
	slices.Reverse(recent)
	unread := make(map[digicert.OrderID]bool)
	for _, o := range s.orders {
		unread[o.id] = o.unread
	}
	require.Equal(t, len(recent), data.ChangesTotal)
	require.Len(t, data.Changes, min(100, len(recent)))
	for i, row := range data.Changes {
		require.Equal(t, []any{recent[i].seen, recent[i].order, recent[i].kind, recent[i].from, recent[i].to, unread[recent[i].order]},
			[]any{row.Seen, row.OrderID, row.Kind, row.From, row.To, row.Account.Unknown})
	}
}
