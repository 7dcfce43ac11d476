package inventory_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

func day(year int, month time.Month, d int) digicert.Date {
	return digicert.Date{Year: year, Month: month, Day: d}
}

func TestCertificatesFilter(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		seven := digicert.Subaccount{AccountID: 7, AccountType: "retail", OrganizationName: "Seven"}
		for _, o := range []digicert.SubaccountOrder{
			{ID: 1, Status: "issued", Certificate: digicert.OrderCertificate{CommonName: "WWW.Example.com", DNSNames: []string{"www.example.com", "example.com"}, ValidTill: day(2030, 1, 31), SerialNumber: "0A1B"}},
			{ID: 2, Status: "issued", Certificate: digicert.OrderCertificate{CommonName: "*.example.com", ValidTill: day(2030, 2, 1)}, Subaccount: seven},
			{ID: 3, Status: "revoked", Certificate: digicert.OrderCertificate{CommonName: "*.www.example.com", ValidTill: day(2030, 2, 2)}, Subaccount: seven},
			{ID: 4, Status: "expired", Certificate: digicert.OrderCertificate{CommonName: "a_b%c.example.org", ValidTill: day(2020, 1, 1)}, Product: digicert.Product{NameID: "ssl_wildcard", Name: "Wildcard", Type: "ssl_certificate"}},
			{ID: 5, Status: "pending", Certificate: digicert.OrderCertificate{CommonName: "later.example.com"}},
			{ID: 6, Status: "reissue_pending", Certificate: digicert.OrderCertificate{CommonName: "again.example.com", ValidTill: day(2030, 1, 1)}},
			{ID: 7, Status: "issued", Certificate: digicert.OrderCertificate{CommonName: "gone.example.com", ValidTill: day(2030, 1, 1)}},
			{ID: 8, Status: "expired", Certificate: digicert.OrderCertificate{CommonName: "www.xn--mnchen-3ya.example", ValidTill: day(2020, 1, 1), SerialNumber: "00:AB:CD"}},
			{ID: 9, Status: "expired", Certificate: digicert.OrderCertificate{CommonName: "*.münchen.example", ValidTill: day(2020, 1, 1), SerialNumber: "abcd"}},
		} {
			require.NoError(t, s.AddOrder(o))
		}
		require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{ID: 101, ValidTill: day(2030, 1, 31)}))
		inv := open(t, newDSN(t))
		params := &inventory.SyncParams{Reissues: true, Full: true}
		syncAll(t, inv, s, params)
		require.NoError(t, s.RemoveOrder(7))
		syncAll(t, inv, s, params)

		for name, test := range map[string]struct {
			filter inventory.Filter
			want   []digicert.OrderID
		}{
			"all":                   {inventory.Filter{}, []digicert.OrderID{1, 2, 3, 4, 5, 6, 8, 9, 1}},
			"removed too":           {inventory.Filter{Removed: true, NameContains: "gone"}, []digicert.OrderID{7}},
			"from":                  {inventory.Filter{ValidTill: digicert.DateRange{From: day(2030, 1, 31)}}, []digicert.OrderID{1, 1, 2, 3}},
			"to":                    {inventory.Filter{ValidTill: digicert.DateRange{To: day(2030, 1, 31)}}, []digicert.OrderID{4, 8, 9, 6, 1, 1}},
			"a day":                 {inventory.Filter{ValidTill: digicert.DateRange{From: day(2030, 2, 1), To: day(2030, 2, 1)}}, []digicert.OrderID{2}},
			"name":                  {inventory.Filter{Name: "example.com"}, []digicert.OrderID{1, 1}},
			"name under a wildcard": {inventory.Filter{Name: "WWW.example.COM."}, []digicert.OrderID{1, 2, 1}},
			"one label deep":        {inventory.Filter{Name: "a.b.example.com"}, nil},
			"deeper":                {inventory.Filter{Name: "a.www.example.com"}, []digicert.OrderID{3}},
			"the wildcard":          {inventory.Filter{Name: "*.example.com"}, []digicert.OrderID{2}},
			"no name":               {inventory.Filter{Name: "com"}, nil},
			"a dot":                 {inventory.Filter{Name: "."}, nil},
			"a space":               {inventory.Filter{Name: " "}, nil},
			"in its script":         {inventory.Filter{Name: "WWW.MÜNCHEN.example"}, []digicert.OrderID{8, 9}},
			"decomposed":            {inventory.Filter{Name: "www.mu\u0308nchen.example"}, []digicert.OrderID{8, 9}},
			"in A-labels":           {inventory.Filter{Name: "www.xn--mnchen-3ya.example."}, []digicert.OrderID{8, 9}},
			"a wildcard's A-labels": {inventory.Filter{Name: "*.xn--mnchen-3ya.example"}, []digicert.OrderID{9}},
			"too long":              {inventory.Filter{Name: strings.Repeat("a.", 10_000)}, nil},
			"a part":                {inventory.Filter{NameContains: "B%C"}, []digicert.OrderID{4}},
			"a part is no pattern":  {inventory.Filter{NameContains: "a.b%c"}, nil},
			"a part with a dot":     {inventory.Filter{NameContains: "gain."}, []digicert.OrderID{6}},
			"a part with other dot": {inventory.Filter{NameContains: "gai."}, nil},
			"a part of no name":     {inventory.Filter{NameContains: " "}, nil},
			"a part is too long":    {inventory.Filter{NameContains: strings.Repeat("%", 100_000)}, nil},
			"leading zeros":         {inventory.Filter{SerialNumber: "0x0000AbCd"}, []digicert.OrderID{8, 9}},
			"no leading zeros":      {inventory.Filter{SerialNumber: "a1b"}, []digicert.OrderID{1}},
			"no serial number":      {inventory.Filter{SerialNumber: ":"}, nil},
			"zero":                  {inventory.Filter{SerialNumber: "00"}, nil},
			"serial number":         {inventory.Filter{SerialNumber: "0a:1b"}, []digicert.OrderID{1}},
			"another serial number": {inventory.Filter{SerialNumber: "0A1"}, nil},
			"order":                 {inventory.Filter{OrderID: 1}, []digicert.OrderID{1, 1}},
			"subaccount":            {inventory.Filter{Subaccount: 7}, []digicert.OrderID{2, 3}},
			"own":                   {inventory.Filter{Own: true, Status: "issued"}, []digicert.OrderID{1, 1}},
			"product":               {inventory.Filter{Product: "ssl_wildcard"}, []digicert.OrderID{4}},
			"status":                {inventory.Filter{Status: "revoked"}, []digicert.OrderID{3}},
			"in use":                {inventory.Filter{InUse: true}, []digicert.OrderID{1, 2, 6, 1}},
			"several":               {inventory.Filter{InUse: true, Name: "www.example.com", Subaccount: 7}, []digicert.OrderID{2}},
		} {
			var got []digicert.OrderID
			for _, c := range collect(t, inv.Certificates(t.Context(), test.filter)) {
				got = append(got, c.OrderID)
			}
			require.Equal(t, test.want, got, name)
		}
		cert := collect(t, inv.Certificates(t.Context(), inventory.Filter{OrderID: 2}))[0]
		require.Equal(t, inventory.Certificate{
			ID: cert.ID, OrderID: 2, Kind: inventory.KindOrder, IsPrimary: true, InUse: true, Status: "issued",
			CommonName: "*.example.com", DNSNames: []string{"*.example.com"}, SerialNumber: cert.SerialNumber, Thumbprint: cert.Thumbprint, ValidTill: day(2030, 2, 1),
			SignatureHash: "sha256", OrderValidTill: day(2030, 2, 1), DateCreated: cert.DateCreated, Organization: digicert.Organization{ID: 7, Name: "Seven"}, Product: digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"}, Subaccount: seven,
		}, cert)
		require.NotEmpty(t, cert.SerialNumber)
		require.NotEmpty(t, cert.Thumbprint)
		require.Equal(t, time.UTC, cert.DateCreated.Location())

		own := collect(t, inv.Certificates(t.Context(), inventory.Filter{OrderID: 1}))
		require.Equal(t, []inventory.Kind{inventory.KindOrder, inventory.KindDuplicate}, []inventory.Kind{own[0].Kind, own[1].Kind})
		require.Equal(t, []bool{true, false}, []bool{own[0].IsPrimary, own[1].IsPrimary})
		require.NotZero(t, own[0].Organization.ID)
		require.NotEmpty(t, own[0].Container.Name)

		for _, r := range []digicert.DateRange{{From: day(2030, 2, 2), To: day(2030, 2, 1)}, {From: day(2030, 2, 30)}, {To: day(10_000, 1, 1)}} {
			n := 0
			for _, err := range inv.Certificates(t.Context(), inventory.Filter{ValidTill: r}) {
				require.ErrorContains(t, err, "inventory: Filter.ValidTill: ")
				n++
			}
			require.Equal(t, 1, n)
		}
		for range inv.Certificates(t.Context(), inventory.Filter{}) {
			break // the rows are released
		}
		for _, err := range inv.Certificates(canceled(t), inventory.Filter{}) {
			require.Error(t, err)
		}
	})
}

// TestCertificatesFilterAnyhow compares what random filters select, of random certificates, with a count of the same.
func TestCertificatesFilterAnyhow(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	r := rand.New(rand.NewPCG(seed, 1))
	s := randomInventory(r)
	orders := make(map[digicert.OrderID]someOrder)
	names := make(map[digicert.CertificateID][]string)
	var all []string
	for i := range s.orders {
		o := &s.orders[i]
		for j := range o.certificates {
			o.certificates[j].serial = strings.Repeat("0", r.IntN(3)) + fmt.Sprintf("%X", 1+r.IntN(40))
			names[o.certificates[j].id] = o.certificates[j].names
			all = append(all, o.certificates[j].names...)
		}
		orders[o.id] = *o
	}
	sometimes := func() bool { return r.IntN(4) == 0 }
	randomDay := func() digicert.Date { return reportToday.AddDays(r.IntN(80) - 30) }
	filters := make([]inventory.Filter, 400)
	for i := range filters {
		f := &filters[i]
		f.Removed, f.InUse, f.Own = sometimes(), sometimes(), sometimes()
		o := s.orders[r.IntN(len(s.orders))]
		name := all[r.IntN(len(all))]
		if sometimes() {
			f.Name = strings.ToUpper(strings.Replace(name, "*", "www", r.IntN(2))) + strings.Repeat(".", r.IntN(2))
		}
		if sometimes() {
			from := r.IntN(len(name))
			f.NameContains = strings.ToUpper(strings.ToValidUTF8(name[from:min(len(name), from+1+r.IntN(4))], "x"))
		}
		if sometimes() {
			f.SerialNumber = strings.Repeat("0:", r.IntN(3)) + fmt.Sprintf("%x", 1+r.IntN(40))
		}
		if sometimes() {
			f.Status = digicert.OrderStatus(o.status)
		}
		if sometimes() {
			f.Product = fmt.Sprint("product", o.product)
		}
		if sometimes() {
			f.Subaccount = o.account
		}
		if r.IntN(16) == 0 {
			f.OrderID = o.id
		}
		if sometimes() {
			f.ValidTill.From = randomDay()
		}
		if sometimes() {
			f.ValidTill.To = randomDay()
			if !f.ValidTill.From.IsZero() {
				f.ValidTill.To = f.ValidTill.From.AddDays(r.IntN(40))
			}
		}
	}
	selects := func(f inventory.Filter, c inventory.Certificate) bool {
		o := orders[c.OrderID]
		host := strings.TrimSuffix(strings.ToLower(f.Name), ".")
		_, above, _ := strings.Cut(host, ".")
		is := func(name string) bool {
			return name == host || name == "*."+above && strings.Contains(above, ".") && !strings.HasPrefix(host, "*.")
		}
		contains := func(name string) bool { return strings.Contains(name, strings.ToLower(f.NameContains)) }
		number := strings.TrimLeft(strings.ToUpper(strings.ReplaceAll(f.SerialNumber, ":", "")), "0")
		return (f.Removed || !o.removed) && (!f.InUse || c.InUse) && (!f.Own || o.account == 0 && !o.unread) &&
			(f.Name == "" || slices.ContainsFunc(names[c.ID], is)) && (f.NameContains == "" || slices.ContainsFunc(names[c.ID], contains)) &&
			(f.SerialNumber == "" || number == strings.TrimLeft(c.SerialNumber, "0")) && (f.Status == "" || c.Status == f.Status) &&
			(f.Product == "" || c.Product.NameID == f.Product) && (f.Subaccount == 0 || c.Subaccount.AccountID == f.Subaccount) && (f.OrderID == 0 || c.OrderID == f.OrderID) &&
			(f.ValidTill.From.IsZero() || !c.ValidTill.IsZero() && !c.ValidTill.Before(f.ValidTill.From)) &&
			(f.ValidTill.To.IsZero() || !c.ValidTill.IsZero() && !c.ValidTill.After(f.ValidTill.To))
	}
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		s.store(t, inv)
		every := collect(t, inv.Certificates(t.Context(), inventory.Filter{Removed: true}))
		require.Len(t, every, len(names))
		selected := 0
		for _, f := range filters {
			var want []digicert.CertificateID
			list := slices.Clone(every)
			if !f.ValidTill.IsZero() {
				slices.SortStableFunc(list, func(a, b inventory.Certificate) int { return a.ValidTill.Compare(b.ValidTill) })
			}
			for _, c := range list {
				if selects(f, c) {
					want = append(want, c.ID)
				}
			}
			var got []digicert.CertificateID
			for _, c := range collect(t, inv.Certificates(t.Context(), f)) {
				got = append(got, c.ID)
			}
			require.Equal(t, want, got, "%+v", f)
			selected += len(want)
		}
		require.Greater(t, selected, 1000)
	})
}

func TestCosts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		price := func(cost, currency string) digicert.Price {
			return digicert.Price{Cost: decimal.RequireFromString(cost), Currency: currency}
		}
		seven := digicert.Subaccount{AccountID: 7, AccountType: "retail", OrganizationName: "Seven"}
		at := func(month time.Month, d int) time.Time { return time.Date(2025, month, d, 23, 59, 59, 0, time.UTC) }
		for i, o := range []digicert.SubaccountOrder{
			{Subaccount: seven, DateCreated: at(1, 31), Status: "issued", OrderPrice: price("0.1", "USD")},
			{Subaccount: seven, DateCreated: at(1, 1), Status: "issued", OrderPrice: price("0.2", "USD")},
			{Subaccount: seven, DateCreated: at(1, 1), Status: "rejected", OrderPrice: price("12345678901234567890.123456789", "USD")},
			{Subaccount: seven, DateCreated: at(1, 1), Status: "issued", OrderPrice: price("3", "EUR")},
			{Subaccount: seven, DateCreated: at(2, 1), Status: "issued", OrderPrice: price("4", "USD")},
			{DateCreated: at(2, 1), Status: "issued", OrderPrice: price("5.50", "USD")},
		} {
			o.ID = digicert.OrderID(i + 1)
			require.NoError(t, s.AddOrder(o))
		}
		inv := open(t, newDSN(t))
		syncAll(t, inv, s, nil)
		got, err := inv.Costs(t.Context())
		require.NoError(t, err)
		var lines []string
		for _, c := range got {
			lines = append(lines, strings.Join([]string{c.Subaccount.OrganizationName, c.Month, c.Currency, decimal.NewFromInt(int64(c.Orders)).String(), c.Amount.String(), decimal.NewFromInt(int64(c.NotIssued)).String(), c.NotIssuedAmount.String()}, "|"))
		}
		require.Equal(t, []string{
			"|2025-02||1|5.5|0|0", // of own orders no list shows the currency
			"Seven|2025-01|EUR|1|3|0|0",
			"Seven|2025-01|USD|3|12345678901234567890.423456789|1|12345678901234567890.123456789",
			"Seven|2025-02|USD|1|4|0|0",
		}, lines)
		require.NoError(t, s.RemoveOrder(5))
		syncAll(t, inv, s, &inventory.SyncParams{Full: true})
		again, err := inv.Costs(t.Context())
		require.NoError(t, err)
		require.Equal(t, len(got), len(again), "what was removed was paid for")
	})
}

func TestViewOnlyReads(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		addOrders(t, s, 1, 3)
		inv := open(t, newDSN(t))
		syncAll(t, inv, s, nil)
		require.Error(t, inv.View(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec("DELETE FROM orders")
			return err
		}))
		addOrders(t, s, 4, 1)
		require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
			count := func() (n int) {
				require.NoError(t, tx.QueryRow("SELECT count(*) FROM orders").Scan(&n))
				return n
			}
			require.Equal(t, 3, count())
			syncAll(t, inv, s, &inventory.SyncParams{Full: true})
			require.Equal(t, 3, count(), "one state throughout")
			return nil
		}))
		require.Equal(t, []int{4}, query[int](t, inv, "SELECT count(*) FROM orders"))
	})
}

// hostile are texts that somebody may order a certificate for, or name an organization.
var hostile = []string{
	`<script>alert(1)</script>`, `' OR 1=1 --`, `"; DROP TABLE orders; --`, "a\x00b", "\x1b[31mred", "line\nbreak", "\u202Egnp.exe", "\u200b", "%_\\", "?", "$1",
	`{"a":[1]}`, longText(), strings.Repeat("界", 300), "ÄÖÜ.example", " ", "",
}

// longText is 10 kB that do not become less when they are compressed, as a database may do before it indexes them.
func longText() string {
	var b strings.Builder
	for rng := rand.New(rand.NewPCG(1, 2)); b.Len() < 10_000; {
		b.WriteString(strconv.FormatUint(rng.Uint64(), 36))
	}
	return b.String()
}

func TestHostileTexts(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		for i, text := range hostile {
			id := digicert.OrderID(i + 1)
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
				ID: id, Status: digicert.OrderStatus("issued" + text),
				Certificate: digicert.OrderCertificate{CommonName: "x" + text, DNSNames: []string{text, text, strings.ToUpper(text)}, SerialNumber: text, Thumbprint: text, SignatureHash: text},
				Subaccount:  digicert.Subaccount{AccountID: digicert.AccountID(id), AccountType: digicert.AccountType("a" + text), OrganizationName: text},
				Product:     digicert.Product{NameID: "p" + text, Name: text, Type: text},
			}))
		}
		inv := open(t, newDSN(t))
		for range 3 { // the second and third time nothing differs from what is stored
			summary := syncAll(t, inv, s, &inventory.SyncParams{Full: true, Reissues: true})
			require.Zero(t, summary.Unread)
		}
		require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), len(hostile), "those that the first poll reported")
		require.Equal(t, []int{len(hostile)}, query[int](t, inv, "SELECT count(*) FROM products"))
		certificates := collect(t, inv.Certificates(t.Context(), inventory.Filter{}))
		require.Len(t, certificates, len(hostile))
		for i, c := range certificates {
			text := strings.ReplaceAll(hostile[i], "\x00", "\uFFFD")
			require.Equal(t, "x"+text, c.CommonName)
			require.Equal(t, text, c.DNSNames[0])
			require.Equal(t, text, c.Subaccount.OrganizationName)
			require.Equal(t, "p"+text, c.Product.NameID)
			if len(text) <= 250 && strings.TrimSpace(text) != "" {
				found := collect(t, inv.Certificates(t.Context(), inventory.Filter{Name: "X" + text}))
				require.True(t, slices.ContainsFunc(found, func(f inventory.Certificate) bool { return f.ID == c.ID }), text)
				found = collect(t, inv.Certificates(t.Context(), inventory.Filter{NameContains: text}))
				require.True(t, slices.ContainsFunc(found, func(f inventory.Certificate) bool { return f.ID == c.ID }), text)
			}
			require.Len(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{Product: "p" + hostile[i], Status: digicert.OrderStatus("issued" + hostile[i])})), 1)
		}
	})
}
