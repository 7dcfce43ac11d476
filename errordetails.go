// The errors that a body carries.

package digicert

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDetails is how many errors of a body are kept.
const maxDetails = 100

// errorDetails reads the errors of a body: an array of {code, message}, a single such object
// (seen in an old fixture), an object of them, or texts. It keeps the first 100 that can be read.
func errorDetails(body []byte) []ErrorDetail {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !jsontext.Value(body).IsValid(syntaxOptions...) {
		return nil
	}
	d := &decoder{body: body, budget: max(allocFactor*len(body), minAlloc)}
	if d.space(); d.peek() != '{' {
		return nil
	}
	errs := d.member("errors")
	if errs == nil {
		return nil
	}
	var details []ErrorDetail
	add := func(entry *decoder) bool {
		detail, ok := entry.errorDetail()
		if ok && len(details) < maxDetails {
			details = append(details, detail)
		}
		return ok
	}
	d = &decoder{body: errs, budget: d.budget}
	switch d.peek() {
	case '[':
		_ = d.elements(func(int) error { add(d); return nil })
	case '{':
		if add(&decoder{body: errs, budget: d.budget}) {
			return details
		}
		entries := make(map[string][]byte)
		_ = d.members(func(name []byte) error {
			if entry := d.value(); len(entries) < maxDetails {
				entries[unquote(name)] = entry
			}
			return nil
		})
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			add(&decoder{body: entries[name], budget: d.budget})
		}
	default:
		add(d)
	}
	return details
}

// member returns the value of a member of the object that comes next, or nil.
func (d *decoder) member(want string) []byte {
	var found []byte
	_ = d.members(func(name []byte) error {
		if value := d.value(); unquote(name) == want {
			found = value
		}
		return nil
	})
	return found
}

// errorDetail consumes one entry, an object with a code or a message, or a text.
func (d *decoder) errorDetail() (detail ErrorDetail, ok bool) {
	entry := &decoder{body: d.value(), budget: d.budget}
	switch entry.peek() {
	case '{':
		if planOf(reflect.TypeFor[ErrorDetail]()).decode(entry, reflect.ValueOf(&detail).Elem()) != nil {
			return ErrorDetail{}, false
		}
	case '"':
		detail.Message = unquote(entry.body)
	}
	return detail, detail != ErrorDetail{}
}

// carriesErrors reports whether a success carries errors of the service. If result has a place for a member "errors", it may be
// something else: then only entries with a code count.
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

// hasErrors reports whether a body, a valid object, has errors that may not be legible.
func hasErrors(body []byte) bool {
	d := &decoder{body: bytes.TrimPrefix(body, []byte("\ufeff"))}
	if !jsontext.Value(d.body).IsValid(syntaxOptions...) {
		return false
	}
	if d.space(); d.peek() != '{' {
		return false
	}
	errs := &decoder{body: d.member("errors")}
	if len(errs.body) == 0 {
		return false
	}
	switch errs.peek() {
	case 'n', 'f', '"':
		return false
	case '[':
		return errs.count() > 0
	case '{':
		return len(bytes.TrimSpace(errs.body[1:len(errs.body)-1])) > 0
	}
	return true
}

// holdsErrors reports whether what result points to has a place for a member "errors".
func holdsErrors(result any) bool {
	if result == nil {
		return false
	}
	t := reflect.TypeOf(result).Elem()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() != reflect.Struct || planOf(t).errors
}
