// Tests of the report's page.

package inventory

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/go-digicert/digicert/internal/visible"
)

var update = flag.Bool("update", false, "write the golden files")

// hostile are texts that do harm where they are not only shown.
var hostile = map[string]string{
	"script":      `<script>window.harm=1</script>`,
	"end":         `</td></table></title></svg></style></script><script>window.harm=1</script>`,
	"attribute":   `" onmouseover="window.harm=1" x='`,
	"image":       `'><img src=x onerror=window.harm=1>`,
	"link":        `<a href="javascript:window.harm=1">x</a><base href=//evil.example>`,
	"entity":      `&lt;script&gt;&#60;b&#62;&amp;`,
	"comment":     `<!-- --><![CDATA[ ]]>-->`,
	"template":    `{{.Policy}}{{template "text" .}}`,
	"directions":  "moc.elpmaxe\u202e\u2066\u2067\u200f\u061c\u2069",
	"controls":    "a\x00\x1b[31m\r\n\t\u0085\u2028\ufeff\x9b",
	"not UTF-8":   "a\xff\xc3",
	"marks":       "e" + strings.Repeat("\u0301", 500),
	"long":        strings.Repeat("long", 2500),
	"long markup": strings.Repeat(`"<b>`, 2500),
	"very long":   strings.Repeat("\u202e", 200) + strings.Repeat("x", longestWhole),
}

// page renders a report and parses it.
func page(t testing.TB, data *reportData) *html.Node {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, data.write(&b))
	doc, err := html.Parse(&b)
	require.NoError(t, err)
	return doc
}

// attr returns an attribute of an element, or "".
func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// elements returns the elements below n of a tag.
func elements(n *html.Node, tag string) []*html.Node {
	var list []*html.Node
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.Data == tag {
			list = append(list, d)
		}
	}
	return list
}

// textOf returns the text of an element.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// section returns the section with the heading of an id.
func section(t testing.TB, doc *html.Node, id string) *html.Node {
	t.Helper()
	for _, s := range elements(doc, "section") {
		if attr(s, "aria-labelledby") == id {
			return s
		}
	}
	require.Fail(t, "no section "+id)
	return nil
}

// rowsOfTable returns the texts of the cells of a table's rows, the first of which is its head.
func rowsOfTable(t testing.TB, table *html.Node) [][]string {
	t.Helper()
	var rows [][]string
	for _, tr := range elements(table, "tr") {
		var row []string
		for cell := range tr.ChildNodes() {
			if cell.Type == html.ElementNode {
				row = append(row, strings.TrimSpace(textOf(cell)))
			}
		}
		require.True(t, len(rows) == 0 || len(row) == len(rows[0]), "%q", row)
		rows = append(rows, row)
	}
	return rows
}

// requireInert checks that a page has no script and no style but its own, and nothing that could run, load or lead elsewhere.
func requireInert(t testing.TB, doc *html.Node) {
	t.Helper()
	allowed := strings.Fields("html head meta title style body header main footer nav section figure details summary h1 h2 h3 p dl div dt dd a ul li i br code span time bdi table thead tbody tr th td svg desc line rect text script")
	attributes := strings.Fields("lang charset http-equiv content name id class role scope tabindex title datetime data-label data-v aria-hidden aria-label aria-labelledby " +
		"viewBox preserveAspectRatio x y x1 x2 y1 y2 dy width height href")
	ids := make(map[string]bool)
	var links []string
	for n := range doc.Descendants() {
		require.NotEqual(t, html.CommentNode, n.Type, n.Data)
		require.False(t, strings.ContainsFunc(n.Data, func(r rune) bool { return r != '\n' && visible.Obeyed(r) }), "%.100q", n.Data)
		if n.Type != html.ElementNode {
			continue
		}
		require.True(t, slices.Contains(allowed, n.Data), n.Data)
		for _, a := range n.Attr {
			require.True(t, slices.Contains(attributes, a.Key), "%s of %s", a.Key, n.Data)
			require.False(t, strings.ContainsFunc(a.Val, visible.Obeyed), "%.100q", a.Val)
			switch a.Key {
			case "id":
				require.False(t, ids[a.Val], "id %s twice", a.Val)
				ids[a.Val] = true
			case "href":
				require.Equal(t, "a", n.Data)
				links = append(links, a.Val)
			case "aria-labelledby":
				links = append(links, "#"+strings.ReplaceAll(a.Val, " ", " #"))
			case "http-equiv":
				require.Equal(t, "Content-Security-Policy", a.Val)
			}
		}
	}
	for _, link := range strings.Fields(strings.Join(links, " ")) {
		id, isFragment := strings.CutPrefix(link, "#")
		require.True(t, isFragment && ids[id], link)
	}

	var policy string
	for _, meta := range elements(doc, "meta") {
		if attr(meta, "http-equiv") != "" {
			require.Empty(t, policy, "there is one policy")
			policy = attr(meta, "content")
		}
	}
	scripts, styles := elements(doc, "script"), elements(doc, "style")
	require.Len(t, scripts, 1)
	require.Len(t, styles, 1)
	require.Equal(t, "default-src 'none'; style-src "+hashSource(textOf(styles[0]))+"; script-src "+hashSource(textOf(scripts[0]))+"; base-uri 'none'; form-action 'none'", policy)
}

func TestReportIsInert(t *testing.T) {
	t.Parallel()
	plainTags := tagsOf(page(t, sampleReport(3, plain)))
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for place, change := range map[string]func(string) string{
				"alone":  func(string) string { return text },
				"before": func(s string) string { return text + s },
				"behind": func(s string) string { return s + text },
			} {
				doc := page(t, sampleReport(3, change))
				requireInert(t, doc)
				require.Equal(t, plainTags, tagsOf(doc), place)
			}
		})
	}
	requireInert(t, page(t, sampleReport(reportNext, plain)))
	requireInert(t, page(t, &reportData{Now: time.Now()}))
}

// tagsOf returns the elements of a page without those that depend on the rows of a sample.
func tagsOf(doc *html.Node) map[string]int {
	tags := make(map[string]int)
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data != "span" {
			tags[n.Data]++
		}
	}
	return tags
}

// TestReportShowsTexts checks each text of the sample in its place: all of it is in a bdi, which keeps its direction from what is around.
func TestReportShowsTexts(t *testing.T) {
	t.Parallel()
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []string // each text that was changed
			data := sampleReport(3, func(s string) string {
				s = strconv.Itoa(len(want)) + text + s
				want = append(want, s)
				return s
			})
			doc := page(t, data)
			shown := make(map[reportText]bool)
			for _, bdi := range elements(doc, "bdi") {
				shown[reportText{textOf(bdi), attr(bdi, "title")}] = true
			}
			for _, s := range want {
				require.True(t, shown[shownText(s)], "%.50q", s)
			}
			begin := shownText(text).Shown
			begin = begin[:1+len(begin)/2]
			for n := range doc.Descendants() {
				if n.Type == html.TextNode && !slices.Contains([]string{"bdi", "title", "desc", "text", "style", "script"}, n.Parent.Data) {
					require.NotContains(t, n.Data, begin)
				}
			}
		})
	}
}

func TestReportNumbers(t *testing.T) {
	t.Parallel()
	data := sampleReport(20, plain)
	doc := page(t, data)
	var figures []string
	for _, dd := range elements(doc, "dd") {
		figures = append(figures, textOf(dd))
	}
	require.Equal(t, []string{"5,210", "388", "12", "12,804", "51", "147"}, figures)

	rows := rowsOfTable(t, elements(section(t, doc, "expiry"), "table")[0])
	require.Len(t, rows, 1+reportWeeks)
	for i, week := range data.Weeks {
		require.Equal(t, []string{week.Monday.String(), grouped(week.Count)}, rows[i+1])
	}
	require.Contains(t, textOf(section(t, doc, "expiry")), fmt.Sprintf("In these weeks: %s; later: 301; expired already: 12; last day unknown: 3.", grouped(reportView{reportData: data}.InWeeks())))
	rows = rowsOfTable(t, elements(section(t, doc, "next"), "table")[0])
	require.Len(t, rows, 21)
	for i, r := range data.Next {
		require.Equal(t, []string{r.ValidTill.String(), strconv.Itoa(i), r.CommonName, r.Product, nameOf(r.Account), r.Status, strconv.Itoa(int(r.OrderID))}, rows[i+1])
	}
	rows = rowsOfTable(t, elements(section(t, doc, "costs"), "table")[0])
	costs := data.Costs[0]
	require.Len(t, rows, 1+len(costs.Rows)+2)
	require.Equal(t, []string{"Subaccount", "Orders", "Sum", "Apr2025", "May2025"}, rows[0][:5])
	for i, r := range append(costs.Rows, costs.Others, costs.Total) {
		want := []string{nameOf(r.Account), grouped(r.Orders), groupedAmount(r.Sum, false)}
		for _, amount := range r.ByMonth {
			want = append(want, groupedAmount(amount, false))
		}
		switch i {
		case len(costs.Rows):
			want[0] = "others (2)"
		case len(costs.Rows) + 1:
			want[0] = "all"
		}
		require.Equal(t, want, rows[i+1])
	}
	for id, s := range map[string]shares{"statuses": data.Statuses, "products": data.Products, "keys": data.KeySizes, "hashes": data.SignatureHashes} {
		rows := rowsOfTable(t, elements(section(t, doc, id), "table")[0])
		for i, r := range s.Rows {
			value := r.Value
			switch value {
			case "":
				value = "not known"
			case "1024", "sha1":
				value += " weak"
			}
			require.Equal(t, []string{value, grouped(r.Count), percent(r.Count, s.Total)}, rows[i+1])
		}
		if s.Others.Values > 0 {
			require.Equal(t, []string{"others (3)", "12", percent(12, s.Total)}, rows[len(rows)-1])
		}
	}
	rows = rowsOfTable(t, elements(section(t, doc, "twice"), "table")[0])
	require.Len(t, rows, 21)
	require.Equal(t, []string{data.Twice[0].Name, "22", "2026-03-04", "2026-09-20", "1000001, 1000002, 1000003 and 19 more"}, rows[1])
	require.Contains(t, textOf(section(t, doc, "twice")), "And 31 more.")
	rows = rowsOfTable(t, elements(section(t, doc, "changes"), "table")[0])
	require.Len(t, rows, 21)
	for i, r := range data.Changes {
		require.Equal(t, []string{r.Seen.Format("2006-01-02 15:04"), strconv.Itoa(int(r.OrderID)), r.CommonName, nameOf(r.Account), "status", "pending", "issued"}, rows[i+1])
	}
	require.Contains(t, textOf(section(t, doc, "changes")), "And 127 more.")
}

func nameOf(a account) string {
	if a.ID == 0 {
		return "this account"
	}
	return fmt.Sprintf("%s %d", a.Name, a.ID)
}

// TestReportNames checks that each table and each chart has a name, which is in the page once.
func TestReportNames(t *testing.T) {
	t.Parallel()
	data := sampleReport(3, plain)
	data.Costs = append(data.Costs, data.Costs[0])
	doc := page(t, data)
	require.Equal(t, "en", attr(elements(doc, "html")[0], "lang"))
	require.Contains(t, textOf(elements(doc, "title")[0]), "4 March 2026")
	ids := make(map[string]int)
	for d := range doc.Descendants() {
		if id := attr(d, "id"); id != "" {
			ids[id]++
			require.Equal(t, 1, ids[id], id)
			require.NotEmpty(t, textOf(d), id)
		}
	}
	for d := range doc.Descendants() {
		for _, id := range strings.Fields(attr(d, "aria-labelledby")) {
			require.Equal(t, 1, ids[id], id)
		}
	}
	for _, table := range elements(doc, "table") {
		require.NotEmpty(t, attr(table, "aria-labelledby"))
		for _, heading := range elements(table, "th") {
			require.Contains(t, []string{"col", "row"}, attr(heading, "scope"), textOf(heading))
		}
	}
	for _, svg := range elements(doc, "svg") {
		if attr(svg, "aria-hidden") == "" {
			require.NotEmpty(t, attr(svg, "aria-labelledby"))
		}
	}
}

func TestReportWithoutData(t *testing.T) {
	t.Parallel()
	doc := page(t, &reportData{Now: time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)})
	text := textOf(doc)
	for _, want := range []string{"Nothing has been synced yet.", "No certificate expires in these weeks.", "No certificate in use expires from today on.", "No order of the last 12 months has a price."} {
		require.Contains(t, text, want)
	}
	for _, id := range []string{"statuses", "products", "keys", "hashes", "twice", "changes"} {
		require.Contains(t, textOf(section(t, doc, id)), "None.")
	}
}

func TestReportSynced(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		synced, fully time.Time
		want, without string
	}{
		{now.Add(-time.Hour), time.Time{}, "As of 4 March 2026, 08:30 UTC; not everything has been read yet.", "old"},
		{now.Add(-time.Hour), now.Add(-time.Hour), "As of 4 March 2026, 08:30 UTC.", "read"},
		{now.Add(-time.Hour), now.Add(-48 * time.Hour), "As of 4 March 2026, 08:30 UTC; everything was read on 2 March 2026, 09:30 UTC.", "old"},
		{now.Add(-26 * time.Hour), now.Add(-26 * time.Hour), "As of 3 March 2026, 07:30 UTC.", "old"},
		{now.Add(-27 * time.Hour), now.Add(-27 * time.Hour), "The latest sync is a day old.", "days old"},
		{now.Add(-72 * time.Hour), now.Add(-72 * time.Hour), "The latest sync is 3 days old.", "yet"},
	} {
		header := strings.Join(strings.Fields(textOf(elements(page(t, &reportData{Now: now, Synced: c.synced, FullySynced: c.fully}), "header")[0])), " ")
		require.Contains(t, header, c.want)
		require.NotContains(t, header, c.without)
	}
}

func TestWeak(t *testing.T) {
	t.Parallel()
	for bits, want := range map[string]bool{"": false, "x": false, "160": true, "256": false, "384": false, "521": false, "512": false, "768": true, "1024": true, "2047": true, "2048": false, "4096": false} {
		require.Equal(t, want, isWeakKey(bits), bits)
	}
	for hash, want := range map[string]bool{"": false, "sha1": true, "SHA1": true, "sha-1": true, "sha256": false, "sha384": false, "sha512": false, "md5": true, "sha1WithRSA": true, "sha256WithRSA": false, "sha128": false} {
		require.Equal(t, want, isWeakHash(hash), hash)
	}
}

func TestReportGolden(t *testing.T) {
	t.Parallel()
	data := sampleReport(2, plain)
	data.Weeks = data.Weeks[:3]
	data.Costs[0].Rows = data.Costs[0].Rows[:2]
	data.Costs[0].Months = data.Costs[0].Months[:2]
	var b bytes.Buffer
	require.NoError(t, data.write(&b))
	got := strings.NewReplacer(reportCSS, "…", reportScript, "…", reportPolicy, "…").Replace(b.String())
	path := filepath.Join("testdata", "report.html")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./inventory -update writes it")
	require.Equal(t, string(want), got)
}

// failing is a writer that takes n bytes.
type failing struct{ n int }

var errFull = errors.New("full")

func (f *failing) Write(b []byte) (int, error) {
	if len(b) > f.n {
		return 0, errFull
	}
	f.n -= len(b)
	return len(b), nil
}

func TestReportFails(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 10_000} {
		require.ErrorIs(t, sampleReport(2, plain).write(&failing{n}), errFull)
	}
}
