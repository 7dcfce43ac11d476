// The certificate authority: a root and an intermediate in memory.

package digicerttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"sync"
	"time"
)

// The certificates of a Server are real: root, intermediate and leaf, ECDSA on P-256. Keys are
// derived from hashes and signatures are deterministic (RFC 6979), so that the same state has the
// same certificates in every process. The private keys are therefore not secret.

const (
	rootName         = "digicerttest Root CA"
	intermediateName = "digicerttest TLS CA"
	caCertID         = "D161CE127E57CA01" // the service's id of the intermediate
)

// The CA certificates are valid at any time that a test may set.
var (
	caNotBefore = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)
	caNotAfter  = time.Date(maxYear, 12, 31, 23, 59, 59, 0, time.UTC)
)

// Roots returns a pool with the root certificate. The root is the same for all
// servers, and its private key is not secret: trust it only in tests.
func (s *Server) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(theCA().root)
	return pool
}

// ca is a certificate authority.
type ca struct {
	root, intermediate *x509.Certificate
	key                *ecdsa.PrivateKey // the intermediate's
}

var theCA = sync.OnceValue(func() *ca {
	authority := func(serial int64, name string) *x509.Certificate {
		keyID := sha256.Sum256([]byte(name)) // set explicitly, because Go's default depends on its version
		return &x509.Certificate{
			SerialNumber:          big.NewInt(serial),
			Subject:               pkix.Name{CommonName: name},
			NotBefore:             caNotBefore,
			NotAfter:              caNotAfter,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
			SubjectKeyId:          keyID[:20],
			IsCA:                  true,
			BasicConstraintsValid: true,
		}
	}
	rootKey, key := keyOf("root"), keyOf("intermediate")
	root := authority(1, rootName)
	root = signed(root, root, rootKey.Public(), rootKey)
	intermediate := authority(2, intermediateName)
	intermediate.MaxPathLenZero = true
	return &ca{root, signed(intermediate, root, key.Public(), rootKey), key}
})

// keyOf derives a private key from a name. It skips hashes that are not a valid key, about one in 2^32.
func keyOf(name string) *ecdsa.PrivateKey {
	for n := 0; ; n++ {
		raw := sha256.Sum256(fmt.Appendf(nil, "digicerttest key %d of %s", n, name))
		if key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw[:]); err == nil {
			return key
		}
	}
}

// signed returns a signed certificate for a public key. With a nil source of randomness, ECDSA signatures are deterministic.
func signed(template, parent *x509.Certificate, of any, by *ecdsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(nil, template, parent, of, by)
	must(err)
	cert, err := x509.ParseCertificate(der)
	must(err)
	return cert
}
