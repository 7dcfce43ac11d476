// Package visible finds and escapes characters that a terminal or a browser interprets instead of showing them.
package visible

import (
	"fmt"
	"unicode"
	"unicode/utf16"
)

// Obeyed reports whether r is interpreted and not shown: control characters, which begin escape sequences, and characters that
// change the direction of text or are invisible. Joiners are excluded, because they are parts of words and emoji.
func Obeyed(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r != nonJoiner && r != joiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Escape returns the JSON escape sequence of r.
func Escape(r rune) string {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
