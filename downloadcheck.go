// What a download must be: a file of its format, and never the page of a proxy or firewall.

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

// fileKind is what the files of a download format have in common.
type fileKind struct {
	name string
	is   func(body []byte) bool // nil: not known
}

var (
	pemFile     = fileKind{"a PEM file of certificates", isPEM}
	cerFile     = fileKind{"a PEM or DER file of certificates", func(body []byte) bool { return isPEM(body) || pemfile.IsCertificate(body) }}
	p7bFile     = fileKind{"a PEM or DER file of certificates", func(body []byte) bool { return isPEMOfPKCS7(body) || isDER(body) }}
	zipArchive  = fileKind{"a zip archive", isZip}
	unknownKind = fileKind{"a file", nil}
)

// kind returns what the files of the format are.
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

// checkFile returns an error if the body of a download is not a file of its format. The bytes decide, since a firewall's page may
// have any media type. Where the format is not known, "text/html" is an error too.
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
		return errors.New("the body is not " + kind.name + ", or not all of it")
	}
	return nil
}

// pageOf returns what kind of page a text is: "" if it is none. Other XML than HTML is a page only in place of a
// certificate: no file of one begins with a tag.
func pageOf(text []byte, certificate bool) string {
	const sniffed = 1 << 10 // bytes
	head := bytes.ToLower(text[:min(len(text), sniffed)])
	switch {
	case strings.HasPrefix(http.DetectContentType(text), "text/html"), bytes.HasPrefix(head, []byte("<")) && bytes.Contains(head, []byte("<html")):
		return "HTML"
	case bytes.HasPrefix(head, []byte("<")) && certificate:
		return "XML or HTML"
	case bytes.HasPrefix(head, []byte("{")), bytes.HasPrefix(head, []byte("[")), jsontext.Value(text).IsValid(syntaxOptions...):
		return "JSON"
	}
	return ""
}

// isPEM reports whether a file has certificates as PEM blocks, and all blocks are whole. There may be others, such as a revocation list.
func isPEM(body []byte) bool { return pemfile.Check(body) == nil }

// isPEMOfPKCS7 reports whether a file has PKCS #7 as PEM blocks, which some call "CERTIFICATE", or certificates.
func isPEMOfPKCS7(body []byte) bool {
	blocks, err := pemfile.Blocks(body)
	return err == nil && slices.ContainsFunc(blocks, func(b *pem.Block) bool {
		return isDER(b.Bytes) && (strings.HasPrefix(b.Type, "PKCS") || b.Type == "CMS" || strings.HasSuffix(b.Type, "CERTIFICATE"))
	})
}

// isDER reports whether a file begins with a whole ASN.1 SEQUENCE, as PKCS #7 does. PKCS #7 may have it in
// BER, with an end that is not known in advance.
func isDER(body []byte) bool {
	if bytes.HasPrefix(body, []byte{0x30, 0x80}) {
		return bytes.HasSuffix(body, []byte{0, 0})
	}
	var value asn1.RawValue
	_, err := asn1.Unmarshal(body, &value)
	return err == nil && value.Class == asn1.ClassUniversal && value.Tag == asn1.TagSequence && value.IsCompound
}

// isZip reports whether a file is an archive with its list of contents, which is at the end.
func isZip(body []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	return err == nil && len(archive.File) > 0
}
