// The errors of a body.

package digicert

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-json-experiment/json"
)

// errorDetails reads the errors of a body: an array of {code, message}, a single such object
// (seen in an old recording), or an object of them. carried tells whether there were any, legible or not.
func errorDetails(body []byte) (details []ErrorDetail, carried bool) {
	var doc struct {
		Errors jsontext.Value `json:"errors"`
	}
	if json.Unmarshal(body, &doc, decodeOptions) != nil {
		return nil, false
	}
	if d, ok := errorDetail(doc.Errors); ok {
		return []ErrorDetail{d}, true
	}
	var entries []jsontext.Value
	switch doc.Errors.Kind() {
	case '[':
		if json.Unmarshal(doc.Errors, &entries, decodeOptions) != nil {
			return nil, true
		}
	case '{':
		var byName map[string]jsontext.Value
		if json.Unmarshal(doc.Errors, &byName, decodeOptions) != nil {
			return nil, true
		}
		for _, name := range slices.Sorted(maps.Keys(byName)) {
			entries = append(entries, byName[name])
		}
	case 't', '0':
		return nil, true
	}
	for _, e := range entries {
		if d, ok := errorDetail(e); ok {
			details = append(details, d)
		}
	}
	return details, len(entries) > 0
}

// errorDetail reads one entry: {code, message}, or a bare text.
func errorDetail(v jsontext.Value) (ErrorDetail, bool) {
	var d ErrorDetail
	switch v.Kind() {
	case '{':
		if json.Unmarshal(v, &d, decodeOptions) != nil {
			return ErrorDetail{}, false
		}
	case '"':
		if json.Unmarshal(v, &d.Message, decodeOptions) != nil {
			return ErrorDetail{}, false
		}
	}
	return d, d != ErrorDetail{}
}
