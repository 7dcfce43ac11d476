package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUsage checks what is refused before anything is sent.
func TestUsage(t *testing.T) {
	t.Parallel()
	unasked := nothing(t)
	for _, test := range []struct{ args, want string }{
		{"bogus", `has no command "bogus"`},
		{"reissues bogus", `digicert reissues has no command "bogus"; digicert reissues --help`},
		{"--bogus", "-bogus"},
		{"reissues list 1 --bogus", "digicert reissues list --help"},
		{"reissues list", "ORDER_ID, and there are 0"},
		{"reissues list 1 2", "and there are 2; digicert reissues list --help tells more"},
		{"reissues list 0", `ORDER_ID "0" is no id`},
		{"reissues list -- -1", `"-1" is no id`},
		{"reissues list 1x", `"1x" is no id`},
		{"reissues list 99999999999999999999", "is no id"},
		{"reissues list 1 -o xml", `"xml" is none of table, json, jsonl and csv`},
		{"reissues list 1 --region eu", "--region and --base-url"},
		{"reissues list 1 --pace 5", `--pace "5"`},
		{"reissues list 1 --pace 0/5s", "--pace"},
		{"reissues list 1 --pace 5/s", "--pace"},
		{"reissues list 1 --pace off --pace 5/5s", "--pace"},
		{"--demo reissues list 1", "--demo has a service of its own"},
		{"subaccounts orders 1", "takes no argument"},
		{"subaccounts orders --created 2026", "is no range"},
		{"subaccounts orders --created ..", "is no range"},
		{"subaccounts orders --created 2026-02-30..", `"2026-02-30" is not a date`},
		{"subaccounts orders --created 2026-02-02..2026-02-01", "ends on 2026-02-01"},
		{"subaccounts orders --valid-till x..y", "--valid-till"},
		{"subaccounts orders --subaccount 0", "--subaccount 0 is no id"},
		{"subaccounts orders --subaccount x", "subaccount"},
		{"subaccounts orders --limit -1", "--limit -1 is negative"},
		{"subaccounts orders --sort bogus", `"bogus" is no key`},
		{"subaccounts orders --sort id,,id", `"" is no key`},
		{"status-changes list", "0 are given"},
		{"status-changes list --last 1m --since 2026-01-01", "2 are given"},
		{"status-changes list --last 0s", "one is needed"},
		{"status-changes list --last -1m", "negative"},
		{"status-changes list --last 169h", "more than 7 days"},
		{"status-changes list --last x", "last"},
		{"status-changes list --since yesterday", `"yesterday" is no time`},
		{"status-changes list --between 2026-01-01", "is no range"},
		{"status-changes list --between 2026-01-01..", "is no time"},
		{"status-changes list --between 2026-01-02..2026-01-01", "ends before it starts"},
		{"status-changes list --between 2026-01-01..2026-01-09", "longer than 7 days"},
		{"status-changes watch --interval 0s", "--interval 0s is not positive"},
		{"status-changes watch --since x", "is no time"},
		{"status-changes watch -o json", "a watch has no end"},
		{"status-changes watch --exec ./no-such-program", "no-such-program"},
		{"status-changes watch --exec '", "has no end"},
		{"get", "takes a path"},
		{"get /x y", `"y" is not KEY=VALUE`},
		{"get /x =y", `is not KEY=VALUE`},
		{"get /x -o csv", "json or jsonl"},
		{"get /../x", "would leave the base URL"},
		{"get https://example.com/", "cannot name a host"},
		{"get /x?y=z", "the query belongs into params"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", unasked}, strings.Fields(test.args)...)...)
			require.Equal(t, exitUsage, r.code, r.stderr)
			require.Empty(t, r.stdout)
			requireOneLine(t, r.stderr, test.want, " --help tells more")
		})
	}
	for _, test := range []struct{ args, want string }{
		{"reissues list 1 --region mars", `"mars" is neither us nor eu`},
		{"reissues list 1 --pace off", "is for a sandbox"},
		{"reissues list 1 --base-url http://example.com/", "https"},
		{"sandbox --addr :8080", "no port of loopback"},
		{"sandbox --addr 10.0.0.1:8080", "no port of loopback"},
		{"sandbox --orders -1", "--orders -1 is negative"},
		{"sandbox --latency -1s", "--latency -1s is negative"},
		{"sandbox --seed 2", "--seed is for --orders"},
		{"sandbox --fault bogus", "bogus"},
		{"sandbox --fault status=99", "status 99"},
		{"sandbox x", "takes no argument"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			r := execute(t, cleanEnv(keyVariable+"="+key), strings.Fields(test.args)...)
			require.Equal(t, exitUsage, r.code, r.stderr)
			requireOneLine(t, r.stderr, test.want)
		})
	}
}

// TestFailures checks the exit codes of what goes wrong at the service, and what is said of it.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		fault string // of the sandbox
		args  string
		code  int
		want  []string
	}{
		{"bad request", "error=400:bad|thing", "reissues list 123457", exitFailure, []string{"400 Bad Request: bad|thing"}},
		{"not what was asked for", `status=200,body=[1]`, "reissues list 123457", exitFailure, []string{"cannot decode the answer"}},
		{"no content", "status=204", "get /bogus", exitFailure, []string{"the body is empty"}},
		{"redirect", "redirect=https://example.com/", "reissues list 123457", exitFailure, []string{"redirect refused", "check --base-url"}},
		{"permission", "error=403:access_denied|missing_permission", "subaccounts orders", exitAccess, []string{"lacks the permission"}},
		{"denied with 200", "error=200:access_denied", "subaccounts orders", exitAccess, []string{"check the key"}},
		{"unknown order", "", "reissues list 1", exitNotFound, []string{"not_found|order", "check the id"}},
		{"unknown path", "", "get /bogus", exitUnavailable, []string{"not_implemented", "does not implement GET /bogus"}},
		{"limited for long", "rate-limited=400s", "subaccounts orders", exitRateLimited, []string{"429", "--pace"}},
		{"no implementation", "html=501", "subaccounts orders", exitUnavailable, []string{"501 Not Implemented", "try again later"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var args []string
			if test.fault != "" {
				args = []string{"--fault", test.fault}
			}
			s := sandbox(t, args...)
			for _, format := range []string{formatTable, formatJSON, formatJSONL, formatCSV} {
				if strings.HasPrefix(test.args, "get ") && (format == formatTable || format == formatCSV) {
					continue
				}
				r := s.run(t, append(strings.Fields(test.args), "-o", format)...)
				require.Equal(t, test.code, r.code, r.stderr)
				requireOneLine(t, r.stderr, test.want...)
				require.NotContains(t, r.stdout, "]", "no document that looks complete")
			}
			r := s.run(t, append(strings.Fields(test.args), "--verbose")...)
			require.NotContains(t, r.stderr, key)
		})
	}
}

// TestUnreachable checks what is said where nobody answers, after all attempts.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(keyVariable+"="+key), "--base-url", "http://127.0.0.1:1", "reissues", "list", "1")
	require.Equal(t, exitUnavailable, r.code)
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	require.Contains(t, lines[0], `level=WARN msg="digicert: retry"`)
	require.Contains(t, lines[len(lines)-1], "after 5 attempts; try again later")
	require.NotContains(t, r.stderr, key)
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for _, test := range []struct {
		env  string
		want string
	}{
		{"", "there is no API key"},
		{keyVariable + "=", "there is no API key"},
		{keyVariable + "=wrong-key-of-nobody", "access_denied|access_denied_invalid_key"},
		{keyVariable + "=" + key + "\n", "parameter apiKey"},
	} {
		r := execute(t, cleanEnv(test.env), "--base-url", s.url, "reissues", "list", "123457")
		require.Equal(t, exitAccess, r.code, r.stderr)
		requireOneLine(t, r.stderr, test.want)
		require.NotContains(t, r.stderr, "wrong-key-of-nobody")
	}
	for _, flag := range []string{"--api-key", "--key"} {
		r := execute(t, cleanEnv(), flag, key, "reissues", "list", "1")
		require.Equal(t, exitUsage, r.code, "there is no flag for the key")
	}
}

// TestFullDisk checks that output that cannot be written is a failure.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		full, err = os.Open(filepath.Join("testdata", "help", "digicert.txt")) // which cannot be written either
		require.NoError(t, err)
	}
	defer full.Close()
	s := sandbox(t)
	for _, args := range []string{"subaccounts orders -o jsonl", "subaccounts orders -o table", "get /account/subaccount/order"} {
		c := command(s, strings.Fields(args)...)
		c.Stdout = full
		r := finish(t, c)
		require.Equal(t, exitFailure, r.code, args)
		requireOneLine(t, r.stderr, "writing the output")
	}
}

// TestIncomplete checks that a listing that fails prints what it had, and that its end cannot be taken for that of a whole one.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "2500", "--fault", "error=400:broken,after=1")
	r := s.run(t, "subaccounts", "orders", "-o", "json")
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "the listing is incomplete, it ends after row 1000: ", "broken")
	require.Equal(t, 1000, strings.Count(r.stdout, `"order_price"`))
	require.False(t, strings.HasSuffix(strings.TrimSpace(r.stdout), "]"))
}
