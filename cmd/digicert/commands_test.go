package main

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/internal/csvsafe"
)

// requireFormats runs a listing in every format and checks that each holds the rows that the package returns.
func requireFormats[T any](t *testing.T, s service, want []T, args ...string) {
	t.Helper()
	in := func(format string) string { return s.ok(t, append(args, "-o", format)...) }

	require.Equal(t, jsonOf(t, want), jsonOf(t, decodeLines[T](t, in("jsonl"))))
	require.Equal(t, s.ok(t, args...), in("jsonl"), "the default where there is no terminal")

	var document []T
	require.NoError(t, json.Unmarshal([]byte(in("json")), &document))
	require.Equal(t, jsonOf(t, want), jsonOf(t, document))

	cells, err := csv.NewReader(strings.NewReader(in("csv"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, cells, len(want)+1)
	for i, row := range want {
		var object map[string]any
		b, err := json.Marshal(row)
		require.NoError(t, err)
		d := json.NewDecoder(strings.NewReader(string(b)))
		d.UseNumber()
		require.NoError(t, d.Decode(&object))
		for j, name := range cells[0] {
			require.Equal(t, csvsafe.Text(member(object, strings.Split(name, "."))), cells[i+1][j], "%s of row %d", name, i)
		}
		require.Subset(t, cells[0], leaves(object, ""), "everything of row %d has a column", i)
	}

	// Cells have spaces of their own, so that only the words of a line can be compared; golden files hold the spaces.
	table := strings.Split(strings.TrimSuffix(in("table"), "\n"), "\n")
	require.Len(t, table, len(want)+1)
	for i, line := range table {
		var shown []string
		for _, name := range strings.Fields(table[0]) {
			shown = append(shown, cells[i][slices.Index(cells[0], name)])
		}
		require.Equal(t, strings.Fields(strings.Join(shown, " ")), strings.Fields(line), "row %d", i)
	}
}

// leaves are the names that the members of an object should have as columns.
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

// member is what a cell of a CSV file should hold of an object: nothing where the object has no such member.
func member(object any, path []string) string {
	for _, name := range path {
		inner, ok := object.(map[string]any)
		if !ok {
			return ""
		}
		object = inner[name]
	}
	switch v := object.(type) {
	case nil:
		return ""
	case []any:
		var texts []string
		for _, text := range v {
			texts = append(texts, text.(string))
		}
		return strings.Join(texts, " ")
	case bool:
		return map[bool]string{true: "true", false: "false"}[v]
	case json.Number:
		return v.String()
	}
	return object.(string)
}

func TestReissuesList(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	client := s.client(t)
	for _, test := range []struct {
		args   []string
		params *digicert.ListReissuesParams
		query  string
	}{
		{nil, nil, "/reissue\n"},
		{[]string{"--archived"}, &digicert.ListReissuesParams{ShowArchived: true}, "/reissue?show_archived=true\n"},
	} {
		want, err := client.Reissues.List(t.Context(), 123457, test.params)
		require.NoError(t, err)
		require.Len(t, want, 3)
		requireFormats(t, s, want, append([]string{"reissues", "list", "123457"}, test.args...)...)
		s.requireAsked(t, test.query)
	}
	require.Empty(t, s.ok(t, "reissues", "list", "123456"), "an order without reissues")
	require.Equal(t, "[]\n", s.ok(t, "reissues", "list", "123456", "-o", "json"))
	header, _, _ := strings.Cut(s.ok(t, "reissues", "list", "123457", "-o", "csv"), "\n")
	require.Equal(t, header+"\n", s.ok(t, "reissues", "list", "123456", "-o", "csv"))
}

func TestSubaccountsOrders(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "2500", "--seed", "7")
	client := s.client(t)
	year := digicert.DateOf(time.Now()).Year
	all := collect(t, client.Subaccounts.AllOrders(t.Context(), nil))
	requireFormats(t, s, all, "subaccounts", "orders")
	name := all[slices.IndexFunc(all, func(o digicert.SubaccountOrder) bool { return !o.Certificate.IsZero() })].Certificate.CommonName

	type params = digicert.ListSubaccountOrdersParams
	type filters = digicert.SubaccountOrderFilters
	for _, test := range []struct {
		args   []string
		params params
	}{
		{[]string{"--status", "issued"}, params{Filters: filters{Status: "issued"}}},
		{[]string{"--subaccount", "200001"}, params{Filters: filters{SubaccountID: 200001}}},
		{[]string{"--account-type", "retail"}, params{Filters: filters{AccountType: "retail"}}},
		{[]string{"--product", "ssl_plus"}, params{Filters: filters{ProductNameID: "ssl_plus"}}},
		{[]string{"--common-name", name}, params{Filters: filters{CommonName: name}}},
		{
			[]string{"--created", "2021-01-01..2022-12-31"},
			params{Filters: filters{DateCreated: digicert.DateRange{From: digicert.Date{Year: 2021, Month: 1, Day: 1}, To: digicert.Date{Year: 2022, Month: 12, Day: 31}}}},
		},
		{
			[]string{"--valid-till", ".." + digicert.Date{Year: year, Month: 1, Day: 1}.String()},
			params{Filters: filters{ValidTill: digicert.DateRange{To: digicert.Date{Year: year, Month: 1, Day: 1}}}},
		},
		{
			[]string{"--valid-till", digicert.Date{Year: year, Month: 1, Day: 1}.String() + ".."},
			params{Filters: filters{ValidTill: digicert.DateRange{From: digicert.Date{Year: year, Month: 1, Day: 1}}}},
		},
		{[]string{"--sort", "-date_created,id"}, params{Sort: []string{"-date_created", "id"}}},
	} {
		want := collect(t, client.Subaccounts.AllOrders(t.Context(), &test.params))
		got := s.ok(t, append([]string{"subaccounts", "orders"}, test.args...)...)
		require.Equal(t, jsonOf(t, want), jsonOf(t, decodeLines[digicert.SubaccountOrder](t, got)), test.args)
		require.NotEmpty(t, want, test.args)
		require.NotEqual(t, all, want, test.args)
	}

	for _, n := range []string{"1", "2", "1000", "1001"} {
		got := decodeLines[digicert.SubaccountOrder](t, s.ok(t, "subaccounts", "orders", "--limit", n))
		require.Equal(t, n, json.Number(jsonOf(t, len(got))).String())
		require.Equal(t, jsonOf(t, all[:len(got)]), jsonOf(t, got))
	}
	s.requireAsked(t, "limit=2&") // no more rows than are wanted
}

func jsonOf(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

func TestStatusChangesList(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	client := s.client(t)
	want, err := client.StatusChanges.List(t.Context(), digicert.Last(10*time.Minute))
	require.NoError(t, err)
	require.Len(t, want, 7)
	requireFormats(t, s, want, "status-changes", "list", "--last", "10m")
	s.requireAsked(t, "?minutes=10\n")

	now := time.Now().UTC()
	require.Len(t, decodeLines[digicert.StatusChange](t, s.ok(t, "status-changes", "list", "--since", now.Add(-time.Hour).Format(time.RFC3339))), 7)
	between := now.Add(-time.Hour).Format(time.DateTime) + ".." + now.Add(time.Hour).Format(time.DateTime)
	require.Len(t, decodeLines[digicert.StatusChange](t, s.ok(t, "status-changes", "list", "--between", between)), 7)
	mountain := time.FixedZone("", -6*60*60)
	travels := url.Values{"filters[status_last_updated]": {
		now.Add(-time.Hour).In(mountain).Format(time.DateTime) + "..." + now.Add(time.Hour).In(mountain).Format(time.DateTime),
	}}
	s.requireAsked(t, "?"+travels.Encode()+"\n")
	require.Empty(t, s.ok(t, "status-changes", "list", "--between", "2020-01-01..2020-01-02 18:00"))
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	args := []string{"get", "/account/subaccount/order", "limit=1", "filters[status]=issued"}
	indented, line := s.ok(t, args...), s.ok(t, append(args, "-o", "jsonl")...)
	require.Equal(t, indented, s.ok(t, append(args, "-o", "json")...))
	require.Equal(t, 1, strings.Count(line, "\n"))
	require.JSONEq(t, line, indented)
	require.Greater(t, strings.Count(indented, "\n"), 10)
	require.Contains(t, line, `"page":{"total":1,"limit":1,"offset":0}`)
	s.requireAsked(t, "?filters%5Bstatus%5D=issued&limit=1\n")
	r := s.run(t, "get", "/account/subaccount/order", "limit=1", "limit=2")
	s.requireAsked(t, "?limit=1&limit=2\n") // what is given twice is sent twice
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, s.ok(t, "get", "account/subaccount/order", "-o", "jsonl"), "2019-05-07T09:33:08+00:00", "as the service sends it")
}

func TestDemo(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"reissues", "list", "123457"},
		{"subaccounts", "orders"},
		{"status-changes", "list", "--last", "10m"},
		{"get", "/account/subaccount/order"},
	} {
		r := execute(t, cleanEnv(), append([]string{"--demo"}, args...)...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.NotEmpty(t, r.stdout)
	}
	orders := decodeLines[digicert.SubaccountOrder](t, execute(t, cleanEnv(), "--demo", "subaccounts", "orders").stdout)
	require.Greater(t, len(orders), demoOrders)
}

// TestDemoWatch checks that a demonstration has something to watch, and that every poll finds more of it.
func TestDemoWatch(t *testing.T) {
	t.Parallel()
	c := exec.Command(binary, "--demo", "status-changes", "watch", "--interval", "20ms")
	c.Env = cleanEnv()
	var stdout, stderr lines
	c.Stdout, c.Stderr = &stdout, &stderr
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	eventually(t, func() bool { return strings.Count(stdout.String(), "\n") > 20 }, "changes")
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Zero(t, wait(t, c))
	require.Empty(t, stderr.String())
	statuses := make(map[digicert.OrderStatus]bool)
	for _, change := range decodeLines[digicert.StatusChange](t, stdout.String()) {
		statuses[change.Status] = true
	}
	require.Subset(t, slices.Collect(maps.Keys(statuses)), []digicert.OrderStatus{"issued", "revoked", "reissue_pending"})
}

// TestRequest checks what the service is told of the program.
func TestRequest(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	service{url: s.URL()}.ok(t, "reissues", "list", "123457")
	require.Len(t, s.Requests(), 1)
	require.True(t, s.Requests()[0].KeyKnown)
	require.Contains(t, s.Requests()[0].Header.Get("User-Agent"), "digicert-cli/"+digicert.Version)
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(), "--version")
	require.Equal(t, result{stdout: "digicert version " + digicert.Version + "\n"}, r)
	for _, shell := range []string{"bash", "zsh", "fish", "pwsh"} {
		r := execute(t, cleanEnv(), "completion", shell)
		require.Zero(t, r.code, r.stderr)
		require.Contains(t, r.stdout, "--generate-shell-completion")
	}
	r = execute(t, cleanEnv(), "subaccounts", "--generate-shell-completion")
	require.Contains(t, r.stdout, "orders")
}

// TestVerbose checks that requests are logged without query and key, and that nothing is without --verbose.
func TestVerbose(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	r := s.run(t, "--verbose", "subaccounts", "orders", "--common-name", "secret.example")
	require.Zero(t, r.code)
	require.Contains(t, r.stderr, "path=/account/subaccount/order status=200")
	require.NotContains(t, r.stderr, key)
	require.NotContains(t, r.stderr, "secret.example")
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	write := func(content string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chmod(path, mode))
		return path
	}
	withFile := func(path string, env ...string) result {
		return execute(t, cleanEnv(env...), "--base-url", s.url, "--api-key-file", path, "reissues", "list", "123457")
	}
	for _, content := range []string{key, key + "\n", "  " + key + "\r\n"} {
		r := withFile(write(content, 0o600), keyVariable+"=of-another-account")
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
	}
	for _, mode := range []os.FileMode{0o644, 0o640, 0o602} {
		r := withFile(write(key, mode))
		require.Zero(t, r.code)
		requireOneLine(t, r.stderr, "warning: others can read or change the key file", "chmod 600")
	}
	for name, test := range map[string]struct{ path, want string }{
		"missing":   {filepath.Join(t.TempDir(), "none"), "no such file"},
		"empty":     {write("\n", 0o600), "is empty"},
		"a folder":  {t.TempDir(), "is a directory"},
		"too large": {write(strings.Repeat(key, 1000), 0o600), "holds more than a key"},
		"two words": {write(key+" "+key, 0o600), "parameter apiKey"},
	} {
		r := withFile(test.path)
		require.Equal(t, exitAccess, r.code, name)
		requireOneLine(t, r.stderr, test.want)
	}
}

// TestColumns checks that the columns of every table are there: one that is not would be noticed by users only.
func TestColumns(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		row    reflect.Type
		golden string
	}{
		{reflect.TypeFor[digicert.Reissue](), "columns/reissue.txt"},
		{reflect.TypeFor[digicert.SubaccountOrder](), "columns/subaccount_order.txt"},
		{reflect.TypeFor[digicert.StatusChange](), "columns/status_change.txt"},
		{reflect.TypeFor[digicert.Order](), "columns/order.txt"},
		{reflect.TypeFor[digicert.Duplicate](), "columns/duplicate.txt"},
		{reflect.TypeFor[digicert.HistoryEntry](), "columns/history_entry.txt"},
		{reflect.TypeFor[digicert.SubaccountInfo](), "columns/subaccount_info.txt"},
		{reflect.TypeFor[digicert.ChainCertificate](), "columns/chain_certificate.txt"},
	} {
		var names []string
		for _, c := range columnsOf(test.row) {
			names = append(names, c.name+"\n")
		}
		golden(t, test.golden, strings.Join(names, ""))
	}
}
