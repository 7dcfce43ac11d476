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

// errHook is a command of --exec that failed.
var errHook = errors.New("the checkpoint stays where it was, and the change comes again")

// hook is the command of --exec.
type hook struct {
	words  []string
	env    []string
	output *os.File
}

func (a *app) newHook(command string) (*hook, error) {
	words, err := splitWords(command)
	if err != nil {
		return nil, usageErrorf("--exec %q: %w", command, err)
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, usageErrorf("--exec: %w", err)
	}
	// What the command prints might show its environment, and the key is nobody's business.
	env := slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, keyVariable+"=") })
	return &hook{words, env, a.err}, nil
}

// run runs the command for a change and waits for its end. It is not killed when the watch is told to end: half
// of whatever it does might be worse than none.
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

// splitWords splits a command at its spaces. Between single quotes everything is part of a word; between double ones, and
// outside, a backslash keeps what follows from meaning anything.
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
		return nil, errors.New("a quote or a backslash has no end")
	}
	if inWord {
		words = append(words, word.String())
	}
	if len(words) == 0 {
		return nil, errors.New("there is no command")
	}
	return words, nil
}
