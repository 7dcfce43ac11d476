// Tests of the report of what a sync has stored.

package inventory_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// TestReportOfHostileService syncs with a service all of whose texts are hostile. The report shows each of them, and is inert.
func TestReportOfHostileService(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		server := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		id := digicert.OrderID(1000)
		for _, text := range inventory.HostileTexts() {
			id++
			require.NoError(t, server.AddOrder(digicert.SubaccountOrder{
				ID: id, Status: digicert.OrderStatusIssued, DateCreated: time.Now(),
				Certificate: digicert.OrderCertificate{
					ID: digicert.CertificateID(id), CommonName: "cn" + text, DNSNames: []string{"dns" + text, "twice" + text},
					ValidTill: digicert.DateOf(time.Now().UTC()).AddDays(5), SignatureHash: "hash" + text,
				},
				Subaccount: digicert.Subaccount{AccountID: digicert.AccountID(id), OrganizationName: "organization" + text},
				Product:    digicert.Product{NameID: "product" + text, Name: "name" + text},
				OrderPrice: digicert.Price{Cost: decimal.NewFromInt(1), Currency: "currency" + text},
			}))
		}
		inv := open(t, newDSN(t))
		_, err := inv.Sync(t.Context(), server.Client(), nil)
		require.NoError(t, err)
		const changing = 1000
		require.NoError(t, server.AddOrder(digicert.SubaccountOrder{ID: changing, Status: digicert.OrderStatusPending}))
		for _, status := range inventory.HostileTexts() {
			require.NoError(t, server.SetStatus(changing, digicert.OrderStatus(status)))
			_, err := inv.Sync(t.Context(), server.Client(), nil)
			require.NoError(t, err)
		}
		var page bytes.Buffer
		require.NoError(t, inv.Report(t.Context(), &page))
		doc, err := html.Parse(&page)
		require.NoError(t, err)
		inventory.RequireInert(t, doc)
		shown := inventory.Bdis(doc)
		for _, prefix := range []string{"cn", "organization", "name", "hash", ""} {
			for name, text := range inventory.HostileTexts() {
				// Bytes that are not UTF-8, and NUL, which a database cannot store, were replaced.
				stored := strings.ReplaceAll(string([]rune(prefix+text)), "\x00", "\uFFFD")
				require.True(t, slices.Contains(shown, inventory.ShownText(stored)), "%s %s", prefix, name)
			}
		}
	})
}

var errClosed = errors.New("closed")

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, errClosed }

func TestReport(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		inv := open(t, newDSN(t))
		var page bytes.Buffer
		require.NoError(t, inv.Report(t.Context(), &page))
		doc, err := html.Parse(&page)
		require.NoError(t, err)
		inventory.RequireInert(t, doc)
		require.ErrorIs(t, inv.Report(t.Context(), closedWriter{}), errClosed)
		inv.Exec(t, "UPDATE sync_state SET synced_at = 'yesterday'")
		page.Reset()
		require.ErrorContains(t, inv.Report(t.Context(), &page), "yesterday")
		require.Empty(t, page.String(), "nothing is written before all is read")
	})
}
