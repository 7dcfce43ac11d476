package digicerttest_test

import (
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestSetStatusIssues(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithClock(clock.Now))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 3, ValidityYears: 2}))
	clock.Advance(90 * time.Minute)
	require.NoError(t, s.SetStatus(3, "issued"))
	issued, _ := s.Order(3)
	require.Equal(t, noon.Add(90*time.Minute), issued.DateIssued)
	require.Equal(t, date(2026, 6, 15), issued.Certificate.ValidTill)
	require.Len(t, issued.Certificate.Thumbprint, 40)
	require.Len(t, issued.Certificate.SerialNumber, 32)

	clock.Advance(time.Hour)
	require.NoError(t, s.SetStatus(3, "revoked"))
	revoked, _ := s.Order(3)
	issued.Status = "revoked"
	require.Equal(t, issued, revoked, "it is issued once")
}

func TestRemoveOrderTakesItsReissues(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	require.NoError(t, s.AddReissue(1, digicert.Reissue{}))
	require.Len(t, s.Reissues(1), 1)
	require.NoError(t, s.RemoveOrder(1))
	require.Empty(t, s.Reissues(1))
	require.Equal(t, 404, get(t, s, "/order/certificate/1/reissue").status)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/1/reissue").body)
}

func TestLongValidityEndsWithTheCalendar(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", ValidityYears: 1 << 40, Subaccount: digicert.Subaccount{AccountID: 1}}))
	require.Contains(t, get(t, s, orderPath).body, `"valid_till":"9999-06-15"`)
}
