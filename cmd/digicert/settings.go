// Settings: the service and the key, as flags, the environment and the profile of the config file select them.

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/urfave/cli/v3"
	"go.yaml.in/yaml/v3"

	"github.com/go-digicert/digicert"
)

// The environment variables. configVariable names another config file.
const (
	keyVariable     = "DIGICERT_API_KEY"
	keyFileVariable = "DIGICERT_API_KEY_FILE"
	regionVariable  = "DIGICERT_REGION"
	baseURLVariable = "DIGICERT_BASE_URL"
	profileVariable = "DIGICERT_PROFILE"
	configVariable  = "DIGICERT_CONFIG"

	inventoryVariable = "DIGICERT_INVENTORY"
)

// profile holds the settings of a profile in the config file. It never holds a key itself.
type profile struct {
	Region        string   `yaml:"region,omitempty"`
	BaseURL       string   `yaml:"base-url,omitempty"`
	APIKeyFile    string   `yaml:"api-key-file,omitempty"`
	APIKeyCommand string   `yaml:"api-key-command,omitempty"`
	Pace          []string `yaml:"pace,omitempty"`
	Redis         string   `yaml:"redis,omitempty"`
	RedisName     string   `yaml:"redis-name,omitempty"`
	Inventory     string   `yaml:"inventory,omitempty"`
}

// configFile is the content of the config file.
type configFile struct {
	Profile  string             `yaml:"profile,omitempty"` // the one that is used by default
	Profiles map[string]profile `yaml:"profiles,omitempty"`
}

// defaultProfile is the profile that is used if nothing names one. It need not exist.
const defaultProfile = "default"

// configPath returns the path of the config file, which need not exist.
func configPath() (string, error) {
	if path := os.Getenv(configVariable); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("there is no config directory (%w): name the config file in %s", err, configVariable)
	}
	return filepath.Join(dir, "digicert", "config.yaml"), nil
}

// readConfig reads the config file. One that does not exist is empty.
func readConfig(ctx context.Context) (configFile, error) {
	path, err := configPath()
	if err != nil { // as without a home directory
		return configFile{}, nil
	}
	config, _, err := readConfigFile(ctx, path)
	return config, err
}

// maxConfig is the largest size of a config file, in bytes.
const maxConfig = 1 << 20

// readConfigFile reads the config file at path, which may be a named pipe, and returns its text too.
func readConfigFile(ctx context.Context, path string) (config configFile, content []byte, err error) {
	content, err = waitFor(ctx, func() ([]byte, error) { return readLimited(path, maxConfig) })
	switch {
	case errors.Is(err, os.ErrNotExist):
		return config, nil, nil
	case interrupted(ctx, err):
		return config, nil, err
	case err != nil:
		return config, nil, usageErrorf("the config file: %w", err)
	}
	return config, content, parseConfig(path, content, &config)
}

// parseConfig parses the content of a config file. Its errors do not repeat it: somebody may have written a key into it.
func parseConfig(path string, content []byte, config *configFile) error {
	d := yaml.NewDecoder(bytes.NewReader(content))
	d.KnownFields(true)
	err := d.Decode(config)
	var fields *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF): // empty, or nothing but comments
		return nil
	case errors.As(err, &fields):
		line, reason, _ := strings.Cut(fields.Errors[0], ":")
		if strings.Contains(reason, " already defined at ") {
			return usageErrorf("the config file %q has something in %s for the second time", path, line)
		}
		return usageErrorf("the config file %q has something in %s that is not a setting: digicert config set --help lists them", path, line)
	case err == nil && errors.Is(d.Decode(new(yaml.Node)), io.EOF):
		return nil
	case err == nil:
		return usageErrorf("the config file %q must be one YAML document", path)
	}
	return usageErrorf("the config file %q is not valid YAML", path)
}

// source holds the settings of one source. For each group of settings, the first source that has one of them decides.
type source struct {
	region, baseURL          string // where the service is
	key, keyFile, keyCommand string // which key is used
	keyProfile               string // the profile that has the key's file or command; "": none
	pace                     []string
	redis, redisAccount      string // the URL, and the name of the account there
	inventory                string // the database of the inventory
	profile                  string // the one in use, which need not exist
	// What a message calls them.
	regionName, paceName, redisURLName, redisAccountName, inventoryName string
}

// settings is readSettings, but reads the config file only once: it may be a pipe.
func (a *app) settings(ctx context.Context, c *cli.Command) (source, error) {
	if a.from == nil {
		from, err := readSettings(ctx, c)
		if err != nil {
			return source{}, err
		}
		a.from = &from
	}
	return *a.from, nil
}

// readSettings returns the effective settings. Flags take precedence over the profile of --profile, that over the environment, and that
// over the default profile.
func readSettings(ctx context.Context, c *cli.Command) (source, error) {
	flags := source{
		region: c.String("region"), baseURL: c.String("base-url"), keyFile: c.String("api-key-file"), pace: c.StringSlice("pace"),
		redis: c.String("redis"), redisAccount: c.String("redis-name"), inventory: c.String("db"),
		regionName: "--region", paceName: "--pace", redisURLName: "--redis", redisAccountName: "--redis-name", inventoryName: "--db",
	}
	if flags.region != "" && flags.baseURL != "" {
		return source{}, usageErrorf("--region and --base-url exclude each other")
	}
	environment := source{
		region: os.Getenv(regionVariable), baseURL: os.Getenv(baseURLVariable), key: os.Getenv(keyVariable),
		redis: os.Getenv(redisVariable), redisAccount: os.Getenv(redisNameVariable), inventory: os.Getenv(inventoryVariable),
		regionName: regionVariable, redisURLName: redisVariable, redisAccountName: redisNameVariable, inventoryName: inventoryVariable,
	}
	if environment.key == "" {
		environment.keyFile = os.Getenv(keyFileVariable)
	}
	sources := []source{flags, environment}
	config, err := readConfig(ctx)
	if err != nil {
		return source{}, err
	}
	name, by := profileName(c, config)
	if stored, ok := config.Profiles[name]; ok {
		of := stored.source(name)
		if by == "--profile" {
			sources = []source{flags, of, environment}
		} else {
			sources = append(sources, of)
		}
	} else if by != "" {
		return source{}, usageErrorf("%s %q is not a profile%s; %s", by, name, didYouMean(name, slices.Sorted(maps.Keys(config.Profiles))), profilesOf(config))
	}
	m := merged(sources)
	m.profile = name
	return m, nil
}

// profileName returns the profile that is used, and what names it: "" for the default.
func profileName(c *cli.Command, config configFile) (name, by string) {
	switch {
	case c.String("profile") != "":
		return c.String("profile"), "--profile"
	case os.Getenv(profileVariable) != "":
		return os.Getenv(profileVariable), profileVariable
	case config.Profile != "":
		return config.Profile, "profile in the config file"
	}
	return defaultProfile, ""
}

func profilesOf(config configFile) string {
	if len(config.Profiles) == 0 {
		return "there are none: digicert config set --profile NAME makes one"
	}
	return "there are " + strings.Join(slices.Sorted(maps.Keys(config.Profiles)), ", ")
}

func (p profile) source(name string) source {
	of := " in profile " + name
	return source{
		region: p.Region, baseURL: p.BaseURL, keyFile: p.APIKeyFile, keyCommand: p.APIKeyCommand, keyProfile: name, pace: p.Pace,
		redis: p.Redis, redisAccount: p.RedisName, inventory: p.Inventory,
		regionName: "region" + of, paceName: "pace" + of, redisURLName: "redis" + of, redisAccountName: "redis-name" + of, inventoryName: "inventory" + of,
	}
}

// merged returns the settings of several sources, of which the first takes precedence.
func merged(sources []source) source {
	var m source
	for _, s := range sources {
		if m.region == "" && m.baseURL == "" {
			m.region, m.baseURL, m.regionName = s.region, s.baseURL, s.regionName
		}
		if m.key == "" && m.keyFile == "" && m.keyCommand == "" {
			m.key, m.keyFile, m.keyCommand, m.keyProfile = s.key, s.keyFile, s.keyCommand, s.keyProfile
		}
		if len(m.pace) == 0 {
			m.pace, m.paceName = s.pace, s.paceName
		}
		if m.redis == "" {
			m.redis, m.redisURLName = s.redis, s.redisURLName
		}
		if m.redisAccount == "" {
			m.redisAccount, m.redisAccountName = s.redisAccount, s.redisAccountName
		}
		if m.inventory == "" {
			m.inventory, m.inventoryName = s.inventory, s.inventoryName
		}
	}
	return m
}

// url returns the base URL. It takes precedence over a region in the same source.
func (s source) url() (string, error) {
	if s.baseURL != "" {
		return s.baseURL, nil
	}
	switch s.region {
	case "", "us":
		return digicert.BaseURLUS, nil
	case "eu":
		return digicert.BaseURLEU, nil
	}
	return "", usageErrorf("%s %q is invalid, must be us or eu", s.regionName, s.region)
}

// keyCommandAge is how long a key that a command printed is used before the command is run again.
const keyCommandAge = 5 * time.Minute

// keyFromCommand returns a function that returns the key that a command prints.
func (a *app) keyFromCommand(command string) (func(context.Context) (string, error), error) {
	words, err := splitWords(command)
	if err != nil {
		return nil, usageErrorf("api-key-command %q: %w", command, err)
	}
	var mu sync.Mutex
	var key string
	var since time.Time
	return func(ctx context.Context) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if key != "" && time.Since(since) < keyCommandAge {
			return key, nil
		}
		c := exec.CommandContext(ctx, words[0], words[1:]...)
		out := new(keyOutput)
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, out, a.err // it may ask for a passphrase
		text, err := waitFor(ctx, func() (string, error) { // what the command itself started may outlive it
			err := c.Run()
			return string(out.text), err
		})
		printed := strings.TrimSpace(text)
		switch {
		case len(text) > maxKeyFile:
			return "", keyError{fmt.Errorf("the api-key-command %s printed more than %d bytes", words[0], maxKeyFile)}
		case err != nil:
			return "", keyError{fmt.Errorf("the api-key-command %s: %w", words[0], err)}
		case printed == "":
			return "", keyError{fmt.Errorf("the api-key-command %s printed no key", words[0])}
		}
		if err := checkKey("the API key that the api-key-command "+words[0]+" printed", printed); err != nil {
			return "", err
		}
		key, since = printed, time.Now()
		return key, nil
	}, nil
}

// keyOutput holds what a command prints. A write that makes it larger than maxKeyFile fails, which ends the command.
type keyOutput struct{ text []byte }

func (o *keyOutput) Write(p []byte) (int, error) {
	n := min(len(p), maxKeyFile+1-len(o.text))
	o.text = append(o.text, p[:n]...)
	if len(o.text) > maxKeyFile {
		return n, errTooLong
	}
	return n, nil
}

var errTooLong = errors.New("it is too long")
