// What the template of the report reads: the data, and what follows from them.

package inventory

import (
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// reportView is what the template of the report is executed with.
type reportView struct {
	*reportData
	PolicyMeta template.HTML
	Style      template.CSS
	Script     template.JS
}

// today returns the day of the report.
func (data *reportData) today() digicert.Date { return digicert.DateOf(data.Now.UTC()) }

// DaysLeft returns the number of days until a day, 0 on the day itself.
func (v reportView) DaysLeft(d digicert.Date) int { return daysBetween(v.today(), d) }

// IsSoon reports whether a certificate that is valid until d is marked.
func (v reportView) IsSoon(d digicert.Date) bool { return v.DaysLeft(d) <= soonDays }

// Stale reports whether the latest sync was so long ago that the report may be wrong about today.
func (v reportView) Stale() bool { return !v.Synced.IsZero() && v.Now.Sub(v.Synced) > staleTime }

// FullIsOld reports whether the latest sync of everything was so long before the latest sync that the report shows its time.
func (v reportView) FullIsOld() bool { return v.Synced.Sub(v.FullySynced) > time.Hour }

// SyncedDaysAgo returns the number of whole days since the latest sync.
func (v reportView) SyncedDaysAgo() int { return int(v.Now.Sub(v.Synced) / (24 * time.Hour)) }

func (v reportView) Today() digicert.Date { return v.today() }
func (v reportView) SoonDays() int        { return soonDays }
func (v reportView) CostsMonths() int     { return reportMonths }
func (v reportView) ChangeDays() int      { return int(changesTime / (24 * time.Hour)) }
func (v reportView) MoreTwice() int       { return v.TwiceTotal - len(v.Twice) }
func (v reportView) MoreChanges() int     { return v.ChangesTotal - len(v.Changes) }

// MoreOrders returns how many orders there are besides those of Orders.
func (n nameCoveredTwice) MoreOrders() int { return n.OrdersTotal - len(n.Orders) }

// weekIsSoon reports whether a week is marked: whether it begins within soonDays.
func (v reportView) weekIsSoon(w weekOfExpiry) bool { return v.IsSoon(w.Monday) }

// InWeeks returns how many certificates expire in the weeks of the chart.
func (v reportView) InWeeks() int {
	n := 0
	for _, w := range v.Weeks {
		n += w.Count
	}
	return n
}

// ExpiryCharts draws the certificates by week of expiry.
func (v reportView) ExpiryCharts() []chart {
	var columns []column
	month := time.Month(0)
	for _, w := range v.Weeks {
		col := column{Parts: []part{{float64(w.Count), "s0", fmt.Sprintf("Week of %s: %s", longDay(w.Monday), grouped(w.Count))}}}
		if v.weekIsSoon(w) {
			col.Parts[0].Class = "soon"
		}
		if w.Monday.Month != month {
			month = w.Monday.Month
			col.Label = monthLabel(w.Monday)
		}
		columns = append(columns, col)
	}
	return charts(chart{
		ID:     "expiry-chart",
		Title:  "Certificates by week of expiry",
		Desc:   v.expirySentence(),
		XTitle: "week of expiry",
		YTitle: "certificates",
	}, columns)
}

// expirySentence describes the chart for people who cannot see it.
func (v reportView) expirySentence() string {
	most := weekOfExpiry{}
	for _, w := range v.Weeks {
		if w.Count > most.Count {
			most = w
		}
	}
	if most.Count == 0 {
		return "No certificate expires in these weeks."
	}
	return fmt.Sprintf("Certificates that expire in %d weeks: %s. The highest column, with %s, is the week of %s. The table below the chart has all weeks.",
		len(v.Weeks), grouped(v.InWeeks()), grouped(most.Count), longDay(most.Monday))
}

// monthLabel returns the label of a month at an axis: its name, or the year for January.
func monthLabel(d digicert.Date) string {
	if d.Month == time.January {
		return fmt.Sprint(d.Year)
	}
	return d.Month.String()[:3]
}

// charts draws a chart in both sizes.
func charts(c chart, columns []column) []chart {
	var list []chart
	for _, size := range []chartSize{wideChart, narrowChart} {
		drawn := c
		drawn.chartSize = size
		drawn.ID += "-" + size.Name
		drawn.place(columns, short)
		list = append(list, drawn)
	}
	return list
}

// costSeries is how many subaccounts have a colour of their own in a chart of costs.
const costSeries = 5

// CostCharts draws costs by month.
func (v reportView) CostCharts(i int) []chart {
	costs := v.Costs[i]
	currency := shownText(costs.Currency).Shown
	if currency == "" {
		currency = "unknown currency"
	}
	amount := func(d decimal.Decimal) string { return groupedAmount(d, costs.whole()) + " " + currency }
	var columns []column
	for m, month := range costs.Months {
		title := func(account string, d decimal.Decimal) string {
			return fmt.Sprintf("%s %d, %s: %s", month.Month, month.Year, account, amount(d))
		}
		col := column{Label: monthLabel(month)}
		rest := costs.Total.ByMonth[m]
		for s, row := range costs.Series() {
			rest = rest.Sub(row.ByMonth[m])
			col.Parts = append(col.Parts, part{height(row.ByMonth[m]), fmt.Sprintf("s%d", s), title(row.Account.title(), row.ByMonth[m])})
		}
		col.Parts = append(col.Parts, part{height(rest), "rest", title("all others", rest)})
		columns = append(columns, col)
	}
	return charts(chart{
		ID:     fmt.Sprintf("costs-%d", i),
		Title:  "Costs by month",
		Desc:   fmt.Sprintf("%s in %d months. The table below the chart has all values.", amount(costs.Total.Sum), len(costs.Months)),
		XTitle: "month of the order",
		YTitle: currency,
	}, columns)
}

// height returns the height of a column for an amount. A negative amount has none.
func height(d decimal.Decimal) float64 { return max(0, d.InexactFloat64()) }

// title returns the name of an account as text without markup.
func (a account) title() string {
	if a.ID == 0 { // costs are known only of orders that were read
		return "this account"
	}
	return fmt.Sprintf("%s (%d)", shownText(a.Name).Shown, a.ID)
}

// Series returns the rows that have a colour of their own.
func (c costsOfCurrency) Series() []costRow { return c.Rows[:min(costSeries, len(c.Rows))] }

// HasRest reports whether there are subaccounts without a colour of their own.
func (c costsOfCurrency) HasRest() bool { return len(c.Rows) > costSeries || c.Others.Subaccounts > 0 }

// whole reports whether all amounts are whole, so that none needs decimal places.
func (c costsOfCurrency) whole() bool {
	whole := decimal.Decimal.IsInteger
	return !slices.ContainsFunc(append(c.Rows, c.Others, c.Total), func(row costRow) bool {
		return !whole(row.Sum) || slices.ContainsFunc(row.ByMonth, func(d decimal.Decimal) bool { return !whole(d) })
	})
}

// MonthHeading is the heading of a month's column.
func (c costsOfCurrency) MonthHeading(month digicert.Date) string { return month.Month.String()[:3] }

// costCells are the cells of a row of costs.
type costCells struct {
	Orders  int
	Amounts []amountCell
}

type amountCell struct {
	Value string // to sort by
	Text  string // empty where nothing was spent
}

// Cells returns the cells of a row: the sum, and the months.
func (c costsOfCurrency) Cells(row costRow) costCells {
	cells := costCells{Orders: row.Orders}
	for _, amount := range append([]decimal.Decimal{row.Sum}, row.ByMonth...) {
		cell := amountCell{Value: amount.String()}
		if !amount.IsZero() {
			cell.Text = groupedAmount(amount, c.whole())
		}
		cells.Amounts = append(cells.Amounts, cell)
	}
	return cells
}

// shareTable is one table of shares.
type shareTable struct {
	ID, Title, Note string
	Of              string // the heading of the values
	Shares          shares
	weak            func(value string) bool
}

// ShareTables returns the tables of shares.
func (v reportView) ShareTables() []shareTable {
	never := func(string) bool { return false }
	return []shareTable{
		{"statuses", "Status", "All orders.", "Status", v.Statuses, never},
		{"products", "Product", "Certificates in use.", "Product", v.Products, never},
		{"keys", "Key size", "Certificates in use. The size is known for orders whose details were read.", "Bits", v.KeySizes, isWeakKey},
		{"hashes", "Signature hash", "Certificates in use.", "Hash", v.SignatureHashes, isWeakHash},
	}
}

// IsWeak reports whether a value is marked as weak.
func (t shareTable) IsWeak(value string) bool { return t.weak(value) }

// Width is the length of a row's bar; the first row has 100.
func (t shareTable) Width(s share) float64 {
	return tenths(100 * float64(s.Count) / float64(max(1, t.Shares.Rows[0].Count)))
}

// isWeakKey reports whether a key of so many bits is weak. Keys of elliptic curves have 256 bits or more, and RSA keys 1024 or more.
func isWeakKey(bits string) bool {
	n, err := strconv.Atoi(bits)
	return err == nil && (n < 224 || n > 521 && n < 2048)
}

// weakHash matches the hashes with which signatures can be forged.
var weakHash = regexp.MustCompile(`(?i)md5|sha-?1($|[^0-9])`)

func isWeakHash(hash string) bool { return weakHash.MatchString(hash) }
