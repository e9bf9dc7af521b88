package main

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// runLine runs a command line in folders of its own, and gives its exit code and stderr.
func runLine(t *testing.T, args ...string) (int, string) {
	t.Helper()
	newHome(t)
	o := call(t, args...)
	return o.code, o.err
}

// An empty value, as an unset variable of a script gives it, would fit everybody or nobody: neither was meant.
func TestEmptyValuesAreUsageErrors(t *testing.T) {
	for _, name := range slices.Concat(flagGroups[signerFlags], flagGroups[keyFlags], flagGroups[sourceFlags], flagGroups[trustFlags], []string{"platform", "snapshot", "alerts", "known-good"}) {
		for _, value := range []string{"", " "} {
			if code, text := runLine(t, "inspect", "oci:nowhere", "--offline", "--"+name+"="+value); code != exitUsage || !strings.Contains(text, "--"+name) {
				t.Errorf("--%s=%q: exit %d: %s", name, value, code, text)
			}
		}
	}
	if code, _ := runLine(t, "inspect", "oci:nowhere", "--offline", "--source-uri", "github.com/org/app", "--source-uri", ""); code != exitUsage {
		t.Errorf("one empty value beside another: exit %d", code)
	}
}

// An identity means nothing without its issuer, and the reverse.
func TestIdentityAndIssuerGoTogether(t *testing.T) {
	for _, args := range [][]string{
		{"--certificate-identity", "ada@example.com"},
		{"--certificate-identity-regexp", ".*"},
		{"--certificate-oidc-issuer", "https://issuer.example"},
		{"--certificate-oidc-issuer-regexp", "https://.*"},
	} {
		for _, verb := range [][]string{{"inspect", "oci:nowhere"}, {"verify-blob", "file", "--bundle", "bundle.json"}} {
			if code, text := runLine(t, append(append(verb, "--offline"), args...)...); code != exitUsage {
				t.Errorf("%v %v: exit %d: %s", verb, args, code, text)
			}
		}
	}
}

func TestFlagsThatAVerbDoesNotUse(t *testing.T) {
	for _, args := range [][]string{
		{"cases", "--key", "k.pub"},
		{"cases", "-n", "shop"},
		{"pods", "--source-uri", "github.com/org/app"},
		{"pods", "--policy", "p.yaml"},
		{"verify", "bag", "--snapshot", "dump.json"},
		{"verify", "bag", "--source-tag", "v1"},
		{"verify", "bag", "--certificate-identity", "ada@example.com", "--certificate-oidc-issuer", "https://issuer.example"},
		{"verify", "bag", "--certificate-identity-regexp", ".*", "--certificate-oidc-issuer-regexp", ".*"},
		{"verify-blob", "file", "--bundle", "b.json", "--builder-id", "https://builder.example"},
		{"diff", "a", "b", "--sign-key", "k.pem"},
		{"cache", "prune", "--registry-map", "a=b"},
		{"version", "--kubeconfig", "kc"},
	} {
		if code, text := runLine(t, args...); code != exitUsage || !strings.Contains(text, "does not use") {
			t.Errorf("%v: exit %d: %s", args, code, text)
		}
	}
	for _, args := range [][]string{{"cases", "--offline", "--no-color"}, {"version", "--ascii"}} {
		if code, text := runLine(t, args...); code != 0 {
			t.Errorf("%v: exit %d: %s", args, code, text)
		}
	}
}

// Every shared flag that only some verbs use is in a group, and every group and verb exists.
func TestFlagGroups(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	every := []string{"cache", "offline", "no-color", "ascii", "plain", "output"}
	for _, names := range flagGroups {
		for _, n := range names {
			if root.PersistentFlags().Lookup(n) == nil {
				t.Errorf("there is no flag --%s", n)
			}
		}
		every = append(every, names...)
	}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if !slices.Contains(every, f.Name) {
			t.Errorf("--%s is in no group", f.Name)
		}
	})
	for verb := range unusedGroups {
		if c, _, err := root.Find([]string{verb}); err != nil || c == root {
			t.Errorf("there is no verb %s", verb)
		}
	}
}

// A copied command has every flag in force, except those that name the target or listen.
func TestTheFlagsInForceAreCopied(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	args := []string{
		"-n", "shop", "--offline", "--alerts", "falco json", "--certificate-identity", "a@b",
		"--certificate-identity", "c@d", "--no-color", "--registry-map", "a=b", "--listen", "127.0.0.1:1",
	}
	if err := root.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	got := givenFlags(root)
	want := []string{
		"--alerts", "falco json", "--certificate-identity", "a@b", "--certificate-identity", "c@d",
		"--offline", "--registry-map", "a=b",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the flags are %q, want %q", got, want)
	}
}
