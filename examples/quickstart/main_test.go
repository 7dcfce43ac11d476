package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// On accounts that lack something, the quickstart says so.
func TestRun(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	empty := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	ordinary := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithoutSubaccounts())
	for id := digicert.OrderID(7); id < 20; id++ {
		require.NoError(t, ordinary.AddOrder(digicert.SubaccountOrder{ID: id, Status: digicert.OrderStatusIssued, DateIssued: now.Add(-time.Hour)}))
	}
	require.NoError(t, ordinary.AddReissue(9, digicert.Reissue{ID: 90, CommonName: "a.example", Status: digicert.CertificateStatusIssued, DateCreated: now}))
	for name, test := range map[string]struct {
		server *digicerttest.Server
		want   []string
	}{
		"empty": {empty, []string{"the account has no orders of its own", "  there are none\n", "Status changes of the last 7 days: 0\n"}},
		"without subaccounts": {ordinary, []string{
			"Reissues of order 9: 1\n  90         issued    a.example, created " + now.Format(time.DateOnly), "  the key may not see any, or the account has no subaccounts\n",
			"Status changes of the last 7 days: 13\n", "  order 10 is issued now\n  and more\n",
		}},
		"many": {digicerttest.NewServer(t, digicerttest.WithOrders(1, 400)), []string{"Reissues of order ", "  and more\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			require.NoError(t, run(t.Context(), &out, test.server.Client(), 0))
			for _, want := range test.want {
				require.Contains(t, out.String(), want)
			}
			require.Less(t, bytes.Count(out.Bytes(), []byte("\n")), 3*(most+2))
		})
	}
}

func TestConnect(t *testing.T) {
	t.Setenv("DIGICERT_API_KEY", "a-key-0123456789")
	for region, want := range map[string]bool{"us": true, "eu": true, "mars": false, "": false} {
		_, _, _, err := connect(region)
		require.Equal(t, want, err == nil, region)
	}
}
