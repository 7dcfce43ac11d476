package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// encoded runs rows through an encoder.
func encoded[T any](t *testing.T, enc encoder, rows ...T) string {
	t.Helper()
	var b bytes.Buffer
	switch e := enc.(type) {
	case *tableEncoder:
		e.buffered = &buffered{to: &b}
	case *csvEncoder:
		e.buffered = &buffered{to: &b}
		require.NoError(t, e.header())
	case *jsonEncoder:
		e.buffered = &buffered{to: &b}
	}
	for _, row := range rows {
		require.NoError(t, enc.row(reflect.ValueOf(&row).Elem()))
	}
	require.NoError(t, enc.end())
	require.NoError(t, enc.flush())
	return b.String()
}

type named struct {
	Name  string `json:"name,omitzero"`
	Count int    `json:"count,omitzero"`
}

func table(t *testing.T, rows ...named) []string {
	t.Helper()
	enc := newTableEncoder(nil, columnsOf(reflect.TypeFor[named]()), listing{table: []string{"name", "count"}}, false)
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
		"cafe\u0301           2", // the accent takes no place
		"a\uFFFD\uFFFD[31mb\uFFFD      3",
	}, table(t, named{"日本語", 1}, named{"cafe\u0301", 2}, named{"a\n\x1b[31mb\u202e", 3}))

	// The first rows set the widths, so that those after them need not be waited for.
	rows := make([]named, aligned+1)
	for i := range rows {
		rows[i] = named{"x", 1}
	}
	rows[aligned] = named{"longer than all before", 1}
	lines := table(t, rows...)
	require.Equal(t, "name  count", lines[0])
	require.Equal(t, "longer than all before      1", lines[aligned+1])
}

func TestCSVEncoder(t *testing.T) {
	t.Parallel()
	five := -5
	reissue := digicert.Reissue{
		ID: 1, CommonName: "=HYPERLINK(\"x\")", DNSNames: []string{"a", "+b,c"}, DaysRemaining: &five, Email: "<a>&\n",
		DateCreated: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), ValidTill: digicert.Date{Year: 2026, Month: 2, Day: 3}, Archived: true,
	}
	enc := &csvEncoder{columns: columnsOf(reflect.TypeFor[digicert.Reissue]())}
	cells, err := csv.NewReader(strings.NewReader(encoded(t, enc, reissue))).ReadAll()
	require.NoError(t, err)
	require.Len(t, cells, 2)
	row := make(map[string]string)
	for i, name := range cells[0] {
		row[name] = cells[1][i]
	}
	require.Equal(t, "'=HYPERLINK(\"x\")", row["common_name"])
	require.Equal(t, "a +b,c", row["dns_names"])
	require.Equal(t, "-5", row["days_remaining"], "a number is no formula")
	require.Equal(t, "<a>&\n", row["email"])
	require.Equal(t, "2026-01-02T03:04:05Z", row["date_created"])
	require.Equal(t, "2026-02-03", row["valid_till"])
	require.Equal(t, "true", row["archived"])
	require.Empty(t, row["date_issued"])
	require.Empty(t, row["key_size"])
}

func TestJSONEncoder(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[]\n", encoded[named](t, new(jsonEncoder)))
	require.Equal(t, "[\n  {\n    \"name\": \"<a&b>\"\n  },\n  {\n    \"count\": 2\n  }\n]\n",
		encoded(t, new(jsonEncoder), named{Name: "<a&b>"}, named{Count: 2}))
}

func TestProgressText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rows, total int
		elapsed     time.Duration
		want        string
	}{
		{0, 0, time.Second, "0 rows"},
		{0, 5000, time.Second, "0 of 5,000 rows"},
		{1000, 5000, 2 * time.Second, "1,000 of 5,000 rows, 500/s, 8s left"},
		{5000, 5000, 2 * time.Second, "5,000 of 5,000 rows, 2,500/s"},
		{6000, 5000, 2 * time.Second, "6,000 rows, 3,000/s"},
		{1, 1_234_567, time.Minute, "1 of 1,234,567 rows, 0/s, 20576h6m0s left"},
	} {
		require.Equal(t, test.want, progressText(test.rows, test.total, test.elapsed))
	}
}

func TestSplitWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"a":                     {"a"},
		"  a\tb\nc ":            {"a", "b", "c"},
		`'a b' "c d"`:           {"a b", "c d"},
		`a'b'"c"d`:              {"abcd"},
		`'' ""`:                 {"", ""},
		`a\ b \\ \'`:            {"a b", `\`, "'"},
		`'a\b' "a\"b"`:          {`a\b`, `a"b`},
		`$HOME *.pem ;rm > x |`: {"$HOME", "*.pem", ";rm", ">", "x", "|"},
	} {
		got, err := splitWords(text)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "  ", "'a", `"a`, `a\`} {
		_, err := splitWords(text)
		require.Error(t, err, "%q", text)
	}
}

func TestMoment(t *testing.T) {
	t.Parallel()
	local := func(h, m, s int) time.Time { return time.Date(2026, 3, 31, h, m, s, 0, time.Local) }
	for text, want := range map[string]time.Time{
		"2026-03-31":                local(0, 0, 0),
		"2026-03-31 18:00":          local(18, 0, 0),
		"2026-03-31 18:00:01":       local(18, 0, 1),
		"2026-03-31T18:00":          local(18, 0, 0),
		"2026-03-31T18:00:01":       local(18, 0, 1),
		"2026-03-31T18:00:00Z":      time.Date(2026, 3, 31, 18, 0, 0, 0, time.UTC),
		"2026-03-31T18:00:00+02:00": time.Date(2026, 3, 31, 16, 0, 0, 0, time.UTC),
	} {
		got, err := moment("since", text)
		require.NoError(t, err)
		require.True(t, got.Equal(want), "%s: %s", text, got)
	}
	for _, text := range []string{"", "now", "2026-02-30", "31.3.2026", "18:00"} {
		_, err := moment("since", text)
		require.ErrorAs(t, err, new(usageError))
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	limiter, err := paceOf(nil, digicert.BaseURLUS)
	require.NoError(t, err)
	require.Nil(t, limiter, "the package's own")
	limiter, err = paceOf([]string{"50/5s", "500/3m"}, digicert.BaseURLUS)
	require.NoError(t, err)
	require.IsType(t, new(digicert.RollingLimiter), limiter)
	_, err = paceOf([]string{"off"}, digicert.BaseURLEU)
	require.ErrorAs(t, err, new(usageError))
	_, err = paceOf([]string{"off"}, "http://127.0.0.1:8080")
	require.NoError(t, err)
}

// TestMessage checks that whatever an error says is told in one line.
func TestMessage(t *testing.T) {
	t.Parallel()
	require.Equal(t, "digicert: a b c", message(fmt.Errorf("a\nb\r\n\tc")))
	require.Equal(t, "digicert: GET /x: 404", message(fmt.Errorf("digicert: GET /x: 404")))
}
