// Tests of status-changes list.

package main

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestStatusChangesList(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	client := s.client(t)
	want, err := client.StatusChanges.List(t.Context(), digicert.Last(10*time.Minute))
	require.NoError(t, err)
	require.Len(t, want, 7)
	requireFormats(t, s, want, "status-changes", "list", "--last", "10m")
	s.requireRequest(t, "?minutes=10\n")

	now := time.Now().UTC()
	require.Len(t, decodeLines[digicert.StatusChange](t, s.ok(t, "status-changes", "list", "--since", now.Add(-time.Hour).Format(time.RFC3339))), 7)
	between := now.Add(-time.Hour).Format(time.DateTime) + ".." + now.Add(time.Hour).Format(time.DateTime)
	require.Len(t, decodeLines[digicert.StatusChange](t, s.ok(t, "status-changes", "list", "--between", between)), 7)
	mountain := time.FixedZone("", -6*60*60)
	sent := url.Values{"filters[status_last_updated]": {
		now.Add(-time.Hour).In(mountain).Format(time.DateTime) + "..." + now.Add(time.Hour).In(mountain).Format(time.DateTime),
	}}
	s.requireRequest(t, "?"+sent.Encode()+"\n")
	require.Empty(t, s.ok(t, "status-changes", "list", "--between", "2020-01-01..2020-01-02 18:00"))
}
