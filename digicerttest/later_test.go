package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestIssueAfterReads(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithIssueAfterReads(2))
	id, doc := place(t, s, "ssl_plus")
	require.NotContains(t, doc, "certificate_chain")
	require.Contains(t, doc, "certificate_id")
	for _, want := range []string{"processing", "processing", "issued", "issued"} {
		require.Equal(t, want, info(t, s, id)["status"])
	}
	doc = further(t, s, id, "reissue")
	require.NotContains(t, doc, "certificate_chain")
	for _, want := range []string{"reissue_pending", "reissue_pending", "issued"} {
		require.Equal(t, want, info(t, s, id)["status"])
	}
	require.Equal(t, doc["certificate_id"], info(t, s, id)["certificate"].(m)["id"])
}

func TestIssueDelay(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithIssueDelay(time.Hour), digicerttest.WithClock(clock.Now))
	id, _ := place(t, s, "ssl_plus")
	canceled, _ := place(t, s, "ssl_plus")
	clock.Advance(time.Hour - 1)
	require.Equal(t, "processing", info(t, s, id)["status"])
	require.Equal(t, 204, write(t, s, http.MethodPut, fmt.Sprintf("%s/%d/status", ownPath, canceled), m{"status": "canceled", "note": "x"}).status)
	clock.Advance(time.Hour)
	o := info(t, s, id)
	require.Equal(t, "issued", o["status"])
	require.Equal(t, "2024-06-15T13:00:00+00:00", o["date_issued"], "when it was due, not when somebody asked")
	require.Equal(t, "canceled", info(t, s, canceled)["status"])

	further(t, s, id, "reissue")
	further(t, s, id, "reissue")
	s.Settle()
	for _, r := range s.Reissues(digicert.OrderID(id)) {
		require.EqualValues(t, "issued", r.Status)
	}
	require.Equal(t, "issued", info(t, s, id)["status"])
	further(t, s, id, "reissue")
	s.Settle()
	require.Len(t, s.Reissues(digicert.OrderID(id)), 3, "again")
	require.Equal(t, "issued", info(t, s, id)["status"])
	for _, option := range []digicerttest.Option{digicerttest.WithIssueDelay(-1), digicerttest.WithIssueAfterReads(-1)} {
		_, err := digicerttest.New(option)
		require.Error(t, err)
	}
}
