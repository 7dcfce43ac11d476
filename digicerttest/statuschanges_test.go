package digicerttest_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // for America/Denver, wherever the tests run

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const (
	changesPath = "/order/certificate/status-changes"
	rangeParam  = "filters[status_last_updated]"
)

// changeServer has an order for each moment, by id from 1, whose status changed then.
func changeServer(t *testing.T, moments []time.Time, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s := newServer(t, opts...)
	for i, at := range moments {
		id := digicert.OrderID(i + 1)
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: id, Certificate: digicert.OrderCertificate{ID: digicert.CertificateID(1000 + id)}}))
		require.NoError(t, s.SetStatusAt(id, "issued", at))
	}
	return s
}

func TestStatusChangesOfTheLastMinutes(t *testing.T) {
	t.Parallel()
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	s := changeServer(t, []time.Time{
		noon, ago(time.Second), ago(time.Minute), ago(time.Minute + time.Second), ago(90 * time.Second),
		ago(7 * 24 * time.Hour), ago(7*24*time.Hour + time.Nanosecond), noon.Add(time.Nanosecond),
	})
	for _, tt := range []struct {
		query string
		want  string // ids, the latest change first
	}{
		{"?seconds=1", "1 2"},
		{"?seconds=59", "1 2"},
		{"?seconds=60", "1 2 3"},
		{"?minutes=1", "1 2 3"},
		{"?minutes=1&seconds=1", "1 2 3 4"},
		{"?minutes=1&seconds=30", "1 2 3 4 5"},
		{"?minutes=10080", "1 2 3 4 5 6"},
		{"?seconds=604800", "1 2 3 4 5 6"},
		{"?minutes=10079&seconds=60", "1 2 3 4 5 6"},
		{"?minutes=0&seconds=1", "1 2"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, strings.Fields(tt.want), column(t, get(t, s, changesPath+tt.query), "orders", "order_id"))
		})
	}
}

func TestStatusChangeRow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}))
	require.NoError(t, s.AddSubaccount(10, digicert.Subaccount{AccountID: 20}))
	for i, account := range []digicert.AccountID{0, 10, 20} {
		id := digicert.OrderID(i + 1)
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
			ID: id, Certificate: digicert.OrderCertificate{ID: digicert.CertificateID(id) << 40}, Subaccount: digicert.Subaccount{AccountID: account},
		}))
	}
	require.NoError(t, s.SetStatus(2, "brand new"))
	require.JSONEq(t, `{"orders":[
		{"order_id":3,"certificate_id":3298534883328,"status":"pending"},
		{"order_id":2,"certificate_id":2199023255552,"status":"brand new"},
		{"order_id":1,"certificate_id":1099511627776,"status":"pending"}
	]}`, get(t, s, changesPath+"?minutes=1").body)
}

func TestStatusChangesRefused(t *testing.T) {
	t.Parallel()
	s := changeServer(t, []time.Time{noon})
	tooLong := sample(t, "error_time_frame_too_long")
	for _, tt := range []struct {
		name string
		raw  string
		code string
	}{
		{"no filter", "", "invalid_parameter|" + rangeParam},
		{"empty filters", "?minutes=&seconds=", "invalid_parameter|" + rangeParam},
		{"no time", "?minutes=0", "invalid_parameter|" + rangeParam},
		{"negative minutes", "?minutes=-1", "invalid_parameter|minutes"},
		{"negative seconds", "?minutes=1&seconds=-1", "invalid_parameter|seconds"},
		{"no number", "?minutes=five", "invalid_parameter|minutes"},
		{"the name of the oldest documentation", query("Filter[status_last_updated]", "2024-01-01...2024-01-02"), "invalid_parameter|Filter[status_last_updated]"},
		{"range and minutes", query(rangeParam, "2024-01-01...2024-01-02", "minutes", "1"), "invalid_parameter|" + rangeParam},
		{"range and seconds", query(rangeParam, "2024-01-01...2024-01-02", "seconds", "1"), "invalid_parameter|" + rangeParam},
		{"range that ends before it starts", query(rangeParam, "2024-01-02...2024-01-01"), "invalid_parameter|" + rangeParam},
		{"half a range", query(rangeParam, "2024-01-02..."), "invalid_parameter|" + rangeParam},
		{"one moment", query(rangeParam, "2024-01-02"), "invalid_parameter|" + rangeParam},
		{"an operator", query(rangeParam, ">2024-01-02"), "invalid_parameter|" + rangeParam},
		{"a T", query(rangeParam, "2024-01-01T00:00:00...2024-01-02T00:00:00"), "invalid_parameter|" + rangeParam},
		{"one digit", query(rangeParam, "2024-01-01 0:00:00...2024-01-02 00:00:00"), "invalid_parameter|" + rangeParam},
		{"fractions", query(rangeParam, "2024-01-01 00:00:00.5...2024-01-02 00:00:00"), "invalid_parameter|" + rangeParam},
		{"an escaped plus", "?" + rangeParam + "=2024-01-01%2B00:00:00...2024-01-02%2B00:00:00", "invalid_parameter|" + rangeParam},
		{"no such day", query(rangeParam, "2024-02-30...2024-03-01"), "invalid_parameter|" + rangeParam},

		{"too many minutes", "?minutes=10081", "time_frame_too_long"},
		{"too many seconds", "?seconds=604801", "time_frame_too_long"},
		{"too much together", "?minutes=10080&seconds=1", "time_frame_too_long"},
		{"a range of a week and a second", query(rangeParam, "2024-01-01 00:00:00...2024-01-08 00:00:01"), "time_frame_too_long"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, s, changesPath+tt.raw)
			requireError(t, got, http.StatusBadRequest, tt.code)
			if tt.code == "time_frame_too_long" {
				require.JSONEq(t, tooLong, got.body)
			}
		})
	}
}

func TestStatusChangesOfARange(t *testing.T) {
	t.Parallel()
	denver, err := time.LoadLocation("America/Denver")
	require.NoError(t, err)
	utc := func(month time.Month, day, hour, minute, second int) time.Time {
		return time.Date(2024, month, day, hour, minute, second, 0, time.UTC)
	}
	moments := []time.Time{
		utc(1, 10, 6, 0, 0),                       // 1: midnight at UTC−6, 23:00 before at UTC−7
		utc(1, 10, 6, 59, 59),                     // 2
		utc(1, 10, 7, 0, 0),                       // 3: midnight at UTC−7
		utc(7, 10, 6, 0, 0),                       // 4: midnight in both
		utc(7, 10, 5, 59, 59),                     // 5
		utc(11, 3, 7, 30, 0),                      // 6: 01:30 in Denver for the first time, 01:30 at UTC−6
		utc(11, 3, 8, 30, 0),                      // 7: 01:30 in Denver for the second time, 02:30 at UTC−6
		utc(3, 10, 8, 59, 59),                     // 8: the second before Denver skips an hour, 01:59:59
		utc(3, 10, 9, 0, 0),                       // 9: the second after, 03:00
		utc(7, 10, 6, 0, 1).Add(-time.Nanosecond), // 10: still in the second of 4
	}
	fixed := changeServer(t, moments)
	local := changeServer(t, moments, digicerttest.WithMountainTime(denver))
	for _, tt := range []struct {
		value         string
		fixed, denver string // ids, ascending
	}{
		{"2024-01-10 00:00:00...2024-01-10 00:59:59", "1 2", "3"},
		{"2024-01-10...2024-01-11", "1 2 3", "3"},
		{"2024-01-09...2024-01-10", "1", "1 2 3"},
		{"2024-01-10 00:00:00...2024-01-10 00:00:00", "1", "3"},
		{"2024-07-10 00:00:00...2024-07-11", "4 10", "4 10"},
		{"2024-07-10...2024-07-10 00:00:00", "4 10", "4 10"},
		{"2024-07-09 23:59:59...2024-07-09 23:59:59", "5", "5"},
		{"2024-11-03 01:00:00...2024-11-03 01:59:59", "6", "6 7"},
		{"2024-11-03 02:00:00...2024-11-03 02:59:59", "7", ""},
		{"2024-03-10 02:00:00...2024-03-10 02:59:59", "8", ""},
		{"2024-03-10 01:59:59...2024-03-10 03:00:00", "8 9", "8 9"},
		// A week of the wall clock, although it has 169 hours.
		{"2024-10-30 00:00:00...2024-11-06 00:00:00", "6 7", "6 7"},
		{"2024-01-01 00:00:00...2024-01-02 00:00:00", "", ""},
	} {
		t.Run(tt.value, func(t *testing.T) {
			t.Parallel()
			for want, s := range map[*string]*digicerttest.Server{&tt.fixed: fixed, &tt.denver: local} {
				got := get(t, s, changesPath+query(rangeParam, tt.value))
				ids := column(t, got, "orders", "order_id")
				slices.SortFunc(ids, func(a, b string) int { return atoi(t, a) - atoi(t, b) })
				require.Equal(t, strings.Fields(*want), ids)
				if *want == "" {
					require.JSONEq(t, `{}`, got.body)
				}
			}
		})
	}
	// Spaces in the documented form, and escaped.
	for _, space := range []string{"+", "%20"} {
		raw := strings.ReplaceAll("?"+rangeParam+"=2024-07-10 00:00:00...2024-07-10 00:00:00", " ", space)
		require.Len(t, rows(t, get(t, fixed, changesPath+raw), "orders"), 2)
	}
}

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

// TestStatusChangesOmitWhatChangedAgain checks that only the latest change of an order counts.
func TestStatusChangesOmitWhatChangedAgain(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithClock(clock.Now))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1}))
	first := query(rangeParam, "2024-06-15 05:00:00...2024-06-15 07:00:00")
	require.Equal(t, []string{"pending"}, column(t, get(t, s, changesPath+first), "orders", "status"), "to be placed is a change")

	clock.Advance(24 * time.Hour)
	require.JSONEq(t, `{}`, get(t, s, changesPath+"?minutes=60").body)
	require.NoError(t, s.SetStatus(1, "issued"))
	require.Equal(t, []string{"issued"}, column(t, get(t, s, changesPath+"?seconds=1"), "orders", "status"))
	require.JSONEq(t, `{}`, get(t, s, changesPath+first).body)

	clock.Advance(time.Hour)
	require.NoError(t, s.SetStatus(1, "issued"))
	require.Len(t, rows(t, get(t, s, changesPath+"?seconds=1"), "orders"), 1, "the same status again is a change")
	require.NoError(t, s.SetStatusAt(1, "issued", noon))
	require.JSONEq(t, `{}`, get(t, s, changesPath+"?minutes=600").body, "an earlier moment takes the place of a later one")
	require.Len(t, rows(t, get(t, s, changesPath+first), "orders"), 1)
}

// TestStatusChangesAgainstReference compares random time frames with a simple loop.
func TestStatusChangesAgainstReference(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	chance := rand.New(rand.NewPCG(seed, 0))
	var moments []time.Time
	for range 300 {
		moments = append(moments, noon.Add(-time.Duration(chance.Int64N(int64(10*24*time.Hour)))))
	}
	s := changeServer(t, moments)
	for range 200 {
		from := noon.Add(-time.Duration(chance.Int64N(int64(7 * 24 * time.Hour)))).Truncate(time.Second)
		to := from.Add(time.Duration(chance.Int64N(int64(3 * 24 * time.Hour)))).Truncate(time.Second)
		params := []string{rangeParam, from.Add(-6*time.Hour).Format(time.DateTime) + "..." + to.Add(-6*time.Hour).Format(time.DateTime)}
		last := to.Add(time.Second - 1)
		if chance.IntN(2) == 0 {
			seconds := int(noon.Sub(from) / time.Second)
			minutes := chance.IntN(seconds/60 + 1)
			params = []string{"minutes", strconv.Itoa(minutes), "seconds", strconv.Itoa(seconds - 60*minutes)}
			last = noon
		}
		if from.Equal(noon) {
			continue
		}
		want := []int{}
		for i, at := range moments {
			if !at.Before(from) && !at.After(last) {
				want = append(want, i)
			}
		}
		slices.SortFunc(want, func(a, b int) int { return moments[b].Compare(moments[a]) })
		ids := []string{}
		for _, i := range want {
			ids = append(ids, strconv.Itoa(i+1))
		}
		require.Equal(t, ids, column(t, get(t, s, changesPath+query(params...)), "orders", "order_id"), "%v", params)
	}
}
