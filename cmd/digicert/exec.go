// The command of --exec: it is run for each status change.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/go-digicert/digicert"
)

// errHook marks the error of a failed --exec command.
var errHook = errors.New("the checkpoint was not moved, so the change will be repeated")

// hook is the command of --exec.
type hook struct {
	words  []string
	env    []string
	output *os.File
}

// newHook parses the value of --exec. It returns a usage error if the command does not exist.
func (a *app) newHook(command string) (*hook, error) {
	words, err := splitWords(command)
	if err != nil {
		return nil, usageErrorf("--exec %q: %w", command, err)
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, usageErrorf("--exec: %w", err)
	}
	// Without the API key: the command may log its environment.
	env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, keyVariable+"=") })
	return &hook{words, env, a.err}, nil
}

// run runs the command for a change and waits until it exits. The command is not killed when the watch is
// interrupted: a half-finished deployment may be worse than none.
func (h *hook) run(change digicert.StatusChange) error {
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
		fmt.Sprintf("DIGICERT_STATUS=%s", change.Status),
		"DIGICERT_CHANGE="+strings.TrimSpace(object.String()),
	)
	if err := c.Run(); err != nil {
		return fmt.Errorf("%s failed for order %d: %w; %w", h.words[0], change.OrderID, err, errHook)
	}
	return nil
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
