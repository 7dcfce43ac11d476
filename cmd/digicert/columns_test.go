package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestCellWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                          0,
		"example.com":               11,
		"日本語":                       6,
		"ＡＢＣ":                       6, // the wide forms of letters
		"ｱｲｳ":                       3, // the narrow ones of kana
		"한국":                        4,
		"é":                         1,
		"e\u0301":                   1, // the same of two characters
		"ก\u0e34":                   1,
		"Ω":                         1, // wide in some fonts of East Asia, narrow elsewhere
		"\U0001f600":                2,
		"\uFFFD":                    1,
		strings.Repeat("\u0301", 9): 0,
	} {
		require.Equal(t, want, cellWidth(text), "%q", text)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "",
		"Zoë & Söhne, 株式会社":      "Zoë & Söhne, 株式会社",
		"a\nb\r\tc":              "a\uFFFDb\uFFFD\uFFFDc",
		"\x1b]0;title\a":         "\uFFFD]0;title\uFFFD",
		"\u009b2J":               "\uFFFD2J", // an escape sequence of one character
		"moc.\u202eelgoog":       "moc.\uFFFDelgoog",
		"zero\u200bwidth\ufeff":  "zero\uFFFDwidth\uFFFD",
		"a\u2028b":               "a\uFFFDb",
		"half a character: \xc3": "half a character: \uFFFD",
	} {
		require.Equal(t, want, printable(text), "%q", text)
	}
}

// motley has a field of every kind that rows have, and of those that they might have one day.
type motley struct {
	Text    string               `json:"text"`
	Open    digicert.OrderStatus `json:"open,omitzero"`
	Number  int                  `json:"number"`
	ID      digicert.OrderID     `json:"id,omitzero"`
	Maybe   *int                 `json:"maybe,omitzero"`
	Amount  decimal.Decimal      `json:"amount"`
	Yes     bool                 `json:"yes"`
	At      time.Time            `json:"at,omitzero"`
	Day     digicert.Date        `json:"day,omitzero"`
	Names   []string             `json:"names,omitzero"`
	Inner   *inner               `json:"inner,omitzero"`
	Numbers []int                `json:"numbers,omitzero"`
	Nobody  string               `json:"-"`
	hidden  string
}

type inner struct {
	Text   string `json:"text"`
	Inmost struct {
		Number int `json:"number"`
	} `json:"inmost"`
}

func TestColumnTexts(t *testing.T) {
	t.Parallel()
	row := motley{
		Text: "-1 <&>", Open: "=issued", Number: -1, ID: 7, Maybe: new(0), Amount: decimal.RequireFromString("-198.50"), Yes: true,
		At: time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC), Day: digicert.Date{Year: 2026, Month: 3, Day: 31},
		Names: []string{"=a", "b"}, Numbers: []int{1, 2}, Nobody: "x", hidden: "x",
	}
	row.Inner = &inner{Text: "@inside"}
	row.Inner.Inmost.Number = 5
	type cell struct{ name, table, csv string }
	cells := func(row motley) (list []cell) {
		v := reflect.ValueOf(&row).Elem()
		for _, c := range columnsOf(v.Type()) {
			list = append(list, cell{c.name, c.text(v), c.csv(v)})
		}
		return list
	}
	require.Equal(t, []cell{
		{"text", "-1 <&>", "'-1 <&>"},
		{"open", "=issued", "'=issued"},
		{"number", "-1", "-1"},
		{"id", "7", "7"},
		{"maybe", "0", "0"},
		{"amount", "-198.50", "-198.50"},
		{"yes", "true", "true"},
		{"at", "2026-03-31T18:00:00Z", "2026-03-31T18:00:00Z"},
		{"day", "2026-03-31", "2026-03-31"},
		{"names", "=a b", "'=a b"},
		{"inner.text", "@inside", "'@inside"},
		{"inner.inmost.number", "5", "5"},
		{"numbers", "[1,2]", "[1,2]"},
	}, cells(row))
	require.Equal(t, []cell{
		{"text", "", ""},
		{"open", "", ""},
		{"number", "0", "0"},
		{"id", "", ""},
		{"maybe", "", ""},
		{"amount", "0", "0"},
		{"yes", "false", "false"},
		{"at", "", ""},
		{"day", "", ""},
		{"names", "", ""},
		{"inner.text", "", ""},
		{"inner.inmost.number", "", ""},
		{"numbers", "", ""},
	}, cells(motley{}))
	require.Contains(t, cells(motley{Day: digicert.Date{Year: 2026, Month: 13, Day: 1}})[8].table, "2026-13-01", "a day that is none is told")
}

// TestHTML checks that characters which only HTML needs escaped are as they are, in every format.
func TestHTML(t *testing.T) {
	t.Parallel()
	row := named{Name: "<a href='x'>&amp;</a>"}
	for _, format := range []encoder{
		new(jsonEncoder),
		&csvEncoder{columns: columnsOf(reflect.TypeFor[named]())},
		newTableEncoder(nil, columnsOf(reflect.TypeFor[named]()), listing{table: []string{"name"}}, false),
	} {
		require.Contains(t, encoded(t, format, row), row.Name)
	}
	var b strings.Builder
	require.NoError(t, marshal(&b, row))
	require.Equal(t, `{"name":"`+row.Name+`"}`+"\n", b.String())
}

// TestGrouped checks the thousands of progress.
func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 999_999: "999,999", 1_000_000: "1,000,000"} {
		require.Equal(t, want, grouped(n))
	}
}
