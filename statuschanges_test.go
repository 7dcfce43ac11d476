package digicert_test

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// between asks for the changes of a range.
func between(from, to time.Time) *digicert.ListStatusChangesParams {
	return &digicert.ListStatusChangesParams{
		Filters: digicert.StatusChangeFilters{StatusLastUpdated: digicert.TimeRange{From: from, To: to}},
	}
}

func TestStatusChangesListSample(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, fixture(t, "status_changes.json"))

	got, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))

	require.NoError(t, err)
	require.Equal(t, sampleChanges(), got)
}

func TestStatusChangesListEmptySample(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, fixture(t, "status_changes_empty.json"))

	got, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))

	require.NoError(t, err)
	require.Equal(t, []digicert.StatusChange{}, got)
}

func TestStatusChangesListRequest(t *testing.T) {
	t.Parallel()
	const week = digicert.MaxTimeFrame
	winter := utc(2024, time.January, 15, 3, 4, 5)
	summer := utc(2024, time.July, 15, 12, 0, 0)
	berlin := time.FixedZone("CEST", 2*60*60)

	for name, tc := range map[string]struct {
		params *digicert.ListStatusChangesParams
		query  []string
	}{
		"minutes":                   {&digicert.ListStatusChangesParams{Minutes: 10}, []string{"minutes=10"}},
		"seconds":                   {&digicert.ListStatusChangesParams{Seconds: 30}, []string{"seconds=30"}},
		"both":                      {&digicert.ListStatusChangesParams{Minutes: 10, Seconds: 30}, []string{"minutes=10", "seconds=30"}},
		"seven days in minutes":     {&digicert.ListStatusChangesParams{Minutes: 10080}, []string{"minutes=10080"}},
		"seven days in seconds":     {&digicert.ListStatusChangesParams{Seconds: 604800}, []string{"seconds=604800"}},
		"seven days in both":        {&digicert.ListStatusChangesParams{Minutes: 10079, Seconds: 60}, []string{"minutes=10079", "seconds=60"}},
		"Last":                      {digicert.Last(10 * time.Minute), []string{"minutes=10"}},
		"Last with seconds":         {digicert.Last(90 * time.Second), []string{"minutes=1", "seconds=30"}},
		"Last, a nanosecond":        {digicert.Last(time.Nanosecond), []string{"seconds=1"}},
		"Last, part of a second":    {digicert.Last(59*time.Second + time.Millisecond), []string{"minutes=1"}},
		"Last, seven days":          {digicert.Last(week), []string{"minutes=10080"}},
		"range in winter":           {between(winter, winter.Add(time.Hour)), []string{"filters[status_last_updated]=2024-01-14+21:04:05...2024-01-14+22:04:05"}},
		"range in summer":           {between(summer, summer.Add(time.Hour)), []string{"filters[status_last_updated]=2024-07-15+06:00:00...2024-07-15+07:00:00"}},
		"range in other zones":      {between(winter.In(berlin), summer.In(berlin).Add(winter.Sub(summer)+time.Hour)), []string{"filters[status_last_updated]=2024-01-14+21:04:05...2024-01-14+22:04:05"}},
		"range of seven days":       {between(winter, winter.Add(week)), []string{"filters[status_last_updated]=2024-01-14+21:04:05...2024-01-21+21:04:05"}},
		"range of one moment":       {between(winter, winter), []string{"filters[status_last_updated]=2024-01-14+21:04:05...2024-01-14+21:04:05"}},
		"range over the new year":   {between(utc(2024, time.January, 1, 5, 59, 59), utc(2024, time.January, 1, 6, 0, 0)), []string{"filters[status_last_updated]=2023-12-31+23:59:59...2024-01-01+00:00:00"}},
		"range with local midnight": {between(time.Date(2024, time.March, 10, 0, 0, 0, 0, berlin), time.Date(2024, time.March, 11, 0, 0, 0, 0, berlin)), []string{"filters[status_last_updated]=2024-03-09+16:00:00...2024-03-10+16:00:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			given := *tc.params

			_, err := c.StatusChanges.List(t.Context(), tc.params)

			require.NoError(t, err)
			req := s.only(t)
			require.Equal(t, http.MethodGet, req.Method)
			require.Equal(t, "/services/v2/order/certificate/status-changes", req.URL.Path)
			require.ElementsMatch(t, tc.query, queryOf(t, req))
			require.Equal(t, given, *tc.params)
		})
	}
}

func TestStatusChangesListRefused(t *testing.T) {
	t.Parallel()
	const (
		week       = digicert.MaxTimeFrame
		rangeParam = "filters[status_last_updated]"
		anyOfThem  = "minutes, seconds, " + rangeParam
	)
	start := utc(2024, time.January, 15, 0, 0, 0)

	for name, tc := range map[string]struct {
		params  *digicert.ListStatusChangesParams
		param   string
		tooLong bool
	}{
		"nil":                        {nil, anyOfThem, false},
		"nothing":                    {&digicert.ListStatusChangesParams{}, anyOfThem, false},
		"Last of nothing":            {digicert.Last(0), anyOfThem, false},
		"negative minutes":           {&digicert.ListStatusChangesParams{Minutes: -1}, "minutes", false},
		"negative seconds":           {&digicert.ListStatusChangesParams{Seconds: -1}, "seconds", false},
		"negative minutes, seconds":  {&digicert.ListStatusChangesParams{Minutes: -1, Seconds: 120}, "minutes", false},
		"minutes, negative seconds":  {&digicert.ListStatusChangesParams{Minutes: 2, Seconds: -1}, "seconds", false},
		"Last, negative":             {digicert.Last(-10 * time.Minute), "minutes", false},
		"Last, negative seconds":     {digicert.Last(-10 * time.Second), "seconds", false},
		"too many minutes":           {&digicert.ListStatusChangesParams{Minutes: 10081}, "minutes", true},
		"too many seconds":           {&digicert.ListStatusChangesParams{Seconds: 604801}, "seconds", true},
		"too much in both":           {&digicert.ListStatusChangesParams{Minutes: 10080, Seconds: 1}, "minutes", true},
		"the most minutes":           {&digicert.ListStatusChangesParams{Minutes: math.MaxInt, Seconds: 1}, "minutes", true},
		"the most seconds":           {&digicert.ListStatusChangesParams{Minutes: 1, Seconds: math.MaxInt}, "seconds", true},
		"Last, too long":             {digicert.Last(week + time.Nanosecond), "minutes", true},
		"Last, the longest":          {digicert.Last(math.MaxInt64), "minutes", true},
		"range too long":             {between(start, start.Add(week+time.Second)), rangeParam, true},
		"range of all time":          {between(time.Unix(0, 0), utc(9999, time.December, 31, 0, 0, 0)), rangeParam, true},
		"range ends before it began": {between(start, start.Add(-time.Second)), rangeParam, false},
		"range without a start":      {between(time.Time{}, start), rangeParam, false},
		"range without an end":       {between(start, time.Time{}), rangeParam, false},
		"range and minutes": {&digicert.ListStatusChangesParams{
			Minutes: 1, Filters: between(start, start.Add(time.Hour)).Filters,
		}, rangeParam, false},
		"range and seconds": {&digicert.ListStatusChangesParams{
			Seconds: 1, Filters: between(start, start.Add(time.Hour)).Filters,
		}, rangeParam, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)

			got, err := c.StatusChanges.List(t.Context(), tc.params)

			requireParamError(t, err, tc.param)
			require.Equal(t, tc.tooLong, isCode(err, digicert.CodeTimeFrameTooLong))
			require.Nil(t, got)
			require.Zero(t, s.GetTotalCallCount())
		})
	}
}

// An open end is told apart from a range that runs backwards.
func TestStatusChangesOpenRange(t *testing.T) {
	t.Parallel()
	moment := utc(2024, time.January, 15, 0, 0, 0)
	c, _ := serve(t, http.StatusOK, `{}`)
	for _, params := range []*digicert.ListStatusChangesParams{between(moment, time.Time{}), between(time.Time{}, moment)} {
		_, err := c.StatusChanges.List(t.Context(), params)
		require.ErrorContains(t, err, "both ends")
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]digicert.ListStatusChangesParams{
		10 * time.Minute:              {Minutes: 10},
		90 * time.Second:              {Minutes: 1, Seconds: 30},
		59 * time.Second:              {Seconds: 59},
		time.Millisecond:              {Seconds: 1},
		time.Second + 1:               {Seconds: 2},
		digicert.MaxTimeFrame:         {Minutes: 10080},
		2*time.Hour + 1*time.Second:   {Minutes: 120, Seconds: 1},
		2*time.Hour - time.Nanosecond: {Minutes: 120},
	} {
		require.Equal(t, want, *digicert.Last(d), d)
	}
}
