// The endpoints of one certificate: its chain and its downloads.

package digicerttest

import (
	"archive/zip"
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"

	"github.com/go-digicert/digicert"
)

var errNoCertificate = fail(http.StatusNotFound, "not_found|certificate", "The certificate does not exist.")

// certificateOf returns the certificate named by the path, and all issued certificates of its order.
// The certificate is zero if it was not issued.
func (s *Server) certificateOf(r *request) (wanted leaf, all []leaf, refusal *failure) {
	id := digicert.CertificateID(r.id)
	s.state.mu.RLock()
	defer s.state.mu.RUnlock()
	o := s.state.orderWith(id)
	if o == nil {
		return leaf{}, nil, errNoCertificate
	}
	all = s.state.leaves(o)
	if i := slices.IndexFunc(all, func(l leaf) bool { return l.id == id }); i >= 0 {
		wanted = all[i]
	}
	return wanted, all, nil
}

// sent returns the wanted certificate or, under WrongCertificate, another one: the first other of its
// order or, if there is none, an invented one.
func sent(wanted leaf, all []leaf, fx effects) leaf {
	if !fx.wrongCertificate {
		return wanted
	}
	for _, l := range all {
		if l.id != wanted.id && l.serial().Cmp(wanted.serial()) != 0 {
			return l
		}
	}
	wanted.id = -wanted.id // an id that is not in use
	wanted.serialNumber = ""
	return wanted
}

// listChain answers GET /certificate/{certificate_id}/chain. The fields of an element are known from
// clients. That the root is included, and that the answer for a certificate that was not issued is
// {}, is a guess.
func (s *Server) listChain(r *request) (render, *failure) {
	wanted, all, refusal := s.certificateOf(r)
	if refusal != nil {
		return nil, refusal
	}
	return func(b []byte, fx effects) []byte {
		if wanted == (leaf{}) {
			return append(b, "{}"...)
		}
		chain := s.issuer.chain(sent(wanted, all, fx))
		return appendRows(b, "intermediates", len(chain), fx, func(b []byte, i int) []byte {
			b = appendText(b, `{"subject_common_name":`, chain[i].Subject.CommonName)
			return append(appendText(b, `,"pem":`, string(pemOf(chain[i]))), '}')
		})
	}, nil
}

// download answers GET /certificate/{certificate_id}/download/format/{format}. The 404 for a
// certificate that was not issued is a guess.
func (s *Server) download(r *request) (render, *failure) {
	wanted, all, refusal := s.certificateOf(r)
	file, known := files[r.word]
	switch {
	case refusal != nil:
		return nil, refusal
	case wanted == (leaf{}):
		return nil, errNoCertificate
	case !known:
		return nil, fail(http.StatusNotFound, "not_found|format", "The format does not exist.")
	}
	return func(b []byte, fx effects) []byte {
		return append(b, file.write(s.issuer.chain(sent(wanted, all, fx)))...)
	}, nil
}

// downloadType returns the media type of a format.
func downloadType(format string) string { return files[format].mediaType }

// file is a download format. chain is leaf, intermediate, root.
type file struct {
	mediaType string
	write     func(chain []*x509.Certificate) []byte
}

// files are the download formats. Only their names and the media type of pem_all are known. The
// content of most is a guess from the name.
var files = map[string]file{
	"pem_all":            {"application/x-pem-file", func(chain []*x509.Certificate) []byte { return pemOf(chain...) }},
	"pem_noroot":         {"application/x-pem-file", func(chain []*x509.Certificate) []byte { return pemOf(chain[:2]...) }},
	"pem_nointermediate": {"application/x-pem-file", func(chain []*x509.Certificate) []byte { return pemOf(chain[0]) }},
	"cer":                {"application/pkix-cert", func(chain []*x509.Certificate) []byte { return chain[0].Raw }},
	"p7b":                {"application/x-pkcs7-certificates", pkcs7Of},
	"default_pem":        {"application/zip", func(chain []*x509.Certificate) []byte { return zipOf(chain, ".pem", len(chain)) }},
	"apache":             {"application/zip", func(chain []*x509.Certificate) []byte { return zipOf(chain, ".crt", 2) }},
}

func pemOf(certs ...*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, cert := range certs {
		must(pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	}
	return b.Bytes()
}

// pkcs7Of returns a chain as a PKCS #7 SignedData without signers, in PEM. DER would sort the
// certificates. As in common practice, the leaf comes first instead.
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
// have no compression and no times, so that the bytes are the same everywhere.
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
