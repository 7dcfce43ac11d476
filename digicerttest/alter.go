// The faults that alter the JSON of a response.

package digicerttest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// shape describes a response for the faults that alter it.
type shape struct {
	list     string     // the key of the rows; "" if the response is a single row
	ids      []string   // the keys of a row that are never removed
	optional [][]string // paths of the documented keys that a row may lack, outer ones first
}

// altersJSON reports whether the faults alter the rendered response.
func (fx *effects) altersJSON() bool {
	return fx.emptyArrays || fx.numbersAsStrings || fx.nulls || fx.missingKeys
}

// alter applies the faults to the body of a response.
func (sh shape) alter(body []byte, fx effects) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // ids do not fit into a float
	var doc map[string]any
	must(d.Decode(&doc))

	if fx.childAccounts {
		sh.list = childAccountsKey
	}
	rows, listed := doc[sh.list].([]any)
	if sh.list == "" {
		rows, listed = []any{doc}, true
	}
	for _, r := range rows {
		row := r.(map[string]any)
		if fx.missingKeys {
			for key := range row {
				if !slices.Contains(sh.ids, key) {
					delete(row, key)
				}
			}
		}
		if fx.nulls {
			for _, path := range sh.optional {
				setNull(row, path)
			}
		}
		if fx.emptyArrays {
			emptyObjects(row)
			if _, ok := row["certificate"]; !ok && sh.hasCertificate() {
				row["certificate"] = []any{}
			}
		}
	}
	if fx.missingKeys {
		delete(doc, "page")
	}
	if fx.nulls && !listed {
		doc[sh.list] = nil
	}
	if fx.emptyArrays {
		if len(doc) == 0 {
			return append(body[:0], "[]"...)
		}
		emptyObjects(doc)
	}
	var changed any = doc
	if fx.numbersAsStrings {
		changed = quoteNumbers(doc)
	}
	out, err := json.Marshal(changed)
	must(err)
	return append(body[:0], out...)
}

// hasCertificate reports whether a row may contain a certificate.
func (sh shape) hasCertificate() bool {
	return slices.ContainsFunc(sh.optional, func(path []string) bool { return path[0] == "certificate" })
}

// setNull adds a missing member as null. It does not add the objects around it.
func setNull(object map[string]any, path []string) {
	value, ok := object[path[0]]
	if len(path) == 1 {
		if !ok {
			object[path[0]] = nil
		}
		return
	}
	if inner, ok := value.(map[string]any); ok {
		setNull(inner, path[1:])
	}
}

// emptyObjects replaces the members that are objects by [].
func emptyObjects(object map[string]any) {
	for key, value := range object {
		if _, ok := value.(map[string]any); ok {
			object[key] = []any{}
		}
	}
}

// quoteNumbers replaces every number by a string.
func quoteNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = quoteNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = quoteNumbers(v[key])
		}
	}
	return v
}
