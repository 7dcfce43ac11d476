// Tests of the program: usage errors, help and version.

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// TestUsage checks command lines that are refused before anything is sent.
func TestUsage(t *testing.T) {
	t.Parallel()
	unused := unusedServer(t)
	for _, test := range []struct{ args, want string }{
		{"bogus", `digicert: there is no command "bogus"; run digicert --help`},
		{"ordesr list", `there is no command "ordesr" (did you mean orders?)`},
		{"orders lsit", `digicert: orders has no command "lsit" (did you mean list?); run digicert orders --help`},
		{"help orders lsit", `orders has no command "lsit" (did you mean list?)`},
		{"reissues bogus", `digicert: reissues has no command "bogus"; run digicert reissues --help`},
		{"--bogus", "digicert: there is no flag --bogus; run"},
		{"--regoin eu orders list", "there is no flag --regoin (did you mean --region?)"},
		{"orders list --statsu issued", "there is no flag --statsu (did you mean --status?); run digicert orders list --help"},
		{"orders list --ouptut json", "there is no flag --ouptut (did you mean --output?)"},
		{"orders list --status", "--status needs a value"},
		{"--limit 3 orders list", "--limit belongs after the command that it is a flag of"},
		{"orders --limit 3 list", "--limit belongs after the command"},
		{"-h bogus", `there is no command "bogus"`},
		{"account --columns nmae,id", `there is no column "nmae"; there are id,`},
		{"orders list --columns id,certificate.comon_name", `there is no column "certificate.comon_name" (did you mean certificate.common_name?); there are id,`},
		{"orders list --template {{.certificat.common_name}}", `there is no field "certificat.common_name" (did you mean certificate.common_name?)`},
		{"orders list --limit few", `--limit "few" must be a whole number`},
		{"orders list --renewed=perhaps", `--renewed "perhaps" must be true or false`},
		{"certificates download 1 --format p/7", `digicert: --format must be letters, digits and underscores, not "p/7"`},
		{"orders by-alternative-id ..", `digicert: ALTERNATIVE_ID ".." cannot`},
		{"validation method 1", "digicert: --dcv-method must not be empty"},
		{"orders list --created 2026-02-02..2026-02-01", "digicert: --created: the range ends on 2026-02-01"},
		{"reissues list 1 --bogus", "digicert reissues list --help"},
		{"reissues list", "takes one argument, ORDER_ID, got 0"},
		{"reissues list 1 2", "ORDER_ID, got 2; run digicert reissues list --help for usage"},
		{"reissues list 0", `ORDER_ID "0" is not an id`},
		{"reissues list -- -1", `"-1" is not an id`},
		{"reissues list 1x", `"1x" is not an id`},
		{"reissues list 99999999999999999999", "is not an id"},
		{"reissues list 1 -o xml", `"xml" is invalid, must be table, json, jsonl, csv or yaml`},
		{"reissues list 1 --region eu", "--region and --base-url"},
		{"reissues list 1 --pace 5", `--pace "5"`},
		{"reissues list 1 --pace 0/5s", "--pace"},
		{"reissues list 1 --pace 5/s", "--pace"},
		{"reissues list 1 --pace off --pace 5/5s", "--pace"},
		{"--demo reissues list 1", "--demo and --base-url exclude each other"},
		{"subaccounts orders 1", "takes no arguments"},
		{"subaccounts orders --created 2026", "is not a range"},
		{"subaccounts orders --created ..", "is not a range"},
		{"subaccounts orders --created 2026-02-30..", `"2026-02-30" is not a date`},
		{"subaccounts orders --created 2026-02-02..2026-02-01", "ends on 2026-02-01"},
		{"subaccounts orders --valid-till x..y", "--valid-till"},
		{"subaccounts orders --subaccount 0", `--subaccount "0" is not an id`},
		{"subaccounts orders --subaccount 5,x", `--subaccount "x" is not an id`},
		{"orders list --status pending,", `--status "pending," has an empty value`},
		{"orders list --status=", "--status is empty"},
		{"requests list --search=", "--search is empty"},
		{"status-changes watch --status=", "--status is empty"},
		{"status-changes watch --status ,issued", "has an empty value"},
		{"orders list --status pending --status issued", "--status is given twice: several values are separated by commas"},
		{`orders list --search x"y`, "must be quoted as in CSV"},
		{"expiring 30d --subaccount 0,-5", `--subaccount "-5" is not an id`},
		{"expiring 30d --product=", "--product is empty"},
		{"subaccounts orders --limit -1", "--limit -1 is negative"},
		{"subaccounts orders --sort bogus", `"bogus" is not a sort key`},
		{"subaccounts orders --sort id,,id", `"" is not a sort key`},
		{"status-changes list", "got 0"},
		{"status-changes list --last 1m --since 2026-01-01", "got 2"},
		{"status-changes list --last 0s", "digicert: --last 0s must be at least a second;"},
		{"status-changes list --last -1m", "negative"},
		{"status-changes list --last 169h", "more than 7 days"},
		{"status-changes list --last x", "last"},
		{"status-changes list --since soon", `"soon" is not a time`},
		{"status-changes list --between 2026-01-01", "is not a range"},
		{"status-changes list --between 2026-01-01..soon", "is not a time"},
		{"status-changes list --between 2026-01-02..2026-01-01", "ends before it starts"},
		{"status-changes list --between 2026-01-01..2026-01-09", "longer than 7 days"},
		{"status-changes watch --interval 0s", "--interval 0s is not positive"},
		{"status-changes watch --since x", "is not a time"},
		{"status-changes watch -o json", "a watch has no end"},
		{"status-changes watch --exec ./no-such-program", "no-such-program"},
		{"status-changes watch --exec '", "unterminated quote"},
		{"organizations lsit", `organizations has no command "lsit" (did you mean list?)`},
		{"organizations list 1", "takes no arguments"},
		{"organizations list --container 0", `--container "0" is not an id`},
		{"organizations list --sort a,,b", `--sort "" is not a sort key`},
		{"organizations get", "takes one argument, ORGANIZATION_ID, got 0"},
		{"organizations get 0", `ORGANIZATION_ID "0" is not an id`},
		{"organizations validation x", `ORGANIZATION_ID "x" is not an id`},
		{"domians list", `there is no command "domians" (did you mean domains?)`},
		{"domains list --container -1", `--container "-1" is not an id`},
		{"domains list --limit -1", "--limit -1 is negative"},
		{"domains get 1 2", "takes one argument, DOMAIN_ID, got 2"},
		{"domains get x", `DOMAIN_ID "x" is not an id`},
		{"products list ssl_plus", "takes no arguments"},
		{"products get", "takes one argument, PRODUCT, got 0"},
		{"products get 5", `PRODUCT "5" is not a product id, such as ssl_plus`},
		{"products get a/b", `PRODUCT "a/b" is not one word`},
		{"users me 1", "takes no arguments"},
		{"acount", `there is no command "acount" (did you mean account?)`},
		{"account 1", "takes no arguments"},
		{"get", "requires a path"},
		{"get /x y", `"y" is not KEY=VALUE`},
		{"get /x =y", `is not KEY=VALUE`},
		{"get /x -o csv", "json and jsonl only"},
		{"get /x --no-headers", "--no-headers does not apply: the fields of the response are not known"},
		{"certificates chain 1 --pem --output json", "--pem and --output exclude each other"},
		{"certificates chain 1 --pem --columns subject_common_name", "--pem and --columns exclude each other"},
		{"certificates chain 1 --pem --template x", "--pem and --template exclude each other"},
		{"certificates chain 1 --pem --no-headers", "--pem and --no-headers exclude each other"},
		{"certificates download 1 -o json", "--output does not apply: digicert certificates download prints the file as received"},
		{"certificates download 1 --no-headers", "--no-headers does not apply"},
		{"certificates download 1 --out=", "--out is empty"},
		{"certificates download 1 --format p7b --serial-number 0FDA", "--serial-number cannot be checked in the format p7b"},
		{"certificates download 1 --serial-number xy", `--serial-number "xy" is not a hexadecimal number`},
		{"account --template x --no-headers", "--no-headers and --template exclude each other"},
		{"account -o yaml --no-headers", "--no-headers does not apply: yaml has no headers"},
		{"account --timeout 0s", "--timeout 0s is not positive"},
		{"account --timeout=", "--timeout is empty"},
		{"account --api-key-file=", "--api-key-file is empty"},
		{"account --template=", "--template is empty"},
		{"account --verbose --quiet", "--verbose and --quiet exclude each other"},
		{"orders list --created=", "--created is empty"},
		{"orders place ssl_plus --dns-name=", "--dns-name is empty"},
		{"orders place ssl_plus --csr=", "--csr is empty"},
		{"orders cancel 1 -o json", "--output does not apply: digicert orders cancel does not print rows"},
		{"requests approve 1 --columns id", "--columns does not apply"},
		{"status-changes watch --replay=", "--replay is empty"},
		{"status-changes watch --exec true --checkpoint=", "--checkpoint is empty"},
		{"status-changes watch --exec true --replay f --interval 5s", "--replay and --interval exclude each other"},
		{"status-changes watch --exec true --replay f --details", "--replay and --details exclude each other"},
		{"status-changes watch --exec true --replay f --columns order_id", "--replay and --columns exclude each other"},
		{"status-changes watch --exec true --replay f --on-failure skip", "--replay and --on-failure exclude each other"},
		{"get /../x", "would leave the base URL"},
		{"get https://example.com/", "without a host"},
		{"get /x?y=z", "must not have a query"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", unused}, strings.Fields(test.args)...)...)
			require.Equal(t, exitUsage, r.code, r.stderr)
			require.Empty(t, r.stdout)
			requireOneLine(t, r.stderr, test.want, " --help for usage")
		})
	}
}

// TestUsageOwnURL checks usage errors of command lines that have no --base-url, or another one.
func TestUsageOwnURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ args, want string }{
		{"reissues list 1 --region mars", `"mars" is invalid, must be us or eu`},
		{"reissues list 1 --pace off", "is for a sandbox"},
		{"reissues list 1 --base-url http://example.com/", "https"},
		{"sandbox --addr :8080", "is not a loopback address"},
		{"sandbox --addr 0.0.0.0:0", "--allow-remote allows others"},
		{"sandbox --addr 8080", `--addr "8080" is not HOST:PORT, must be like 127.0.0.1:8080`},
		{"sandbox --addr 8080 --allow-remote", `--addr "8080" is not HOST:PORT, must be like 127.0.0.1:8080`},
		{"sandbox --addr ::1:8080", "is not HOST:PORT"},
		{"sandbox --allow-host sandbox.example.com:8080", `--allow-host "sandbox.example.com:8080" is not a name`},
		{"sandbox --allow-host *.example.com", "is not a name"},
		{"sandbox --allow-host=", "--allow-host is empty"},
		{"sandbox --api-key-file key", "--api-key-file does not apply: digicert sandbox sends nothing to the service"},
		{"sandbox --verbose --quiet", "--verbose and --quiet exclude each other"},
		{"--demo sandbox", "--demo does not apply"},
		{"--profile a man", "--profile does not apply"},
		{"man -o json", "--output does not apply: digicert man does not print rows"},
		{"completion bash --columns id", "--columns does not apply"},
		{"config path -o json", "--output does not apply"},
		{"--region eu config list", "--region does not apply"},
		{"--region eu config set pace 5/5s", "--region does not apply"},
		{"config unset pace --no-headers", "--no-headers does not apply"},
		{"config set regoin eu", `"regoin" is not a setting, must be one of profile, region, base-url, api-key-file, api-key-command, pace, redis, redis-name, inventory (did you mean region?)`},
		{"sandbox --addr 10.0.0.1:8080", "is not a loopback address"},
		{"sandbox --orders -1", "--orders -1 is negative"},
		{"sandbox --latency -1s", "--latency -1s is negative"},
		{"sandbox --seed 2", "--seed requires --orders"},
		{"sandbox --fault bogus", `digicert: --fault: fault "bogus"`},
		{"sandbox --fault status=99", "status 99"},
		{"sandbox x", "takes no arguments"},
	} {
		t.Run(test.args, func(t *testing.T) {
			t.Parallel()
			r := execute(t, cleanEnv(keyVariable+"="+key), strings.Fields(test.args)...)
			require.Equal(t, exitUsage, r.code, r.stderr)
			requireOneLine(t, r.stderr, test.want)
		})
	}
}

// TestUsagePackageCLI checks usage errors that package cli reports, and those of its own commands.
func TestUsagePackageCLI(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"help bogus", "completion bogus", "reissues list 1 --region", "--output", "--api-key=" + key + " reissues list 1",
		"sandbox --orders many", "sandbox --latency long", "sandbox --seed -1", "status-changes watch --interval often",
		"subaccounts orders --limit few", "reissues list 1 --archived=perhaps",
	} {
		r := execute(t, cleanEnv(), strings.Fields(args)...)
		require.Equal(t, exitUsage, r.code, args)
		require.Empty(t, r.stdout, args)
		requireOneLine(t, r.stderr, " --help for usage")
	}
}

// TestHelp compares the help of every command with its golden file, and checks that there are no other golden files.
func TestHelp(t *testing.T) {
	t.Parallel()
	want := make(map[string]bool)
	var walk func(c *cli.Command, path []string)
	walk = func(c *cli.Command, path []string) {
		name := strings.Join(path, "_") + ".txt"
		want[name] = true
		r := execute(t, cleanEnv(), append(slices.Clone(path[1:]), "--help")...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.NotContains(t, r.stdout, "\x1b")
		golden(t, "help/"+name, r.stdout)
		if len(c.Commands) == 0 {
			require.Contains(t, r.stdout, "Examples:\n", "%v: help has examples", path)
			return
		}
		require.Equal(t, r, execute(t, cleanEnv(), path[1:]...), "without a subcommand, the help is printed")
		for _, sub := range c.Commands {
			walk(sub, append(slices.Clone(path), sub.Name))
		}
	}
	walk((&app{out: &output{file: os.Stdout}, err: os.Stderr}).root(), []string{"digicert"})

	files, err := filepath.Glob(filepath.Join("testdata", "help", "*"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, want[filepath.Base(file)], "%s belongs to no command", file)
	}
}

// TestExamples runs the examples in the help of commands that read what a sandbox has from its start.
func TestExamples(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	root := (&app{out: &output{file: os.Stdout}, err: os.Stderr}).root()
	var try func(*cli.Command)
	try = func(c *cli.Command) {
		_, examples, _ := strings.Cut(c.Description, "Examples:\n")
		for line := range strings.Lines(examples) {
			sh := exec.Command("sh", "-c", strings.TrimSpace(line))
			sh.Dir = t.TempDir()
			sh.Env = append(cleanEnv(keyVariable+"="+key, baseURLVariable+"="+s.url), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"))
			r := finish(t, sh)
			require.Zero(t, r.code, "%s: %s", line, r.stderr)
			require.Empty(t, r.stderr, line)
			if _, file, ok := strings.Cut(line, " >"); ok {
				text, err := os.ReadFile(filepath.Join(sh.Dir, strings.TrimSpace(file)))
				require.NoError(t, err)
				r.stdout = string(text)
			}
			require.NotEmpty(t, r.stdout, line)
		}
		for _, sub := range c.Commands {
			try(sub)
		}
	}
	for _, name := range []string{"organizations", "domains", "products", "users", "account"} {
		try(root.Command(name))
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(), "--version")
	require.Equal(t, result{stdout: "digicert version " + digicert.Version + "\n"}, r)
}

// TestHelpByPath checks that the help of a command can be asked for by its path.
func TestHelpByPath(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "orders", "orders list", "orders ls", "status-changes watch", "config set"} {
		words := strings.Fields(path)
		want := execute(t, cleanEnv(), append(words, "--help")...)
		require.Zero(t, want.code)
		require.Equal(t, want, execute(t, cleanEnv(), append([]string{"help"}, words...)...))
	}
}

// TestUnknownStatus checks that a status that is not known is used, with a warning that names the nearest.
func TestUnknownStatus(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for status, want := range map[string]string{
		"isued": "--status isued is not a status that is known (did you mean issued?)", "brand_new": "--status brand_new is not a status that is known\n", "issued": "", "reissue_pending": "",
	} {
		r := s.run(t, "orders", "ls", "--status", status)
		require.Zero(t, r.code)
		if want == "" {
			require.Empty(t, r.stderr)
			continue
		}
		require.Contains(t, r.stderr, want)
		s.requireRequest(t, "filters%5Bstatus%5D="+status)
	}
}

// TestSuggestedValues checks that a value that is nearly a known one is used, with a warning.
func TestSuggestedValues(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for args, want := range map[string]string{
		"orders list --product ssl_pls":                      "--product ssl_pls is not a value that is known (did you mean ssl_plus?)",
		"orders list --product ssl_basic,ssl_pls":            "--product ssl_pls is not a value that is known (did you mean ssl_plus?)",
		"orders list --product other":                        "",
		"orders list --sort -date_created,comon_name":        "--sort comon_name is not a value that is known (did you mean common_name?)",
		"requests list --status aproved":                     "--status aproved is not a value that is known (did you mean approved?)",
		"requests list --status approved":                    "",
		"organizations list --status activ":                  "--status activ is not a value that is known (did you mean active?)",
		"organizations list --status active":                 "",
		"domains list --status inactve":                      "--status inactve is not a value that is known (did you mean inactive?)",
		"domains list --dcv-method emial":                    "--dcv-method emial is not a value that is known (did you mean email?)",
		"requests list --type reisue":                        "--type reisue is not a value that is known (did you mean reissue?)",
		"subaccounts orders --account-type retial":           "--account-type retial is not a value that is known (did you mean retail?)",
		"orders revoke 123457 --reason superceded --dry-run": "--reason superceded is not a value that is known (did you mean superseded?)",
	} {
		r := s.run(t, strings.Fields(args)...)
		if want == "" {
			require.Empty(t, r.stderr, args)
			continue
		}
		require.True(t, strings.HasPrefix(r.stderr, "digicert: warning: "+want+"\n"), r.stderr)
		if !strings.Contains(args, "--sort") { // such a key is sent, and refused by the sandbox
			require.Zero(t, r.code, r.stderr)
			require.Equal(t, 1, strings.Count(r.stderr, "\n"), r.stderr)
		}
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	words := []string{"issued", "pending", "reissue_pending", "revoked", "rejected"}
	for word, want := range map[string]string{
		"isued": "issued", "issude": "issued", "ISSUED": "issued", "pendign": "pending", "rev": "revoked", "re": "", "x": "", "": "", "reissue_pendig": "reissue_pending", "rejetced": "rejected", "something": "",
	} {
		require.Equal(t, want, nearest(word, words), word)
	}
}
