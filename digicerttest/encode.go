// The encoding of JSON members.

package digicerttest

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-digicert/digicert"
)

// The encoder appends records directly to a buffer. A page of 1000 orders takes about a
// millisecond, so that a benchmark measures the program under test and not the server.

// appendString appends a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error only reports invalid UTF-8
	return b
}

// appendText appends a member. In all these functions, name includes the comma, quotes and colon.
func appendText(b []byte, name, value string) []byte {
	return appendString(append(b, name...), value)
}

// appendGiven appends a member unless its value is empty: the service omits those.
func appendGiven(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(b, name, value)
}

func appendInt[T ~int | ~int64](b []byte, name string, value T) []byte {
	return strconv.AppendInt(append(b, name...), int64(value), 10)
}

func appendBool(b []byte, name string, value bool) []byte {
	return strconv.AppendBool(append(b, name...), value)
}

func appendList(b []byte, name string, values []string) []byte {
	b = append(append(b, name...), '[')
	for i, value := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, value)
	}
	return append(b, ']')
}

// appendTime appends a time in the documented form, 2019-05-07T09:33:08+00:00.
func appendTime(b []byte, name string, t time.Time) []byte {
	t = t.UTC()
	year, month, dayOfMonth := t.Date()
	hour, minute, second := t.Clock()
	b = append(b, name...)
	b = append(b, '"')
	b = append2(append(append2(append(append2(append2(b, year/100), year%100), '-'), int(month)), '-'), dayOfMonth)
	b = append2(append(append2(append(append2(append(b, 'T'), hour), ':'), minute), ':'), second)
	return append(b, `+00:00"`...)
}

// appendDay appends a day in the documented form, 2020-06-15.
func appendDay(b []byte, name string, d day) []byte {
	n := int(d)
	b = append(b, name...)
	b = append(b, '"')
	b = append2(append(append2(append(append2(append2(b, n/1000000), n/10000%100), '-'), n/100%100), '-'), n%100)
	return append(b, '"')
}

// append2 appends a number in two digits.
func append2(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }

// appendErrors appends the documented error body.
func appendErrors(b []byte, details []digicert.ErrorDetail) []byte {
	b = append(b, `{"errors":[`...)
	for i, d := range details {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"code":`, string(d.Code))
		b = append(appendText(b, `,"message":`, d.Message), '}')
	}
	return append(b, "]}"...)
}
