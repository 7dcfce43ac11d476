// Charts of the report: columns, drawn as SVG.

package inventory

import (
	"math"
	"strconv"
)

// chartSize is the size of a chart, in the units of its drawing. One unit is about a pixel. Each chart is drawn in both sizes, and
// the page shows the one that fits: the texts of the wide one, scaled to a phone, would be unreadable.
type chartSize struct {
	Name          string
	Width, Height float64
	labelWidth    float64 // the least distance between labels of columns
}

var (
	wideChart   = chartSize{Name: "wide", Width: 1040, Height: 300, labelWidth: 46}
	narrowChart = chartSize{Name: "narrow", Width: 340, Height: 230, labelWidth: 40}
)

// column is one column of a chart, with its parts from the bottom up.
type column struct {
	Label string // at the axis; may be empty
	Parts []part
}

type part struct {
	Value float64
	Class string // of its rectangle
	Title string // with the value, for people
}

// chart is a drawing. Y grows downwards.
type chart struct {
	chartSize
	ID          string // unique in the page
	Title, Desc string
	XTitle      string // what the columns are
	YTitle      string // what their heights are

	Left, Right, Top, Bottom float64 // of the area of the columns
	Ticks                    []tick
	Bars                     []rectangle
	Labels                   []label
}

type tick struct {
	Y    float64
	Text string
}

type label struct {
	X    float64
	Text string
}

type rectangle struct {
	X, Y, Width, Height float64
	Class, Title        string
}

// place fills the drawing with columns. Values must not be negative. number formats the value of a tick.
func (c *chart) place(columns []column, number func(float64) string) {
	highest := 0.0
	for _, col := range columns {
		highest = max(highest, col.sum())
	}
	step, top := scale(highest)
	widest := 0
	for value := 0.0; value <= top; value += step {
		widest = max(widest, len(number(value)))
	}
	c.Left, c.Right = 10+8*float64(widest), c.Width-4
	c.Top, c.Bottom = 28, c.Height-44
	y := func(value float64) float64 { return tenths(c.Bottom - (c.Bottom-c.Top)*value/top) }
	for value := 0.0; value <= top; value += step {
		c.Ticks = append(c.Ticks, tick{y(value), number(value)})
	}
	if len(columns) == 0 {
		return
	}
	slot := (c.Right - c.Left) / float64(len(columns))
	labelled := math.Inf(-1)
	for i, col := range columns {
		x := c.Left + slot*float64(i)
		sum := 0.0
		for _, p := range col.Parts {
			upper, lower := y(sum+p.Value), y(sum)
			if p.Value > 0 && sum == 0 {
				upper = min(upper, lower-1) // even a small value is visible
			}
			sum += p.Value
			if p.Value > 0 {
				c.Bars = append(c.Bars, rectangle{tenths(x + slot*0.12), upper, tenths(slot * 0.76), tenths(lower - upper), p.Class, p.Title})
			}
		}
		if middle := tenths(x + slot/2); col.Label != "" && middle-labelled >= c.labelWidth && middle+c.labelWidth/3 <= c.Width {
			c.Labels = append(c.Labels, label{middle, col.Label})
			labelled = middle
		}
	}
}

// Positions of the texts.

func (c chart) TickX() float64   { return c.Left - 6 }
func (c chart) LabelY() float64  { return c.Bottom + 16 }
func (c chart) Middle() float64  { return tenths((c.Left + c.Right) / 2) }
func (c chart) XTitleY() float64 { return c.Height - 6 }

func (col column) sum() float64 {
	sum := 0.0
	for _, p := range col.Parts {
		sum += p.Value
	}
	return sum
}

// scale returns the distance between ticks, and the value of the highest one, for values up to highest: 1, 2 or 5 times a power of
// ten, at least 1, so that there are at most seven ticks.
func scale(highest float64) (step, top float64) {
	step = 1
	for i := 0; highest/step > 6; i++ {
		step *= []float64{2, 2.5, 2}[i%3]
	}
	return step, step * max(1, math.Ceil(highest/step))
}

// tenths rounds to one decimal place, which is as exact as a screen shows it.
func tenths(x float64) float64 { return math.Round(x*10) / 10 }

// short writes the value of a tick: 20000 is 20k.
func short(value float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if value >= unit.size {
			return strconv.FormatFloat(value/unit.size, 'g', 6, 64) + unit.name
		}
	}
	return strconv.FormatFloat(value, 'g', 6, 64)
}
