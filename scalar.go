// Decoding of scalars: numbers, booleans, strings, dates and amounts.

package digicert

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// scalar consumes the next value, which must be a string, a number, a boolean or null, and returns its text. blank is true for
// null and for a blank string, which is noted as dropped: an invalid scalar leaves its field zero and does not fail the page.
func (d *decoder) scalar(want string) (text string, blank bool, err error) {
	switch d.peek() {
	case '{', '[':
		return "", false, d.failShape(want)
	case 'n':
		d.value()
		return "", true, nil
	case '"':
		text = strings.TrimSpace(d.str())
		if text == "" {
			d.noteDrop()
			return "", true, nil
		}
		return text, false, nil
	}
	return string(d.value()), false, nil
}

// decodeInt accepts a whole number, also as a string or with a fraction of zero.
func decodeInt(d *decoder, v reflect.Value) error {
	if n, ok := d.digits(); ok && !v.OverflowInt(n) {
		v.SetInt(n)
		return nil
	}
	text, blank, err := d.scalar("a whole number")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	n, ok := parseInt(text)
	if !ok {
		return d.fail(text, "is not a whole number")
	}
	if v.OverflowInt(n) {
		return d.fail(text, "is out of the range of "+strconv.Itoa(v.Type().Bits())+" bits")
	}
	v.SetInt(n)
	return nil
}

// digits consumes the next value if it is a plain whole number of at most 18 digits, the usual case.
func (d *decoder) digits() (n int64, ok bool) {
	end := d.at
	for end < len(d.body) && '0' <= d.body[end] && d.body[end] <= '9' {
		n = 10*n + int64(d.body[end]-'0')
		end++
	}
	if end == d.at || end-d.at > 18 || end != valueEnd(d.body, d.at) {
		return 0, false
	}
	d.at = end
	return n, true
}

func decodeUint(d *decoder, v reflect.Value) error {
	text, blank, err := d.scalar("a whole number")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		whole, ok := parseDecimal(text)
		if !ok || !whole.IsInteger() || !whole.BigInt().IsUint64() {
			return d.fail(text, "is not a non-negative whole number")
		}
		n = whole.BigInt().Uint64()
	}
	if v.OverflowUint(n) {
		return d.fail(text, "is out of the range of "+strconv.Itoa(v.Type().Bits())+" bits")
	}
	v.SetUint(n)
	return nil
}

// parseInt parses a 64-bit whole number, also one written as 2.0 or 2e0.
func parseInt(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return n, true
	}
	amount, ok := parseDecimal(text)
	if !ok || !amount.IsInteger() || !amount.BigInt().IsInt64() {
		return 0, false
	}
	return amount.IntPart(), true
}

func decodeFloat(d *decoder, v reflect.Value) error {
	text, blank, err := d.scalar("a number")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	f, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil || strings.Trim(text, "+-0123456789.eE") != "" {
		return d.fail(text, "is not a number")
	}
	v.SetFloat(f)
	return nil
}

// decodeBool accepts true and false, 1 and 0, also as strings.
func decodeBool(d *decoder, v reflect.Value) error {
	text, blank, err := d.scalar("a boolean")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	switch strings.ToLower(text) {
	case "true", "1":
		v.SetBool(true)
	case "false", "0":
		v.SetBool(false)
	default:
		return d.fail(text, "is not a boolean")
	}
	return nil
}

// decodeString accepts a number or a boolean too: the service sends ids such as receipt_id as strings and as numbers.
func decodeString(d *decoder, v reflect.Value) error {
	switch d.peek() {
	case '"':
		v.SetString(d.str())
		return nil
	case 'n':
		d.value()
		v.SetZero()
		return nil
	case '{', '[':
		return d.failShape("a string")
	}
	v.SetString(string(d.value()))
	return nil
}

// decodeNumber keeps the digits of an encoding/json.Number.
func decodeNumber(d *decoder, v reflect.Value) error {
	text, blank, err := d.scalar("a number")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	if !json.Valid([]byte(text)) || strings.Trim(text, "+-0123456789.eE") != "" {
		return d.fail(text, "is not a number")
	}
	v.SetString(text)
	return nil
}

func decodeTime(d *decoder, v reflect.Value) error {
	t := v.Addr().Interface().(*time.Time)
	var ok bool
	if *t, ok = d.plainTime(); ok {
		return nil
	}
	text, blank, err := d.scalar("a date")
	if blank || err != nil {
		return err
	}
	if isZeroDate(text) {
		d.noteDrop()
		return nil
	}
	if *t, err = parseTime(text); err != nil {
		return d.fail(text, "is not a date")
	}
	*t = t.UTC()
	return nil
}

// decodeDate decodes the day as written and ignores the time and the zone.
func decodeDate(d *decoder, v reflect.Value) error {
	date := v.Addr().Interface().(*Date)
	*date = Date{}
	if end := valueEnd(d.body, d.at); end-d.at == len(`"2006-01-02"`) {
		if t, ok := parsePlain(d.body[d.at+1 : end-1]); ok {
			d.at = end
			*date = DateOf(t)
			return nil
		}
	}
	text, blank, err := d.scalar("a date")
	if blank || err != nil {
		return err
	}
	if isZeroDate(text) {
		d.noteDrop()
		return nil
	}
	t, err := parseTime(text)
	if err != nil {
		return d.fail(text, "is not a date")
	}
	*date = DateOf(t)
	return nil
}

// plainTime consumes the next value if it is a time in UTC in the documented form, the usual case.
func (d *decoder) plainTime() (t time.Time, ok bool) {
	end := valueEnd(d.body, d.at)
	raw := d.body[d.at:end]
	if len(raw) != len(`"2006-01-02T15:04:05+00:00"`) || string(raw[len(raw)-len(`+00:00"`):]) != `+00:00"` {
		return time.Time{}, false
	}
	if t, ok = parsePlain(raw[1 : len(raw)-len(`+00:00"`)]); !ok {
		return time.Time{}, false
	}
	d.at = end
	return t, true
}

// parsePlain is a fast path for 2006-01-02 and 2006-01-02T15:04:05, in UTC. For all other text the caller uses parseTime.
func parsePlain(text []byte) (t time.Time, ok bool) {
	const form = "0000-00-00T00:00:00"
	if len(text) > len(form) {
		return time.Time{}, false
	}
	var n [6]int // year, month, day, hour, minute, second
	i := 0
	for at, c := range text {
		switch {
		case form[at] == '0' && '0' <= c && c <= '9':
			n[i] = 10*n[i] + int(c-'0')
		case form[at] == c:
			i++
		default:
			return time.Time{}, false
		}
	}
	t = time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	// time.Date normalizes a day or an hour that does not exist.
	return t, n[0] >= minYear && t.Month() == time.Month(n[1]) && t.Day() == n[2] && t.Hour() == n[3] && t.Minute() == n[4] && t.Second() == n[5]
}

// decodeDecimal accepts a number, also as a string, and keeps all its digits.
func decodeDecimal(d *decoder, v reflect.Value) error {
	amount := v.Addr().Interface().(*decimal.Decimal)
	if known, ok := d.amounts[string(d.body[d.at:valueEnd(d.body, d.at)])]; ok { // amounts repeat, and a Decimal is immutable
		d.value()
		*amount = known
		return nil
	}
	*amount = decimal.Decimal{}
	from := d.at
	text, blank, err := d.scalar("an amount")
	if blank || err != nil {
		return err
	}
	got, ok := parseDecimal(text)
	if !ok {
		return d.fail(text, "is not an amount")
	}
	*amount = got
	if len(d.amounts) < maxAmounts {
		if d.amounts == nil {
			d.amounts = make(map[string]decimal.Decimal)
		}
		d.amounts[string(d.body[from:d.at])] = got
	}
	return nil
}

// maxAmounts is the maximum number of amounts that a decoder caches.
const maxAmounts = 256
