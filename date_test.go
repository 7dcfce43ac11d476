package digicert_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestParseDate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]digicert.Date{
		"2020-04-08": {Year: 2020, Month: time.April, Day: 8},
		"2024-02-29": {Year: 2024, Month: time.February, Day: 29},
		"0001-01-01": {Year: 1, Month: time.January, Day: 1},
		"9999-12-31": {Year: 9999, Month: time.December, Day: 31},
	} {
		got, err := digicert.ParseDate(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
		require.Equal(t, text, got.String())
		require.False(t, got.IsZero())
	}
	for _, text := range []string{
		"", "2020", "2020-4-8", "2020-02-30", "2023-02-29", "2020-13-01", "2020-00-10", "0000-01-01", "0000-00-00", "20200408",
		"08-04-2020", "2020/04/08", "2020-04-08T00:00:00Z", " 2020-04-08", "2020-04-08 ", "-2020-04-08", "10000-01-01", "abc",
	} {
		got, err := digicert.ParseDate(text)
		require.Error(t, err, text)
		require.True(t, got.IsZero(), text)
	}
}

func TestDateOf(t *testing.T) {
	t.Parallel()
	moment := utc(2024, time.January, 1, 3, 0, 0)
	require.Equal(t, digicert.Date{Year: 2024, Month: time.January, Day: 1}, digicert.DateOf(moment))
	west := time.FixedZone("", -6*60*60)
	require.Equal(t, digicert.Date{Year: 2023, Month: time.December, Day: 31}, digicert.DateOf(moment.In(west)), "in the time's own location")
}

func TestDateIn(t *testing.T) {
	t.Parallel()
	west := time.FixedZone("", -6*60*60)
	d := digicert.Date{Year: 2024, Month: time.February, Day: 29}
	require.Equal(t, utc(2024, time.February, 29, 0, 0, 0), d.In(time.UTC))
	require.True(t, d.In(west).Equal(utc(2024, time.February, 29, 6, 0, 0)))
	require.True(t, digicert.Date{}.In(west).IsZero())
}

func TestDateCompare(t *testing.T) {
	t.Parallel()
	days := []digicert.Date{
		{},
		{Year: 2023, Month: time.December, Day: 31},
		{Year: 2024, Month: time.January, Day: 1},
		{Year: 2024, Month: time.January, Day: 2},
		{Year: 2024, Month: time.February, Day: 1},
	}
	for i, a := range days {
		for j, b := range days {
			switch got := a.Compare(b); {
			case i < j:
				require.Equal(t, -1, got, "%s and %s", a, b)
			case i == j:
				require.Equal(t, 0, got, "%s and %s", a, b)
			default:
				require.Equal(t, 1, got, "%s and %s", a, b)
			}
		}
	}
}

// The zero Date and the first day are two things, although both begin at the zero Time.
func TestDateCompareZero(t *testing.T) {
	t.Parallel()
	first := digicert.Date{Year: 1, Month: time.January, Day: 1}
	require.Equal(t, -1, digicert.Date{}.Compare(first))
	require.True(t, digicert.Date{}.Before(first))
	require.False(t, digicert.Date{}.After(first))
	require.False(t, digicert.Date{}.Before(digicert.Date{}))
	require.False(t, digicert.Date{}.After(digicert.Date{}))
}

func TestDateBeforeAfter(t *testing.T) {
	t.Parallel()
	days := []digicert.Date{
		{Year: 1, Month: time.January, Day: 1},
		{Year: 1999, Month: time.December, Day: 31},
		{Year: 2000, Month: time.January, Day: 1},
		{Year: 2000, Month: time.January, Day: 2},
		{Year: 2000, Month: time.February, Day: 1},
		{Year: 9999, Month: time.December, Day: 31},
	}
	for i, a := range days {
		for j, b := range days {
			require.Equal(t, i < j, a.Before(b), "%s and %s", a, b)
			require.Equal(t, i > j, a.After(b), "%s and %s", a, b)
		}
	}
}

func TestDateAddDays(t *testing.T) {
	t.Parallel()
	parse := func(s string) digicert.Date {
		d, err := digicert.ParseDate(s)
		require.NoError(t, err)
		return d
	}
	for _, tc := range []struct {
		from string
		days int
		want string
	}{
		{"2024-02-28", 1, "2024-02-29"},
		{"2024-02-28", 2, "2024-03-01"},
		{"2023-02-28", 1, "2023-03-01"},
		{"2024-03-01", -1, "2024-02-29"},
		{"2024-12-31", 1, "2025-01-01"},
		{"2025-01-01", -366, "2024-01-01"},
		{"2024-06-15", 0, "2024-06-15"},
		{"2026-02-24", 199, "2026-09-11"},
		{"0001-01-01", 3652058, "9999-12-31"},
		{"9999-12-31", -3652058, "0001-01-01"},
	} {
		require.Equal(t, parse(tc.want), parse(tc.from).AddDays(tc.days), "%s and %d days", tc.from, tc.days)
	}
	// No number of days leads beyond the last day to another valid one.
	for _, n := range []int{1, 365, 3652059, 1 << 40, math.MaxInt64 - 30, math.MaxInt64} {
		_, err := parse("9999-12-31").AddDays(n).MarshalText()
		require.Error(t, err, n)
		_, err = parse("0001-01-01").AddDays(-n).MarshalText()
		require.Error(t, err, -n)
		require.Error(t, rangeError(t, digicert.DateRange{From: parse("9999-12-31").AddDays(n)}), n)
	}
	_, err := parse("2024-06-15").AddDays(math.MinInt64).MarshalText()
	require.Error(t, err)
	for _, d := range []digicert.Date{{}, {Year: 10000, Month: time.January, Day: 1}, {Year: -5, Month: time.January, Day: 1}, {Year: math.MaxInt64}} {
		require.Equal(t, d, d.AddDays(7))
	}
}

// A range includes the days that it names, and an open end includes everything beyond the other.
func TestDateRangeIncludesItsDays(t *testing.T) {
	t.Parallel()
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	day := func(n int) digicert.Date { return digicert.Date{Year: 2024, Month: time.February, Day: 27}.AddDays(n) }
	for n := range 5 {
		require.NoError(t, server.AddOrder(digicert.SubaccountOrder{
			ID: digicert.OrderID(n + 1), Status: digicert.OrderStatusIssued, DateCreated: day(n).In(time.UTC),
			Certificate: digicert.OrderCertificate{ValidTill: day(n + 365)}, Subaccount: digicert.Subaccount{AccountID: 7},
		}))
	}
	for name, tc := range map[string]struct {
		from, to int // -1: open
		want     []int64
	}{
		"both":    {1, 3, []int64{2, 3, 4}},
		"one day": {2, 2, []int64{3}},
		"from":    {3, -1, []int64{4, 5}},
		"to":      {-1, 1, []int64{1, 2}},
		"open":    {-1, -1, []int64{1, 2, 3, 4, 5}},
	} {
		rangeOf := func(shift int) (r digicert.DateRange) {
			if tc.from >= 0 {
				r.From = day(tc.from + shift)
			}
			if tc.to >= 0 {
				r.To = day(tc.to + shift)
			}
			return r
		}
		for _, f := range []digicert.SubaccountOrderFilters{{DateCreated: rangeOf(0)}, {ValidTill: rangeOf(365)}} {
			page, err := server.Client().Subaccounts.ListOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Filters: f})
			require.NoError(t, err, name)
			var got []int64
			for _, o := range page.Orders {
				got = append(got, int64(o.ID))
			}
			require.Equal(t, tc.want, got, name)
		}
	}
}

// rangeError returns what a list says of a range.
func rangeError(t testing.TB, r digicert.DateRange) error {
	t.Helper()
	c, _ := serve(t, http.StatusOK, `{}`)
	_, err := c.Orders.List(t.Context(), &digicert.ListOrdersParams{Filters: digicert.OrderFilters{ValidTill: r}})
	return err
}

func TestDateText(t *testing.T) {
	t.Parallel()
	type row struct {
		Day digicert.Date `json:"day"`
		Opt digicert.Date `json:"opt,omitzero"`
	}
	given := row{Day: digicert.Date{Year: 2024, Month: time.February, Day: 29}}
	encoded, err := json.Marshal(given)
	require.NoError(t, err)
	require.JSONEq(t, `{"day": "2024-02-29"}`, string(encoded))
	var got row
	require.NoError(t, json.Unmarshal(encoded, &got))
	require.Equal(t, given, got)

	encoded, err = json.Marshal(row{})
	require.NoError(t, err)
	require.JSONEq(t, `{"day": ""}`, string(encoded))
	got = given
	require.NoError(t, json.Unmarshal(encoded, &got))
	require.Equal(t, row{}, got)

	require.Error(t, json.Unmarshal([]byte(`{"day": "2024-02-30"}`), &got))
	require.Equal(t, row{}, got, "a failure changes nothing")
}

// What could not be read again is not written.
func TestDateTextOfNoDay(t *testing.T) {
	t.Parallel()
	for _, d := range []digicert.Date{
		{Year: 2023, Month: time.February, Day: 29},
		{Year: 2023, Month: 13, Day: 1},
		{Year: 2023, Month: time.January},
		{Month: time.January, Day: 1},
		{Year: 10000, Month: time.January, Day: 1},
		{Year: -1, Month: time.January, Day: 1},
	} {
		_, err := d.MarshalText()
		require.Error(t, err, "%#v", d)
	}
}

// The ranges are encoded for package go-querystring in the structs of callers of Client.Get, too.
func TestRangesEncodeValues(t *testing.T) {
	t.Parallel()
	day := digicert.Date{Year: 2024, Month: time.February, Day: 29}
	later := digicert.Date{Year: 2024, Month: time.March, Day: 1}
	for want, r := range map[string]digicert.DateRange{
		"":                        {},
		"2024-02-29...2024-03-01": {From: day, To: later},
		"2024-02-29...2999-12-31": {From: day},
		"1970-01-01...2024-03-01": {To: later},
		// An open end is open beyond the days that usually stand for it.
		"2999-12-31...2999-12-31": {From: digicert.Date{Year: 2999, Month: time.December, Day: 31}},
		"3000-01-01...9999-12-31": {From: digicert.Date{Year: 3000, Month: time.January, Day: 1}},
		"9999-12-31...9999-12-31": {From: digicert.Date{Year: 9999, Month: time.December, Day: 31}},
		"1970-01-01...1970-01-01": {To: digicert.Date{Year: 1970, Month: time.January, Day: 1}},
		"0001-01-01...1969-12-31": {To: digicert.Date{Year: 1969, Month: time.December, Day: 31}},
		"0001-01-01...0001-01-01": {To: digicert.Date{Year: 1, Month: time.January, Day: 1}},
	} {
		values := url.Values{}
		require.NoError(t, r.EncodeValues("x", &values))
		require.Equal(t, want, values.Get("x"))
		require.Equal(t, want != "", values.Has("x"))
		require.Equal(t, want == "", r.IsZero())
	}

	values := url.Values{}
	require.NoError(t, digicert.TimeRange{}.EncodeValues("x", &values))
	require.Empty(t, values)
	require.True(t, digicert.TimeRange{}.IsZero())
	require.False(t, digicert.TimeRange{To: time.Unix(0, 0)}.IsZero())
}
