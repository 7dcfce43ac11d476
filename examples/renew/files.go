package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// action is what is done about a certificate that expires.
type action string

const (
	actionReissue action = "reissue"
	actionRenew   action = "renew"
)

func (a action) done() string {
	if a == actionRenew {
		return "renews it"
	}
	return "is reissued"
}

// intent is what a run intends, as it is on the disk before anything is sent: NAME.intent.json.
type intent struct {
	dir                string
	Action             action                  `json:"action"`
	OrderID            digicert.OrderID        `json:"order_id"` // that expires
	Product            string                  `json:"product"`
	OrganizationID     digicert.OrganizationID `json:"organization_id"`
	Years              int                     `json:"years"`
	Names              []string                `json:"names"` // the common name first
	AlternativeOrderID string                  `json:"alternative_order_id"`
	Since              time.Time               `json:"since"`
	Key                string                  `json:"key"` // PEM
	CSR                string                  `json:"csr"` // PEM
}

const (
	intentSuffix   = ".intent.json"
	rejectedSuffix = ".rejected.json"
)

func (in *intent) name() string { return fileName(in.Names[0]) }
func (in *intent) path() string { return filepath.Join(in.dir, in.name()+intentSuffix) }

func (r *renewal) path(name string) string { return filepath.Join(r.dir, name+".pem") }

// fileName returns a name that can be that of a file.
func fileName(commonName string) string {
	return strings.Map(func(r rune) rune {
		if r == '*' || r == '/' || r == '\\' || r == ':' || r < ' ' {
			return '_'
		}
		return r
	}, commonName)
}

func (in *intent) save() error {
	content, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(in.path(), content)
}

func (in *intent) remove() error { return errors.Join(os.Remove(in.path()), syncFolder(in.dir)) }

// reject sets the intent aside, so that no other order is placed for its name.
func (in *intent) reject() error {
	return errors.Join(os.Rename(in.path(), strings.TrimSuffix(in.path(), intentSuffix)+rejectedSuffix), syncFolder(in.dir))
}

// intents returns what earlier runs have begun and not finished.
func intents(dir string) (list []*intent, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+intentSuffix))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		in := &intent{dir: dir}
		if err := json.Unmarshal(content, in); err != nil || len(in.Names) == 0 || in.path() != path {
			return nil, fmt.Errorf("%s is not what this program has written", path)
		}
		list = append(list, in)
	}
	return list, nil
}

// readCertificate returns the first certificate of a file, or nil for an empty one.
func readCertificate(path string) (*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil || len(strings.TrimSpace(string(content))) == 0 {
		return nil, err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, fmt.Errorf("%s has no certificate", path)
}

// writeWhole replaces a file: whoever reads it finds the old content or the new, and after a crash of the machine too.
func writeWhole(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary) // readable by its owner only
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(path))
}

const temporary = ".new-*"

// removeTemporary removes what a run left that was killed while it wrote.
func removeTemporary(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, temporary))
	for _, path := range paths {
		err = errors.Join(err, os.Remove(path))
	}
	return err
}
