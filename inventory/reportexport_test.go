// What tests outside of the package need of the report.

package inventory

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
)

const (
	ReportWeeks = reportWeeks
	ReportRows  = reportRows
	ReportNext  = reportNext
)

type (
	ReportData       = reportData
	CostRow          = costRow
	Shares           = shares
	NameCoveredTwice = nameCoveredTwice
)

// ReadReport returns the data of a report of the moment now.
func (inv *Inventory) ReadReport(ctx context.Context, now time.Time) (*ReportData, error) {
	return inv.readReport(ctx, now)
}

// Write renders a report.
func (data *reportData) Write(w io.Writer) error { return data.write(w) }

// SampleReport is sampleReport.
func SampleReport(n int, change func(string) string) *ReportData { return sampleReport(n, change) }

// HostileTexts are hostile.
func HostileTexts() map[string]string { return hostile }

// RequireInert is requireInert.
func RequireInert(t testing.TB, doc *html.Node) { requireInert(t, doc) }

// Bdis returns the texts of a page that came from the service.
func Bdis(doc *html.Node) []string {
	var list []string
	for _, bdi := range elements(doc, "bdi") {
		list = append(list, textOf(bdi))
	}
	return list
}

// ShownText returns a text as the report shows it.
func ShownText(text string) string { return shownText(text).Shown }

// Exec runs a statement on the database.
func (inv *Inventory) Exec(t testing.TB, statement string, args ...any) {
	t.Helper()
	_, err := inv.db.ExecContext(t.Context(), inv.query(statement), args...)
	require.NoError(t, err)
}

// IsPostgres reports whether the database is on a PostgreSQL server.
func (inv *Inventory) IsPostgres() bool { return inv.numbered }
