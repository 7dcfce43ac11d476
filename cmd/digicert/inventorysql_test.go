// Tests of the inventory sql command.

package main

import (
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// TestInventorySQL compares the output of a query with every kind of value in every format.
func TestInventorySQL(t *testing.T) {
	t.Parallel()
	s := newInventoried(t, digicerttest.WithoutSamples())
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: digicert.OrderStatusIssued, Certificate: digicert.OrderCertificate{CommonName: "=1+2\x1b[31m<b>"}}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Status: digicert.OrderStatusIssued, Certificate: digicert.OrderCertificate{CommonName: "www.example.com"}}))
	s.synced(t)
	const query = "SELECT -id AS id, common_name, NULL AS none, id / 4.0 AS part, id, x'00ff' AS bytes, CASE id WHEN 1 THEN -1 ELSE '-1' END AS mixed FROM orders ORDER BY 1 DESC"
	run := func(args ...string) string { return s.ok(t, s.args(append([]string{"sql"}, args...)...)...) }
	require.Equal(t, `{"id":-1,"common_name":"=1+2\u001b[31m<b>","none":null,"part":0.25,"id_2":1,"bytes":"AP8=","mixed":-1}
{"id":-2,"common_name":"www.example.com","none":null,"part":0.5,"id_2":2,"bytes":"AP8=","mixed":"-1"}
`, run(query))
	require.Equal(t, strings.Join([]string{
		"id,common_name,none,part,id_2,bytes,mixed",
		"-1,'=1+2\x1b[31m<b>,,0.25,1,AP8=,-1",
		"-2,www.example.com,,0.5,2,AP8=,'-1",
		"",
	}, "\n"), run(query, "-o", "csv"), "a text is escaped, even in a column of numbers")
	require.Equal(t, strings.Join([]string{
		"id  common_name      none  part  id_2  bytes  mixed",
		"-1  =1+2\uFFFD[31m<b>           0.25     1  AP8=      -1",
		"-2  www.example.com         0.5     2  AP8=      -1",
		"",
	}, "\n"), run(query, "-o", "table"))
	require.Equal(t, "[\n  {\n    \"id\": -1,\n    \"mixed\": -1\n  },\n  {\n    \"id\": -2,\n    \"mixed\": \"-1\"\n  }\n]\n", run(query, "-o", "json", "--columns", "id,mixed"))
	require.Equal(t, "- id: -1\n  none: null\n- id: -2\n  none: null\n", run(query, "-o", "yaml", "--columns", "id,none"))
	require.Equal(t, "-1 0.25 more\n-2 0.5 \n", run(query, "--template", "{{.id}} {{.part}} {{if gt .id -2}}more{{end}}"))
	require.Equal(t, "-1,AP8=\n-2,AP8=\n", run(query, "-o", "csv", "--no-headers", "--columns", "id,bytes"))
	require.Equal(t, "[]\n", run("SELECT id FROM orders WHERE id > 5", "-o", "json"))
	require.Equal(t, "id,name\n", run("SELECT id, common_name AS name FROM orders WHERE id > 5", "-o", "csv"))
	require.Equal(t, `{"count(*)":2,"max(id_ 1)":2}`+"\n", run("SELECT count(*), max(max(id, 1)) AS \"max(id, 1)\" FROM orders"))

	r := s.run(t, s.args("sql", query, "--columns", "name")...)
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, `there is no column "name"; there are id, common_name, none`)
}

// TestInventorySQLRefused checks that bad queries and those that write are usage errors with the message of the database.
func TestInventorySQLRefused(t *testing.T) {
	t.Parallel()
	s := newInventoried(t)
	s.synced(t)
	before := s.ok(t, s.args("sql", "SELECT * FROM orders ORDER BY id")...)
	for query, want := range map[string]string{
		"": "the query is empty", "nonsense": `near "nonsense": syntax error`, "SELECT missing FROM orders": "no such column: missing",
		"SELECT 1 FROM nowhere": "no such table: nowhere", "DELETE FROM orders": "only queries that read are allowed: ",
		"SELECT 1; PRAGMA query_only = 0; DELETE FROM orders": "there is more than one statement", "DROP TABLE orders": "only queries that read are allowed: ",
		"VACUUM INTO '" + s.db + ".copy'": "cannot VACUUM", "ATTACH '" + s.db + ".copy' AS c": "only queries that read are allowed: ",
	} {
		r := s.run(t, s.args("sql", query)...)
		require.Equal(t, exitUsage, r.code, query)
		require.Empty(t, r.stdout)
		requireOneLine(t, r.stderr, want)
	}
	require.NoFileExists(t, s.db+".copy")
	require.Equal(t, before, s.ok(t, s.args("sql", "SELECT * FROM orders ORDER BY id")...))
	require.Equal(t, exitUsage, s.run(t, s.args("sql", "SELECT 1", "2")...).code)
	require.Equal(t, exitUsage, s.run(t, s.args("sql")...).code)
}

func TestSQLValue(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		value      any
		text, json string
	}{
		{nil, "", "null"},
		{int64(-7), "-7", "-7"},
		{1e21, "1e+21", "1e+21"},
		{0.1, "0.1", "0.1"},
		{math.Inf(1), "+Inf", `"+Inf"`},
		{math.NaN(), "NaN", `"NaN"`},
		{decimal.RequireFromString("90071992547409930.10"), "90071992547409930.10", "90071992547409930.10"},
		{true, "true", "true"},
		{`a "b"`, `a "b"`, `"a \"b\""`},
		{[]byte{0, 255}, "AP8=", `"AP8="`},
		{time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC), "2026-03-04T05:06:07.008Z", `"2026-03-04T05:06:07.008Z"`},
	} {
		require.Equal(t, test.text, textOf(reflect.ValueOf(sqlValue{test.value})))
		require.Equal(t, test.json, jsonOf(t, sqlValue{test.value}))
	}
}

// TestRowType checks that every name of a column becomes one that JSON, --columns and a struct tag can have, each once.
func TestRowType(t *testing.T) {
	t.Parallel()
	columns := []string{"id", "id", "id_2", "", "-", "?column?", "count(*)", `a"b\c` + "`'", "x.y,z", "ü\n", " name "}
	var names []string
	for _, c := range columnsOf(rowType(columns, nil)) {
		names = append(names, c.name)
	}
	require.Equal(t, []string{"id", "id_2", "id_2_2", "column", "column_2", "?column?", "count(*)", "a_b_c__", "x_y_z", "ü_", "name"}, names)
	row := reflect.New(rowType(columns, nil)).Elem()
	for i := range columns {
		row.Field(i).Set(reflect.ValueOf(sqlValue{int64(i)}))
	}
	object := decodeLines[map[string]int](t, jsonOf(t, row.Addr().Interface())+"\n")[0]
	require.Len(t, object, len(columns))
	for i, name := range names {
		require.Equal(t, i, object[name], name)
	}
}
