// Tests of the commands that write.

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// csrFile returns the path of a file with a new CSR for some names, and its text.
func csrFile(t *testing.T, names ...string) (path, text string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: names[0]}, DNSNames: names}, key)
	require.NoError(t, err)
	text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
	path = filepath.Join(t.TempDir(), "a.csr")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path, text
}

// object decodes the only object that a command printed.
func object[T any](t *testing.T, stdout string) T {
	t.Helper()
	rows := decodeLines[T](t, stdout)
	require.Len(t, rows, 1)
	return rows[0]
}

// writeCommands has every command that asks before it writes, and the question.
func writeCommands(csr string) map[string]string {
	return map[string]string{
		"orders place ssl_plus --csr " + csr + " --names-from-csr --days 90": "Place an order for ssl_plus, a.example and b.example, 90 days? It is billed. [y/N] ",
		"orders duplicate 259 --csr " + csr + " --common-name a.example":     "Request a duplicate of order 259 for a.example? [y/N] ",
		"reissues create 259 --csr " + csr:                                   "Reissue order 259 for the names of the order? [y/N] ",
		"orders cancel 259 --note x":                                         "Cancel order 259? [y/N] ",
		"orders revoke 259":                                                  "Revoke all certificates of order 259? It cannot be undone. [y/N] ",
		"certificates revoke 112227":                                         "Revoke certificate 112227? It cannot be undone. [y/N] ",
		"requests approve 198":                                               "Approve request 198? What it asks for then takes place, and may be billed. [y/N] ",
		"requests reject 198 --comment no":                                   "Reject request 198? [y/N] ",
	}
}

// Without a terminal nothing is sent unless --yes says so; --dry-run sends nothing and needs no key.
func TestWritesAsk(t *testing.T) {
	t.Parallel()
	path, _ := csrFile(t, "a.example", "b.example")
	url := unusedServer(t)
	for args := range writeCommands(path) {
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", url}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, r.code, args)
		requireOneLine(t, r.stderr, "asks before it sends, but standard input is not a terminal: --yes answers")
		r = execute(t, cleanEnv(), append([]string{"--base-url", url}, strings.Fields(args+" --dry-run")...)...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		head, body, _ := strings.Cut(r.stdout, "\n\n")
		require.Regexp(t, `^(POST|PUT) `+regexp.QuoteMeta(url)+`/\S+$`, head)
		require.True(t, json.Valid([]byte(body)), body)
	}
}

func TestDryRunShowsTheRequest(t *testing.T) {
	t.Parallel()
	path, csr := csrFile(t, "a.example", "b.example")
	extra := filepath.Join(t.TempDir(), "extra.json")
	require.NoError(t, os.WriteFile(extra, []byte(`{"locale":"en","certificate":{"profile_option":"kdc"}}`), 0o600))
	r := execute(t, cleanEnv(), "--region", "eu", "orders", "place", "ssl_plus", "--csr", path, "--names-from-csr", "--organization", "5", "--years", "2", "--certificate-days", "90",
		"--signature-hash", "sha384", "--server-platform=-1", "--ca-cert-id", "A1", "--dcv-method", "dns-txt-token", "--payment-method", "balance", "--renewal-of", "7", "--container", "9",
		"--skip-approval", "--auto-renew", "--auto-reissue", "--comments", "for the shop", "--email", "a@example.com", "--email", "b@example.com", "--custom-field", "12=x=y",
		"--alternative-id", "mine", "--extra", "@"+extra, "--dry-run")
	require.Zero(t, r.code, r.stderr)
	head, body, _ := strings.Cut(r.stdout, "\n\n")
	require.Equal(t, "POST "+digicert.BaseURLEU+"/order/certificate/ssl_plus", head)
	require.JSONEq(t, `{"certificate":{"common_name":"a.example","dns_names":["b.example"],"csr":`+jsonOf(t, csr)+`,"signature_hash":"sha384","server_platform":{"id":-1},"ca_cert_id":"A1",
		"cert_validity":{"days":90},"profile_option":"kdc"},"organization":{"id":5},"order_validity":{"years":2},"alternative_order_id":"mine","skip_approval":true,"dcv_method":"dns-txt-token",
		"payment_method":"balance","renewal_of_order_id":7,"container":{"id":9},"auto_renew":1,"auto_reissue":1,"comments":"for the shop","additional_emails":["a@example.com","b@example.com"],
		"custom_fields":[{"metadata_id":12,"value":"x=y"}],"locale":"en"}`, body)
}

// An order is placed once, however often the command is run with its alternative id.
func TestOrdersPlace(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	path, csr := csrFile(t, "a.example", "b.example")
	args := []string{"orders", "place", "ssl_plus", "--csr", path, "--names-from-csr", "--organization", "117483", "--alternative-id", "mine", "--yes", "-o", "jsonl"}
	first := object[digicert.PlacedOrder](t, s.ok(t, args...))
	require.NotZero(t, first.ID)
	require.False(t, first.Found)
	r := s.run(t, append(args, "--sent-before")...)
	require.Zero(t, r.code)
	again := object[digicert.PlacedOrder](t, r.stdout)
	require.Equal(t, first.ID, again.ID)
	require.True(t, again.Found)
	requireOneLine(t, r.stderr, "was found by its alternative id: it was there already, or the answer was lost")
	require.Len(t, decodeLines[digicert.AlternativeOrder](t, s.ok(t, "orders", "by-alternative-id", "mine")), 1)
	require.Empty(t, s.ok(t, "orders", "by-alternative-id", "other"))

	c := command(s, "orders", "place", "ssl_plus", "--csr", "-", "--common-name", "a.example", "--organization", "117483", "--yes")
	c.Stdin = strings.NewReader(csr)
	r = finish(t, c)
	require.Zero(t, r.code, r.stderr)
	require.NotEqual(t, first.ID, object[digicert.PlacedOrder](t, r.stdout).ID)
}

// A key, a CSR and what else is wrong is refused by the name of its flag, and nothing is sent.
func TestWritesRefused(t *testing.T) {
	t.Parallel()
	path, _ := csrFile(t, "a.example", "b.example")
	secret := filepath.Join(t.TempDir(), "key.pem")
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(secret, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
	url := unusedServer(t)
	place := "orders place ssl_plus --csr " + path + " --common-name a.example "
	for args, want := range map[string]string{
		"orders place": "takes one argument, PRODUCT", "orders place ssl_plus": "--csr must not be empty", "orders place a/b --csr " + path: "PRODUCT",
		"orders place ssl_plus --csr " + path:                                "--common-name must not be empty",
		"orders place ssl_plus --csr " + secret + " --common-name a.example": "--csr must not contain a private key",
		"orders place ssl_plus --csr /nowhere --common-name a.example":       "--csr: open /nowhere",
		"orders place ssl_plus --csr " + secret + " --names-from-csr":        "--names-from-csr: the CSR cannot be parsed",
		place + "--dns-name a..b":                                            `--dns-name "a..b" is not a DNS name`,
		place + "--years 1 --days 3":                                         "only one of --years, --days and --expires may be given",
		place + "--years 4":                                                  "--years 4 is outside",
		place + "--years 0":                                                  "--years 0 is not positive",
		place + "--certificate-days 2000":                                    "--certificate-days 2000 is outside",
		place + "--expires never":                                            "--expires",
		place + "--organization=-1":                                          "--organization -1 is not an id",
		place + "--email nobody":                                             "--email",
		place + "--custom-field x=1":                                         "--custom-field",
		place + "--extra []":                                                 "--extra must be one JSON object",
		place + `--extra {"csr":1}{}`:                                        "--extra must be one JSON object",
		place + `--extra {"certificate":1}`:                                  `--extra: "certificate" must be an object`,
		place + `--extra {"certificate":{"csr":"x"}}`:                        "--csr is set twice: by its own field and by --extra",
		place + "--sent-before":                                              "--sent-before needs --alternative-id",
		place + "--alternative-id ../x":                                      "--alternative-id",
		"orders cancel 259":                                                  "--note must not be empty",
		"orders cancel x --note x":                                           "ORDER_ID",
		"orders revoke 259 --reason a,b":                                     "--reason",
		"reissues create 259":                                                "--csr must not be empty",
		"reissues create 259 --sent-before --csr " + path:                    "--sent-before needs --since",
		"validation method 259":                                              "must not be empty",
		place + "--yes --columns nosuch":                                     `there is no column "nosuch"; there are id,`,
		place + "--yes --template {{.nosuch}}":                               `--template: there is no field "nosuch"; there are id,`,
		"reissues create 259 --yes --columns order.id --csr " + path:         `there is no column "order.id"`,
		"orders revoke 259 --yes --template {{.request.nosuch}}":             `there is no field "request.nosuch"`,
		"validation method 259 --dcv-method email --columns x":               `there is no column "x"`,
		"orders wait 259 --interval soon":                                    "--interval",
		"orders wait 259 --interval 0s":                                      "--interval 0s is not positive",
		"orders wait 259 --interval=":                                        "--interval is empty",
		"orders wait 259 --certificate 0":                                    "--certificate 0 is not an id",
		"orders wait 259 --certificate 1 --csr " + path:                      "--certificate must not be set together with --csr",
	} {
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", url}, strings.Fields(args+" ")...)...)
		require.Equal(t, exitUsage, r.code, "%s: %s", args, r.stderr)
		requireOneLine(t, r.stderr, want)
		require.Empty(t, r.stdout)
	}
}

// A result that cannot be printed is reported on standard error, and is not an error of usage: what was asked for was done.
func TestWritesNotPrinted(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	path, _ := csrFile(t, "a.example")
	readOnly, err := os.Open(path)
	require.NoError(t, err)
	defer readOnly.Close()
	reports := regexp.MustCompile(`^digicert: (.*), but the result was not printed\ndigicert: .*\n$`)
	var id string
	for _, test := range []struct{ args, want string }{
		{"orders place ssl_plus --names-from-csr --organization 117483 --alternative-id mine --yes --csr " + path, `order (\d+) has the alternative id mine`},
		{"reissues create ID --names-from-csr --yes --csr " + path, `certificate \d+ of order ID was requested`},
		{"orders duplicate ID --names-from-csr --yes --csr " + path, `certificate \d+ of order ID was requested`},
		{"orders revoke ID --yes", `request \d+ is that to revoke ID`},
		{"orders revoke ID --yes --skip-approval", `ID is revoked`},
	} {
		c := command(s, strings.Fields(strings.ReplaceAll(test.args, "ID", id))...)
		c.Stdout = readOnly
		r := finish(t, c)
		require.Equal(t, exitFailure, r.code, r.stderr)
		report := reports.FindStringSubmatch(r.stderr)
		require.NotNil(t, report, r.stderr)
		done := regexp.MustCompile("^" + strings.ReplaceAll(test.want, "ID", id) + "$").FindStringSubmatch(report[1])
		require.NotNil(t, done, r.stderr)
		if id == "" {
			id = done[1]
		}
	}
	// A template whose failure depends on the result.
	r := s.run(t, "orders", "place", "ssl_plus", "--csr", path, "--names-from-csr", "--organization", "117483", "--alternative-id", "other", "--yes", "--template", "{{index .id 0}}")
	require.Equal(t, exitFailure, r.code, r.stderr)
	require.Regexp(t, `^digicert: order \d+ has the alternative id other, but the result was not printed\ndigicert: --template: .*\n$`, r.stderr)
	require.Len(t, decodeLines[digicert.AlternativeOrder](t, s.ok(t, "orders", "by-alternative-id", "other")), 1)
}

// An answer that is lost for good ends with exit code 7 and the command that is safe.
func TestOutcomeUnknown(t *testing.T) {
	t.Parallel()
	path, _ := csrFile(t, "a.example")
	s := sandbox(t, "--fault", "lose-request,endpoint=place-order,times=1", "--fault", "reset,endpoint=create-reissue,times=1", "--fault", "html=502,endpoint=revoke-order,times=1")
	place := []string{"orders", "place", "ssl_plus", "--csr", path, "--names-from-csr", "--organization", "117483", "--yes"}
	r := s.run(t, place...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	last := lastLine(r.stderr)
	more := regexp.MustCompile(`the order may exist: run the command again with (--alternative-id (\S+) --sent-before)$`).FindStringSubmatch(last)
	require.NotNil(t, more, last)
	placed := object[digicert.PlacedOrder](t, s.ok(t, append(place, strings.Fields(more[1])...)...))
	require.Equal(t, more[2], placed.AlternativeOrderID)

	id := jsonOf(t, placed.ID)
	reissue := []string{"reissues", "create", id, "--csr", path, "--names-from-csr", "--yes"}
	r = s.run(t, reissue...)
	require.Equal(t, exitUnknown, r.code, r.stderr)
	more = regexp.MustCompile(`it may have been taken: run the command again with (--since \S+ --sent-before)$`).FindStringSubmatch(lastLine(r.stderr))
	require.NotNil(t, more, r.stderr)
	s.ok(t, append(reissue, strings.Fields(more[1])...)...)
	require.Len(t, decodeLines[digicert.Reissue](t, s.ok(t, "reissues", "list", id)), 1)

	r = s.run(t, "orders", "revoke", id, "--skip-approval", "--yes")
	require.Equal(t, exitUnknown, r.code, r.stderr)
	require.Contains(t, lastLine(r.stderr), "run the command again, what is done already is not done twice")
	s.ok(t, "orders", "revoke", id, "--skip-approval", "--yes")
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	return lines[len(lines)-1]
}

// From an order that needs an approval and a validation to its certificate, its reissue, its duplicate and its revocation.
func TestWritesFlow(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--approval", "--dcv", "1")
	path, _ := csrFile(t, "a.example")
	yes := func(args string, more ...string) string { return s.ok(t, append(strings.Fields(args), more...)...) }
	placed := object[digicert.PlacedOrder](t, yes("orders place ssl_plus --names-from-csr --organization 117483 --dcv-method dns-txt-token --yes --csr", path))
	id := jsonOf(t, placed.ID)
	pending := decodeLines[digicert.Request](t, yes("requests list --status pending --type new_request"))
	request := jsonOf(t, placed.Requests[0].ID)
	require.Contains(t, jsonOf(t, pending), request)
	require.Equal(t, digicert.RequestPending, object[digicert.Request](t, yes("requests get "+request)).Status)
	require.Empty(t, yes("requests approve --yes "+request))

	token := object[digicert.DCVToken](t, yes("validation token "+id))
	require.NotEmpty(t, token.Value)
	require.Equal(t, token.Value, object[digicert.DCVToken](t, yes("validation method "+id+" --dcv-method dns-cname-token")).Value)
	require.Equal(t, digicert.DCVDNSCNAME, object[digicert.OrderValidation](t, yes("validation show "+id)).OrderDCVMethod)
	r := s.run(t, "validation", "check", id)
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "not validated yet: invalid_dns_cname")
	require.Equal(t, digicert.OrderStatusIssued, object[digicert.DCVCheck](t, yes("validation check "+id)).OrderStatus)
	require.Equal(t, placed.ID, object[digicert.Order](t, yes("orders wait "+id)).ID)

	second, _ := csrFile(t, "a.example")
	issuance := object[digicert.Issuance](t, yes("reissues create "+id+" --names-from-csr --skip-approval --yes --csr", second))
	yes("orders wait "+id+" --interval 10ms --csr", second)
	third, _ := csrFile(t, "a.example")
	yes("orders duplicate "+id+" --names-from-csr --skip-approval --yes --csr", third)
	require.NotEmpty(t, yes("orders duplicates "+id))
	r = s.run(t, "certificates", "revoke", jsonOf(t, issuance.CertificateID), "--comments", "gone", "--yes")
	require.Zero(t, r.code, r.stderr)
	asked := object[digicert.Revocation](t, r.stdout)
	yes("requests reject --yes --comment no " + jsonOf(t, asked.Request.ID))
	yes("orders revoke " + id + " --skip-approval --yes")
	r = s.run(t, "orders", "wait", id)
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, r.stderr, "is not issued: its status is revoked")
	r = s.run(t, "orders", "revoke", id, "--skip-approval", "--yes")
	require.Zero(t, r.code)
	requireOneLine(t, r.stderr, "is revoked: it was there already")

	other, _ := csrFile(t, "b.example")
	canceled := object[digicert.PlacedOrder](t, yes("orders place ssl_plus --names-from-csr --organization 117483 --yes --csr", other))
	require.Empty(t, yes("orders cancel --note mistake --yes "+jsonOf(t, canceled.ID)))
	r = s.run(t, "orders", "wait", jsonOf(t, canceled.ID))
	require.Equal(t, exitFailure, r.code)
	require.Contains(t, r.stderr, "its status is canceled")
	r = s.run(t, "--timeout", "50ms", "orders", "wait", jsonOf(t, object[digicert.PlacedOrder](t, yes("orders place ssl_plus --common-name c.example --organization 117483 --yes --csr", other)).ID))
	require.Equal(t, exitUnavailable, r.code)
	require.Contains(t, r.stderr, "its status is needs_approval")
}
