// The faults that alter the JSON of an answer.

package digicerttest

import (
	"bytes"
	"encoding/json"
	"slices"
)

// shape says where in an answer the faults that distort it find what they distort.
type shape struct {
	list     string     // the key of the rows; "" for an answer that is itself what a row is
	ids      []string   // the keys of a row that are never left out
	optional [][]string // paths of documented keys that a row may lack, outer ones first
}

// distorts reports whether an answer is to be changed once it is rendered.
func (m *mischief) distorts() bool {
	return m.emptyArrays || m.numbersAsStrings || m.nulls || m.missingKeys
}

// distort changes an answer as the faults say. They rarely act, so it may take the slow way of
// decoding the body.
func (sh shape) distort(body []byte, m mischief) []byte {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // ids do not fit into a float
	var doc map[string]any
	must(d.Decode(&doc))

	if m.childAccounts {
		sh.list = childAccountsKey
	}
	rows, listed := doc[sh.list].([]any)
	if sh.list == "" {
		rows, listed = []any{doc}, true
	}
	for _, r := range rows {
		row := r.(map[string]any)
		if m.missingKeys {
			for key := range row {
				if !slices.Contains(sh.ids, key) {
					delete(row, key)
				}
			}
		}
		if m.nulls {
			for _, path := range sh.optional {
				setNull(row, path)
			}
		}
		if m.emptyArrays {
			emptyObjects(row)
			if _, ok := row["certificate"]; !ok && sh.hasCertificate() {
				row["certificate"] = []any{}
			}
		}
	}
	if m.missingKeys {
		delete(doc, "page")
	}
	if m.nulls && !listed {
		doc[sh.list] = nil
	}
	if m.emptyArrays {
		if len(doc) == 0 {
			return append(body[:0], "[]"...)
		}
		emptyObjects(doc)
	}
	var changed any = doc
	if m.numbersAsStrings {
		changed = quoteNumbers(doc)
	}
	out, err := json.Marshal(changed)
	must(err)
	return append(body[:0], out...)
}

// hasCertificate reports whether a row may have a certificate within it.
func (sh shape) hasCertificate() bool {
	return slices.ContainsFunc(sh.optional, func(path []string) bool { return path[0] == "certificate" })
}

// setNull makes null of a member that is not there, within objects that are.
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

// emptyObjects makes [] of the members that are objects.
func emptyObjects(object map[string]any) {
	for key, value := range object {
		if _, ok := value.(map[string]any); ok {
			object[key] = []any{}
		}
	}
}

// quoteNumbers makes a string of every number.
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
