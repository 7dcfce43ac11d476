// Certificate signing requests: validation and comparison.

package digicert

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"regexp"
	"strings"
)

// maxCSR is the maximum size of a CSR, in bytes. A CSR with 1,000 names has about 40 KiB.
const maxCSR = 256 << 10

var csrArmor = regexp.MustCompile(`(?s)-----\s*BEGIN (?:NEW )?CERTIFICATE REQUEST\s*-----(.*?)-----\s*END (?:NEW )?CERTIFICATE REQUEST\s*-----`)

// csrDER returns the DER of a CSR. It accepts PEM with or without line breaks, with headers and with text around it, and plain
// base64.
func csrDER(text string) (der []byte, ok bool) {
	if len(text) > maxCSR {
		return nil, false
	}
	if armored := csrArmor.FindStringSubmatch(text); armored != nil {
		text = armored[1]
	}
	if strings.Contains(text, ":") { // headers
		lines := strings.Split(text, "\n")
		for i, line := range lines {
			if strings.Contains(line, ":") {
				lines[i] = ""
			}
		}
		text = strings.Join(lines, "\n")
	}
	return decodeBase64(text)
}

// sameCSR reports whether text is the CSR with the given DER.
func sameCSR(text string, der []byte) bool {
	other, ok := csrDER(text)
	return ok && bytes.Equal(other, der)
}

// checkCSR validates a CSR and returns it as PEM and as DER. Errors do not quote it.
func checkCSR(param, text string) (armored string, der []byte, err error) {
	if isPrivateKey(text) {
		return "", nil, paramErrorf(param, "must not contain a private key")
	}
	refuse := func(reason string) (string, []byte, error) {
		refusal := paramErrorf(param, "%s", reason)
		refusal.code = CodeCSRCannotParse
		return "", nil, refusal
	}
	if len(text) > maxCSR {
		return refuse("is too long to be a CSR")
	}
	if len(csrArmor.FindAllStringIndex(text, 2)) > 1 {
		return refuse("contains more than one CSR")
	}
	der, ok := csrDER(text)
	if !ok {
		return refuse("must be a CSR in PEM or base64")
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return refuse("cannot be parsed as a CSR")
	}
	// The service may support a signature algorithm that crypto/x509 does not.
	if err := csr.CheckSignature(); err != nil && !errors.Is(err, x509.ErrUnsupportedAlgorithm) {
		return refuse("has an invalid signature: it is damaged, or was signed with another key")
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), der, nil
}
