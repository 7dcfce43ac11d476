// The service's errors in a response body.

package digicert

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDetails is the maximum number of errors of a body that are kept.
const maxDetails = 100

// errorDetails returns the errors of a body, at most maxDetails. They may be an array of {code, message} objects or strings, a
// single such object (seen in an old fixture) or string, or an object of them. Entries that cannot be decoded are skipped.
func errorDetails(body []byte) []ErrorDetail {
	d, errs := errorsMember(body)
	if d == nil {
		return nil
	}
	defer d.free()
	if errs == nil {
		return nil
	}
	var details []ErrorDetail
	detail := new(ErrorDetail) // reused for all entries
	add := func() bool {
		ok := d.errorDetail(detail)
		if ok && len(details) < maxDetails {
			details = append(details, *detail)
		}
		return ok
	}
	d.body, d.at = errs, 0
	switch d.peek() {
	case '[':
		_ = d.elements(func(int) error { add(); return nil })
	case '{':
		if add() {
			return details
		}
		d.at = 0
		entries := make(map[string][]byte)
		_ = d.members(func(name []byte) error {
			if entry := d.value(); len(entries) < maxDetails {
				entries[unquote(name)] = entry
			}
			return nil
		})
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			d.body, d.at = entries[name], 0
			add()
		}
	default:
		add()
	}
	return details
}

// errorsMember returns the value of the member "errors" of a body, or nil if there is none, and a decoder for it. It returns
// a nil decoder if the body is not an object.
func errorsMember(body []byte) (d *decoder, errs []byte) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !jsontext.Value(body).IsValid(syntaxOptions...) {
		return nil, nil
	}
	d = newDecoder(body)
	if d.space(); d.peek() != '{' {
		d.free()
		return nil, nil
	}
	_ = d.members(func(name []byte) error {
		if value := d.value(); string(name) == `"errors"` || unquote(name) == "errors" {
			errs = value
		}
		return nil
	})
	return d, errs
}

// errorDetail consumes one entry, and reports whether it is an object with a code or a message, or a string.
func (d *decoder) errorDetail(detail *ErrorDetail) (ok bool) {
	end, depth := valueEnd(d.body, d.at), len(d.path)
	*detail = ErrorDetail{}
	switch d.peek() {
	case '{':
		if planOf(reflect.TypeFor[ErrorDetail]()).decode(d, reflect.ValueOf(detail).Elem()) != nil {
			*detail = ErrorDetail{}
		}
	case '"':
		detail.Message = d.str()
	}
	d.at, d.path = end, d.path[:depth]
	return *detail != ErrorDetail{}
}

// carriesErrors reports whether the body of a success has errors of the service. If result has a field "errors" of its own,
// only entries with a code count.
func carriesErrors(body []byte, result any) bool {
	// Looking for the name is much cheaper than parsing every body twice.
	if !bytes.Contains(body, []byte(`"errors"`)) {
		return false
	}
	details := errorDetails(body)
	for _, detail := range details {
		if detail.Code != "" {
			return true
		}
	}
	if holdsErrors(result) {
		return false
	}
	return len(details) > 0 || hasErrors(body)
}

// hasErrors reports whether a body has a member "errors" other than null, false, a string, [] or {}. Its entries may have any
// form.
func hasErrors(body []byte) bool {
	d, errs := errorsMember(body)
	if d == nil {
		return false
	}
	defer d.free()
	if errs == nil {
		return false
	}
	switch errs[0] {
	case 'n', 'f', '"':
		return false
	case '[', '{':
		return len(bytes.TrimSpace(errs[1:len(errs)-1])) > 0
	}
	return true
}

// holdsErrors reports whether a member "errors" would be decoded into result.
func holdsErrors(result any) bool {
	if result == nil {
		return false
	}
	t := reflect.TypeOf(result).Elem()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return planOf(t).errors
}
