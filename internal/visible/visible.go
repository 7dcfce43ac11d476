// Characters that are not shown but obeyed, and what takes their place.

// Package visible finds the characters of a text that a terminal or a browser obeys instead of showing them.
package visible

import (
	"fmt"
	"unicode"
	"unicode/utf16"
)

// Obeyed reports whether r is not shown but obeyed: control characters, which begin escape sequences, and characters that change the
// direction of text or have no shape. The joiners are not: they are parts of words and emoji.
func Obeyed(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return r != nonJoiner && r != joiner && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Escape returns the escape that JSON has for r.
func Escape(r rune) string {
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return fmt.Sprintf(`\u%04x\u%04x`, high, low)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
