// Escaping of formulas in CSV cells.

// Package csvsafe escapes text for CSV files, so that a spreadsheet does not run it as a formula.
package csvsafe

import "regexp"

// formula matches where a spreadsheet may see the start of a formula: at the start of the text, and after every character
// that some locale uses as a separator or quote. Spreadsheets treat the fullwidth forms of the operators like the ASCII ones.
var formula = regexp.MustCompile(`(^|[,;|\t\r\n"])( *[=+\-@＝＋－＠])`)

// Text returns s as the safe content of a CSV cell. It inserts an apostrophe, which marks text in spreadsheets, before
// each operator that could start a formula. Other text is returned unchanged.
func Text(s string) string { return formula.ReplaceAllString(s, "$1'$2") }
