// Tests of the words that complete a command line.

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// TestComplete checks what completes the last word of a command line.
func TestComplete(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(config, []byte("profiles:\n  test: {region: eu}\n  work: {region: us}\n"), 0o600))
	for line, want := range map[string]string{
		"ord":                                         "orders",
		"orders h":                                    "history",
		"orders ls --sta":                             "--status",
		"orders list --status is":                     "issued",
		"orders list --status=is":                     "--status=issued",
		"orders list --sort order_id,-date":           "order_id,-date_created",
		"subaccounts orders --sort=val":               "--sort=validity_years",
		"expiring 30d --sort o":                       "order_id",
		"orders list --product=ssl_plus,ssl_wi":       "--product=ssl_plus,ssl_wildcard",
		"requests list --status sub":                  "submitted",
		"requests list --type re":                     "reissue revoke",
		"status-changes watch --status issued,rev":    "issued,revoked",
		"status-changes watch --on-failure s":         "stop skip",
		"certificates download 1 --format p7":         "p7b",
		"orders list -o js":                           "json jsonl",
		"--region ":                                   "us eu",
		"--region eu orders li":                       "list",
		"--profile ":                                  "test work",
		"orders place private_ssl_w":                  "private_ssl_wildcard",
		"products get wildcard_dv_r":                  "wildcard_dv_rapidssl",
		"products get ssl_plus ":                      "",
		"organizations list --status i":               "inactive",
		"domains list --status=":                      "--status=active --status=inactive",
		"domains list --dcv-method dns":               "dns-txt-token dns-cname-token",
		"us":                                          "users",
		"orders revoke 1 --reason key":                "keyCompromise",
		"validation method 1 --dcv-method http-token": "http-token http-token-dynamic",
		"config set api-key-f":                        "api-key-file",
		"config set region e":                         "eu",
		"config set api-key-file ":                    filesLine,
		"--api-key-file k":                            filesLine,
		"help orders l":                               "list",
		"help orders bogus l":                         "",
		"completion f":                                "fish",
		"orders get ":                                 "",
		"orders list --organization ":                 "",
		"orders bogus l":                              "",
		"get -- --":                                   "",
		"--bogus=":                                    "",
		"reissues list 1 --archived --no-h":           "--no-headers",
	} {
		r := execute(t, cleanEnv(configVariable+"="+config), append([]string{completeCommand}, strings.Split(line, " ")...)...)
		require.Zero(t, r.code, line)
		require.Empty(t, r.stderr, line)
		var got []string
		for reply := range strings.Lines(r.stdout) {
			word, _, _ := strings.Cut(strings.TrimSuffix(reply, "\n"), "\t")
			got = append(got, word)
		}
		require.Equal(t, want, strings.Join(got, " "), line)
	}
}

// TestCompleteKnowsSortKeys checks that the library takes each sort key that is completed.
func TestCompleteKnowsSortKeys(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	for _, command := range []string{"orders list", "subaccounts orders"} {
		for _, sortKey := range valuesOfCommands[command+" --sort"]() {
			s.ok(t, append(strings.Fields(command), "--sort", sortKey)...)
		}
	}
	for _, format := range valuesOfFlags["format"]() {
		require.Contains(t, execute(t, cleanEnv(), "certificates", "download", "--help").stdout, format)
	}
	require.Contains(t, valuesOfFlags["status"](), string(digicert.OrderStatusIssued))
}

// TestCompletionOfEveryValue checks that what is completed belongs to a flag that exists.
func TestCompletionOfEveryValue(t *testing.T) {
	t.Parallel()
	root := (&app{out: &output{file: os.Stdout}, err: os.Stderr}).root()
	for command, values := range valuesOfCommands {
		require.Len(t, replies(root, append(strings.Fields(command), "")), len(values()), command)
	}
}
