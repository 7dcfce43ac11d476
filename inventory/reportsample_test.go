// A sample of a report's data.

package inventory

import (
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// sampleReport returns plausible data of a report, with n rows in each list and every text changed by change.
func sampleReport(n int, change func(string) string) *reportData {
	r := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)
	data := &reportData{
		Now: now, Synced: now.Add(-20 * time.Minute), FullySynced: now.Add(-50 * time.Hour),
		Orders: 12_804, InUse: 5_210, Expired: 12, Soon: 388, NoDay: 3, Later: 301,
		TwiceTotal: n + 31, ChangesTotal: n + 127,
	}
	monday := digicert.DateOf(now).AddDays(-2)
	for i := range reportWeeks {
		data.Weeks = append(data.Weeks, weekOfExpiry{monday.AddDays(7 * i), 40 + r.IntN(90) + 60*(i%13)/6})
	}
	accounts := []account{{}}
	for i, name := range []string{"Northwind Traders", "Contoso", "Fabrikam Logistics", "Adventure Works", "Tailspin Toys", "Wingtip", "Proseware", "Litware"} {
		accounts = append(accounts, account{ID: digicert.AccountID(200_001 + i), Name: change(name)})
	}
	products := []string{"Secure Site Pro SSL", "Basic OV", "GeoTrust TrueBusiness ID", "RapidSSL Standard DV"}
	names := []string{"www.example.com", "*.shop.example.net", "api.northwind.example", "mail.contoso.example", "login.fabrikam.example"}
	pick := func(list []string) string { return change(list[r.IntN(len(list))]) }
	for i := range n {
		data.Next = append(data.Next, expiringRow{
			OrderID: digicert.OrderID(1_000_000 + i), CertificateID: digicert.CertificateID(3_000_000_000 + i), ValidTill: digicert.DateOf(now).AddDays(i),
			CommonName: pick(names), Product: pick(products), Account: accounts[r.IntN(len(accounts))], Status: change("issued"),
		})
		data.Twice = append(data.Twice, nameCoveredTwice{
			Name: pick(names), Certificates: 2 + n - i, OrdersTotal: 2 + n - i, Orders: []digicert.OrderID{1_000_001, 1_000_002, 1_000_003}[:min(3, 2+n-i)],
			First: digicert.DateOf(now).AddDays(3 * i), Last: digicert.DateOf(now).AddDays(200 + i),
		})
		data.Changes = append(data.Changes, recentChange{
			Seen: now.Add(-time.Duration(i) * 97 * time.Minute), OrderID: digicert.OrderID(1_000_000 + 7*i), CommonName: pick(names),
			Account: accounts[r.IntN(len(accounts))], Kind: ChangeStatus, From: change("pending"), To: change("issued"),
		})
	}
	costs := costsOfCurrency{Currency: change("USD")}
	for i := range reportMonths {
		costs.Months = append(costs.Months, digicert.Date{Year: 2025, Month: time.Month(4 + i), Day: 1})
		if i >= 9 {
			costs.Months[i] = digicert.Date{Year: 2026, Month: time.Month(i - 8), Day: 1}
		}
	}
	sums := func(rows ...costRow) costRow {
		sum := costRow{ByMonth: make([]decimal.Decimal, reportMonths)}
		for _, row := range rows {
			sum.Subaccounts += row.Subaccounts
			sum.Orders += row.Orders
			sum.Sum = sum.Sum.Add(row.Sum)
			for m, amount := range row.ByMonth {
				sum.ByMonth[m] = sum.ByMonth[m].Add(amount)
			}
		}
		return sum
	}
	row := func(a account, size int) costRow {
		row := costRow{Account: a, Subaccounts: 1, Orders: 20 + r.IntN(100)}
		for range reportMonths {
			amount := decimal.New(int64(r.IntN(size*100_000)), -2)
			row.ByMonth = append(row.ByMonth, amount)
			row.Sum = row.Sum.Add(amount)
		}
		return row
	}
	for i, a := range accounts {
		costs.Rows = append(costs.Rows, row(a, 20-2*i))
	}
	costs.Others = sums(row(account{}, 9), row(account{}, 4))
	costs.Total = sums(append(costs.Rows, costs.Others)...)
	data.Costs = []costsOfCurrency{costs}
	sharesOf := func(total int, values ...string) shares {
		s := shares{Total: total}
		left := total
		for i, value := range values {
			count := left * 7 / 10
			if i == len(values)-1 {
				count = left
			}
			left -= count
			if value != "" { // unknown
				value = change(value)
			}
			s.Rows = append(s.Rows, share{value, count, 1})
		}
		return s
	}
	data.Statuses = sharesOf(12_804, "issued", "expired", "revoked", "pending", "canceled", "rejected")
	data.Products = sharesOf(5_210, products...)
	data.Products.Others = share{"", 12, 3}
	data.Products.Total += 12
	data.KeySizes = sharesOf(5_210, "2048", "", "4096", "256", "1024")
	data.SignatureHashes = sharesOf(5_210, "sha256", "sha384", "", "sha1")
	return data
}

// plain is the change of a sample that changes nothing.
func plain(text string) string { return text }
