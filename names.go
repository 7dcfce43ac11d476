// Checks of the parameters of writes: DNS names, words, comments and product ids.

package digicert

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkDNSName returns an error unless a certificate can be issued for name: labels of 1 to 63 letters, digits and inner hyphens,
// at most 253 bytes in all, the last label not a number, and "*" only as the whole first label. A name in another script
// must be given as its A-label ("xn--…"). Underscores are refused: they are not allowed in the names of a certificate.
func checkDNSName(param, name string) error {
	refuse := func(reason string) error {
		return paramErrorf(param, "%q is not a DNS name: %s", oneLine(name, 80), reason)
	}
	if isPrivateKey(name) {
		return paramErrorf(param, "must not contain a private key")
	}
	if name == "" {
		return paramErrorf(param, "must not be empty")
	}
	const longest, longestLabel = 253, 63
	if len(name) > longest {
		return refuse("it is longer than 253 bytes")
	}
	labels := strings.Split(strings.TrimPrefix(name, "*."), ".")
	for _, label := range labels {
		switch {
		case label == "":
			return refuse("a label is empty")
		case len(label) > longestLabel:
			return refuse("a label is longer than 63 bytes")
		case label == "*", strings.Contains(label, "*"):
			return refuse("a wildcard must be the whole first label")
		case strings.ContainsFunc(label, func(r rune) bool { return r > unicode.MaxASCII }):
			return refuse("names in other scripts must be given as A-labels (xn--…)")
		case strings.ContainsFunc(label, func(r rune) bool { return !isLetterOrDigit(r) && r != '-' }):
			return refuse("a label has characters other than letters, digits and hyphens")
		case strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-"):
			return refuse("a label begins or ends with a hyphen")
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return refuse("its last label is a number")
	}
	return nil
}

func isLetterOrDigit(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
}

// normalNames returns the names of a certificate in lower case, sorted and without repeats, so that equal sets compare equal.
func normalNames(commonName string, dnsNames []string) []string {
	var names []string
	for _, name := range append([]string{commonName}, dnsNames...) {
		if name = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(name)), "."); name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// maxText is the maximum length of a comment or a note, in bytes. The service documents no limit.
const maxText = 10_000

// checkText returns an error unless text can be sent as a comment or a note. The error does not contain the text.
func checkText(param, text string) error {
	switch {
	case isPrivateKey(text):
		return paramErrorf(param, "must not contain a private key")
	case len(text) > maxText:
		return paramErrorf(param, "must not be longer than %d bytes", maxText)
	case !utf8.ValidString(text):
		return paramErrorf(param, "must be UTF-8")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\t\r\n", r) }):
		return paramErrorf(param, "must not have control characters")
	}
	return nil
}

// checkWord returns an error unless value, of an open enumeration, is empty or one word.
func checkWord[T ~string](param string, value T) error {
	word := string(value)
	if isPrivateKey(word) {
		return paramErrorf(param, "must not contain a private key")
	}
	if len(word) > 100 || strings.ContainsFunc(word, func(r rune) bool { return !isLetterOrDigit(r) && !strings.ContainsRune("-_.", r) }) {
		return paramErrorf(param, "%q is not one word", oneLine(word, 40))
	}
	return nil
}

// checkProduct returns an error unless id can be sent as a path segment and is not a number or a file name.
func checkProduct(id string) error {
	if err := checkWord("product_name_id", id); err != nil {
		return err
	}
	if strings.Contains(id, ".") || !strings.ContainsFunc(id, func(r rune) bool { return isLetterOrDigit(r) && r > '9' }) {
		return paramErrorf("product_name_id", "%q is not a product id, such as ssl_plus", oneLine(id, 40))
	}
	return nil
}

// tlsProducts are the documented prefixes of the ids of TLS products.
var tlsProducts = []string{"ssl", "private_ssl", "wildcard_", "cloud_dv_"}

// isTLS reports whether a product is known to be a TLS product, which requires a CSR and a name.
func isTLS(productNameID string) bool {
	return slices.ContainsFunc(tlsProducts, func(p string) bool { return strings.HasPrefix(productNameID, p) })
}
