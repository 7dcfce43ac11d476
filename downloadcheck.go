// Validation of downloads: files of their format, and not pages of a proxy or firewall.

package digicert

import (
	"archive/zip"
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/go-digicert/digicert/internal/pemfile"
)

// fileKind is the kind of file that a download format has.
type fileKind struct {
	name string
	is   func(body []byte) bool // reports whether body is such a file; nil if that is not known
}

var (
	pemFile     = fileKind{"a PEM file of certificates", isPEM}
	cerFile     = fileKind{"a PEM or DER file of certificates", isPEMOrCertificate}
	p7bFile     = fileKind{"a PEM or DER file of certificates", isPKCS7}
	zipArchive  = fileKind{"a zip archive", isZip}
	unknownKind = fileKind{"a file", nil}
)

func (f DownloadFormat) kind() fileKind {
	switch f {
	case FormatPEMAll, FormatPEMNoIntermediate, FormatPEMNoRoot:
		return pemFile
	case FormatCER:
		return cerFile
	case FormatP7B:
		return p7bFile
	case FormatDefaultPEM, FormatApache:
		return zipArchive
	}
	return unknownKind
}

// checkFile returns an error if the body of a download is not a file of its format. It checks the content, because a page of a
// firewall may have any media type. For unknown formats the media type "text/html" is an error too.
func checkFile(format DownloadFormat, mediaType string, body []byte) error {
	kind := format.kind()
	text := bytes.TrimFunc(body, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' })
	page := pageOf(text, format != "")
	if page == "" && kind.is == nil && strings.HasPrefix(strings.ToLower(mediaType), "text/html") {
		page = "HTML"
	}
	switch {
	case len(text) == 0:
		return errors.New("the body is empty")
	case page != "":
		return errors.New("the body is " + page + ", not " + kind.name)
	case kind.is != nil && !kind.is(body):
		return errors.New("the body is not " + kind.name + ", or is incomplete")
	}
	return nil
}

// pageOf returns "HTML", "XML or HTML" or "JSON" if text is such a page, and "" if it is not. XML is a page only where a
// certificate is expected, because no certificate file begins with a tag.
func pageOf(text []byte, certificate bool) string {
	const sniffed = 1 << 10 // bytes
	head := bytes.ToLower(text[:min(len(text), sniffed)])
	switch {
	case strings.HasPrefix(http.DetectContentType(text), "text/html"),
		bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<html")):
		return "HTML"
	case bytes.HasPrefix(head, []byte("<")) && certificate:
		return "XML or HTML"
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")), jsontext.Value(text).IsValid(syntaxOptions...):
		return "JSON"
	}
	return ""
}

// isPEM reports whether a file has certificates as PEM blocks and all blocks are complete. It may have other blocks, such as a
// revocation list.
func isPEM(body []byte) bool { return pemfile.Check(body) == nil }

// isPEMOrCertificate reports whether a file has certificates as PEM, or is a certificate in DER.
func isPEMOrCertificate(body []byte) bool { return isPEM(body) || pemfile.IsCertificate(body) }

// isPKCS7 reports whether a file has PKCS #7 or certificates, as PEM or DER.
func isPKCS7(body []byte) bool { return isPEMOfPKCS7(body) || isDER(body) }

// isPEMOfPKCS7 reports whether a file has PEM blocks with PKCS #7, whose type may also be "CERTIFICATE", or with certificates.
func isPEMOfPKCS7(body []byte) bool {
	blocks, err := pemfile.Blocks(body)
	return err == nil && slices.ContainsFunc(blocks, func(b *pem.Block) bool {
		return isDER(b.Bytes) && (strings.HasPrefix(b.Type, "PKCS") || b.Type == "CMS" || strings.HasSuffix(b.Type, "CERTIFICATE"))
	})
}

// isDER reports whether a file begins with a complete ASN.1 SEQUENCE, as PKCS #7 does. PKCS #7 may also be BER with an
// indefinite length.
func isDER(body []byte) bool {
	if bytes.HasPrefix(body, []byte{0x30, 0x80}) {
		return bytes.HasSuffix(body, []byte{0, 0})
	}
	var value asn1.RawValue
	_, err := asn1.Unmarshal(body, &value)
	return err == nil && value.Class == asn1.ClassUniversal && value.Tag == asn1.TagSequence && value.IsCompound
}

// isZip reports whether a file is a zip archive with a central directory, which is at the end, and at least one file.
func isZip(body []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	return err == nil && len(archive.File) > 0
}
