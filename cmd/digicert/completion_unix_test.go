// Tests of the completion scripts in the shells that are installed.

//go:build unix

package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
)

// TestCompletionScripts types command lines into each shell that is installed, followed by a tab, and checks what the line
// becomes. Bash is run without its start files, and so without the package bash-completion.
func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	var tried []string
	for _, shell := range []struct {
		name, args, source string
	}{
		{"bash", "--noprofile --norc -i", `source <(digicert completion bash)`},
		{"zsh", "-f -i", `unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -D -u; source <(digicert completion zsh)`},
		{"fish", "--no-config -i", `digicert completion fish | source`},
	} {
		path, err := exec.LookPath(shell.name)
		if err != nil {
			continue
		}
		tried = append(tried, shell.name)
		t.Run(shell.name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			require.NoError(t, os.WriteFile(filepath.Join(home, "my-key"), nil, 0o600))
			for i, test := range []struct{ typed, want string }{
				{"orders list --status iss", "orders list --status issued"},
				{"orders list --status=iss", "orders list --status=issued"},
				{"orders list --sort order_id,-dat", "orders list --sort order_id,-date_created"},
				{"--base-url http://127.0.0.1:1/ subacc", "--base-url http://127.0.0.1:1/ subaccounts"},
				{"--region eu reissues cre", "--region eu reissues create"},
				{"orders place private_ssl_w", "orders place private_ssl_wildcard"},
				{"orders list --com", "orders list --common-name"},
				{"--api-key-file my-", "--api-key-file my-key"},
				{"help status-changes wa", "help status-changes watch"},
				{"orders get 1", "orders get 1"},
			} {
				c := exec.Command(path, strings.Fields(shell.args)...)
				c.Dir = home
				c.Env = append(cleanEnv("PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH")), "HOME="+home, "TERM=dumb", "PS1=$ ")
				master, err := pty.StartWithSize(c, &pty.Winsize{Rows: 50, Cols: 200})
				require.NoError(t, err)
				seen := new(lines)
				ended := make(chan struct{})
				go func() {
					_, _ = io.Copy(seen, master) // ends with an error when the shell exits
					close(ended)
				}()
				file := filepath.Join(home, "line")
				ready := filepath.Join(home, "ready")
				// The line that results is written to a file, as arguments of printf.
				_, err = io.WriteString(master, shell.source+"; echo >"+ready+"\r")
				require.NoError(t, err)
				eventually(t, func() bool { _, err := os.Stat(ready); return err == nil }, shell.name+" has read the script")
				_, err = io.WriteString(master, "digicert "+test.typed+"\t\x01printf '%s ' \x05 >"+file+"; exit\r")
				require.NoError(t, err)
				wait(t, c)
				<-ended
				require.NoError(t, master.Close())
				line, err := os.ReadFile(file)
				require.NoError(t, err, "%d: %s", i, seen)
				require.Equal(t, "digicert "+test.want, strings.TrimSpace(string(line)), seen.String())
				require.NoError(t, os.Remove(file))
				require.NoError(t, os.Remove(ready))
			}
		})
	}
	require.NotEmpty(t, tried, "no shell is installed")
}
