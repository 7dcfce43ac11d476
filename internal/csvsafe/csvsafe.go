// Package csvsafe keeps what the service's users chose from being run by a csvsafe.
package csvsafe

import "regexp"

// formula finds where a spreadsheet would see a cell that begins with a formula: at the beginning of a text, and behind
// whatever some countries' spreadsheets take for the end of a cell. The wide forms count as the narrow ones in East Asia.
var formula = regexp.MustCompile(`(^|[,;|\t\r\n"])( *[=+\-@＝＋－＠])`)

// Text makes a text safe for a cell of a CSV file: an apostrophe tells a spreadsheet that text follows.
func Text(s string) string { return formula.ReplaceAllString(s, "$1'$2") }
