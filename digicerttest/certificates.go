// The endpoints of one certificate: its chain and its downloads.

package digicerttest

import (
	"net/http"
	"slices"

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

// sent returns the wanted certificate or, with WrongCertificate, another one: the first other one of its
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

// listChain handles GET /certificate/{certificate_id}/chain. The fields of an element are known from
// clients. That the root is included, and that the response for a certificate that was not issued is
// {}, are guesses.
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
