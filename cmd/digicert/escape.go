// Escapes: nothing that the service sends changes how a terminal shows text.

package main

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-digicert/digicert/internal/visible"
)

// escape replaces the characters that a terminal obeys instead of showing: control characters, which begin escape sequences, and
// those that change the direction of text or have no shape. They are replaced by their JSON escapes, so that JSON keeps its
// meaning. Bytes that are not UTF-8 become U+FFFD, because a terminal may take them for control characters. Tabs and line ends
// stay. If there is nothing to replace, escape returns text itself.
func escape(text []byte) []byte {
	i := 0
	for i < len(text) {
		_, size, plain := plainAt(text[i:])
		if !plain {
			break
		}
		i += size
	}
	if i == len(text) {
		return text
	}
	var b bytes.Buffer
	b.Write(text[:i])
	for i < len(text) {
		r, size, plain := plainAt(text[i:])
		switch {
		case plain:
			b.Write(text[i : i+size])
		case r == utf8.RuneError:
			b.WriteRune(r)
		default:
			b.WriteString(visible.Escape(r))
		}
		i += size
	}
	return b.Bytes()
}

// plainAt returns the first character of text, its size, and whether a terminal only shows it. A line end of two characters is
// one.
func plainAt(text []byte) (r rune, size int, plain bool) {
	switch c := text[0]; {
	case c >= ' ' && c < 0x7f, c == '\n', c == '\t':
		return rune(c), 1, true
	case bytes.HasPrefix(text, []byte("\r\n")):
		return '\r', 2, true
	}
	r, size = utf8.DecodeRune(text)
	if r == utf8.RuneError {
		return r, size, size > 1
	}
	return r, size, !visible.Obeyed(r)
}
