// Texts of the report: escaped names, numbers, amounts and days.

package inventory

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/visible"
)

const (
	longestText  = 100    // characters of a text that a cell shows
	longestWhole = 10_240 // characters of a text that the page holds
	mostMarks    = 4      // marks on one letter, such as accents: no language has more
)

// reportText is a text that came from the service, as the report shows it.
type reportText struct {
	Shown string
	Whole string // empty unless Shown is cut
}

// shownText returns a text as one line. Characters that change how other text is shown, such as those for the direction of text, are
// replaced by their JSON escapes. Bytes that are not UTF-8 become U+FFFD. A long text is cut.
func shownText(text string) reportText {
	whole := oneLine(text, longestWhole)
	if shown := oneLine(text, longestText); shown != whole {
		return reportText{Shown: shown, Whole: whole}
	}
	return reportText{Shown: whole}
}

// oneLine returns at most limit characters of text, with an ellipsis if there are more.
func oneLine(text string, limit int) string {
	var b strings.Builder
	marks := 0 // that follow each other
	n := 0
	for _, r := range text {
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		if unicode.Is(unicode.M, r) {
			marks++
		} else {
			marks = 0
		}
		if visible.Obeyed(r) || marks > mostMarks {
			b.WriteString(visible.Escape(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// grouped writes n with commas between groups of three digits.
func grouped(n int) string { return groupedDigits(strconv.Itoa(n)) }

// groupedDigits puts commas between the groups of the digits of a decimal number.
func groupedDigits(number string) string {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	whole, fraction, _ := strings.Cut(number, ".")
	var b strings.Builder
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	if fraction != "" {
		b.WriteString("." + fraction)
	}
	return sign + b.String()
}

// groupedAmount formats an amount with all its digits: without decimal places if whole is true, and otherwise with at least two.
func groupedAmount(d decimal.Decimal, whole bool) string {
	places := max(2, -d.Exponent())
	if whole {
		places = 0
	}
	return groupedDigits(d.StringFixed(places))
}

// percent formats the share of part in all with one decimal place. A share above 0 % is never shown as 0.0 %, nor one below 100 % as
// 100.0 %.
func percent(part, all int) string {
	if all == 0 {
		return ""
	}
	switch share := 100 * float64(part) / float64(all); {
	case part > 0 && share < 0.1:
		return "< 0.1 %"
	case part < all && share > 99.9:
		return "> 99.9 %"
	default:
		return strconv.FormatFloat(share, 'f', 1, 64) + " %"
	}
}

// longDay writes a day as "2 March 2026".
func longDay(d digicert.Date) string { return fmt.Sprintf("%d %s %d", d.Day, d.Month, d.Year) }

// shortMoment writes a time to the minute, in UTC.
func shortMoment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// longMoment writes a time as "2 March 2026, 15:04 UTC".
func longMoment(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" }

// daysBetween returns the number of days from one day to another, which is negative if the other is earlier.
func daysBetween(from, to digicert.Date) int {
	const day = 24 * 60 * 60 // seconds; a Duration holds 292 years only
	return int((to.In(time.UTC).Unix() - from.In(time.UTC).Unix()) / day)
}
