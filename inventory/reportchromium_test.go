// Tests of the report in a real browser.

package inventory_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// inChromium runs a test in the Chromium that INVENTORY_TEST_CHROMIUM names, if it is set. Where INVENTORY_TEST_SCREENSHOTS names a folder,
// the test leaves its screenshots there.
func inChromium(t *testing.T, test func(t *testing.T, b *browser)) {
	t.Helper()
	if program := os.Getenv("INVENTORY_TEST_CHROMIUM"); program != "" {
		t.Run("chromium", func(t *testing.T) { test(t, startBrowser(t, program)) })
	}
}

// looks are the sizes and colours in which the report is opened.
var looks = []struct {
	width  int
	scheme string
}{{360, "light"}, {360, "dark"}, {900, "light"}, {900, "dark"}, {1600, "light"}, {1600, "dark"}}

// openReport opens a report in all looks, and calls check for each. It returns the URL of the report.
func openReport(t *testing.T, b *browser, name string, data *inventory.ReportData, check func()) string {
	t.Helper()
	var page bytes.Buffer
	require.NoError(t, data.Write(&page))
	path := filepath.Join(t.TempDir(), name+".html")
	require.NoError(t, os.WriteFile(path, page.Bytes(), 0o600))
	url := "file://" + filepath.ToSlash(path)
	for _, look := range looks {
		b.resize(look.width, 800, look.scheme)
		b.open(url)
		check()
		requireReadable(t, b, look.width, look.scheme)
		requireSortable(t, b)
		require.Empty(t, b.complaints(url), "%d %s", look.width, look.scheme)
		if folder := os.Getenv("INVENTORY_TEST_SCREENSHOTS"); folder != "" {
			b.open(url)
			require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, look.width, look.scheme)), b.screenshot(0), 0o644))
		}
	}
	b.call("Emulation.setScriptExecutionDisabled", map[string]bool{"value": true}, nil)
	b.open(url)
	require.Empty(t, b.complaints(url), "without scripts")
	printed := b.pdf()
	require.True(t, bytes.HasPrefix(printed, []byte("%PDF-")))
	b.call("Emulation.setScriptExecutionDisabled", map[string]bool{"value": false}, nil)
	if folder := os.Getenv("INVENTORY_TEST_SCREENSHOTS"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, name+".pdf"), printed, 0o644))
	}
	return url
}

// requireReadable checks that the page has the colours that are preferred, with enough contrast, that nothing is wider than the window or cut, and
// that one drawing of each chart is shown.
func requireReadable(t *testing.T, b *browser, width int, scheme string) {
	t.Helper()
	var look struct {
		Width     int
		Dark      bool
		Pale, Cut []string
		Covered   []string
		Charts    []int
	}
	b.evaluate(`(() => {
		// luminance of a colour, as WCAG 2 defines it
		const luminance = color => {
			const [r, g, b] = color.match(/[\d.]+/g).map(Number).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
			return 0.2126 * r + 0.7152 * g + 0.0722 * b;
		};
		const opaque = color => !/, 0\)$|transparent/.test(color);
		const background = element => {
			for (let e = element; e; e = e.parentElement) {
				const color = getComputedStyle(e).backgroundColor;
				if (opaque(color)) return color;
			}
			return "rgb(255, 255, 255)";
		};
		const pale = new Set(), cut = new Set();
		for (const element of document.body.querySelectorAll("*")) {
			if (!element.checkVisibility() || element.matches("script, title, desc") || ![...element.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim())) continue;
			const style = getComputedStyle(element);
			const [dark, bright] = [luminance(element instanceof SVGElement ? style.fill : style.color), luminance(background(element))].sort((a, b) => a - b);
			const name = element.localName + "." + (element.className.baseVal ?? element.className);
			if ((bright + 0.05) / (dark + 0.05) < 4.5) pale.add(name);
			if (element instanceof HTMLElement && element.scrollWidth > element.clientWidth + 1 && style.display !== "inline") cut.add(name + " " + element.textContent.slice(0, 40));
		}
		// What is scrolled goes behind the first column.
		const covered = [];
		for (const scroll of document.querySelectorAll(".scroll")) {
			scroll.scrollLeft = 150;
			for (const first of scroll.querySelectorAll("th:first-child")) {
				first.scrollIntoView({block: "center"});
				const box = first.getBoundingClientRect();
				for (let x = box.left + 1; x < box.right - 1; x += 5) {
					const top = document.elementFromPoint(x, Math.min(box.bottom, innerHeight) - 12); // a heading may be taller than the window
					if (!first.contains(top)) covered.push(first.textContent);
				}
			}
		}
		scrollTo(0, 0);
		return {
			width: document.documentElement.scrollWidth,
			dark: luminance(background(document.body)) < 0.2,
			pale: [...pale], cut: [...cut], covered,
			charts: [...document.querySelectorAll("figure")].map(f => [...f.querySelectorAll(".chart")].filter(c => c.checkVisibility()).length),
		};
	})()`, &look)
	require.Equal(t, width, look.Width, "nothing is wider than the window")
	require.Equal(t, scheme == "dark", look.Dark)
	require.Empty(t, look.Pale)
	require.Empty(t, look.Cut)
	require.Empty(t, look.Covered)
	require.NotEmpty(t, look.Charts)
	for _, shown := range look.Charts {
		require.Equal(t, 1, shown)
	}
}

// requireSortable presses each heading of each table twice, and checks that the table is sorted by it, in one direction and the other.
func requireSortable(t *testing.T, b *browser) {
	t.Helper()
	var sorted struct {
		Pressed int
		Wrong   []string
	}
	b.evaluate(`(() => {
		let pressed = 0;
		const wrong = [];
		for (const table of document.querySelectorAll("table.sortable")) {
			const rows = () => [...table.tBodies[0].rows];
			const before = new Set(rows());
			[...table.tHead.rows[0].cells].forEach((heading, i) => {
				const numbers = heading.classList.contains("n");
				const keys = () => rows().map(row => numbers ? Number(row.cells[i].dataset.v) : row.cells[i].textContent);
				const ascends = (a, b) => numbers ? a <= b : new Intl.Collator("en", {numeric: true}).compare(a, b) <= 0;
				for (const direction of numbers ? ["descending", "ascending"] : ["ascending", "descending"]) {
					heading.querySelector("button").click();
					pressed++;
					const all = keys();
					const right = all.every((key, j) => j === 0 || (direction === "ascending" ? ascends(all[j - 1], key) : ascends(key, all[j - 1])));
					if (!right || heading.getAttribute("aria-sort") !== direction || table.querySelectorAll("[aria-sort]").length !== 1 ||
						rows().length !== before.size || !rows().every(row => before.has(row)) || all.some(Number.isNaN)) {
						wrong.push(heading.textContent + " " + direction);
					}
				}
			});
		}
		return {pressed, wrong};
	})()`, &sorted)
	require.NotZero(t, sorted.Pressed)
	require.Empty(t, sorted.Wrong)
}

func TestReportInChromium(t *testing.T) {
	t.Parallel()
	inChromium(t, func(t *testing.T, b *browser) {
		openReport(t, b, "sample", inventory.SampleReport(50, func(s string) string { return s }), func() {})
	})
}

// TestHostileReportInChromium opens reports in which every text is hostile. None does harm, and the page stays readable.
func TestHostileReportInChromium(t *testing.T) {
	t.Parallel()
	inChromium(t, func(t *testing.T, b *browser) {
		texts := inventory.HostileTexts()
		all := ""
		for _, name := range slices.Sorted(maps.Keys(texts)) {
			all += texts[name]
		}
		for name, text := range map[string]string{"all": all, "long": texts["long"], "tall": texts["marks"] + all} {
			openReport(t, b, "hostile-"+name, inventory.SampleReport(5, func(s string) string { return text + s }), func() {
				var harm bool
				b.evaluate("'harm' in window", &harm)
				require.False(t, harm)
			})
		}
	})
}

// TestLargeReportInChromium opens the report of 100,000 orders, and compares its numbers with those of plain queries.
func TestLargeReportInChromium(t *testing.T) {
	t.Parallel()
	inChromium(t, func(t *testing.T, b *browser) {
		const orders = 100_000
		server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithOrders(1, orders*20/21))
		client := server.Client(digicert.WithLimiter(digicert.Unlimited()))
		inv := open(t, newSQLite(t))
		_, err := inv.Sync(t.Context(), client, nil)
		require.NoError(t, err)
		for old, status := range map[string]digicert.OrderStatus{"issued": digicert.OrderStatusRevoked, "pending": digicert.OrderStatusIssued, "expired": digicert.OrderStatusReissuePending} {
			for _, id := range numbersOf(t, inv, "SELECT id FROM orders WHERE status = ? ORDER BY id % 97, id LIMIT 50", old) {
				require.NoError(t, server.SetStatus(digicert.OrderID(id), status))
			}
		}
		_, err = inv.Sync(t.Context(), client, nil)
		require.NoError(t, err)
		now := time.Now().UTC()
		data, err := inv.ReadReport(t.Context(), now)
		require.NoError(t, err)
		url := openReport(t, b, "large", data, func() { requireNumbers(t, b, inv, now) })
		if path := os.Getenv("INVENTORY_TEST_PICTURE"); path != "" { // for the documentation
			b.resize(1100, 1100, "light")
			b.open(url)
			require.NoError(t, os.WriteFile(path, b.screenshot(1100), 0o644))
		}
	})
}

// numbersOf returns the first column of a query.
func numbersOf(t testing.TB, inv *inventory.Inventory, query string, args ...any) []int {
	t.Helper()
	var list []int
	require.NoError(t, inv.View(t.Context(), func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(t.Context(), query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				return err
			}
			list = append(list, n)
		}
		return rows.Err()
	}))
	return list
}

// requireNumbers compares what the page shows of an inventory in SQLite with queries.
func requireNumbers(t *testing.T, b *browser, inv *inventory.Inventory, now time.Time) {
	t.Helper()
	number := func(query string, args ...any) int {
		t.Helper()
		list := numbersOf(t, inv, query, args...)
		require.Len(t, list, 1)
		return list[0]
	}
	// cells returns the column of a table, without the row of its headings.
	cells := func(section string, column int) []string {
		t.Helper()
		var list []string
		b.evaluate(fmt.Sprintf(`[...document.querySelector("section[aria-labelledby=%s] table").rows].slice(1).map(row => row.cells[%d].textContent.trim())`, section, column), &list)
		return list
	}
	counts := func(texts []string) []int {
		t.Helper()
		list := make([]int, len(texts))
		for i, text := range texts {
			var err error
			list[i], err = strconv.Atoi(strings.ReplaceAll(text, ",", ""))
			require.NoError(t, err)
		}
		return list
	}
	const day = time.DateOnly
	today := now.Format(day)
	var figures []string
	b.evaluate(`[...document.querySelectorAll("dd")].map(dd => dd.textContent)`, &figures)
	twice := number(`SELECT count(*) FROM (SELECT a.name FROM (SELECT DISTINCT n.name FROM names n JOIN inventory i USING (certificate_id) WHERE i.in_use AND i.valid_till >= ?1) a
		JOIN names n ON n.name = a.name OR n.name = '*' || substr(a.name, instr(a.name, '.')) AND n.name LIKE '*.%.%'
		JOIN inventory i USING (certificate_id) WHERE i.in_use AND i.valid_till >= ?1 GROUP BY a.name HAVING count(DISTINCT i.order_id) > 1)`, today)
	require.Equal(t, []int{
		number("SELECT count(*) FROM inventory WHERE in_use"),
		number("SELECT count(*) FROM inventory WHERE in_use AND valid_till BETWEEN ? AND ?", today, now.AddDate(0, 0, 30).Format(day)),
		number("SELECT count(*) FROM inventory WHERE in_use AND valid_till < ?", today),
		number("SELECT count(*) FROM orders WHERE removed_at IS NULL"),
		twice,
		number("SELECT count(*) FROM changes"),
	}, counts(figures))
	for _, n := range counts(figures) {
		require.NotZero(t, n, figures)
	}

	var expiring []int
	weeks := cells("expiry", 0)
	for _, week := range weeks {
		monday, err := time.Parse(day, week)
		require.NoError(t, err)
		require.Equal(t, time.Monday, monday.Weekday())
		expiring = append(expiring, number("SELECT count(*) FROM inventory WHERE in_use AND valid_till BETWEEN max(?, ?) AND ?", today, week, monday.AddDate(0, 0, 6).Format(day)))
	}
	require.Len(t, weeks, 53)
	require.Equal(t, expiring, counts(cells("expiry", 1)))
	require.Equal(t, numbersOf(t, inv, "SELECT order_id FROM inventory WHERE in_use AND valid_till >= ? ORDER BY valid_till, certificate_id LIMIT 50", today), counts(cells("next", 6)))
	require.Equal(t, numbersOf(t, inv, "SELECT count(*) FROM orders GROUP BY status ORDER BY 1 DESC, status"), counts(cells("statuses", 1)))
	require.Equal(t, numbersOf(t, inv, "SELECT count(*) FROM inventory WHERE in_use GROUP BY product_name ORDER BY 1 DESC, product_name"), counts(cells("products", 1)))
	require.Equal(t, numbersOf(t, inv, "SELECT count(*) FROM inventory WHERE in_use GROUP BY key_size ORDER BY 1 DESC"), counts(cells("keys", 1)))
	require.Equal(t, numbersOf(t, inv, "SELECT count(*) FROM inventory WHERE in_use GROUP BY signature_hash ORDER BY 1 DESC"), counts(cells("hashes", 1)))
	require.Equal(t, numbersOf(t, inv, "SELECT order_id FROM changes ORDER BY id DESC LIMIT 100"), counts(cells("changes", 1)))

	// The prices of generated orders are whole.
	const spent = "SELECT coalesce(sum(price), 0) FROM orders WHERE status NOT IN ('rejected', 'denied', 'canceled') AND currency = 'USD' AND substr(date_created, 1, 7) "
	first := time.Date(now.Year(), now.Month()-11, 1, 0, 0, 0, 0, time.UTC)
	var sums []string
	b.evaluate(`[...document.querySelector("section[aria-labelledby=costs] table").rows].at(-1).innerText.split("\t")`, &sums)
	want := []int{number(spent+">= ?", first.Format("2006-01"))}
	for i := range 12 {
		want = append(want, number(spent+"= ?", first.AddDate(0, i, 0).Format("2006-01")))
	}
	require.Equal(t, want, counts(sums[2:]))
}
