// Completion in shells: the scripts, and the words that complete a command line.

package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// completeCommand is the first argument with which the scripts run the program. It is followed by the words of the command line up
// to the cursor, the last of which may be empty. The program prints a word on each line, with a tab and what it is about, or
// filesLine where the shell completes the name of a file.
const (
	completeCommand = "__complete"
	filesLine       = ":files"
)

// completionScripts are the scripts by the name of their shell. That for bash needs neither the package bash-completion nor bash 4.
var completionScripts = map[string]string{
	// Bash splits words at "=" and ":" too. They are joined again, and what stands before the last of these is not completed.
	"bash": `_digicert() {
	local line=${COMP_LINE:0:COMP_POINT} words=() word prefix= reply file i
	for ((i = 0; i <= COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $i == 0 || $line == [[:space:]]* ]]; then
			line=${line#"${line%%[![:space:]]*}"}
			words+=("")
		fi
		word=${word:0:${#line}}
		line=${line#"$word"}
		words[${#words[@]}-1]+=$word
	done
	word=${words[${#words[@]}-1]}
	if [[ $COMP_WORDBREAKS == *=* ]]; then
		prefix=${word%"${word##*[=:]}"}
	fi
	COMPREPLY=()
	while IFS= read -r reply; do
		if [[ $reply == ` + filesLine + ` ]]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "${word#"$prefix"}")
		else
			reply=${reply%%$'\t'*}
			COMPREPLY+=("${reply#"$prefix"}")
		fi
	done < <("${words[0]/#\~/$HOME}" ` + completeCommand + ` "${words[@]:1}" 2>/dev/null)
}
complete -F _digicert digicert
`,
	"zsh": `#compdef digicert
_digicert() {
	local line
	local -a replies
	for line in "${(@f)$("${words[1]/#\~/$HOME}" ` + completeCommand + ` "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
		if [[ $line == ` + filesLine + ` ]]; then
			_files
			return
		elif [[ $line == *$'\t'* ]]; then
			replies+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
		elif [[ -n $line ]]; then
			replies+=("${line//:/\\:}")
		fi
	done
	_describe -V digicert replies
}
if [[ $funcstack[1] == _digicert ]]; then
	_digicert
else
	compdef _digicert digicert
fi
`,
	"fish": `function __digicert_complete
	set -l words (commandline -opc)
	set -l last (commandline -ct)
	set -l program $words[1]
	set -e words[1]
	for line in ($program ` + completeCommand + ` $words "$last" 2>/dev/null)
		if test "$line" = ` + filesLine + `
			__fish_complete_path "$last"
		else
			echo $line
		end
	end
end
complete -c digicert -e
complete -c digicert -f -k -a '(__digicert_complete)'
`,
	// An empty argument is passed as "": versions before 7.3 drop it otherwise.
	"pwsh": `Register-ArgumentCompleter -Native -CommandName digicert -ScriptBlock {
	param($word, $ast, $position)
	$words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
	if ($word -eq '') { $words += '""' }
	& $ast.CommandElements[0].ToString() ` + completeCommand + ` @words 2>$null | Where-Object { $_ -ne '` + filesLine + `' } | ForEach-Object {
		$reply, $about = $_ -split [char]9, 2
		if (-not $about) { $about = $reply }
		[System.Management.Automation.CompletionResult]::new($reply, $reply, 'ParameterValue', $about)
	}
}
`,
}

// completion returns the command that prints the script for a shell.
func (a *app) completion() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for bash, zsh, fish or pwsh",
		ArgsUsage: "SHELL",
		Description: `The script completes commands, flags and the values that are known: statuses, products, formats, regions, profiles, sort keys.
Ids are not completed, and nothing is sent.

Examples:
   source <(digicert completion bash)                                            # in ~/.bashrc
   source <(digicert completion zsh)                                             # in ~/.zshrc, after compinit
   digicert completion fish >~/.config/fish/completions/digicert.fish
   digicert completion pwsh | Out-String | Invoke-Expression                     # in $PROFILE`,
		Action: a.action(func(_ context.Context, c *cli.Command) error {
			shell, err := oneArg(c)
			if err := cmp.Or(err, refuseRows(c), refuseService(c)); err != nil {
				return err
			}
			script, ok := completionScripts[shell]
			if !ok {
				return usageErrorf("%q is not a supported shell, must be bash, zsh, fish or pwsh%s", shell, didYouMean(shell, shells()))
			}
			_, err = fmt.Fprint(a.out, script)
			return err
		}),
	}
}

func shells() []string { return slices.Sorted(maps.Keys(completionScripts)) }

// reply is a word that completes a command line.
type reply struct{ word, about string }

// complete prints what completes the last of the words, those of the command line after the name of the program.
func (a *app) complete(words []string) error {
	for _, r := range replies(a.root(), words) {
		line := r.word
		if r.about != "" {
			line += "\t" + r.about
		}
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	return nil
}

// replies returns what completes the last of the words.
func replies(root *cli.Command, words []string) []reply {
	last := ""
	if len(words) > 0 {
		last, words = strings.Trim(words[len(words)-1], `"'`), words[:len(words)-1]
	}
	path := []*cli.Command{root}
	var args []string
	var expects cli.Flag // the flag whose value comes next
	for _, word := range words {
		at := path[len(path)-1]
		switch {
		case expects != nil:
			expects = nil
		case word == "--":
			return nil // arguments that look like flags: nothing is known of them
		case strings.HasPrefix(word, "-") && word != "-":
			if f := flagOf(path, word); f != nil && takesValue(f) && !strings.Contains(word, "=") {
				expects = f
			}
		case at.Command(word) != nil:
			path = append(path, at.Command(word))
		default:
			args = append(args, word)
		}
	}
	at := path[len(path)-1]
	name, value, hasValue := strings.Cut(last, "=")
	switch {
	case expects != nil:
		return valuesOf(path, expects, "", last)
	case strings.HasPrefix(last, "-") && hasValue:
		if f := flagOf(path, name); f != nil {
			return valuesOf(path, f, name+"=", value)
		}
		return nil
	case strings.HasPrefix(last, "-"):
		return matching("", last, flagsOf(path))
	case len(at.Commands) > 0:
		if len(args) > 0 {
			return nil
		}
		return matching("", last, commandsOf(at))
	}
	return matching("", last, argsOf(root, at, args))
}

// matching returns the replies that begin with word, each after prefix.
func matching(prefix, word string, known []reply) (found []reply) {
	for _, r := range known {
		if strings.HasPrefix(r.word, word) {
			found = append(found, reply{prefix + r.word, r.about})
		}
	}
	return found
}

func commandsOf(c *cli.Command) (known []reply) {
	for _, sub := range c.Commands {
		known = append(known, reply{sub.Name, sub.Usage})
	}
	return known
}

// flagsOf returns the flags of the last command of a path, and of those above it.
func flagsOf(path []*cli.Command) (known []reply) {
	for _, c := range slices.Backward(path) {
		for _, f := range c.Flags {
			known = append(known, reply{"--" + f.Names()[0], usageOf(f)})
		}
	}
	return append(known, reply{"--help", "show help"})
}

// flagOf returns the flag that is typed as word, with a value or without, or nil.
func flagOf(path []*cli.Command, word string) cli.Flag {
	name, _, _ := strings.Cut(strings.TrimLeft(word, "-"), "=")
	for _, c := range slices.Backward(path) {
		for _, f := range c.Flags {
			if slices.Contains(f.Names(), name) {
				return f
			}
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// usageOf returns what a flag is about.
func usageOf(f cli.Flag) string {
	d, ok := f.(cli.DocGenerationFlag)
	if !ok {
		return ""
	}
	return strings.ReplaceAll(d.GetUsage(), "`", "")
}

// valuesOf returns the values of a flag that begin with value, each after prefix. In a list, the last element is completed.
func valuesOf(path []*cli.Command, f cli.Flag, prefix, value string) []reply {
	if s, ok := f.(*cli.StringFlag); ok && s.TakesFile {
		return []reply{{filesLine, ""}}
	}
	var names []string
	for _, c := range path[1:] {
		names = append(names, c.Name)
	}
	name := f.Names()[0]
	command := strings.Join(names, " ")
	values := knownValues(command, name)
	if values == nil {
		return nil
	}
	if !strings.HasSuffix(command, "expiring") && name == "sort" || isFilter(f) {
		if i := strings.LastIndexByte(value, ','); i >= 0 {
			prefix, value = prefix+value[:i+1], value[i+1:]
		}
		if name == "sort" && strings.HasPrefix(value, "-") {
			prefix, value = prefix+"-", value[1:]
		}
	}
	return matching(prefix, value, wordsOf(values()...))
}

// knownValues returns the function that returns the values of a flag of a command, or nil.
func knownValues(command, flag string) func() []string {
	if values, ok := valuesOfCommands[command+" --"+flag]; ok {
		return values
	}
	return valuesOfFlags[flag]
}

// argsOf returns the arguments that may come after args.
func argsOf(root, at *cli.Command, args []string) []reply {
	if at.ArgsUsage == "PRODUCT" && len(args) == 0 {
		return wordsOf(products...)
	}
	switch at.Name {
	case "completion":
		if len(args) == 0 {
			return wordsOf(shells()...)
		}
	case "set", "unset":
		switch {
		case len(args) == 0:
			var known []reply
			for _, s := range allSettings {
				known = append(known, reply{s.name, s.usage})
			}
			return known
		case at.Name == "set" && len(args) == 1 && args[0] == "api-key-file":
			return []reply{{filesLine, ""}}
		case at.Name == "set" && len(args) == 1 && valuesOfFlags[args[0]] != nil:
			return wordsOf(valuesOfFlags[args[0]]()...)
		}
	case "help":
		for _, name := range args {
			if root = root.Command(name); root == nil {
				return nil
			}
		}
		return commandsOf(root)
	}
	return nil
}

func wordsOf[T ~string](list ...T) (known []reply) {
	for _, word := range list {
		known = append(known, reply{string(word), ""})
	}
	return known
}

// fixed returns a function that returns the values as texts.
func fixed[T ~string](list ...T) func() []string {
	texts := make([]string, len(list))
	for i, v := range list {
		texts[i] = string(v)
	}
	return func() []string { return texts }
}

// products are the name ids of common products. An account may have others.
var products = []string{
	"ssl_basic", "ssl_plus", "ssl_multi_domain", "ssl_wildcard", "ssl_ev_basic", "ssl_ev_plus", "ssl_ev_multi_domain",
	"ssl_securesite", "ssl_securesite_flex", "ssl_securesite_pro", "ssl_ev_securesite_flex", "ssl_ev_securesite_pro",
	"ssl_dv_rapidssl", "wildcard_dv_rapidssl", "ssl_dv_geotrust", "wildcard_dv_geotrust", "ssl_dv_geotrust_flex",
	"private_ssl_plus", "private_ssl_multi_domain", "private_ssl_wildcard", "private_ssl_flex",
}

// valuesOfFlags are the values of flags that are known. The service may have others.
var valuesOfFlags = map[string]func() []string{
	"profile":        profileNames,
	"region":         fixed("us", "eu"),
	"output":         fixed(formatTable, formatJSON, formatJSONL, formatCSV, formatYAML),
	"color":          fixed(colorAuto, colorAlways, colorNever),
	"pace":           fixed("100/5s", "1000/3m", "off"),
	"status":         fixed(orderStatuses...),
	"product":        fixed(products...),
	"account-type":   fixed(digicert.AccountTypeEnterprise, digicert.AccountTypeRetail, digicert.AccountTypeReseller),
	"format":         fixed(digicert.FormatPEMAll, "pem_noroot", "pem_nointermediate", "cer", "p7b", "default_pem", "apache"),
	"signature-hash": fixed("sha256", "sha384", "sha512"),
	"dcv-method":     fixed(digicert.DCVEmail, digicert.DCVDNSTXT, digicert.DCVDNSCNAME, digicert.DCVHTTP, digicert.DCVHTTPDynamic),
	"payment-method": fixed("balance"),
	"reason": fixed(digicert.RevocationUnspecified, digicert.RevocationKeyCompromise, digicert.RevocationAffiliationChanged,
		digicert.RevocationSuperseded, digicert.RevocationCessationOfOperation),
	"on-failure": fixed(onFailureStop, onFailureSkip),
}

// valuesOfCommands are the values where a command has its own.
var valuesOfCommands = map[string]func() []string{
	"orders list --sort":          fixed("order_id", "date_created", "common_name", "status", "validity_years", "product_name", "valid_till"),
	"subaccounts orders --sort":   fixed("id", "common_name", "product_name_id", "date_created", "validity_years"),
	"expiring --sort":             func() []string { return slices.Sorted(maps.Keys(expiringOrders)) },
	"inventory expiring --sort":   func() []string { return slices.Sorted(maps.Keys(expiringOrders)) },
	"requests list --status":      fixed("submitted", "pending", "approved", "rejected"),
	"requests list --type":        fixed("new_request", "reissue", "duplicate", "revoke"),
	"organizations list --status": fixed(digicert.OrganizationActive, digicert.OrganizationInactive),
	"domains list --status":       fixed("active", "inactive"),
}

// profileNames returns the profiles of the config file, or nothing if it cannot be read.
func profileNames() []string {
	config, err := readConfig(context.Background())
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(config.Profiles))
}
