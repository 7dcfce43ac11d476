// The body of a write and the errors about its members.

package digicerttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-digicert/digicert"
)

// maxBody is the maximum size of a request body, in bytes.
const maxBody = 4 << 20

// object is an object within the body of a request. Members that no handler reads are ignored,
// because clients send many. The server neither logs nor stores a body: some clients put their API key into it.
//
// Errors are collected with the documented codes required_param:<path> and invalid_value:<path>. Only a few of the
// latter are documented; that they end with the path of the member is a guess.
type object struct {
	path     string // prefix of the paths of its members, such as "certificate."
	members  map[string]any
	problems *[]digicert.ErrorDetail
}

// readBody reads the body of a request, a JSON object. No body is an empty object.
func readBody(r *http.Request) (object, *failure) {
	o := object{problems: new([]digicert.ErrorDetail)}
	if r.Body == nil {
		return o, nil
	}
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(text) > maxBody {
		return o, errBadFormat
	}
	if text = bytes.TrimSpace(text); len(text) == 0 {
		return o, nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // ids do not fit into a float
	if err := d.Decode(&o.members); err != nil || d.InputOffset() != int64(len(text)) {
		return o, errBadFormat
	}
	return o, nil
}

var errBadFormat = fail(http.StatusBadRequest, "bad_request_format", "The body of the request is not a JSON object.")

// problem adds an error to the response.
func (o object) problem(code digicert.ErrorCode, format string, args ...any) {
	*o.problems = append(*o.problems, digicert.ErrorDetail{Code: code, Message: fmt.Sprintf(format, args...)})
}

// require adds an error about a missing member.
func (o object) require(name string) {
	o.problem(digicert.ErrorCode("required_param:"+o.path+name), "The parameter %s%s is required.", o.path, name)
}

// invalid adds an error about the value of a member.
func (o object) invalid(name, format string, args ...any) {
	o.problem(digicert.ErrorCode("invalid_value:"+o.path+name), "%s%s: %s.", o.path, name, fmt.Sprintf(format, args...))
}

// refusal returns the response with all collected errors, or nil if there are none.
func (o object) refusal() *failure {
	if len(*o.problems) == 0 {
		return nil
	}
	return &failure{http.StatusBadRequest, *o.problems}
}

// has reports whether a member is present and not null.
func (o object) has(name string) bool { return o.members[name] != nil }

// object returns a member that is an object, or an empty object if it is not one: some clients send null, a number
// or an empty list.
func (o object) object(name string) object {
	members, _ := o.members[name].(map[string]any)
	return object{o.path + name + ".", members, o.problems}
}

// objects returns a member that is a list of objects.
func (o object) objects(name string) []object {
	list, _ := o.members[name].([]any)
	var all []object
	for i, v := range list {
		if members, ok := v.(map[string]any); ok {
			all = append(all, object{fmt.Sprintf("%s%s[%d].", o.path, name, i), members, o.problems})
		}
	}
	return all
}

// text returns a member that is a string or a number, or "" if it is absent.
func (o object) text(name string) string {
	switch v := o.members[name].(type) {
	case nil:
	case string:
		return v
	case json.Number:
		return v.String()
	default:
		o.invalid(name, "it must be a string")
	}
	return ""
}

// texts returns a member that is a list of strings.
func (o object) texts(name string) []string {
	list, ok := o.members[name].([]any)
	if !ok && o.has(name) {
		o.invalid(name, "it must be a list of strings")
	}
	var all []string
	for _, v := range list {
		text, ok := v.(string)
		if !ok {
			o.invalid(name, "it must be a list of strings")
			return nil
		}
		all = append(all, text)
	}
	return all
}

// int returns a member that is a whole number, also one sent as a string, or 0 if it is absent.
func (o object) int(name string) int64 {
	text := o.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		o.invalid(name, "it must be a whole number")
		return 0
	}
	return n
}

// bool returns a member that is a boolean, also one sent as 0 or 1 or as a string.
func (o object) bool(name string) bool {
	switch v := o.members[name].(type) {
	case nil:
	case bool:
		return v
	case json.Number, string:
		switch strings.ToLower(fmt.Sprint(v)) {
		case "1", "true":
			return true
		case "0", "false", "":
			return false
		}
		o.invalid(name, "it must be a boolean")
	default:
		o.invalid(name, "it must be a boolean")
	}
	return false
}
