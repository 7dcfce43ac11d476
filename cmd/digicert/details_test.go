//go:build unix

// Tests of the details of status changes.

package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestDetails(t *testing.T) {
	t.Parallel()
	s := newWatched(t)
	for id := digicert.OrderID(1); id <= 3; id++ {
		change(t, s.Server, id, "issued")
	}
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 40}))
	for id := digicert.OrderID(41); id < 70; id++ { // more than are fetched at a time
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: id}))
	}
	plain := decodeLines[digicert.StatusChange](t, s.ok(t, "status-changes", "list", "--last", "10m"))
	rows := decodeLines[detailedChange](t, s.ok(t, "status-changes", "list", "--last", "10m", "--details"))
	require.Len(t, rows, len(plain))
	for i, row := range rows {
		order, err := s.Server.Client().Orders.Get(t.Context(), row.OrderID)
		require.NoError(t, err)
		require.Equal(t, detailedChange{plain[i], order.Certificate.CommonName, order.Certificate.ValidTill, order.OrderValidTill, order.Product.Name}, row)
	}
	require.NoError(t, s.Inject(digicerttest.APIError(403, digicert.CodeMissingPermission, "").On(digicerttest.OrderInfo)))
	r := s.run(t, "status-changes", "list", "--last", "10m", "--details")
	require.Equal(t, exitAccess, r.code)
	s.ClearFaults()

	running := s.watch(t, "--details", "-o", "csv")
	eventually(t, func() bool { return strings.Contains(running.stdout.String(), "\n") }, "the header is there before a change is")
	require.True(t, strings.HasPrefix(running.stdout.String(), "order_id,certificate_id,status,common_name,valid_till,order_valid_till,product\n"), running.stdout)
	order, err := s.Server.Client().Orders.Get(t.Context(), 2)
	require.NoError(t, err)
	change(t, s.Server, 2, "revoked")
	eventually(t, func() bool {
		return strings.Contains(running.stdout.String(), "revoked,"+order.Certificate.CommonName+",")
	}, "the change")
	require.NoError(t, s.Inject(digicerttest.APIError(403, digicert.CodeMissingPermission, "").On(digicerttest.OrderInfo)))
	change(t, s.Server, 3, "revoked")
	eventually(t, func() bool { return strings.Contains(running.stderr.String(), "no details of order 3") }, "a warning")
	running.stop(t, os.Interrupt)
	require.Contains(t, running.stdout.String(), "revoked,,,,\n")
}
