package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// deploy runs the deployment of n certificates from a server, and returns its lines.
func deploy(t *testing.T, server *digicerttest.Server, dir string, n int) ([]string, error) {
	var log bytes.Buffer
	d := deployment{dir: dir, left: n, log: &log}
	params := &digicert.WatchParams{Start: time.Now().Add(-time.Hour), Interval: time.Millisecond}
	err := d.run(t.Context(), server.Client(), params)
	return strings.Split(strings.TrimSuffix(log.String(), "\n"), "\n"), err
}

func newServer(t *testing.T) *digicerttest.Server { return newServerAt(t, time.Now()) }

func newServerAt(t *testing.T, now time.Time) *digicerttest.Server {
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	require.NoError(t, place(server, now))
	return server
}

// content is what is in a folder, and since when.
func content(t *testing.T, dir string) map[string]string {
	files := make(map[string]string)
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = fmt.Sprintf("%s of %s: %s", info.Mode(), info.ModTime(), b)
		return err
	}))
	return files
}

// verify does what a client of a server with the file does: it builds a chain from the certificate to the root, which is not
// part of the file, and compares the name. It returns the certificate.
func verify(t *testing.T, server *digicerttest.Server, path, name string) *x509.Certificate {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	var certs []*x509.Certificate
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		certs = append(certs, cert)
	}
	require.Len(t, certs, 2, "the certificate and one intermediate")
	intermediates := x509.NewCertPool()
	intermediates.AddCert(certs[1])
	_, err = certs[0].Verify(x509.VerifyOptions{
		DNSName: strings.Replace(name, "*", "any", 1), Roots: server.Roots(), Intermediates: intermediates,
	})
	require.NoError(t, err)
	return certs[0]
}

// TestDeploy checks that the files appear and verify, and that a second run leaves them as they are.
func TestDeploy(t *testing.T) {
	t.Parallel()
	now := time.Now()
	server := newServerAt(t, now)
	dir := filepath.Join(t.TempDir(), "new", "certificates")
	lines, err := deploy(t, server, dir, len(names))
	require.NoError(t, err)
	require.Len(t, lines, len(names))
	for i, name := range names {
		path := filepath.Join(dir, fmt.Sprintf("%d.pem", firstOrder+i))
		cert := verify(t, server, path, name)
		order, ok := server.Order(digicert.OrderID(firstOrder + i))
		require.True(t, ok)
		require.Equal(t, strings.TrimLeft(order.Certificate.SerialNumber, "0"), fmt.Sprintf("%X", cert.SerialNumber))
		require.Contains(t, lines, fmt.Sprintf("%s written: %s, valid till %s", path, name, order.Certificate.ValidTill))
	}
	before := content(t, dir)
	require.Len(t, before, len(names))

	// Of another server with the same orders: what is the same need not come from the same process.
	lines, err = deploy(t, newServerAt(t, now), dir, len(names))
	require.NoError(t, err)
	for _, line := range lines {
		require.Contains(t, line, " unchanged: ")
	}
	require.Equal(t, before, content(t, dir))
}

// TestReplaced checks that a certificate that takes the place of another gets its file, and only it.
func TestReplaced(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dir := t.TempDir()
	_, err := deploy(t, server, dir, len(names))
	require.NoError(t, err)
	before := content(t, dir)
	require.NoError(t, server.RemoveOrder(firstOrder))
	require.NoError(t, server.AddOrder(digicert.SubaccountOrder{
		ID: firstOrder, Certificate: digicert.OrderCertificate{CommonName: names[0]}, Status: digicert.OrderStatusIssued,
	}))
	lines, err := deploy(t, server, dir, len(names))
	require.NoError(t, err)
	require.Equal(t, 1, len(slices.DeleteFunc(lines, func(s string) bool { return !strings.Contains(s, " written: ") })))
	verify(t, server, filepath.Join(dir, "1001.pem"), names[0])
	after := content(t, dir)
	require.NotEqual(t, before["1001.pem"], after["1001.pem"])
	delete(before, "1001.pem")
	delete(after, "1001.pem")
	require.Equal(t, before, after)
}

// TestRefused checks that what is not the certificate of the order, or no whole chain, is not deployed: the old file
// stays, and the checkpoint with it, so that the change comes again.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault digicerttest.Fault
		want  string
	}{
		"another certificate": {digicerttest.WrongCertificate(), "not the certificate asked for"},
		"an empty chain":      {digicerttest.Status(200, `{"intermediates":[]}`), "its chain is empty"},
		"no certificates": {
			digicerttest.Status(200, `{"intermediates":[{"subject_common_name":"x","pem":"x"}]}`), `the chain's certificate "x"`,
		},
		"not found": {digicerttest.APIError(404, "not_found|certificate", "No."), "not_found|certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newServer(t)
			dir := t.TempDir()
			_, err := deploy(t, server, dir, len(names))
			require.NoError(t, err)
			before := content(t, dir)
			require.NoError(t, server.Inject(test.fault.On(digicerttest.Chain)))

			checkpoint := digicert.FileCheckpoint(filepath.Join(t.TempDir(), "checkpoint"))
			start := time.Now().Add(-time.Hour)
			d := deployment{dir: dir, log: new(bytes.Buffer)}
			err = d.run(t.Context(), server.Client(), &digicert.WatchParams{Start: start, Checkpoint: checkpoint})
			require.ErrorContains(t, err, test.want)
			require.Equal(t, before, content(t, dir))
			saved, err := checkpoint.Load(t.Context())
			require.NoError(t, err)
			require.NotEmpty(t, saved)
			err = d.run(t.Context(), server.Client(), &digicert.WatchParams{Checkpoint: checkpoint})
			require.ErrorContains(t, err, test.want, "the change comes again")
		})
	}
}

// TestBrokenChain checks that a chain is only deployed where each certificate signed the one before it.
func TestBrokenChain(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	order, err := server.Client().Orders.Get(t.Context(), firstOrder)
	require.NoError(t, err)
	chain, err := server.Client().Certificates.Chain(t.Context(), order.Certificate.ID)
	require.NoError(t, err)
	require.Len(t, chain, 3)
	serial := order.Certificate.SerialNumber
	want, err := fullChain(serial, chain)
	require.NoError(t, err)
	got, err := fullChain(serial, []digicert.ChainCertificate{chain[1], chain[0], chain[2]})
	require.NoError(t, err)
	require.Equal(t, want, got, "the certificate is found wherever it is")
	_, err = fullChain(serial, []digicert.ChainCertificate{chain[0], chain[2]})
	require.ErrorContains(t, err, "certificate 2 of the chain did not sign the one before it")
	_, err = fullChain("x", chain)
	require.ErrorContains(t, err, "is not a hexadecimal number")
}

// TestReissued checks that the certificate of a reissue is deployed, and not the one that it superseded.
func TestReissued(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dir := t.TempDir()
	_, err := deploy(t, server, dir, len(names))
	require.NoError(t, err)
	path := filepath.Join(dir, "1001.pem")
	first := verify(t, server, path, names[0])

	tomorrow := time.Now().Add(24 * time.Hour)
	require.NoError(t, server.AddReissue(firstOrder, digicert.Reissue{
		ID: 9001, Status: digicert.ReissueStatusIssued, CommonName: names[0], DateCreated: tomorrow, DateIssued: tomorrow,
		ValidTill: digicert.DateOf(tomorrow).AddDays(199),
	}))
	_, err = deploy(t, server, dir, len(names))
	require.NoError(t, err)
	history, err := server.Client().Orders.History(t.Context(), firstOrder)
	require.NoError(t, err)
	require.Equal(t, digicert.CertificateID(9001), history.Current().CertificateID)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	block, _ := pem.Decode(b)
	second, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.NotEqual(t, first.SerialNumber, second.SerialNumber)
	require.Equal(t, strings.TrimLeft(history.Current().SerialNumber, "0"), fmt.Sprintf("%X", second.SerialNumber))
}

// TestNothingIssued checks that an order without a certificate is an error, and no reason to remove its file.
func TestNothingIssued(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	require.NoError(t, server.AddOrder(digicert.SubaccountOrder{ID: 7, Status: digicert.OrderStatusPending}))
	d := deployment{dir: t.TempDir(), log: new(bytes.Buffer)}
	require.ErrorContains(t, d.deploy(t.Context(), server.Client(), 7), "order 7 has no certificate in force")
	require.Empty(t, content(t, d.dir))
}

// TestAnotherOrder checks that another order's certificate is never written to the file of the one that was asked for.
func TestAnotherOrder(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	dir := t.TempDir()
	_, err := deploy(t, server, dir, len(names))
	require.NoError(t, err)
	before := content(t, dir)
	var another json.RawMessage
	require.NoError(t, server.Client().Get(t.Context(), "/order/certificate/1002", nil, &another))
	for body, want := range map[string]string{
		string(another): "order 1002 instead of 1001",
		`{}`:            "no order id instead of 1001",
		`[]`:            "no order id instead of 1001",
	} {
		server := newServer(t)
		require.NoError(t, server.Inject(digicerttest.Status(200, body).On(digicerttest.OrderInfo)))
		d := deployment{dir: dir, log: new(bytes.Buffer)}
		err := d.deploy(t.Context(), server.Client(), 1001)
		var undecoded *digicert.DecodeError
		require.ErrorAs(t, err, &undecoded, body)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, content(t, dir))
	}
}

// TestInterrupted checks that the end of the context is no failure.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := deployment{dir: t.TempDir(), log: writer(func([]byte) { cancel() })}
	require.NoError(t, d.run(ctx, server.Client(), &digicert.WatchParams{Start: time.Now().Add(-time.Hour)}))
	require.Len(t, content(t, d.dir), 1)
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// TestProgram checks that the program does by itself what its first comment says, twice.
func TestProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	program := filepath.Join(dir, "deploy")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	certificates := filepath.Join(dir, "certificates")
	day := digicert.DateOf(time.Now().UTC())
	var first map[string]string
	for _, outcome := range []string{" written: ", " unchanged: "} {
		c := exec.Command(program, "-dir", certificates)
		for _, variable := range os.Environ() {
			if !strings.HasPrefix(variable, "DIGICERT_API_KEY=") {
				c.Env = append(c.Env, variable)
			}
		}
		out, err := c.Output()
		require.NoError(t, err)
		if digicert.DateOf(time.Now().UTC()) != day {
			return // midnight: the program's service has the certificates of another day now
		}
		require.Equal(t, len(names), strings.Count(string(out), outcome), "%s", out)
		if first == nil {
			first = content(t, certificates)
		}
		require.Equal(t, first, content(t, certificates))
	}
}
