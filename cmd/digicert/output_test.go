// Tests of the output formats.

package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/csvsafe"
)

// requireFormats runs a listing in every format and checks that each has the rows in want.
func requireFormats[T any](t *testing.T, s service, want []T, args ...string) {
	t.Helper()
	in := func(format string) string { return s.ok(t, append(args, "-o", format)...) }

	require.Equal(t, jsonOf(t, want), jsonOf(t, decodeLines[T](t, in("jsonl"))))
	require.Equal(t, s.ok(t, args...), in("jsonl"), "the default without a terminal")

	var document []T
	require.NoError(t, json.Unmarshal([]byte(in("json")), &document))
	require.Equal(t, jsonOf(t, want), jsonOf(t, document))

	cells, err := csv.NewReader(strings.NewReader(in("csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, cells, len(want)+1)
	for i, row := range want {
		var object map[string]any
		text := jsonOf(t, row)
		require.NoError(t, json.Unmarshal([]byte(text), &object))
		for j, name := range cells[0] {
			require.Equal(t, csvsafe.Text(member(t, text, strings.Split(name, "."))), cells[i+1][j], "%s of row %d", name, i)
		}
		require.Subset(t, cells[0], leaves(object, ""), "every member of row %d has a column", i)
	}

	// Cells contain spaces, so only the words of a line are compared. Golden files compare the spaces.
	table := strings.Split(strings.TrimSuffix(in("table"), "\n"), "\n")
	require.Len(t, table, len(want)+1)
	for i, line := range table {
		var shown []string
		for _, name := range strings.Fields(table[0]) { // the name of the column, or its header
			at := find(columnsOf(reflect.TypeFor[T]()), name)
			require.GreaterOrEqual(t, at, 0, name)
			if i == 0 {
				shown = append(shown, name)
				continue
			}
			shown = append(shown, cells[i][at])
		}
		require.Equal(t, strings.Fields(strings.Join(shown, " ")), strings.Fields(line), "row %d", i)
	}
}

// leaves returns the names of the columns that the members of object should have.
func leaves(object map[string]any, prefix string) []string {
	var names []string
	for name, value := range object {
		if inner, ok := value.(map[string]any); ok {
			names = append(names, leaves(inner, prefix+name+".")...)
		} else {
			names = append(names, prefix+name)
		}
	}
	return names
}

// member returns the text of the CSV cell for the member of a JSON object at path, or "" if there is no such member.
func member(t *testing.T, object string, path []string) string {
	t.Helper()
	value := json.RawMessage(object)
	for _, name := range path {
		var inner map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(value, &inner))
		if value = inner[name]; value == nil {
			return ""
		}
	}
	var text string
	var texts []string
	switch {
	case json.Unmarshal(value, &text) == nil:
		return text
	case json.Unmarshal(value, &texts) == nil: // an empty list of any kind too
		return strings.Join(texts, " ")
	}
	return string(value)
}

// requireOne checks that a single value is printed in every format.
func requireOne[T any](t *testing.T, s service, want T, args ...string) {
	t.Helper()
	var document T
	require.NoError(t, json.Unmarshal([]byte(s.ok(t, append(args, "-o", "json")...)), &document))
	require.Equal(t, jsonOf(t, want), jsonOf(t, document))
	require.Equal(t, jsonOf(t, []T{want}), jsonOf(t, decodeLines[T](t, s.ok(t, args...))))
	records, err := csv.NewReader(strings.NewReader(s.ok(t, append(args, "-o", "csv")...))).ReadAll()
	require.NoError(t, err)
	require.Len(t, records, 2)
	golden(t, "table/"+strings.Join(args[:min(2, len(args))], "_")+".txt", s.ok(t, append(args, "-o", "table")...))
}

// encoded returns the output of an encoder for rows.
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
	require.Equal(t, "-5", row["days_remaining"], "numbers are not escaped")
	require.Equal(t, "<a>&\n", row["email"])
	require.Equal(t, "2026-01-02T03:04:05Z", row["date_created"])
	require.Equal(t, "2026-02-03", row["valid_till"])
	require.Equal(t, "true", row["archived"])
	require.Empty(t, row["date_issued"])
	require.Empty(t, row["key_size"])
}

func TestJSONEncoder(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[]\n", encoded[named](t, wholeRows()))
	require.Equal(t, "[\n  {\n    \"name\": \"<a&b>\"\n  },\n  {\n    \"count\": 2\n  }\n]\n",
		encoded(t, wholeRows(), named{Name: "<a&b>"}, named{Count: 2}))
}

// TestHTML checks that no format escapes HTML characters.
func TestHTML(t *testing.T) {
	t.Parallel()
	row := named{Name: "<a href='x'>&amp;</a>"}
	columns := columnsOf(reflect.TypeFor[named]())
	for _, format := range []encoder{
		wholeRows(),
		&jsonEncoder{value: func(v reflect.Value) any { return chosen{v, columns} }},
		&csvEncoder{columns: columnsOf(reflect.TypeFor[named]())},
		tableOf(t, reflect.TypeFor[named](), look{}, "name"),
	} {
		require.Contains(t, encoded(t, format, row), row.Name)
	}
	var b strings.Builder
	require.NoError(t, marshal(&b, row))
	require.Equal(t, `{"name":"`+row.Name+`"}`+"\n", b.String())
	require.Equal(t, `[{"name":"`+row.Name+`"}]`, textOf(reflect.ValueOf([]named{row})))
}

// TestFullDisk checks that a failed write is an error.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		full, err = os.Open(filepath.Join("testdata", "help", "digicert.txt")) // opened for reading only, so that writes fail
		require.NoError(t, err)
	}
	defer full.Close()
	s := sandbox(t)
	for _, args := range []string{"subaccounts orders -o jsonl", "subaccounts orders -o table", "get /account/subaccount/order"} {
		c := command(s, strings.Fields(args)...)
		c.Stdout = full
		r := finish(t, c)
		require.Equal(t, exitFailure, r.code, args)
		requireOneLine(t, r.stderr, "write output")
	}
}

// TestIncomplete checks that a listing that fails prints the rows before the error, as a JSON document that is not closed.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "2500", "--fault", "error=400:broken,after=1")
	r := s.run(t, "subaccounts", "orders", "-o", "json")
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "the listing is incomplete, it ends after row 1000: ", "broken")
	require.Equal(t, 1000, strings.Count(r.stdout, `"order_price"`))
	require.False(t, strings.HasSuffix(strings.TrimSpace(r.stdout), "]"))
}
