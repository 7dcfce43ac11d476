// Tests of the report's texts.

package inventory

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/visible"
)

func TestShownText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                    "",
		"www.example.com":                     "www.example.com",
		"b\u00fccher \u65e5\u672c \U0001f600": "b\u00fccher \u65e5\u672c \U0001f600",
		"\U0001f469\u200d\U0001f4bb":          "\U0001f469\u200d\U0001f4bb",
		"gpj.\u202eexe":                       `gpj.\u202eexe`,
		"\u2066a\u2069\u200e\u061c":           `\u2066a\u2069\u200e\u061c`,
		"a\x00\t\r\n\x1b[2J\x7f\u0085":        `a\u0000\u0009\u000d\u000a\u001b[2J\u007f\u0085`,
		"\u2028\u2029\ufeff\u00ad":            `\u2028\u2029\ufeff\u00ad`,
		"x\U000e0041y":                        `x\udb40\udc41y`,
		"a\x9bb\xc3":                          "a\ufffdb\ufffd",
		"e\u0301\u0302\u0303\u0304":           "e\u0301\u0302\u0303\u0304",
		"e\u0301\u0302\u0303\u0304\u0305e":    "e\u0301\u0302\u0303\u0304" + `\u0305e`,
		strings.Repeat("x", longestText):      strings.Repeat("x", longestText),
	} {
		require.Equal(t, reportText{Shown: want}, shownText(text), "%q", text)
	}
}

func TestShownTextCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\u00fc", longestText+1)
	require.Equal(t, reportText{Shown: long[:2*longestText] + "…", Whole: long}, shownText(long))
	endless := shownText(strings.Repeat("\u202e", 10*longestWhole))
	require.Equal(t, strings.Repeat(`\u202e`, longestText)+"…", endless.Shown)
	require.Equal(t, strings.Repeat(`\u202e`, longestWhole)+"…", endless.Whole)
}

// TestShownTextObeyed checks every character of the planes that have any: what is shown is obeyed by nothing.
func TestShownTextObeyed(t *testing.T) {
	t.Parallel()
	for r := rune(0); r < 0xf0000; r++ {
		if r == 0x40000 {
			r = 0xe0000
		}
		if strings.ContainsFunc(shownText("a"+string(r)+"b").Shown, visible.Obeyed) {
			require.Fail(t, "obeyed", "%U", r)
		}
	}
}

func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", -1000: "-1,000", 12345: "12,345", 999999: "999,999", 1234567: "1,234,567", -100: "-100"} {
		require.Equal(t, want, grouped(n))
	}
}

func TestGroupedAmount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		amount string
		whole  bool
		want   string
	}{
		{"0", false, "0.00"},
		{"218", false, "218.00"},
		{"218", true, "218"},
		{"1218", true, "1,218"},
		{"1.5e3", true, "1,500"},
		{"-1234567.5", false, "-1,234,567.50"},
		{"90071992547409930.001", false, "90,071,992,547,409,930.001"},
	} {
		require.Equal(t, c.want, groupedAmount(decimal.RequireFromString(c.amount), c.whole))
	}
}

func TestPercent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part, all int
		want      string
	}{
		{0, 0, ""},
		{0, 5, "0.0 %"},
		{5, 5, "100.0 %"},
		{1, 3, "33.3 %"},
		{1, 1000, "0.1 %"},
		{1, 100_000, "< 0.1 %"},
		{99_999, 100_000, "> 99.9 %"},
	} {
		require.Equal(t, c.want, percent(c.part, c.all), "%d of %d", c.part, c.all)
	}
}

func TestDaysBetween(t *testing.T) {
	t.Parallel()
	from := digicert.Date{Year: 2024, Month: time.February, Day: 28}
	for to, want := range map[digicert.Date]int{
		from:                                    0,
		{Year: 2024, Month: time.March, Day: 1}: 2,
		{Year: 2025, Month: time.February, Day: 28}: 366,
		{Year: 2024, Month: time.February, Day: 27}: -1,
		{Year: 2999, Month: time.December, Day: 31}: 356_418,
		{Year: 9999, Month: time.December, Day: 31}: 2_913_115,
		{Year: 1, Month: time.January, Day: 1}:      -738_943,
	} {
		require.Equal(t, want, daysBetween(from, to), to)
		require.Equal(t, to, from.AddDays(want))
	}
}
