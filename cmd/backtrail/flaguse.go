package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/settings"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroup is a set of shared flags that a verb uses, or has no use for, as a whole. Groups are the unit so that a new
// flag gets its place once, and not once for each verb; a test finds a flag that is in none.
type flagGroup string

const (
	clusterFlags  flagGroup = "cluster"  // which cluster, and which pods
	aroundFlags   flagGroup = "around"   // what is read around a pod
	alertFlags    flagGroup = "alerts"   // where alerts come from
	registryFlags flagGroup = "registry" // how images are read
	trustFlags    flagGroup = "trust"    // whom signatures must lead to
	signerFlags   flagGroup = "signer"   // who should have signed, by name
	keyFlags      flagGroup = "key"      // whose key should have signed
	sourceFlags   flagGroup = "source"   // where an image should come from
	exportFlags   flagGroup = "export"   // how a bundle is signed and stamped
	levelFlags    flagGroup = "level"    // which vulnerabilities and findings may be there
	vexFlags      flagGroup = "vex"      // what is stated about vulnerabilities
	journalFlags  flagGroup = "journal"  // whether the case is recorded in the journal
)

// flagGroups sorts the shared flags. What is in none of them (presentation, cache, --offline) suits every verb.
var flagGroups = map[flagGroup][]string{
	clusterFlags: {
		"kubeconfig", "context", "namespace", "all-namespaces", "snapshot", "in-cluster", "cluster", "user", "server",
		"tls-server-name", "token", "as", "as-group", "as-uid", "request-timeout",
	},
	aroundFlags:   {"helm", "no-logs", "pull-secrets"},
	alertFlags:    {"alerts", "alerts-from-cluster", "listen"},
	registryFlags: {"platform", "max-layer", "registry-map", "registry-ca", "github"},
	trustFlags:    {"trusted-root", "ca-roots", "policy", "notation-trust-store", "notation-policy"},
	signerFlags: {
		"certificate-identity", "certificate-identity-regexp", "certificate-oidc-issuer",
		"certificate-oidc-issuer-regexp",
	},
	keyFlags:    {"key"},
	sourceFlags: {"source-uri", "source-branch", "source-tag", "source-versioned-tag", "builder-id"},
	exportFlags: {
		"sign-key", "sign-keyless", "identity-token", "fulcio-url", "rekor-url", "yes-publish", "timestamp-url",
	},
	levelFlags:   {"thresholds"},
	vexFlags:     {"vex"},
	journalFlags: {"no-journal"},
}

// caseFlags are the groups for making a case, which verbs about anything else have no use for. Every group is among
// them: what is in no group, such as --ascii, is used by all verbs.
var caseFlags = []flagGroup{
	clusterFlags, aroundFlags, alertFlags, registryFlags, trustFlags, signerFlags, keyFlags, sourceFlags, exportFlags,
	levelFlags, vexFlags, journalFlags,
}

// unusedGroups lists for each verb the groups that it has no use for. A verb that is not named uses all. An entry has
// to be right in both directions: a group too many refuses a flag that was needed, a group too few ignores one
// silently.
var unusedGroups = map[string][]flagGroup{
	"open":        allBut(exportFlags),
	"policy":      allBut(clusterFlags, aroundFlags, registryFlags, trustFlags, signerFlags, keyFlags),
	"demo":        allBut(alertFlags, exportFlags),
	"pods":        allBut(clusterFlags, alertFlags, journalFlags),
	"diff":        allBut(clusterFlags, aroundFlags, registryFlags, trustFlags, signerFlags, keyFlags, sourceFlags),
	"audit":       {alertFlags},
	"cases":       caseFlags,
	"where":       caseFlags,
	"journal":     caseFlags,
	"aware":       caseFlags,
	"runtime":     caseFlags,
	"add":         caseFlags,
	"custody":     caseFlags,
	"verify":      allBut(trustFlags, keyFlags),
	"verify-blob": allBut(trustFlags, signerFlags, keyFlags),
	"rbac":        caseFlags,
	"cache":       caseFlags,
	"db":          caseFlags,
	"man":         caseFlags,
	"version":     caseFlags,
	"thresholds":  allBut(levelFlags),
}

// oneForm are the commands that print one form only, by their path: -o would be ignored, and a script that asked for
// JSON would read a table. A test runs every command with a form that does not exist, so that none is missing here.
var oneForm = []string{
	"backtrail add", "backtrail custody", "backtrail custody add", "backtrail custody show",
	"backtrail aware", "backtrail cache", "backtrail cache prune", "backtrail cache verify", "backtrail db import",
	"backtrail help", "backtrail journal export", "backtrail journal import", "backtrail journal prune",
	"backtrail man", "backtrail policy draft", "backtrail rbac", "backtrail runtime", "backtrail thresholds init",
}

// allBut are the groups of flags for making a case without those that a verb uses.
func allBut(used ...flagGroup) []flagGroup {
	return slices.DeleteFunc(slices.Clone(caseFlags), func(g flagGroup) bool { return slices.Contains(used, g) })
}

// checkFlags refuses flags whose value is empty, as an unset variable of a script gives it, and flags that the verb
// does not use: both would check less than the caller meant to. `verify BUNDLE --certificate-identity "$WHO"` is an
// example of both: the flag is about images, and an empty text would match every signer or none.
//
// A verb is the first word; a command below it (cache prune) uses the same groups.
func checkFlags(cmd *cobra.Command) error {
	var wrong error
	verb := verbOf(cmd)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch {
		case wrong != nil:
		case hasEmpty(f.Value):
			wrong = usage("--%s has an empty value: name one, or leave the flag out", f.Name)
		case slices.ContainsFunc(unusedGroups[verb],
			func(g flagGroup) bool { return slices.Contains(flagGroups[g], f.Name) }):
			wrong = usage("%s does not use --%s: leave it out", cmd.CommandPath(), f.Name)
		}
	})
	if wrong != nil {
		return wrong
	}
	named := []string{"kubeconfig", "context", "cluster", "user", "server", "tls-server-name", "token"}
	live := append(named, "in-cluster", "as", "as-group", "as-uid", "request-timeout")
	if name := firstChanged(cmd, live); name != "" && cmd.Flags().Changed("snapshot") {
		return usage("--snapshot is read in place of a cluster: leave --%s out", name)
	}
	if name := firstChanged(cmd, named); name != "" && cmd.Flags().Changed("in-cluster") {
		return usage("--in-cluster is the cluster and the account of this pod: leave --%s out", name)
	}
	return nil
}

// verbOf is the child of the root that a command is or belongs to: cache, for cache prune.
func verbOf(cmd *cobra.Command) string {
	for cmd.HasParent() && cmd.Parent().HasParent() {
		cmd = cmd.Parent()
	}
	return cmd.Name()
}

// withoutSettings are the verbs that do not read config.yaml: they help whoever mends it.
var withoutSettings = []string{"help", "man", "version", "completion", cobra.ShellCompRequestCmd}

// useSettings sets the flags that config.yaml names and the command line does not. Flags that the verb has no use for
// stay as they are: the file is for all verbs. Whatever is wrong with the file is a usage error, since a case would run
// in another way than its owner believes.
func useSettings(cmd *cobra.Command) error {
	dir, err := configDir()
	if err != nil || slices.Contains(withoutSettings, verbOf(cmd)) {
		return nil // a user without a home has no settings
	}
	file := filepath.Join(dir, "config.yaml")
	wrong := func(err error) error {
		return &exitError{
			code: exitUsage, err: fmt.Errorf("%s: %w", file, err),
			hints: []string{"backtrail help config lists the settings"},
		}
	}
	data, err := readBounded(file, settings.MaxBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return wrong(err)
	}
	all, err := settings.Read(data, dir)
	if err != nil {
		return wrong(err)
	}
	for _, s := range all {
		flag := cmd.Flags().Lookup(s.Name)
		if flag == nil || flag.Changed || slices.ContainsFunc(unusedGroups[verbOf(cmd)],
			func(g flagGroup) bool { return slices.Contains(flagGroups[g], s.Name) }) {
			continue
		}
		for _, v := range s.Values {
			if err := cmd.Flags().Set(s.Name, v); err != nil {
				return wrong(fmt.Errorf("line %d: %w", s.Line, err))
			}
		}
	}
	return nil
}

// firstChanged is the first of some flags that the command line has; "" for none.
func firstChanged(cmd *cobra.Command, names []string) string {
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			return name
		}
	}
	return ""
}

// hasEmpty reports whether a flag was given an empty text, or one of blanks. In lists each value counts: one empty
// identity beside a real one would match as well.
func hasEmpty(v pflag.Value) bool {
	switch v.Type() {
	case "string":
		return strings.TrimSpace(v.String()) == ""
	case "stringArray", "stringSlice":
		if list, ok := v.(pflag.SliceValue); ok {
			return slices.ContainsFunc(list.GetSlice(), func(s string) bool { return strings.TrimSpace(s) == "" })
		}
	}
	return false
}

// targetFlags select the target: a command that is copied names its target itself, by what the case was about and not
// by what the command line was. The list of pods is opened with -A, and its cases are each of one namespace.
var targetFlags = []string{"context", "namespace", "all-namespaces", "snapshot"}

// givenFlags are the flags of a command line that change what a case shows, ready to be quoted: with them a copied
// command shows the same elsewhere. What names the target, listens or signs is left out.
//
// They are in the order of their names, as pflag visits them, whatever the order on the command line was. A bool that
// was switched off is written with its value: --no-logs=false. A secret is left out: a copied command is pasted
// anywhere.
func givenFlags(cmd *cobra.Command) []string {
	names := []string{"offline"}
	for _, g := range []flagGroup{
		clusterFlags, aroundFlags, alertFlags, registryFlags, trustFlags, signerFlags,
		keyFlags, sourceFlags,
	} {
		names = append(names, flagGroups[g]...)
	}
	var given []string
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(names, f.Name) || slices.Contains(targetFlags, f.Name) || f.Name == "listen" ||
			secretFlag("--"+f.Name) {
			return
		}
		list, many := f.Value.(pflag.SliceValue)
		switch {
		case many:
			for _, v := range list.GetSlice() {
				given = append(given, "--"+f.Name, v)
			}
		case f.Value.Type() == "bool" && f.Value.String() == "true":
			given = append(given, "--"+f.Name)
		case f.Value.Type() == "bool":
			given = append(given, "--"+f.Name+"="+f.Value.String())
		default:
			given = append(given, "--"+f.Name, f.Value.String())
		}
	})
	return given
}
