// The command of --exec: it is run for each status change.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/urfave/cli/v3"
)

// errHook marks the error of a failed --exec command.
var errHook = errors.New("the checkpoint was not moved, so the change will be repeated")

// hook is the command of --exec.
type hook struct {
	words   []string
	env     []string
	output  *os.File  // for the output of the command
	log     io.Writer // for messages about it
	retries int       // how often it is retried after a failure
}

// withheld are the variables by which a command could use the key. It may log its environment.
var withheld = []string{keyVariable, keyFileVariable}

// newHook parses the value of --exec. It returns a usage error if the command does not exist.
func (a *app) newHook(ctx context.Context, c *cli.Command) (*hook, error) {
	command := c.String("exec")
	words, err := splitWords(command)
	if err != nil {
		return nil, usageErrorf("--exec %q: %w", command, err)
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, usageErrorf("--exec: %w", err)
	}
	env := slices.DeleteFunc(os.Environ(), func(s string) bool {
		name, _, _ := strings.Cut(s, "=")
		return slices.Contains(withheld, name)
	})
	if c.Bool("exec-with-key") {
		further, err := a.keyEnvironment(ctx, c)
		if err != nil {
			return nil, err
		}
		env = append(env, further...)
	}
	h := &hook{words: words, env: env, output: a.err, log: &a.log, retries: c.Int("retries")}
	if h.retries < 0 {
		return nil, usageErrorf("--retries %d is negative", h.retries)
	}
	return h, nil
}

// keyEnvironment returns the variables by which a command can run digicert for the same account. The key itself is not among them.
func (a *app) keyEnvironment(ctx context.Context, c *cli.Command) ([]string, error) {
	if c.Bool("demo") {
		return nil, usageErrorf("--exec-with-key and --demo exclude each other: only this process can use the in-memory service")
	}
	from, err := a.settings(ctx, c)
	if err != nil {
		return nil, err
	}
	base, err := from.url()
	if err != nil {
		return nil, err
	}
	env := []string{baseURLVariable + "=" + base}
	if from.redis != "" {
		env = append(env, redisVariable+"="+from.redis, redisNameVariable+"="+from.redisAccount)
	}
	switch {
	case from.keyFile != "":
		path, err := filepath.Abs(from.keyFile)
		if err != nil {
			return nil, err
		}
		return append(env, keyFileVariable+"="+path), nil
	case from.keyCommand != "":
		return append(env, profileVariable+"="+from.keyProfile), nil
	}
	return nil, usageErrorf("--exec-with-key passes the name of the key's file on, but the key is not in one: use --api-key-file, or a profile")
}

// run runs the command for a change until it succeeds, at most as often as it may be retried. The command is not
// killed when the watch is interrupted: a half-finished deployment may be worse than none.
func (h *hook) run(ctx context.Context, change digicert.StatusChange) error {
	const firstWait, longestWait = time.Second, time.Minute
	for n, wait := 0, firstWait; ; n, wait = n+1, min(2*wait, longestWait) {
		err := h.once(change)
		if err == nil || n >= h.retries || ctx.Err() != nil {
			return err
		}
		fmt.Fprintf(h.log, "digicert: %v; again in %s\n", err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

func (h *hook) once(change digicert.StatusChange) error {
	var object bytes.Buffer
	if err := marshal(&object, change); err != nil {
		return err
	}
	c := exec.Command(h.words[0], h.words[1:]...)
	c.Stdin = bytes.NewReader(object.Bytes())
	c.Stdout, c.Stderr = h.output, h.output
	c.Env = append(h.env[:len(h.env):len(h.env)],
		fmt.Sprintf("DIGICERT_ORDER_ID=%d", change.OrderID),
		fmt.Sprintf("DIGICERT_CERTIFICATE_ID=%d", change.CertificateID),
		"DIGICERT_STATUS="+forEnvironment(string(change.Status)),
	)
	// A longer one cannot be passed on every system. Standard input has it whole.
	if text := strings.TrimSpace(object.String()); len(text) <= maxVariable {
		c.Env = append(c.Env, "DIGICERT_CHANGE="+text)
	}
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s failed for order %d: %w", h.words[0], change.OrderID, err)
	}
	return nil
}

// maxVariable is the longest value that is put into an environment, in bytes. Linux takes 128 KiB, others less.
const maxVariable = 16 << 10

// forEnvironment returns a text as an environment can hold it: without control characters, and not too long.
func forEnvironment(s string) string {
	if len(s) > maxVariable {
		s = strings.ToValidUTF8(s[:maxVariable], "")
	}
	return printable(s)
}

// splitWords splits a command into words at spaces, tabs and newlines. Quotes group words. A backslash escapes the next
// character, except in single quotes.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune
	inWord, escaped := false, false
	for _, r := range s {
		switch {
		case escaped:
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			inWord, escaped = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			inWord, quote = true, r
		case r == ' ' || r == '\t' || r == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
			}
			inWord = false
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("unterminated quote or backslash")
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("the command is empty")
	}
	return words, nil
}
