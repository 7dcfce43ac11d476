// Tests of the table format.

package main

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// tableOf returns an encoder of a table with some columns.
func tableOf(t *testing.T, row reflect.Type, l look, names ...string) *tableEncoder {
	t.Helper()
	columns, err := look{columns: names}.pick(columnsOf(row))
	require.NoError(t, err)
	return newTableEncoder(nil, columns, false, l)
}

// wholeRows returns an encoder of JSON.
func wholeRows() *jsonEncoder {
	return &jsonEncoder{value: func(v reflect.Value) any { return v.Addr().Interface() }}
}

func table(t *testing.T, rows ...named) []string {
	t.Helper()
	enc := tableOf(t, reflect.TypeFor[named](), look{}, "name", "count")
	return strings.Split(strings.TrimSuffix(encoded(t, enc, rows...), "\n"), "\n")
}

func TestTableEncoder(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"name  count"}, table(t))
	require.Equal(t, []string{
		"name    count",
		"ab          5",
		"abcdef  12345",
		"",
	}, table(t, named{"ab", 5}, named{"abcdef", 12345}, named{}))
	require.Equal(t, []string{
		"name       count",
		"日本語         1",
		"cafe\u0301           2", // the combining accent has no width
		"a\uFFFD\uFFFD[31mb\uFFFD      3",
	}, table(t, named{"日本語", 1}, named{"cafe\u0301", 2}, named{"a\n\x1b[31mb\u202e", 3}))

	// Only the first rows set the widths.
	rows := make([]named, alignedRows+1)
	for i := range rows {
		rows[i] = named{"x", 1}
	}
	rows[alignedRows] = named{"longer than all before", 1}
	lines := table(t, rows...)
	require.Equal(t, "name  count", lines[0])
	require.Equal(t, "longer than all before      1", lines[alignedRows+1])
}

// TestTableCutsOnlyTexts checks that a number or a day after the rows that set the widths stays whole on a terminal, and that a
// text does not.
func TestTableCutsOnlyTexts(t *testing.T) {
	t.Parallel()
	rows := make([]named, alignedRows+1)
	for i := range rows {
		rows[i] = named{"x", 1}
	}
	rows[alignedRows] = named{"longer than all before", 1234567890123}
	enc := tableOf(t, reflect.TypeFor[named](), look{width: 80}, "name", "count")
	lines := strings.Split(encoded(t, enc, rows...), "\n")
	require.Equal(t, "x         1", lines[alignedRows])
	require.Equal(t, "lon…  1234567890123", lines[alignedRows+1])
}

// TestTableWidths checks how the width of a terminal is shared: by a table whose rows are known, and by a live one.
func TestTableWidths(t *testing.T) {
	t.Parallel()
	type row struct {
		ID    int           `json:"id"`
		Name  string        `json:"name"`
		Other string        `json:"other"`
		Day   digicert.Date `json:"day"`
	}
	whole := row{1, strings.Repeat("n", 60), strings.Repeat("o", 30), digicert.Date{Year: 2026, Month: 1, Day: 1}}
	names := []string{"id", "name", "other", "day"}
	for _, test := range []struct {
		live  bool
		width int
		named bool // by --columns, so that no column is dropped
		want  []int
	}{
		{false, 0, false, []int{2, 60, 30, 10}},
		{false, 200, false, []int{2, 60, 30, 10}},
		{false, 100, false, []int{2, 52, 30, 10}},
		{false, 70, false, []int{2, 26, 26, 10}},
		{false, 60, false, []int{2, 27, 27}},
		{false, 40, false, []int{2, 36}},
		{false, 20, false, []int{2}},
		{false, 40, true, []int{2, 11, 11, 10}},
		{true, 0, false, []int{12, 24, 24, 10}},
		{true, 200, false, []int{12, 64, 64, 10}},
		{true, 80, false, []int{12, 26, 26, 10}},
		{true, 60, false, []int{12, 46}},
		{true, 20, false, []int{12}},
	} {
		l := look{width: test.width}
		if test.named {
			l.columns = names
		}
		columns, err := look{columns: names}.pick(columnsOf(reflect.TypeFor[row]()))
		require.NoError(t, err)
		enc := newTableEncoder(nil, columns, test.live, l)
		rows := []row{whole}
		if test.live { // its header comes before its rows
			rows = nil
		}
		encoded(t, enc, rows...)
		require.Equal(t, test.want, enc.widths, test)
	}
}

func TestCellWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                          0,
		"example.com":               11,
		"日本語":                       6,
		"ＡＢＣ":                       6, // fullwidth letters
		"ｱｲｳ":                       3, // halfwidth kana
		"한국":                        4,
		"é":                         1,
		"e\u0301":                   1, // the same as two characters
		"ก\u0e34":                   1,
		"Ω":                         1, // ambiguous width: wide in some East Asian fonts
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

// TestTables compares tables of the documented samples with golden files.
func TestTables(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for name, args := range tables {
		golden(t, "table/"+name+".txt", s.ok(t, append(strings.Fields(args), "-o", "table")...))
	}
}

// tables maps the name of a golden file to the arguments of its listing.
var tables = map[string]string{
	"reissues_list":          "reissues list 123457",
	"reissues_list_empty":    "reissues list 123456",
	"subaccounts_orders":     "subaccounts orders",
	"status-changes_list":    "status-changes list --last 10m",
	"subaccounts_orders_one": "subaccounts orders --status issued",
}

// TestServerTables compares tables of accountServer with golden files.
func TestServerTables(t *testing.T) {
	t.Parallel()
	_, s := accountServer(t)
	for name, args := range map[string]string{
		"orders_list":              "orders list",
		"orders_duplicates":        "orders duplicates 1 --archived",
		"orders_history":           "orders history 1",
		"subaccounts_list":         "subaccounts list",
		"certificates_chain":       "certificates chain 11",
		"organizations_list":       "organizations list",
		"organizations_validation": "organizations validation 117483",
		"domains_list":             "domains list",
		"products_list":            "products list",
	} {
		golden(t, "table/"+name+".txt", s.ok(t, append(strings.Fields(args), "-o", "table")...))
	}
}

func TestCutTo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		most int
		want string
	}{
		{"example", 7, "example"}, {"example", 6, "examp…"}, {"example", 1, "…"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"}, {"", 3, ""}, {"cafe\u0301s", 5, "cafe\u0301s"}, {"cafe\u0301s", 4, "caf…"},
	} {
		got := cutTo(test.text, test.most)
		require.Equal(t, test.want, got)
		require.LessOrEqual(t, cellWidth(got), test.most)
	}
}
