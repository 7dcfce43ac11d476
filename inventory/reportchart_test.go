// Tests of the report's charts.

package inventory

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestScale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ highest, step, top float64 }{
		{0, 1, 1},
		{0.3, 1, 1},
		{1, 1, 1},
		{5, 1, 5},
		{6, 1, 6},
		{7, 2, 8},
		{12, 2, 12},
		{13, 5, 15},
		{31, 10, 40},
		{100, 20, 100},
		{121, 50, 150},
		{1e6, 200_000, 1e6},
		{1.3e15, 5e14, 1.5e15},
	} {
		step, top := scale(c.highest)
		require.Equal(t, c, struct{ highest, step, top float64 }{c.highest, step, top})
	}
}

func TestShortNumber(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{0: "0", 5: "5", 999: "999", 1000: "1k", 2500: "2.5k", 20_000: "20k", 5e6: "5M", 1e9: "1G", 2e12: "2T"} {
		require.Equal(t, want, short(value))
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		columns []column
	}{
		{"no column", nil},
		{"nothing", make([]column, 12)},
		{"one", []column{{"a", []part{{3, "s0", "three"}}}}},
		{"stacks", []column{{"a", []part{{3, "s0", ""}, {2, "s1", ""}}}, {"b", []part{{0, "s0", ""}, {1, "s1", ""}}}}},
		{"one in a million", []column{{"a", []part{{1e6, "s0", ""}}}, {"b", []part{{1, "s0", ""}}}}},
	} {
		for _, drawn := range charts(chart{}, c.columns) {
			t.Run(fmt.Sprint(c.name, drawn.Name), func(t *testing.T) {
				t.Parallel()
				requireDrawn(t, drawn, c.columns)
			})
		}
	}
}

// requireDrawn checks that a chart shows columns: each part that is not 0 has a rectangle of its height on those below it, in the area of the columns.
func requireDrawn(t *testing.T, c chart, columns []column) {
	t.Helper()
	zero, top := c.Ticks[0], c.Ticks[len(c.Ticks)-1]
	require.Equal(t, "0", zero.Text)
	require.InDelta(t, c.Bottom, zero.Y, 0.1)
	require.InDelta(t, c.Top, top.Y, 0.1)
	highest := 0.0
	for _, col := range columns {
		highest = max(highest, col.sum())
	}
	_, scaled := scale(highest)
	unit := (c.Bottom - c.Top) / scaled // of height

	i := 0
	end := c.Left
	for _, col := range columns {
		y := c.Bottom
		right := end
		for _, p := range col.Parts {
			if p.Value == 0 {
				continue
			}
			bar := c.Bars[i]
			i++
			require.GreaterOrEqual(t, bar.X, end-0.1, "columns do not overlap")
			require.LessOrEqual(t, bar.X+bar.Width, c.Right)
			require.InDelta(t, max(1, p.Value*unit), bar.Height, 0.2)
			require.InDelta(t, y, bar.Y+bar.Height, 0.2)
			require.Equal(t, p.Class, bar.Class)
			require.Equal(t, p.Title, bar.Title)
			y, right = bar.Y, bar.X+bar.Width
		}
		end = right
	}
	require.Len(t, c.Bars, i)
}

func TestChartLabels(t *testing.T) {
	t.Parallel()
	columns := make([]column, reportWeeks)
	for i := range columns {
		columns[i].Label = "Week"
	}
	for _, c := range charts(chart{ID: "x"}, columns) {
		require.Equal(t, "x-"+c.Name, c.ID)
		require.NotEmpty(t, c.Labels)
		for i, label := range c.Labels[1:] {
			require.GreaterOrEqual(t, label.X-c.Labels[i].X, c.labelWidth)
		}
		require.Less(t, c.Labels[len(c.Labels)-1].X, c.Width-10, "it is not cut")
	}
}
