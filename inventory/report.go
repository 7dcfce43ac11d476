// The report: one HTML file about everything in the inventory.

package inventory

import (
	"bufio"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

const (
	reportWeeks   = 53 // a year, and the rest of the present week
	soonDays      = 30 // a certificate that expires within so many days is marked
	reportNext    = 50 // certificates of the list of those that expire next
	reportMonths  = 12 // of costs, with the present month
	reportRows    = 20 // subaccounts, products and the like that have a row of their own
	reportTwice   = 50 // names covered twice
	reportChanges = 100
	currencies    = 5
	ordersOfName  = 3 // of a name covered twice
	changesTime   = 7 * 24 * time.Hour
	staleTime     = 26 * time.Hour // a daily sync that is two hours late
)

// reportData is what the report shows. All days and times are UTC.
type reportData struct {
	Now         time.Time
	Synced      time.Time // the end of the latest sync; zero: there was none
	FullySynced time.Time // the end of the latest sync of everything; zero: there was none

	Orders  int // that the service lists, whatever their status
	InUse   int // certificates in use, expired ones included; see in_use of the view inventory
	Expired int // of InUse, those that have expired
	Soon    int // of InUse, those that expire within soonDays
	Later   int // of InUse, those that expire after the last of Weeks
	NoDay   int // of InUse, those whose last day is unknown

	Weeks []weekOfExpiry    // from the present week on, without the days before Now
	Next  []expiringRow     // by last day, then by order; those that have expired are not among them
	Costs []costsOfCurrency // by orders, the most first

	MoreCurrencies int // besides those of Costs

	Statuses        shares // of Orders
	Products        shares // of InUse
	KeySizes        shares // of InUse
	SignatureHashes shares // of InUse

	Twice        []nameCoveredTwice // by number of certificates, then by name
	TwiceTotal   int                // names covered twice, of which Twice has the first
	Changes      []recentChange     // the latest first
	ChangesTotal int                // changes within changesTime before Now
}

// account is the one that an order belongs to. It is zero for the account itself, whose subaccounts the others are.
type account struct {
	ID      digicert.AccountID
	Name    string
	Unknown bool // the order was not read yet
}

// weekOfExpiry counts the certificates in use that expire in a week.
type weekOfExpiry struct {
	Monday digicert.Date
	Count  int
}

// expiringRow is a certificate in use that expires next.
type expiringRow struct {
	OrderID       digicert.OrderID
	CertificateID digicert.CertificateID
	ValidTill     digicert.Date
	CommonName    string
	Product       string
	Account       account
	Status        string
}

// costsOfCurrency are the costs of the orders with one currency. Nothing is converted.
type costsOfCurrency struct {
	Currency string          // empty: not known
	Months   []digicert.Date // their first days; the last one is the present month
	Rows     []costRow       // by cost in all Months, the highest first
	Others   costRow         // sums of those that have no row of their own
	Total    costRow         // sums of everything
}

// costRow are the costs of a subaccount's orders, by the month in which they were placed.
type costRow struct {
	Account     account
	Subaccounts int // that the row is for: 1, except in sums
	Orders      int // placed in one of the months
	ByMonth     []decimal.Decimal
	Sum         decimal.Decimal // of ByMonth
}

// shares are how many of Total have each value.
type shares struct {
	Total  int
	Rows   []share // by Count, the highest first
	Others share   // those that have no row of their own
}

type share struct {
	Value  string // empty: not known
	Count  int
	Values int // that the row is for: 1, except of Others
}

// nameCoveredTwice is a DNS name that certificates of more than one order cover, directly or by a wildcard.
type nameCoveredTwice struct {
	Name         string
	Certificates int
	Orders       []digicert.OrderID // the first of them, by last day
	OrdersTotal  int
	First, Last  digicert.Date // the earliest and the latest last day
}

// recentChange is a change that a sync has seen.
type recentChange struct {
	Seen       time.Time
	OrderID    digicert.OrderID
	CommonName string
	Account    account
	Kind       ChangeKind
	From, To   string // statuses; empty: not known, or none
}

//go:embed report/page.html report/page.css report/page.js
var reportFiles embed.FS

var (
	reportCSS    = reportFile("page.css")
	reportScript = reportFile("page.js")
	// reportPolicy allows the page its own style and script, and nothing else: no request, no other script, no form.
	reportPolicy = strings.Join([]string{
		"default-src 'none'", "style-src " + hashSource(reportCSS), "script-src " + hashSource(reportScript),
		"base-uri 'none'", "form-action 'none'",
	}, "; ")
	// reportPage is parsed when it is needed: most programs that import the package write no report.
	reportPage = sync.OnceValue(func() *template.Template {
		return template.Must(template.New("page.html").Funcs(reportFuncs).ParseFS(reportFiles, "report/page.html"))
	})
)

func reportFile(name string) string {
	content, err := reportFiles.ReadFile("report/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(content)
}

// hashSource returns the source of a content security policy that allows an inline style or script.
func hashSource(text string) string {
	hash := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) + "'"
}

var reportFuncs = template.FuncMap{
	"amount":     groupedAmount,
	"count":      grouped,
	"day":        digicert.Date.String,
	"longDay":    longDay,
	"longMoment": longMoment,
	"moment":     shortMoment,
	"percent":    percent,
	"text":       shownText,
}

// Report writes a report to w: one HTML file, which needs no other file and no network. It shows what expires by week and next, costs
// by subaccount and month, shares of statuses, products, key sizes and signature hashes, names that are covered twice, and the changes
// of the last seven days. All of it is from one state of the database. After an error, what was written is incomplete.
//
// The file is safe to open and to forward. Everything that the service sent is shown as text, and the content security policy allows
// no requests, and only the script that sorts the tables.
func (inv *Inventory) Report(ctx context.Context, w io.Writer) error {
	data, err := inv.readReport(ctx, time.Now())
	if err == nil {
		err = data.write(w)
	}
	return err
}

// write renders the report.
func (data *reportData) write(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	err := reportPage().Execute(buffered, reportView{
		reportData: data,
		PolicyMeta: template.HTML(`<meta http-equiv="Content-Security-Policy" content="` + reportPolicy + `">`),
		Style:      template.CSS(reportCSS),
		Script:     template.JS(reportScript),
	})
	if err != nil {
		return err
	}
	return buffered.Flush()
}
