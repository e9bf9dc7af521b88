package main

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completed is what a shell is offered for the last word of a line, without the directive.
func completed(t *testing.T, args ...string) []string {
	t.Helper()
	o := call(t, append([]string{"__complete"}, args...)...)
	o.wants(t, exitPassed)
	if strings.Contains(o.err, "backtrail: ") || strings.Contains(o.err, "hint: ") {
		t.Errorf("%q: it is not silent: %s", args, o.err)
	}
	lines := strings.Split(strings.TrimSpace(o.out), "\n")
	return lines[:len(lines)-1]
}

func TestCasesAreCompleted(t *testing.T) {
	_, id := savedCalm(t)
	for _, line := range []string{
		"open", "aware", "runtime", "add", "custody add", "custody show", "thresholds explain", "policy draft",
	} {
		words := strings.Fields(line)
		if got := completed(t, append(words, "")...); !slices.Equal(got, []string{id}) {
			t.Errorf("%s: %q", line, got)
		}
		if got := completed(t, append(words, "nothing-like-it")...); len(got) != 0 {
			t.Errorf("%s nothing-like-it: %q", line, got)
		}
	}
	if got := completed(t, "aware", id, ""); len(got) != 0 {
		t.Errorf("a second case is offered: %q", got)
	}
}

func TestPodsAndNamespacesAreCompleted(t *testing.T) {
	newHome(t)
	other := webPod("db-0", "b", 0)
	other.Namespace = "data"
	server := newAPIServer(t, webPod("web-a", "a", 0), webPod("web-b", "b", 0), other)
	config := server.kubeconfig(t)
	for line, want := range map[string][]string{
		"inspect pod/":          {"pod/web-a", "pod/web-b"},
		"inspect pod/web-b":     {"pod/web-b"},
		"inspect -n data pod/":  {"pod/db-0"},
		"inspect w":             {"pod/"},
		"inspect pod/web-a:":    {"pod/web-a:web"},
		"inspect pod/gone:":     nil,
		"pods --namespace d":    {"data"},
		"pods --context s":      {"stage"},
		"inspect oci:x -o mark": {"markdown"},
		"demo p":                {"poisoned"},
	} {
		got := completed(t, append([]string{"--kubeconfig", config}, strings.Fields(line)...)...)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", line, got, want)
		}
	}
}

// Without a cluster nothing is offered, and nothing is printed into the line that is being typed.
func TestNothingIsCompletedWithoutACluster(t *testing.T) {
	newHome(t)
	for _, line := range []string{"inspect pod/", "pods --namespace d", "pods --context s"} {
		if got := completed(t, strings.Fields(line)...); len(got) != 0 {
			t.Errorf("%s: %q", line, got)
		}
	}
}

// The modules of the program are listed as go.sum has them, for whoever looks up whether one of them is vulnerable.
func TestTheModulesOfTheProgram(t *testing.T) {
	newHome(t)
	var b buildReport
	if err := json.Unmarshal([]byte(call(t, "version", "-o", "json").out), &b); err != nil {
		t.Fatal(err)
	}
	if b.Name != "backtrail" || b.Version == "" || !strings.HasPrefix(b.Go, "go1.") {
		t.Errorf("%+v", b.Tool)
	}
	if !strings.HasPrefix(b.Root.Digest, "sha256:") || b.Root.Fetched.IsZero() || !strings.HasSuffix(b.Root.Age, "d") ||
		b.Root.Source == "" {
		t.Errorf("the embedded trust root is %+v", b.Root)
	}
	at := slices.IndexFunc(b.Modules, func(m buildModule) bool { return m.Path == "github.com/spf13/cobra" })
	if at < 0 || !strings.HasPrefix(b.Modules[at].Version, "v1.") || !strings.HasPrefix(b.Modules[at].Sum, "h1:") {
		t.Errorf("cobra is not among the %d modules", len(b.Modules))
	}
	if !slices.IsSortedFunc(b.Modules, func(a, b buildModule) int { return strings.Compare(a.Path, b.Path) }) {
		t.Error("they are not sorted")
	}
}

// kubectl runs a plugin under another name: usage, examples and hints must be what its user can type.
func TestAPluginOfKubectlNamesItselfSo(t *testing.T) {
	newHome(t)
	plugin := func(args ...string) (string, string) {
		var out, errs bytes.Buffer
		run(t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &errs, plugin: true})
		return out.String(), errs.String()
	}
	help, _ := plugin("--help")
	for _, want := range []string{
		"kubectl backtrail [command]", "\n  kubectl backtrail demo  ", "(kubectl backtrail help TOPIC)",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("no %q in\n%s", want, help)
		}
	}
	if strings.Contains(help, "kubectl kubectl") {
		t.Error("the name is there twice")
	}
	_, errs := plugin("nothing")
	if !strings.Contains(errs, "hint: kubectl backtrail --help") {
		t.Errorf("a hint names another command: %s", errs)
	}
	_, errs = plugin("cases", "-o", "csv", "--as", "x")
	if !strings.Contains(errs, "kubectl backtrail cases does not use --as") {
		t.Errorf("%s", errs)
	}
	for name, want := range map[string]bool{
		"/usr/local/bin/kubectl-backtrail": true, "kubectl-backtrail.exe": true, "backtrail": false,
		"kubectl-backtrail/backtrail": false,
	} {
		if isPlugin(filepath.FromSlash(name)) != want {
			t.Errorf("%s is a plugin: %v", name, !want)
		}
	}
}

// A token must not go into a command that is copied into a channel.
func TestACopiedCommandHasNoToken(t *testing.T) {
	root := rootCommand(streams{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	cmd, _, err := root.Find([]string{"pods"})
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.ParseFlags([]string{"--token", "hunter2", "--as", "ada", "--as-group=ops"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(givenFlags(cmd), " "); got != "--as ada --as-group ops" {
		t.Errorf("given: %q", got)
	}
}
