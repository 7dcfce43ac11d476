// The download endpoints and formats of certificates.

package digicerttest

import (
	"archive/zip"
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-digicert/digicert"
)

// download handles GET /certificate/{certificate_id}/download/format/{format}. The 404 for a
// certificate that was not issued is a guess.
func (s *Server) download(r *request) (render, *failure) {
	wanted, all, refusal := s.certificateOf(r)
	if refusal != nil {
		return nil, refusal
	}
	return s.sendFile(r, wanted, all, r.word)
}

// downloadPlatform handles GET /certificate/{certificate_id}/download/platform[/{platform_id}]. 29 is known to be
// pem_all. That all other platforms, and the default, have an archive is a guess.
func (s *Server) downloadPlatform(r *request) (render, *failure) {
	wanted, all, refusal := s.certificateOf(r)
	if refusal != nil {
		return nil, refusal
	}
	format := "apache"
	if r.number == "29" {
		format = "pem_all"
	}
	return s.sendFile(r, wanted, all, format)
}

// downloadOrder handles GET /certificate/download/order/{order_id}[/format/{format}] and returns the primary certificate
// of an order. One client sends the parameters subId and formatType. That they select the duplicate with that sub_id
// and the format are guesses.
func (s *Server) downloadOrder(r *request) (render, *failure) {
	format := cmp.Or(r.word, r.query.text("formatType"), "default")
	if r.word != "" {
		r.query.text("formatType")
	}
	sub := r.query.text("subId")
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.order(digicert.OrderID(r.id))
	if o == nil {
		return nil, errNoOrder
	}
	wanted, _ := o.leaf()
	if sub != "" {
		wanted = leaf{}
		for _, d := range s.state.duplicatesOf(o.id) {
			if d.SubID == sub {
				wanted, _ = o.duplicateLeaf(d)
			}
		}
	}
	return s.sendFile(r, wanted, s.state.leaves(o), format)
}

// sendFile sends a certificate in a format.
func (s *Server) sendFile(r *request, wanted leaf, all []leaf, format string) (render, *failure) {
	file, known := files[format]
	switch {
	case wanted == (leaf{}):
		return nil, errNoCertificate
	case !known:
		return nil, fail(http.StatusNotFound, "not_found|format", "The format does not exist.")
	}
	r.contentType = file.mediaType
	r.fileName = fileName(wanted.commonName) + "_" + strconv.FormatInt(int64(wanted.id), 10) + file.extension
	return func(b []byte, fx effects) []byte {
		return append(b, file.write(s.issuer.chain(sent(wanted, all, fx)))...)
	}, nil
}

// file is a download format. chain has the leaf, the intermediate and the root.
type file struct {
	mediaType string
	extension string
	write     func(chain []*x509.Certificate) []byte
}

const (
	typePEM = "application/x-pem-file"
	typeZIP = "application/zip"
)

// files are the download formats. Only their names and the media type of pem_all are known. The
// content of most is guessed from the name.
var files = map[string]file{
	"pem_all":            {typePEM, ".pem", func(chain []*x509.Certificate) []byte { return pemOf(chain...) }},
	"pem_noroot":         {typePEM, ".pem", func(chain []*x509.Certificate) []byte { return pemOf(chain[:2]...) }},
	"pem_nointermediate": {typePEM, ".pem", func(chain []*x509.Certificate) []byte { return pemOf(chain[0]) }},
	"pem":                {typePEM, ".pem", func(chain []*x509.Certificate) []byte { return pemOf(chain[0]) }},
	"crt":                {typePEM, ".crt", func(chain []*x509.Certificate) []byte { return pemOf(chain[0]) }},
	"cer":                {"application/pkix-cert", ".cer", func(chain []*x509.Certificate) []byte { return chain[0].Raw }},
	"p7b":                {"application/x-pkcs7-certificates", ".p7b", pkcs7Of},
	"default":            {typeZIP, ".zip", func(chain []*x509.Certificate) []byte { return zipOf(chain, ".crt", len(chain)) }},
	"default_pem":        {typeZIP, ".zip", func(chain []*x509.Certificate) []byte { return zipOf(chain, ".pem", len(chain)) }},
	"apache":             {typeZIP, ".zip", func(chain []*x509.Certificate) []byte { return zipOf(chain, ".crt", 2) }},
}

func pemOf(certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, cert := range certs {
		must(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	return b.Bytes()
}

// pkcs7Of returns a chain as a PKCS #7 SignedData without signers, in PEM. DER requires the certificates
// to be sorted; the leaf comes first instead, as is common practice.
func pkcs7Of(chain []*x509.Certificate) []byte {
	type data struct{ Type asn1.ObjectIdentifier }
	type signedData struct {
		Version          int
		DigestAlgorithms []int `asn1:"set"`
		Content          data
		Certificates     asn1.RawValue
		Signers          []int `asn1:"set"`
	}
	certs := asn1.RawValue{Class: asn1.ClassContextSpecific, IsCompound: true}
	for _, cert := range chain {
		certs.Bytes = append(certs.Bytes, cert.Raw...)
	}
	der, err := asn1.Marshal(struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}{
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2},
		signedData{Version: 1, Content: data{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}}, Certificates: certs},
	})
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: der})
}

// zipOf returns an archive with one entry for each of the first n certificates of a chain. Entries
// are not compressed and have no times, so that the bytes are reproducible.
func zipOf(chain []*x509.Certificate, ext string, n int) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	names := []string{fileName(chain[0].Subject.CommonName), "intermediate", "root"}
	for i, cert := range chain[:n] {
		w, err := z.CreateHeader(&zip.FileHeader{Name: names[i] + ext})
		must(err)
		_, err = w.Write(pemOf(cert))
		must(err)
	}
	must(z.Close())
	return b.Bytes()
}

// fileName returns a safe file name for a common name, such as star_example_com for *.example.com.
func fileName(commonName string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, strings.ReplaceAll(commonName, "*", "star"))
}
