// Tests of --out.

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answering returns a service whose every answer is a body with a media type; "" is none.
func answering(t *testing.T, status int, mediaType, body string) service {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		if mediaType != "" {
			w.Header().Set("Content-Type", mediaType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return service{url: server.URL}
}

// read returns the content of a file.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// TestOut checks what becomes of the file that --out names.
func TestOut(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	want := s.ok(t, "certificates", "download", "11")
	folder := t.TempDir()
	path, link := filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "link.pem")
	save := func(name string) { require.Empty(t, s.ok(t, "certificates", "download", "11", "--out", name)) }

	require.Equal(t, want, s.ok(t, "certificates", "download", "11", "--out", "-"))
	save(path)
	require.Equal(t, want, read(t, path))
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	require.NoError(t, os.Chmod(path, 0o640))
	require.NoError(t, os.Symlink("certificate.pem", link))
	save(link)
	require.Equal(t, want, read(t, path))
	if info, err := os.Stat(path); runtime.GOOS != "windows" {
		require.NoError(t, err)
		require.Equal(t, "-rw-r-----", info.Mode().String(), "the mode stays")
	}
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink, "the link stays")

	for name, text := range map[string]string{folder: "is a directory", filepath.Join(folder, "none", "x.pem"): filepath.Join("none", "x.pem")} {
		r := s.run(t, "certificates", "download", "11", "--out", name)
		require.Equal(t, exitFailure, r.code)
		requireOneLine(t, r.stderr, "--out: ", text)
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2, "and nothing else")
}

// TestOutPages checks that a page of a firewall never takes the place of a file, whatever it is said to be.
func TestOutPages(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{
		"HTML": "<html><body>Access denied</body></html>", "JSON": `{"error":"blocked"}`, "text": "Access denied",
		"a block without a certificate": "-----BEGIN X509 CRL-----\nQmxvY2tlZA==\n-----END X509 CRL-----\n",
	} {
		for _, mediaType := range []string{"", "text/html; charset=utf-8", "application/json", "text/plain", "application/x-pem-file", "application/octet-stream"} {
			t.Run(name+" as "+mediaType, func(t *testing.T) {
				t.Parallel()
				s := answering(t, http.StatusOK, mediaType, page)
				path := filepath.Join(t.TempDir(), "certificate.pem")
				require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
				before, err := os.Stat(path)
				require.NoError(t, err)
				for _, args := range []string{"--out " + path, "--format p7b --out " + path, "--format apache"} {
					r := s.run(t, append([]string{"certificates", "download", "11"}, strings.Fields(args)...)...)
					require.Equal(t, exitFailure, r.code, r.stderr)
					requireOneLine(t, r.stderr, "the body is ")
					require.Empty(t, r.stdout)
				}
				require.Equal(t, "old", read(t, path))
				after, err := os.Stat(path)
				require.NoError(t, err)
				require.True(t, os.SameFile(before, after))
			})
		}
	}
}

// TestChainPEM checks that --pem prints whole certificates, or nothing.
func TestChainPEM(t *testing.T) {
	t.Parallel()
	_, sample := sampleServer(t)
	whole := strings.TrimSuffix(sample.ok(t, "certificates", "chain", "11", "--pem"), "\n")
	entry := func(pem string) string {
		return jsonOf(t, map[string]string{"subject_common_name": "example.com", "pem": pem})
	}
	for name, test := range map[string]struct{ body, want string }{
		"none":       {`{"intermediates":[]}`, "no certificate for the chain of 11"},
		"no list":    {`{}`, "no certificate for the chain of 11"},
		"without":    {`{"intermediates":[{"subject_common_name":"example.com"}]}`, `the chain's certificate "example.com": no certificate found`},
		"empty":      {`{"intermediates":[` + entry("") + `]}`, `the chain's certificate "example.com": no certificate found`},
		"the second": {`{"intermediates":[` + entry(whole) + "," + entry("x") + `]}`, `the chain's certificate "example.com": no certificate found`},
		"a CRL":      {`{"intermediates":[` + entry(whole) + "," + entry(strings.ReplaceAll(whole, "CERTIFICATE", "X509 CRL")) + `]}`, `the chain's certificate "example.com": no certificate found`},
		"a block":    {`{"intermediates":[` + entry("-----BEGIN CERTIFICATE-----\nQmxvY2tlZA==\n-----END CERTIFICATE-----") + `]}`, `PEM block of type "CERTIFICATE" is not a certificate`},
		"cut":        {`{"intermediates":[` + entry(whole[:len(whole)-40]) + `]}`, "PEM blocks are incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := answering(t, http.StatusOK, "application/json", test.body)
			r := s.run(t, "certificates", "chain", "11", "--pem")
			require.Equal(t, exitFailure, r.code)
			requireOneLine(t, r.stderr, test.want)
			require.Empty(t, r.stdout)
			require.Zero(t, s.run(t, "certificates", "chain", "11").code, "a listing may be empty")
		})
	}
	s := answering(t, http.StatusOK, "application/json", `{"intermediates":[`+entry(whole)+`]}`)
	require.Equal(t, whole+"\n", s.ok(t, "certificates", "chain", "11", "--pem"))
}

// TestRaw checks that PEM and CSV are what the service sent where no terminal shows them.
func TestRaw(t *testing.T) {
	t.Parallel()
	_, sample := sampleServer(t)
	file := "subject=" + nasty + "\n" + sample.ok(t, "certificates", "download", "11")
	s := answering(t, http.StatusOK, "application/x-pem-file", file)
	require.Equal(t, file, s.ok(t, "certificates", "download", "11"))
	path := filepath.Join(t.TempDir(), "certificate.pem")
	require.Empty(t, s.ok(t, "certificates", "download", "11", "--out", path))
	require.Equal(t, file, read(t, path))

	body := `{"intermediates":[` + jsonOf(t, map[string]string{"subject_common_name": nasty, "pem": file}) + `]}`
	s = answering(t, http.StatusOK, "application/json", body)
	require.Equal(t, strings.TrimSpace(file)+"\n", s.ok(t, "certificates", "chain", "11", "--pem"))
	require.Contains(t, s.ok(t, "certificates", "chain", "11", "-o", "csv"), nasty)
	for _, args := range []string{"certificates chain 11 -o json", "certificates chain 11 -o jsonl", "certificates chain 11 -o table", "get /x", "get /x -o jsonl"} {
		printed := s.ok(t, strings.Fields(args)...)
		requireEscaped(t, printed)
		if strings.HasPrefix(args, "get") {
			require.JSONEq(t, body, printed)
		}
	}
	require.Contains(t, s.ok(t, "certificates", "chain", "11"), `a\u001b[31mb`)
}
