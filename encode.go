// Encoding of request bodies as JSON, and the search for private keys in them.

package digicert

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// object is a JSON object of a request body.
type object map[string]any

// put sets a member of an object, unless the value is zero.
func put[T comparable](o object, name string, value T) {
	if value != *new(T) {
		o[name] = value
	}
}

// putNumber sets a member to 1 if flag is true. Some flags are documented as 0 or 1.
func (o object) putNumber(name string, flag bool) {
	if flag {
		o[name] = 1
	}
}

// merge adds the members of extra. at is the path of the object, such as "certificate.". typed are the members that may be set
// only by their own fields, because other rules depend on them.
func (o object) merge(at string, extra map[string]any, typed ...string) error {
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		_, set := o[name]
		shown := oneLine(at+name, 100)
		switch {
		case isPrivateKey(name):
			return paramErrorf(at+"Extra", "must not contain a private key")
		case name == "":
			return paramErrorf(at+"Extra", "has a member without a name")
		case set:
			return paramErrorf(shown, "is set twice: by its own field and by Extra")
		case slices.Contains(typed, name):
			return paramErrorf(shown, "must be set by its own field, not by Extra")
		}
		o[name] = extra[name]
	}
	return nil
}

// encode returns the JSON of an object whose members were checked, except for those of Extra.
func (o object) encode() ([]byte, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, paramErrorf("Extra", "cannot be encoded as JSON")
	}
	if at, found := findPrivateKey(text); found {
		return nil, paramErrorf(cmp.Or(oneLine(at, 100), "Extra"), "must not contain a private key")
	}
	return text, nil
}

// encodeBody returns the JSON of a caller's body. Its errors do not quote the content.
func encodeBody(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, paramErrorf("body", "%T cannot be encoded as JSON", body)
	}
	if _, found := findPrivateKey(text); found {
		return nil, paramErrorf("body", "must not contain a private key")
	}
	return text, nil
}

// findPrivateKey reports whether a JSON text contains a private key, and returns the path of its member.
func findPrivateKey(text []byte) (at string, found bool) {
	var value any
	if json.Unmarshal(text, &value) != nil {
		return "", privateKeyArmor.Match(text)
	}
	return privateKeyIn(value, "")
}

func privateKeyIn(value any, at string) (string, bool) {
	switch value := value.(type) {
	case string:
		return at, isPrivateKey(value)
	case []any:
		for i, v := range value {
			if at, found := privateKeyIn(v, fmt.Sprintf("%s[%d]", at, i)); found {
				return at, true
			}
		}
	case map[string]any:
		if _, private := value["d"]; private && value["kty"] != nil {
			return at, true // a JSON Web Key
		}
		for name, v := range value {
			if isPrivateKey(name) {
				return at, true
			}
			if at, found := privateKeyIn(v, strings.TrimPrefix(at+"."+name, ".")); found {
				return at, true
			}
		}
	}
	return "", false
}

var privateKeyArmor = regexp.MustCompile(`(?i)PRIVATE KEY\s*-{4,}`)

// isPrivateKey reports whether text contains a private key in PEM, or is the base64 of one in PEM or DER.
func isPrivateKey(text string) bool {
	if privateKeyArmor.MatchString(text) {
		return true
	}
	const shortest = 40 // 256 bits alone take 43 characters of base64
	if len(text) < shortest {
		return false
	}
	der, ok := decodeBase64(text)
	if !ok {
		return false
	}
	if privateKeyArmor.Match(der) {
		return true
	}
	_, err8 := x509.ParsePKCS8PrivateKey(der)
	_, err1 := x509.ParsePKCS1PrivateKey(der)
	_, errEC := x509.ParseECPrivateKey(der)
	return err8 == nil || err1 == nil || errEC == nil
}

// decodeBase64 decodes base64 with or without padding, white space and escaped line breaks.
func decodeBase64(text string) ([]byte, bool) {
	text = strings.NewReplacer(`\r`, " ", `\n`, " ").Replace(text)
	packed := []byte(strings.TrimRight(strings.Join(strings.Fields(text), ""), "="))
	der, err := base64.RawStdEncoding.AppendDecode(nil, packed)
	return der, err == nil && len(bytes.TrimSpace(der)) > 0
}
