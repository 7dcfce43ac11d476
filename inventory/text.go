// Normal forms of texts.

package inventory

import (
	"strings"
	"time"
	"unicode/utf8"
)

// maxName is the longest DNS name, in bytes. PostgreSQL cannot index much longer ones.
const maxName = 253

// maxSerial is the length at which serial numbers are cut, in bytes. Those of certificates have at most 40 digits.
const maxSerial = 100

// clean returns s as valid UTF-8 without NUL, which PostgreSQL does not store.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// dnsName returns a name as the table names has it: in lower case, without a final dot.
func dnsName(s string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(clean(s))), ".")
}

// serialNumber returns a serial number as it is stored: in upper case, without colons and spaces.
func serialNumber(s string) string {
	s = strings.ToUpper(clean(s))
	if strings.ContainsAny(s, ": ") {
		s = strings.NewReplacer(":", "", " ", "").Replace(s)
	}
	if len(s) > maxSerial {
		s = strings.ToValidUTF8(s[:maxSerial], "")
	}
	return s
}

// momentText returns a moment as it is stored, or nil for the zero time.
func momentText(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatMoment(t)
}

// formatMoment returns a moment as it is stored.
func formatMoment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
