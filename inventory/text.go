// The forms in which texts are stored.

package inventory

import (
	"strings"
	"time"
	"unicode/utf8"
)

// maxName is the longest DNS name, in bytes. Longer names cannot be indexed on every database.
const maxName = 253

// maxSerial is the longest serial number that is stored, in bytes. One of a certificate has at most 40 digits.
const maxSerial = 100

// clean returns a text that every database can store: valid UTF-8 without NUL.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

// dnsName returns a name in the form of the table names.
func dnsName(s string) string {
	return strings.TrimSuffix(strings.ToLower(strings.TrimSpace(clean(s))), ".")
}

// serialNumber returns a serial number in the form of the database.
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

// momentText is nil, which is NULL, for a moment that was not sent.
func momentText(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return formatMoment(t)
}

// formatMoment writes a moment as the database has it.
func formatMoment(t time.Time) string { return t.UTC().Format(time.RFC3339) }
