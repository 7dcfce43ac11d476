// The config commands: they keep the settings of profiles in the config file.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
	"go.yaml.in/yaml/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/atomicfile"
)

// setting is a setting that config set can change.
type setting struct {
	name, usage string
	global      bool                                                      // not of a profile
	normal      func(value string, config configFile) (*yaml.Node, error) // checks a value and returns it as it is stored
	of          func(profile) string
}

var allSettings = []setting{
	{"profile", "the profile that is used without --profile", true, profileSetting, nil},
	{"region", "us or eu", false, regionSetting, func(p profile) string { return p.Region }},
	{"base-url", "base URL of another server, in place of a region", false, baseURLSetting, func(p profile) string { return p.BaseURL }},
	{"api-key-file", "file that holds the API key", false, keyFileSetting, func(p profile) string { return p.APIKeyFile }},
	{"api-key-command", "command that prints the API key, such as \"pass show digicert\"; it is run without a shell", false, keyCommandSetting, func(p profile) string { return p.APIKeyCommand }},
	{"pace", "maximum rates, separated by commas, such as 50/5s,500/3m", false, paceSetting, func(p profile) string { return strings.Join(p.Pace, ",") }},
	{"redis", "URL of the Redis through which machines share the limits of the key; its password belongs in " + redisPasswordVariable, false, redisSetting, func(p profile) string { return p.Redis }},
	{"redis-name", "name of the account in Redis", false, redisNameSetting, func(p profile) string { return p.RedisName }},
	{"inventory", "database of the inventory: a file, or postgres://…; its password belongs into PGPASSWORD or ~/.pgpass", false, inventorySetting, func(p profile) string { return p.Inventory }},
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

func profileSetting(value string, config configFile) (*yaml.Node, error) {
	if _, ok := config.Profiles[value]; !ok {
		return nil, usageErrorf("%q is not a profile; %s", value, profilesOf(config))
	}
	return text(value), nil
}

func regionSetting(value string, _ configFile) (*yaml.Node, error) {
	_, err := source{region: cmp.Or(value, "none"), regionName: "region"}.url()
	return text(value), err
}

func baseURLSetting(value string, _ configFile) (*yaml.Node, error) {
	_, err := digicert.NewClient("a-key", digicert.WithBaseURL(value))
	var refused *digicert.ParamError
	if errors.As(err, &refused) {
		return nil, usageErrorf("base-url: %s", refused.Reason)
	}
	return text(value), err
}

// keyFileSetting demands that the file exists: otherwise a key that was given in its place would be stored.
func keyFileSetting(value string, _ configFile) (*yaml.Node, error) {
	path, err := filepath.Abs(value)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return nil, usageErrorf("api-key-file must be the name of a file that exists; the key itself is never stored")
	}
	return text(path), nil
}

func keyCommandSetting(value string, _ configFile) (*yaml.Node, error) {
	words, err := splitWords(value)
	if err != nil {
		return nil, usageErrorf("api-key-command: %w", err)
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, usageErrorf("api-key-command must begin with the name of a program that exists; the key itself is never stored")
	}
	return text(value), nil
}

func paceSetting(value string, _ configFile) (*yaml.Node, error) {
	list := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	specs := strings.Split(value, ",")
	if _, _, err := paceOf("pace", specs, "http://127.0.0.1"); err != nil {
		return nil, err
	}
	for _, spec := range specs {
		list.Content = append(list.Content, text(spec))
	}
	return list, nil
}

// redisSetting refuses a password: the file is no place for it.
func redisSetting(value string, _ configFile) (*yaml.Node, error) {
	if u, err := url.Parse(value); err == nil && u.User != nil {
		if _, given := u.User.Password(); given {
			return nil, usageErrorf("redis: a password is never stored; put it into %s", redisPasswordVariable)
		}
	}
	rdb, err := openRedis("redis", value)
	if err != nil {
		return nil, err
	}
	return text(value), rdb.Close()
}

func redisNameSetting(value string, _ configFile) (*yaml.Node, error) {
	return text(value), checkRedisName("redis-name", value)
}

// inventorySetting refuses a password, and makes the name of a file absolute.
func inventorySetting(value string, _ configFile) (*yaml.Node, error) {
	file, err := databaseFile("inventory", value)
	if err != nil {
		return nil, err
	}
	if file == "" {
		if hasPassword(value) {
			return nil, usageErrorf("inventory: a password is never stored; put it into PGPASSWORD or ~/.pgpass")
		}
		return text(value), nil
	}
	path, err := filepath.Abs(file)
	return text(path), err
}

// config returns the group of the config commands.
func (a *app) config() *cli.Command {
	return group("config", "settings that are kept in a file", a.configList(), a.configSet(), a.configUnset(), a.configPath())
}

func (a *app) configPath() *cli.Command {
	return &cli.Command{
		Name:  "path",
		Usage: "print the path of the config file, which need not exist",
		Description: "The environment variable " + configVariable + ` names another one.

Examples:
   digicert config path`,
		Action: a.action(func(_ context.Context, c *cli.Command) error {
			if err := cmp.Or(noArgs(c), refuseRows(c), refuseService(c)); err != nil {
				return err
			}
			path, err := configPath()
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, path)
			return err
		}),
	}
}

func (a *app) configList() *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list the settings of all profiles",
		Description: `The profile in use is the one of --profile, of ` + profileVariable + `, of the setting "profile", or "default".

Examples:
   digicert config list
   digicert config list -o json`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := cmp.Or(noArgs(c), refuseSettings(c)); err != nil {
				return err
			}
			config, err := readConfig(ctx)
			if err != nil {
				return err
			}
			used, _ := profileName(c, config)
			type row struct {
				Profile string `json:"profile"`
				Setting string `json:"setting"`
				Value   string `json:"value"`
				InUse   bool   `json:"in_use"`
			}
			rows := []row{}
			for _, name := range slices.Sorted(maps.Keys(config.Profiles)) {
				for _, s := range allSettings {
					if s.of == nil || s.of(config.Profiles[name]) == "" {
						continue
					}
					rows = append(rows, row{name, s.name, s.of(config.Profiles[name]), name == used})
				}
			}
			return list(a, listing{table: []string{"profile", "setting", "value", "in_use"}}, values(rows))
		}),
	}
}

func settingsHelp() string {
	var b strings.Builder
	for _, s := range allSettings {
		fmt.Fprintf(&b, "   %-16s %s\n", s.name, s.usage)
	}
	return b.String()
}

func (a *app) configSet() *cli.Command {
	return &cli.Command{
		Name:      "set",
		Usage:     "change a setting of the profile that --profile names, or of the one in use",
		ArgsUsage: "SETTING VALUE",
		Description: "Settings:\n" + settingsHelp() + `
A flag overrides an environment variable, and that a profile. With --profile, the profile overrides the environment.
The API key itself is never stored.

Examples:
   digicert config set region eu
   digicert config set api-key-file ~/.digicert-key
   digicert --profile test config set base-url http://127.0.0.1:8080/services/v2
   digicert config set profile test`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if c.NArg() != 2 {
				return usageErrorf("%s takes two arguments, SETTING VALUE, got %d", c.FullName(), c.NArg())
			}
			if err := cmp.Or(refuseRows(c), refuseSettings(c)); err != nil {
				return err
			}
			s, err := settingNamed(c.Args().First())
			if err != nil {
				return err
			}
			return changeConfig(ctx, c, s, func(config configFile) (*yaml.Node, error) { return s.normal(c.Args().Get(1), config) })
		}),
	}
}

func (a *app) configUnset() *cli.Command {
	return &cli.Command{
		Name:      "unset",
		Usage:     "remove a setting of the profile that --profile names, or of the one in use",
		ArgsUsage: "SETTING",
		Description: `Examples:
   digicert config unset pace
   digicert --profile test config unset region`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			name, err := oneArg(c)
			if err := cmp.Or(err, refuseRows(c), refuseSettings(c)); err != nil {
				return err
			}
			s, err := settingNamed(name)
			if err != nil {
				return err
			}
			return changeConfig(ctx, c, s, func(configFile) (*yaml.Node, error) { return nil, nil })
		}),
	}
}

func settingNamed(name string) (setting, error) {
	i := slices.IndexFunc(allSettings, func(s setting) bool { return s.name == name })
	switch {
	case i >= 0:
		return allSettings[i], nil
	case strings.Contains(name, "key"):
		return setting{}, usageErrorf("%q is not a setting: an API key is never stored; put it into a file and set api-key-file", name)
	}
	var names []string
	for _, s := range allSettings {
		names = append(names, s.name)
	}
	return setting{}, usageErrorf("%q is not a setting, must be one of %s%s", name, strings.Join(names, ", "), didYouMean(name, names))
}

// changeConfig sets a setting to the value that the function returns for the config file, or removes it where that is nil. Comments and
// what it does not know stay as they are.
func changeConfig(ctx context.Context, c *cli.Command, s setting, valueIn func(configFile) (*yaml.Node, error)) error {
	path, err := configPath()
	if err != nil {
		return err
	}
	config, content, err := readConfigFile(ctx, path)
	if err != nil {
		return err
	}
	value, err := valueIn(config)
	if err != nil {
		return err
	}
	at := []string{s.name}
	if !s.global {
		name, _ := profileName(c, config)
		at = []string{"profiles", name, s.name}
	}
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return usageErrorf("the config file %q is not valid YAML", path)
	}
	setNode(mappingOf(&document, content), at, value)
	var b strings.Builder
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(&document), enc.Close()); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("the config file: %w", err)
	}
	if err := atomicfile.Write(path, 0o600, []byte(b.String())); err != nil {
		return fmt.Errorf("the config file: %w", err)
	}
	return nil
}

// mappingOf returns the mapping in a document, which is made if there is nothing, or null. The comments of the content stay.
func mappingOf(document *yaml.Node, content []byte) *yaml.Node {
	if len(document.Content) == 0 {
		*document = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode, Tag: "!!map"}}}
		for line := range strings.Lines(string(content)) {
			if strings.HasPrefix(line, "#") {
				document.HeadComment += line
			}
		}
	}
	mapping := document.Content[0]
	if mapping.Kind == yaml.ScalarNode {
		mapping.Kind, mapping.Tag, mapping.Value = yaml.MappingNode, "!!map", ""
	}
	return mapping
}

// copyOf returns a copy of a node and all below it, without the anchor by which others refer to it.
func copyOf(n *yaml.Node) *yaml.Node {
	c := *n
	c.Anchor, c.Content = "", nil
	for _, below := range n.Content {
		c.Content = append(c.Content, copyOf(below))
	}
	return &c
}

// setNode sets the value at a path of a mapping, or removes it where value is nil.
func setNode(mapping *yaml.Node, path []string, value *yaml.Node) {
	i := 0
	for i < len(mapping.Content) && mapping.Content[i].Value != path[0] {
		i += 2
	}
	found := i < len(mapping.Content)
	if found && mapping.Content[i+1].Kind == yaml.AliasNode { // what it refers to must not change with it
		mapping.Content[i+1] = copyOf(mapping.Content[i+1].Alias)
	}
	switch {
	case len(path) > 1:
		if !found || mapping.Content[i+1].Kind != yaml.MappingNode {
			if value == nil {
				return
			}
			below := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			if found {
				mapping.Content[i+1] = below
			} else {
				mapping.Content = append(mapping.Content, text(path[0]), below)
			}
		}
		setNode(mapping.Content[i+1], path[1:], value)
	case value == nil && found:
		mapping.Content = slices.Delete(mapping.Content, i, i+2)
	case found:
		mapping.Content[i+1] = value
	case value != nil:
		mapping.Content = append(mapping.Content, text(path[0]), value)
	}
}
