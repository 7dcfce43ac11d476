package digicerttest_test

import (
	"crypto/sha1"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// TestCertificatesAreDeterministic compares two servers, and a digest with that of earlier processes.
func TestCertificatesAreDeterministic(t *testing.T) {
	t.Parallel()
	all := func(opts ...digicerttest.Option) string {
		s := certificateServer(t, opts...)
		var text strings.Builder
		for _, id := range []string{"70", "71", "73", "80"} {
			text.WriteString(get(t, s, "/certificate/"+id+"/chain").body)
			for _, format := range []string{"pem_all", "cer", "p7b", "default_pem", "apache"} {
				text.WriteString(get(t, s, "/certificate/"+id+"/download/format/"+format).body)
			}
		}
		return text.String()
	}
	first := all()
	require.True(t, first == all())
	require.False(t, first == all(digicerttest.WithClock(func() time.Time { return noon.Add(time.Second) })), "issued at another moment")
	require.Equal(t, "94b876a84ada3d57488a7a24d69c2fe3e30bd8fe", fmt.Sprintf("%x", sha1.Sum([]byte(first))))
}

// TestThumbprints checks which thumbprints are those of the certificates.
func TestThumbprints(t *testing.T) {
	t.Parallel()
	s := certificateServer(t, digicerttest.WithOrders(1, 200))
	digest := func(id digicert.CertificateID) string {
		return fmt.Sprintf("%X", sha1.Sum([]byte(get(t, s, fmt.Sprintf("/certificate/%d/download/format/cer", id)).body)))
	}
	o, _ := s.Order(1)
	require.Equal(t, digest(70), o.Certificate.Thumbprint)
	require.Equal(t, digest(71), s.Reissues(1)[0].Thumbprint)
	require.Equal(t, digest(73), s.Duplicates(1)[0].Thumbprint)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 3}))
	require.NoError(t, s.SetStatus(3, "issued"))
	o, _ = s.Order(3)
	require.Equal(t, digest(o.Certificate.ID), o.Certificate.Thumbprint)

	// Certificates of generated orders and reissues are available too, with other thumbprints.
	found := 0
	for _, id := range column(t, get(t, s, orderPath+query("filters[status]", "issued")), "orders", "id") {
		o, _ := s.Order(digicert.OrderID(atoi(t, id)))
		chain := chainOf(t, get(t, s, fmt.Sprintf("/certificate/%d/chain", o.Certificate.ID)))
		require.Equal(t, o.Certificate.SerialNumber, fmt.Sprintf("%032X", chain[0].SerialNumber))
		if o.DateIssued.Equal(noon) { // one of those above
			continue
		}
		require.NotEqual(t, digest(o.Certificate.ID), o.Certificate.Thumbprint)
		for _, r := range s.Reissues(o.ID) {
			if r.Status != "issued" {
				continue
			}
			found++
			chain := chainOf(t, get(t, s, fmt.Sprintf("/certificate/%d/chain", r.ID)))
			require.Equal(t, r.SerialNumber, fmt.Sprintf("%032X", chain[0].SerialNumber))
		}
		if len(s.Duplicates(o.ID)) > 0 {
			continue
		}
		requireError(t, get(t, s, fmt.Sprintf("/certificate/%d/chain", o.Certificate.ID+7)), 404, "not_found|certificate")
	}
	require.Positive(t, found)
}

// TestConcurrentCertificates issues the same certificates concurrently, for the race detector.
func TestConcurrentCertificates(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithOrders(1, 20))
	var ids []digicert.CertificateID
	for _, id := range column(t, get(t, s, orderPath), "orders", "id") {
		o, _ := s.Order(digicert.OrderID(atoi(t, id)))
		ids = append(ids, o.Certificate.ID)
	}
	var wg sync.WaitGroup
	bodies := make([]string, 6)
	for i := range bodies {
		wg.Go(func() {
			hc := &http.Client{Transport: s.Transport()}
			for _, id := range ids {
				got, err := send(t, hc, http.MethodGet, fmt.Sprintf("%s/certificate/%d/chain", s.URL(), id), s.Key())
				if err == nil {
					bodies[i] += got.body
				}
				_ = s.AddDuplicate(digicert.OrderID(i), digicert.Duplicate{})
				_ = s.Roots()
			}
		})
		wg.Go(func() { _ = s.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(i + 1), Status: "issued"}) })
	}
	wg.Wait()
	for _, body := range bodies {
		require.True(t, body == bodies[0])
	}
	require.NotEmpty(t, bodies[0])
}
