package digicerttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// listServer has the orders 1 to n of a subaccount.
func listServer(t *testing.T, n int, faults ...digicerttest.Fault) *digicerttest.Server {
	t.Helper()
	s, err := digicerttest.New(digicerttest.WithoutSamples())
	require.NoError(t, err)
	for id := range n {
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(id + 1), Subaccount: digicert.Subaccount{AccountID: 7}}))
	}
	require.NoError(t, s.Inject(faults...))
	return s
}

func TestListFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault digicerttest.Fault
		query []string
		ids   string
		total int
	}{
		{"ignored sort", digicerttest.IgnoredSort(), []string{"sort", "-id"}, "3 6 9 1 4 7 10 2 5 8", 10},
		{"ignored sort, the third page", digicerttest.IgnoredSort(), []string{"offset", "2", "limit", "4"}, "9 1 4 7", 10},
		{"total of the page", digicerttest.TotalOfPage(), []string{"offset", "2", "limit", "4"}, "3 4 5 6", 4},
		{"total so far", digicerttest.TotalSoFar(), []string{"offset", "2", "limit", "4"}, "3 4 5 6", 6},
		{"total too high", digicerttest.TotalHigh(5), []string{"limit", "1"}, "1", 15},
		{"total capped", digicerttest.TotalCapped(7), []string{"limit", "1"}, "1", 7},
		{"total capped at more than there are", digicerttest.TotalCapped(70), []string{"limit", "1"}, "1", 10},
		{"short pages", digicerttest.ShortPages(3), []string{"offset", "2"}, "3 4 5", 10},
		{"short pages of a shorter limit", digicerttest.ShortPages(3), []string{"limit", "2"}, "1 2", 10},
		{"repeated rows", digicerttest.RepeatedRows(), []string{"offset", "2", "limit", "2"}, "3 4 4", 10},
		{"repeated rows behind the end", digicerttest.RepeatedRows(), []string{"offset", "10"}, "", 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := get(t, listServer(t, 10, tt.fault), orderPath+query(tt.query...))
			require.Equal(t, http.StatusOK, r.status)
			require.Equal(t, tt.ids, strings.Join(column(t, r, "orders", "id"), " "))
			require.Contains(t, r.body, fmt.Sprintf(`"total":%d,`, tt.total))
		})
	}
}

func TestListFaultsThatVary(t *testing.T) {
	t.Parallel()
	total := func(s *digicerttest.Server) int {
		page := decoded(t, get(t, s, orderPath+"?limit=1").body)["page"].(map[string]any)
		n, err := page["total"].(json.Number).Int64()
		require.NoError(t, err)
		return int(n)
	}

	random := listServer(t, 10, digicerttest.TotalRandom(), digicerttest.UnevenPages())
	totals, lengths := make(map[int]bool), make(map[int]bool)
	for range 50 {
		n := total(random)
		require.GreaterOrEqual(t, n, 0)
		require.Less(t, n, 30)
		totals[n] = true
		rows := len(column(t, get(t, random, orderPath+"?limit=4"), "orders", "id"))
		require.Contains(t, []int{1, 2, 3, 4}, rows)
		lengths[rows] = true
	}
	require.Greater(t, len(totals), 5)
	require.Len(t, lengths, 4)

	stale := listServer(t, 10, digicerttest.TotalStale())
	require.Equal(t, 10, total(stale))
	require.NoError(t, stale.RemoveOrder(1))
	require.Equal(t, 10, total(stale))

	late := listServer(t, 10, digicerttest.CountedLate())
	calls := 0
	late.OnRequest(func(*http.Request) {
		if calls++; calls%2 == 0 {
			require.NoError(t, late.RemoveOrder(digicert.OrderID(calls/2)))
		}
	})
	r := get(t, late, orderPath+"?limit=2")
	require.Equal(t, []string{"1", "2"}, column(t, r, "orders", "id"))
	require.Contains(t, r.body, `"total":9,`)
}

func TestListFaultSpecs(t *testing.T) {
	t.Parallel()
	for spec, want := range map[string]digicerttest.Fault{
		"ignored-sort,after=3": digicerttest.IgnoredSort().After(3),
		"total-of-page":        digicerttest.TotalOfPage(),
		"total-so-far":         digicerttest.TotalSoFar(),
		"total-high=1000":      digicerttest.TotalHigh(1000),
		"total-random":         digicerttest.TotalRandom(),
		"total-stale":          digicerttest.TotalStale(),
		"total-capped=100":     digicerttest.TotalCapped(100),
		"counted-late":         digicerttest.CountedLate(),
		"short-pages=10":       digicerttest.ShortPages(10),
		"uneven-pages":         digicerttest.UnevenPages(),
		"repeated-rows":        digicerttest.RepeatedRows(),
	} {
		f, err := digicerttest.ParseFault(spec)
		require.NoError(t, err, spec)
		require.Equal(t, want, f, spec)
		require.Equal(t, spec, f.String())
	}
	for _, spec := range []string{
		"total-high", "total-high=0", "total-capped=-1", "short-pages=0", "short-pages=" + strconv.Itoa(1<<40), "ignored-sort=1",
		"ignored-sort,endpoint=subaccounts", "total-of-page,endpoint=reissues", "uneven-pages,endpoint=status-changes",
	} {
		_, err := digicerttest.ParseFault(spec)
		require.Error(t, err, spec)
	}
}
