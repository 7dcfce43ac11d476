// Tests of the config commands and of what a profile, the environment and the flags say.

package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// configured runs the program with a config file of its own.
type configured struct {
	path string
	env  []string
}

func newConfigured(t *testing.T, env ...string) configured {
	path := filepath.Join(t.TempDir(), "new", "config.yaml")
	return configured{path, append(cleanEnv(), append([]string{configVariable + "=" + path}, env...)...)}
}

func (c configured) run(t *testing.T, want int, args ...string) result {
	t.Helper()
	r := execute(t, c.env, args...)
	require.Equal(t, want, r.code, "%s", r.stderr)
	return r
}

func (c configured) content(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(c.path)
	require.NoError(t, err)
	return string(content)
}

func keyFileWith(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestConfigSet(t *testing.T) {
	t.Parallel()
	c := newConfigured(t)
	require.Equal(t, c.path+"\n", c.run(t, 0, "config", "path").stdout)
	require.Equal(t, "[]\n", c.run(t, 0, "config", "list", "-o", "json").stdout)
	file := keyFileWith(t, key)
	c.run(t, 0, "config", "set", "region", "eu")
	c.run(t, 0, "config", "set", "api-key-file", file)
	c.run(t, 0, "--profile", "test", "config", "set", "base-url", "http://127.0.0.1:9/services/v2")
	c.run(t, 0, "config", "set", "--", "pace", "50/5s,500/3m")
	c.run(t, 0, "config", "set", "profile", "test")
	require.Equal(t, "profiles:\n  default:\n    region: eu\n    api-key-file: "+file+"\n    pace: [50/5s, 500/3m]\n  test:\n    base-url: http://127.0.0.1:9/services/v2\nprofile: test\n", c.content(t))
	require.Equal(t, `{"profile":"default","setting":"region","value":"eu","in_use":false}
{"profile":"default","setting":"api-key-file","value":"`+file+`","in_use":false}
{"profile":"default","setting":"pace","value":"50/5s,500/3m","in_use":false}
{"profile":"test","setting":"base-url","value":"http://127.0.0.1:9/services/v2","in_use":true}
`, c.run(t, 0, "config", "list").stdout)
	if runtime.GOOS != "windows" {
		for path, mode := range map[string]os.FileMode{c.path: 0o600, filepath.Dir(c.path): 0o700} {
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, mode, info.Mode().Perm())
		}
	}

	// What is in the file besides stays.
	require.NoError(t, os.WriteFile(c.path, []byte("# mine\nprofiles:\n  default: # the main account\n    region: eu # Frankfurt\n"), 0o600))
	c.run(t, 0, "config", "set", "pace", "1/1s")
	require.Equal(t, "# mine\nprofiles:\n  default: # the main account\n    region: eu # Frankfurt\n    pace: [1/1s]\n", c.content(t))
	c.run(t, 0, "config", "unset", "pace")
	c.run(t, 0, "config", "unset", "pace")
	c.run(t, 0, "--profile", "other", "config", "unset", "pace")
	require.Equal(t, "# mine\nprofiles:\n  default: # the main account\n    region: eu # Frankfurt\n", c.content(t))
}

// TestConfigSetForms checks what becomes of files that have nothing, or the parts of YAML by which one profile takes over what another has.
func TestConfigSetForms(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":                                "profiles:\n  a:\n    region: us\n",
		"# mine\n# too\n":                 "# mine\n# too\n\nprofiles:\n  a:\n    region: us\n",
		"null\n":                          "profiles:\n  a:\n    region: us\n",
		"---\n...\n":                      "profiles:\n  a:\n    region: us\n",
		"profiles:\n  a: null\n":          "profiles:\n  a:\n    region: us\n",
		"profile: a\nprofiles: {a: {}}\n": "profile: a\nprofiles: {a: {region: us}}\n",
		"profiles:\n  b: &b\n    region: eu\n    pace: [5/5s]\n  a: *b\n": "profiles:\n  b: &b\n    region: eu\n    pace: [5/5s]\n  a:\n    region: us\n    pace: [5/5s]\n",
	} {
		c := newConfigured(t)
		require.NoError(t, os.MkdirAll(filepath.Dir(c.path), 0o700))
		require.NoError(t, os.WriteFile(c.path, []byte(content), 0o600))
		require.Equal(t, strings.Contains(content, "*b"), c.run(t, 0, "config", "list").stdout != "", content)
		c.run(t, 0, "--profile", "a", "config", "set", "region", "us")
		require.Equal(t, want, c.content(t), content)
	}
	c := newConfigured(t)
	require.NoError(t, os.MkdirAll(filepath.Dir(c.path), 0o700))
	require.NoError(t, os.WriteFile(c.path, []byte("profiles:\n  b: &b {pace: [5/5s]}\n  a:\n    <<: *b\n"), 0o600))
	c.run(t, 0, "--profile", "a", "config", "set", "region", "us")
	require.Contains(t, c.run(t, 0, "config", "list").stdout, `{"profile":"a","setting":"pace","value":"5/5s","in_use":false}`, c.content(t))
}

func TestConfigSetRefused(t *testing.T) {
	t.Parallel()
	c := newConfigured(t)
	for args, want := range map[string]string{
		"region mars":              `region "mars" is invalid, must be us or eu`,
		"base-url ftp://x":         "base-url: the scheme must be https",
		"base-url http://x":        "base-url: the scheme must be https",
		"pace 5":                   `pace "5" is invalid, must be like 50/5s`,
		"profile none":             `"none" is not a profile; there are none`,
		"api-key " + key:           "an API key is never stored",
		"key " + key:               "an API key is never stored",
		"api-key-file " + key:      "the key itself is never stored",
		"api-key-command " + key:   "the key itself is never stored",
		"api-key-command 'x":       "api-key-command: unterminated quote",
		"regoin eu":                `"regoin" is not a setting, must be one of profile, region`,
		"region":                   "takes two arguments",
		"region eu us":             "takes two arguments",
		"api-key-file " + t.Name(): "a file that exists",
		"api-key-file /":           "a file that exists",
	} {
		r := c.run(t, exitUsage, append([]string{"config", "set"}, strings.Fields(args)...)...)
		requireOneLine(t, r.stderr, want)
		require.NotContains(t, r.stderr, key)
		require.Empty(t, r.stdout)
	}
	require.NoFileExists(t, c.path)
}

// A file that cannot be read as it was meant is refused as a whole, and never changed or shown.
func TestConfigFileRefused(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"profiles:\n  default:\n    api-key: " + key:   "has something in line 3 that is not a setting",
		"profile: [" + key:                             "is not valid YAML",
		"profiles: " + key:                             "line 1",
		"profiles:\n  a: {}\n  a: {}\n":                "has something in line 3 for the second time",
		"profiles:\n  a: {}\n---\n# " + key + "\nb: c": "must be one YAML document",
		"#" + strings.Repeat(" ", maxConfig):           "is larger than 1048576 bytes",
	} {
		c := newConfigured(t, keyVariable+"="+key)
		require.NoError(t, os.MkdirAll(filepath.Dir(c.path), 0o700))
		require.NoError(t, os.WriteFile(c.path, []byte(content), 0o600))
		for _, args := range []string{"orders get 1", "config list", "config set region eu"} {
			r := c.run(t, exitUsage, strings.Fields(args)...)
			requireOneLine(t, r.stderr, want)
			require.NotContains(t, r.stderr, key)
		}
		require.Equal(t, content, c.content(t))
		c.run(t, 0, "--demo", "orders", "get", "262")
		c.run(t, 0, "config", "path")
	}
}

// Flags are before a profile that a flag names, that before the environment, and that before the default profile.
func TestSettings(t *testing.T) {
	t.Parallel()
	here, there := sandbox(t), sandbox(t)
	c := newConfigured(t)
	good, bad := keyFileWith(t, key), keyFileWith(t, "another-key-0123456789")
	c.run(t, 0, "config", "set", "base-url", here.url)
	c.run(t, 0, "config", "set", "api-key-file", good)
	c.run(t, 0, "--profile", "there", "config", "set", "base-url", there.url)
	c.run(t, 0, "--profile", "there", "config", "set", "api-key-file", good)
	c.run(t, 0, "--profile", "bad", "config", "set", "api-key-file", bad)
	c.run(t, 0, "--profile", "mars", "config", "set", "region", "eu")
	asked := func(s service) int { return strings.Count(s.log.String(), "/order/certificate/123457/reissue") }
	for _, test := range []struct {
		name string
		env  []string
		args string
		at   *service // nil: the call is refused
		code int
	}{
		{"the default profile", nil, "", &here, 0},
		{"a profile", nil, "--profile there", &there, 0},
		{"a profile of the environment", []string{profileVariable + "=there"}, "", &there, 0},
		{"a flag before the environment", []string{profileVariable + "=bad"}, "--profile there", &there, 0},
		{"a flag before a profile", nil, "--profile there --base-url " + here.url, &here, 0},
		{"the environment before the default profile", []string{baseURLVariable + "=" + there.url}, "", &there, 0},
		{"a flag's profile before the environment", []string{baseURLVariable + "=" + there.url, keyVariable + "=bad-key-0123456789"}, "--profile there", &there, 0},
		{"a key of the environment", []string{keyVariable + "=bad-key-0123456789"}, "", nil, exitAccess},
		{"a key file of the environment", []string{keyFileVariable + "=" + bad}, "", nil, exitAccess},
		{"a key before a key file", []string{keyVariable + "=" + key, keyFileVariable + "=" + bad}, "", &here, 0},
		{"a key file flag before all", []string{keyVariable + "=bad-key-0123456789"}, "--api-key-file " + good, &here, 0},
		{"an unknown profile", nil, "--profile none", nil, exitUsage},
		{"an unknown profile of the environment", []string{profileVariable + "=none"}, "", nil, exitUsage},
		{"a wrong region of the environment", []string{regionVariable + "=mars"}, "", nil, exitUsage},
	} {
		before := [2]int{asked(here), asked(there)}
		r := configured{c.path, append(c.env, test.env...)}.run(t, test.code, append(strings.Fields(test.args), "reissues", "list", "123457")...)
		switch {
		case test.at == &here:
			eventually(t, func() bool { return asked(here) == before[0]+1 && asked(there) == before[1] }, test.name)
		case test.at == &there:
			eventually(t, func() bool { return asked(there) == before[1]+1 && asked(here) == before[0] }, test.name)
		case test.code == exitUsage:
			requireOneLine(t, r.stderr, map[string]string{
				"an unknown profile":                    `--profile "none" is not a profile; there are bad, default, mars, there`,
				"an unknown profile of the environment": profileVariable + ` "none" is not a profile`,
				"a wrong region of the environment":     regionVariable + ` "mars" is invalid`,
			}[test.name])
		}
	}
}

func TestKeyCommand(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	c := newConfigured(t)
	c.run(t, 0, "config", "set", "base-url", s.url)
	file := keyFileWith(t, key+"\n")
	c.run(t, 0, "config", "set", "api-key-command", "cat '"+file+"'")
	c.run(t, 0, "reissues", "list", "123457")
	require.NoError(t, os.WriteFile(file, []byte("two words"), 0o600))
	requireOneLine(t, c.run(t, exitAccess, "reissues", "list", "123457").stderr, "the API key that the api-key-command cat printed cannot be used: it has a space")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	requireOneLine(t, c.run(t, exitAccess, "reissues", "list", "123457").stderr, "api-key-command cat printed no key")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("x", maxKeyFile+1)), 0o600))
	requireOneLine(t, c.run(t, exitAccess, "reissues", "list", "123457").stderr, "api-key-command cat printed more than 4096 bytes")
	c.run(t, 0, "config", "set", "api-key-command", "cat /dev/zero") // without an end
	requireOneLine(t, c.run(t, exitAccess, "reissues", "list", "123457").stderr, "api-key-command cat printed more than 4096 bytes")
	c.run(t, 0, "config", "set", "api-key-command", "cat '"+file+"'")
	require.NoError(t, os.Remove(file))
	r := c.run(t, exitAccess, "reissues", "list", "123457")
	require.Contains(t, r.stderr, "the api-key-command cat: exit status 1")
}

func TestTimeoutFlag(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--fault", "hang")
	r := finish(t, command(s, "--timeout", "300ms", "orders", "get", "262"))
	require.Equal(t, exitUnavailable, r.code)
	requireOneLine(t, r.stderr, "not done within --timeout 300ms")
	r = finish(t, command(s, "--timeout", "soon", "orders", "get", "262"))
	require.Equal(t, exitUsage, r.code)
	requireOneLine(t, r.stderr, `--timeout "soon" is not a length of time`)
	r = execute(t, cleanEnv(), "--demo", "--timeout", "300ms", "status-changes", "watch")
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stderr)
}
