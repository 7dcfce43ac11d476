// Decoding of scalars: what is accepted for a number, a boolean, a text, a date and an amount.

package digicert

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// scalar consumes the next value, which must be a string, a number or a boolean, and returns its text. blank is true for null,
// and for a blank string, which is noted as dropped: an odd value costs its own field, never the page.
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

func decodeUint(d *decoder, v reflect.Value) error {
	text, blank, err := d.scalar("a whole number")
	if blank || err != nil {
		v.SetZero()
		return err
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		whole, ok := parseInt(text)
		if !ok || whole < 0 {
			return d.fail(text, "is not a whole number from 0")
		}
		n = uint64(whole)
	}
	if v.OverflowUint(n) {
		return d.fail(text, "is out of the range of "+strconv.Itoa(v.Type().Bits())+" bits")
	}
	v.SetUint(n)
	return nil
}

// parseInt reads a whole number of 64 bits: 2, 2.0 and 2e0.
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

// decodeString accepts a number or a boolean too: ids that are texts here, such as receipt_id, have been both.
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
		return d.failShape("a text")
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
	*t = time.Time{}
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

// decodeDate reads the day that was written, whatever the zone of a time behind it.
func decodeDate(d *decoder, v reflect.Value) error {
	date := v.Addr().Interface().(*Date)
	*date = Date{}
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

// decodeDecimal accepts a number, also as a string, and keeps every digit of it.
func decodeDecimal(d *decoder, v reflect.Value) error {
	amount := v.Addr().Interface().(*decimal.Decimal)
	*amount = decimal.Decimal{}
	text, blank, err := d.scalar("an amount")
	if blank || err != nil {
		return err
	}
	got, ok := parseDecimal(text)
	if !ok {
		return d.fail(text, "is not an amount")
	}
	*amount = got
	return nil
}
