package digicerttest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestGenerateIsDeterministic(t *testing.T) {
	t.Parallel()
	all := func(seed uint64, n int, at time.Time) string {
		s := newServer(t, digicerttest.WithOrders(seed, n), digicerttest.WithClock(func() time.Time { return at }))
		list := get(t, s, orderPath).body
		for _, id := range column(t, get(t, s, orderPath), "orders", "id")[:100] {
			list += get(t, s, "/order/certificate/"+id+"/reissue?show_archived=1").body
		}
		return list + get(t, s, changesPath+query(rangeParam, "2024-06-08...2024-06-15")).body
	}
	first := all(1, 1000, noon)
	// require.Equal would print a megabyte.
	require.True(t, first == all(1, 1000, noon))
	require.True(t, first == all(1, 1000, noon.Truncate(24*time.Hour)), "on the same day")
	require.False(t, first == all(2, 1000, noon))
	require.False(t, first == all(1, 1000, noon.Add(24*time.Hour)))
}

// TestGeneratePlausible checks properties of real orders on many generated ones.
func TestGeneratePlausible(t *testing.T) {
	t.Parallel()
	const n = 6000
	s := newServer(t, digicerttest.WithOrders(3, n))
	require.Equal(t, n+n/20, s.Orders())
	statuses, products, accounts, years := map[string]int{}, map[string]int{}, map[string]int{}, map[int]int{}
	withCertificate, reissued, activeAndExpiring := 0, 0, 0
	previous := digicert.SubaccountOrder{}
	certificates := map[digicert.CertificateID]bool{}
	list := walk(t, s, 1000)
	require.Len(t, list, n)
	for _, row := range list {
		id, err := strconv.ParseInt(fmt.Sprint(row["id"]), 10, 64)
		require.NoError(t, err)
		o, ok := s.Order(digicert.OrderID(id))
		require.True(t, ok)
		require.Greater(t, o.ID, previous.ID)
		require.False(t, o.DateCreated.Before(previous.DateCreated), "ids ascend with time")
		require.False(t, o.DateCreated.After(noon))
		require.False(t, o.DateIssued.After(noon))
		require.False(t, certificates[o.Certificate.ID])
		require.Greater(t, int64(o.Certificate.ID), int64(1)<<31, "too large for 32 bits")
		certificates[o.Certificate.ID] = true
		require.Len(t, o.Certificate.DNSNames, o.NumberOfSANs)
		require.Equal(t, o.Certificate.CommonName, o.Certificate.DNSNames[0])
		require.True(t, strings.HasSuffix(o.Certificate.CommonName, ".example"), "a name that is nobody's")
		require.Positive(t, o.OrderPrice.Cost.IntPart())
		if _, ok := row["certificate"]; ok {
			withCertificate++
		}
		switch o.Status {
		case "issued", "expired", "revoked", "reissue_pending":
			require.False(t, o.DateIssued.Before(o.DateCreated))
			require.Len(t, o.Certificate.Thumbprint, 40)
			require.Len(t, o.Certificate.SerialNumber, 32)
			till := o.Certificate.ValidTill.In(time.UTC)
			require.True(t, till.After(o.DateIssued))
			if o.Status == "expired" {
				require.True(t, till.Before(noon))
			} else if o.Status == "issued" {
				require.False(t, till.Before(noon.Truncate(24*time.Hour)))
				if till.Before(noon.AddDate(0, 1, 0)) {
					activeAndExpiring++
				}
			}
		default:
			require.Zero(t, o.DateIssued)
			require.Empty(t, o.Certificate.Thumbprint)
			require.Zero(t, o.Certificate.ValidTill)
		}
		for _, r := range s.Reissues(o.ID) {
			reissued++
			require.False(t, certificates[r.ID])
			require.False(t, r.DateCreated.Before(o.DateIssued))
			require.False(t, r.DateCreated.After(noon))
			require.Equal(t, r.Status == "issued", r.Thumbprint != "")
			certificates[r.ID] = true
		}
		statuses[string(o.Status)]++
		products[o.Product.NameID]++
		accounts[fmt.Sprint(o.Subaccount.AccountID)]++
		years[o.DateCreated.Year()]++
		previous = o
	}
	for _, status := range []string{"issued", "expired", "pending", "rejected", "canceled", "revoked", "reissue_pending", "needs_approval", "processing"} {
		require.Greater(t, statuses[status], 3, status)
	}
	require.Greater(t, statuses["expired"], n/2, "most are old")
	require.Greater(t, len(products), 10)
	require.Len(t, accounts, 50)
	require.Len(t, years, 9, "from 2016 to 2024")
	require.Greater(t, withCertificate, n/4)
	require.Less(t, withCertificate, n*3/4)
	require.Greater(t, reissued, n/20)
	require.Greater(t, activeAndExpiring, 20)
	require.NotEmpty(t, rows(t, get(t, s, changesPath+"?minutes=10080"), "orders"), "something changed in the last week")
}

func TestGenerateBesideOthers(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 200_020}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5_000_000, Subaccount: digicert.Subaccount{AccountID: 200_020}}))
	for range 2 {
		require.NoError(t, s.Generate(1, 10))
	}
	require.NoError(t, s.Generate(1, 0))
	require.Equal(t, 10+1+20+2, s.Orders())
	ids := column(t, get(t, s, orderPath), "orders", "id")
	require.Len(t, ids, 3+1+20)
	require.Len(t, slices.Compact(ids), len(ids))

	// A generated order can be changed like any other.
	last := digicert.OrderID(atoi(t, ids[len(ids)-1]))
	before := len(s.Reissues(last))
	require.NoError(t, s.AddReissue(last, digicert.Reissue{Status: "pending"}))
	require.Len(t, s.Reissues(last), before+1)
	require.NoError(t, s.SetStatus(last, "canceled"))
	require.NoError(t, s.RemoveOrder(last))
	require.Equal(t, http.StatusNotFound, get(t, s, fmt.Sprintf("/order/certificate/%d/reissue", last)).status)
}

// TestGeneratedReissuesStay checks that the reissues of a generated order do not change when it changes.
func TestGeneratedReissuesStay(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithOrders(1, 500))
	found := 0
	for _, text := range column(t, get(t, s, orderPath), "orders", "id") {
		id := digicert.OrderID(atoi(t, text))
		before := s.Reissues(id)
		if len(before) == 0 {
			continue
		}
		found++
		require.NoError(t, s.SetStatus(id, "revoked"))
		require.Equal(t, before, s.Reissues(id))
		require.Equal(t, "certificates", keys(decoded(t, get(t, s, "/order/certificate/"+text+"/reissue?show_archived=1").body))[0])
	}
	require.Positive(t, found)
}
