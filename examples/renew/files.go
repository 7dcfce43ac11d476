package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const pemSuffix = ".pem"

func (r *renewal) path(name string) string { return filepath.Join(r.dir, name+pemSuffix) }

// files returns the paths of the files in the folder whose names have an ending, by their names without it.
func (r *renewal) files(suffix string) (map[string]string, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string]string)
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), suffix); ok && name != "" && !strings.HasPrefix(name, ".") {
			files[name] = filepath.Join(r.dir, e.Name())
		}
	}
	return files, nil
}

// fileName returns the common name as the name of a file.
func fileName(commonName string) string {
	return strings.Map(func(r rune) rune {
		if r == '*' || r == '/' || r == '\\' || r == ':' || r < ' ' {
			return '_'
		}
		return r
	}, commonName)
}

// readCertificate returns the first certificate of a file, or nil for an empty one.
func readCertificate(path string) (*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c, err := parseCertificate(content)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return c, err
}

func parseCertificate(content []byte) (*x509.Certificate, error) {
	if len(bytes.TrimSpace(content)) == 0 {
		return nil, nil
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errors.New("there is no certificate in it")
}

// encode returns the content of a file: a chain and its key, as PEM.
func encode(chain []*x509.Certificate, key string) []byte {
	var content []byte
	for _, c := range chain {
		content = append(content, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return append(content, key...)
}

// writeWhole replaces a file: whoever reads it finds the old content or the new, after a crash of the machine too. Only its
// owner can read it.
func writeWhole(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

// temporary is the pattern of the names of files that are being written.
const temporary = ".new-*"

// removeTemporary removes what a run left that was killed while it wrote.
func removeTemporary(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if ok, _ := filepath.Match(temporary, e.Name()); ok {
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		}
	}
	return err
}
