package inspect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestNamesOfCases(t *testing.T) {
	const hex64 = "32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae"
	for name, want := range map[string]string{
		"pod/web-7d9c5b6f48-x2kqp":               "web-7d9c5b6f48-x2kqp",
		"deploy/web":                             "web",
		"ghcr.io/shop/web:1.4.2":                 "web-1-4-2",
		"ghcr.io/shop/web@sha256:" + hex64:       "web-32e45c9a7ba9",
		"ghcr.io/shop/web:1.4.2@sha256:" + hex64: "web-1-4-2-32e45c9a7ba9",
		"oci:./layouts/web":                      "web",
		"oci:./layouts/web/":                     "web",
		"oci-archive:/tmp/web.tar":               "web",
		"docker-archive:/tmp/web.tar.gz":         "web",
		"./web.tgz":                              "web",
		"./web.tar.gz.tar":                       "web-tar-gz", // one ending is left out
		"alert:3":                                "alert-3",
		"":                                       "case",
		"/":                                      "case",
		"...":                                    "case",
		"大小":                                     "case",
		"../../etc/passwd":                       "passwd",
		"a b;rm -rf x":                           "a-b-rm-rf-x",
		"\x1b]8;;http://evil.example\x07click":   "evil-example-click",
		strings.Repeat("x", 100):                 strings.Repeat("x", 48),
		"pod/" + strings.Repeat("long-", 20) + "end":            strings.Repeat("long-", 8) + "end",
		strings.Repeat("y", 20) + "-" + strings.Repeat("z", 47): strings.Repeat("z", 47),
	} {
		if got := CaseID(Target{Name: name}, at(9)); got != "20260514T030900Z-"+want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// The start comes first, in UTC, so that names sort by time.
func TestNamesOfCasesSortByTime(t *testing.T) {
	local := time.Date(2026, 5, 14, 1, 0, 0, 0, time.FixedZone("", 2*3600))
	if got := CaseID(Target{Name: "a"}, At(local)); got != "20260513T230000Z-a" {
		t.Error(got)
	}
	early, late := CaseID(Target{Name: "z"}, at(1)), CaseID(Target{Name: "a"}, at(2))
	if early >= late {
		t.Errorf("%s does not sort before %s", early, late)
	}
}

// Whatever a target is called, the name of its case is one word of a path, which no shell reads in another way.
func FuzzCaseID(f *testing.F) {
	f.Add("pod/web-0")
	f.Add("oci:../../x/..")
	f.Add("a\x00b/\u202e.tar")
	f.Add("x@sha256:32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae")
	word := regexp.MustCompile(`^20260514T030900Z-[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	f.Fuzz(func(t *testing.T, name string) {
		id := CaseID(Target{Name: name}, at(9))
		if !word.MatchString(id) || len(id) > len("20260514T030900Z-")+maxSlug {
			t.Errorf("%q: %q", name, id)
		}
		if again := slug(slug(name)); again != slug(name) {
			t.Errorf("%q: %q, and then %q", name, slug(name), again)
		}
	})
}

// Commands name the context, so that they reach the cluster of the case; one that was read from a dump has none.
func TestKubectl(t *testing.T) {
	for context, want := range map[string]string{
		"":                             "kubectl",
		"prod":                         "kubectl --context prod",
		"arn:aws:eks:eu-1:1:cluster/a": "kubectl --context arn:aws:eks:eu-1:1:cluster/a",
		"my cluster":                   "kubectl --context 'my cluster'",
		"$(reboot)":                    "kubectl --context '$(reboot)'",
		"snapshot dump.json":           "kubectl",
		"snapshots":                    "kubectl --context snapshots",
	} {
		if got := (Target{Context: context}).Kubectl(); got != want {
			t.Errorf("%q: %s, want %s", context, got, want)
		}
	}
	if path, ok := (Target{Context: "snapshot dump.json"}).SavedDump(); !ok || path != "dump.json" {
		t.Errorf("%q, %v", path, ok)
	}
	if path, ok := (Target{Context: "prod"}).SavedDump(); ok {
		t.Errorf("a live context is the dump %q", path)
	}
}

func TestWorkloads(t *testing.T) {
	for name, tt := range map[string]struct {
		owner []Owner
		want  string
	}{
		"a pod of its own": {nil, "web-0"},
		"a ReplicaSet":     {[]Owner{{Kind: "ReplicaSet", Name: "web-7d9c5b6f48"}}, "web"},
		"with its Deployment": {[]Owner{{Kind: "ReplicaSet", Name: "web-7d9c5b6f48"}, {
			Kind: "Deployment",
			Name: "web-api",
		}}, "web-api"},
		"a StatefulSet":            {[]Owner{{Kind: "StatefulSet", Name: "db-main"}}, "db-main"},
		"a ReplicaSet of a person": {[]Owner{{Kind: "ReplicaSet", Name: "web"}}, "web"},
		"a name of a hash only":    {[]Owner{{Kind: "ReplicaSet", Name: "-7d9c"}}, "-7d9c"},
	} {
		if got := (&Pod{Name: "web-0", Owner: tt.owner}).Workload(); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// The digest of a container is that of the imageID, in each form in which runtimes report it.
func TestDigestOfAContainer(t *testing.T) {
	for id, want := range map[string]string{
		"registry.example/shop/web@sha256:32e4":              "sha256:32e4",
		"docker-pullable://registry.example/web@sha256:32e4": "sha256:32e4",
		"docker://sha256:32e4":                               "sha256:32e4",
		"sha256:32e4":                                        "sha256:32e4",
		"":                                                   "",
		"registry.example/shop/web:1.4.2":                    "",
		"sha256:aaaa.example/web@sha256:32e4":                "sha256:32e4", // the last one counts
		"registry.example/web@sha512:32e4":                   "",
	} {
		if got := (Container{ImageID: id}).Digest(); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestPodsWithTheSameDigest(t *testing.T) {
	p := Pod{Others: []string{"a/1", "a/2"}}
	if p.SameDigest() != 2 {
		t.Errorf("%d", p.SameDigest())
	}
	p.Reach.Shared.Digest.Count = 1200 // more than are named
	if p.SameDigest() != 1200 {
		t.Errorf("%d", p.SameDigest())
	}
}

// The pod is gone by the first change that took it, also where its name came back.
func TestGone(t *testing.T) {
	for name, tt := range map[string]struct {
		states []string
		want   string
	}{
		"it is there":          {nil, ""},
		"it was changed":       {[]string{PodChanged}, ""},
		"it was asked to go":   {[]string{PodTerminating}, ""},
		"it went":              {[]string{PodTerminating, PodGone}, PodGone},
		"another has its name": {[]string{PodChanged, PodReplaced, PodGone}, PodReplaced},
	} {
		c := &Case{}
		for n, s := range tt.states {
			c.Apply(Event{Fact: PodChange{Time: at(n), State: s}})
		}
		x, ok := c.Gone()
		if x.State != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, %v", name, x.State, ok)
		}
	}
}

// What a person marked last about the run-time state counts; taken back, it is open again.
func TestRuntimeState(t *testing.T) {
	mark := func(n int, mark string) Note { return Note{Time: at(n), Subject: SubjectRuntime, Mark: mark} }
	for name, tt := range map[string]struct {
		notes []Fact
		mark  string
		ok    bool
	}{
		"nothing":                {nil, "", false},
		"saved":                  {[]Fact{mark(1, RuntimeSaved)}, RuntimeSaved, true},
		"given up":               {[]Fact{mark(1, RuntimeGivenUp)}, RuntimeGivenUp, true},
		"taken back":             {[]Fact{mark(1, RuntimeSaved), mark(2, RuntimeOpen)}, RuntimeOpen, false},
		"told in another order":  {[]Fact{mark(2, RuntimeOpen), mark(1, RuntimeSaved)}, RuntimeOpen, false},
		"a note without a mark":  {[]Fact{mark(1, RuntimeSaved), mark(2, "")}, RuntimeSaved, true},
		"about something else":   {[]Fact{Note{Time: at(3), Subject: "finding", Mark: RuntimeSaved}}, "", false},
		"a mark of tomorrow":     {[]Fact{mark(1, RuntimeSaved), mark(2, "checkpointed")}, "checkpointed", false},
		"a mark of another kind": {[]Fact{mark(1, "benign")}, "benign", false},
	} {
		n, ok := fold(about("", tt.notes...)...).Runtime()
		if n.Mark != tt.mark || ok != tt.ok {
			t.Errorf("%s: %q, %v", name, n.Mark, ok)
		}
	}
}

// A deadline runs until it is withdrawn; the one that was withdrawn stays on record, and a new one may start.
func TestRunningClock(t *testing.T) {
	c := fold(about("", Clock{Regime: CRA, Started: at(1), Author: "ada"})...)
	if k, ok := c.RunningClock(CRA); !ok || k.Author != "ada" {
		t.Errorf("%+v, %v", k, ok)
	}
	if _, ok := c.RunningClock(NIS2); ok {
		t.Error("to become aware by one law is not to become aware by another")
	}
	c.Apply(Event{Fact: Clock{Regime: CRA, Started: at(1), Author: "ada", Withdrawn: &Withdrawal{
		Author: "ada",
		Reason: "mistake",
	}}})
	if _, ok := c.RunningClock(CRA); ok || len(c.Clocks) != 1 {
		t.Errorf("withdrawn: %v, %d on record", ok, len(c.Clocks))
	}
	c.Apply(Event{Fact: Clock{Regime: CRA, Started: at(5), Author: "bob"}})
	if k, ok := c.RunningClock(CRA); !ok || k.Author != "bob" || len(c.Clocks) != 2 {
		t.Errorf("started again: %+v, %v", k, ok)
	}
}

// Pods with a suspect layer are named once each, and those of one layer can be asked for.
func TestSharing(t *testing.T) {
	s := &Sharing{Suspect: []int{5, 6}, Others: []SharedImage{
		{Reference: "a", Layers: []int{5, 6}, Pods: []string{"shop/b", "shop/a"}},
		{Reference: "b", Layers: []int{6}, Pods: []string{"shop/a", "pay/c"}},
		{Reference: "c"},
	}}
	if got := s.Pods(); !slices.Equal(got, []string{"pay/c", "shop/a", "shop/b"}) {
		t.Errorf("%q", got)
	}
	if s.Others[0].Pods[0] != "shop/b" {
		t.Error("the fact itself was sorted")
	}
	for layer, want := range map[int]string{5: "a", 6: "ab", 7: "", -1: ""} {
		got := ""
		for _, i := range s.With(layer) {
			got += i.Reference
		}
		if got != want {
			t.Errorf("with layer %d: %q, want %q", layer, got, want)
		}
	}
	var none *Sharing
	if none.Pods() != nil || none.With(1) != nil {
		t.Error("without sharing there are pods")
	}
}

// An image of which nobody knows which bytes it is cannot be read, and the reason is given.
func TestImagesThatAreNotResolved(t *testing.T) {
	for name, tt := range map[string]struct {
		h        ImageHead
		resolved bool
		says     string
	}{
		"resolved": {ImageHead{Location: "r@sha256:1"}, true, ""},
		"in words": {
			ImageHead{Unresolved: UnresolvedGone, Detail: "the registry no longer has it"},
			false,
			"the registry no longer has it",
		},
		"without words":      {ImageHead{Unresolved: UnresolvedPlatform}, false, "platform-unknown"},
		"nothing is known":   {ImageHead{}, false, "not known which image runs"},
		"a location decides": {ImageHead{Location: "r", Unresolved: UnresolvedGone}, true, ""},
	} {
		err := tt.h.Read()
		if tt.h.Resolved() != tt.resolved || (err == nil) != tt.resolved || err != nil &&
			!strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, %v", name, tt.h.Resolved(), err)
		}
	}
	for name, tt := range map[string]struct {
		h     ImageHead
		named bool
		key   string
	}{
		"a manifest":       {ImageHead{Reference: "r", Digest: "sha256:m", Config: "sha256:c"}, true, "sha256:m"},
		"a docker archive": {ImageHead{Location: "docker-archive:x", Config: "sha256:c"}, true, "sha256:c"},
		"no head came":     {ImageHead{Container: "web"}, false, ""},
	} {
		if tt.h.Named() != tt.named || tt.h.Key() != tt.key {
			t.Errorf("%s: %v, %q", name, tt.h.Named(), tt.h.Key())
		}
	}
}

// A comparison that nobody confirmed is called previous.
func TestWhatTheComparisonIsCalled(t *testing.T) {
	for word, k := range map[string]KnownGood{
		"known-good": {Confirmed: true, By: "ada", Digest: "sha256:m", Config: "sha256:c"},
		"previous":   {Confidence: "high", Config: "sha256:c"},
	} {
		if k.Word() != word {
			t.Errorf("%+v is called %q", k, k.Word())
		}
		if want := map[bool]string{true: "sha256:m", false: "sha256:c"}[k.Confirmed]; k.Key() != want {
			t.Errorf("%+v has the key %q", k, k.Key())
		}
	}
}

// A program is one that a kernel would run: by its mode, or an ELF file, which a loader runs without.
func TestExecutables(t *testing.T) {
	for name, tt := range map[string]struct {
		e    Entry
		want bool
	}{
		"a script":                 {Entry{Type: EntryFile, Mode: 0o755, Kind: KindScript}, true},
		"without the bit":          {Entry{Type: EntryFile, Mode: 0o644, Kind: KindScript}, false},
		"for its group alone":      {Entry{Type: EntryFile, Mode: 0o610}, true},
		"an ELF file without it":   {Entry{Type: EntryFile, Mode: 0o644, Kind: KindELF}, true},
		"a hard link to one":       {Entry{Type: EntryHardlink, Mode: 0o755}, true},
		"setuid without the bit":   {Entry{Type: EntryFile, Mode: 0o4644}, false},
		"a folder":                 {Entry{Type: EntryDir, Mode: 0o755}, false},
		"a folder called ELF":      {Entry{Type: EntryDir, Mode: 0o755, Kind: KindELF}, false},
		"a symbolic link":          {Entry{Type: "symlink", Mode: 0o777}, false},
		"a type that is not known": {Entry{Type: "of tomorrow", Mode: 0o777, Kind: KindELF}, false},
	} {
		if got := tt.e.Executable(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Whether a hook is new is known only against an image to compare with.
func TestNewSince(t *testing.T) {
	yes, no := true, false
	for name, tt := range map[string]struct {
		since *bool
		want  bool
	}{"nothing to compare with": {nil, false}, "new": {&yes, true}, "there before": {&no, false}} {
		if got := (Autorun{New: tt.since}).Since(); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func ExampleCase_Apply() {
	var c Case
	for _, e := range []Event{
		{Check: "subject", Container: "web", Fact: ImageHead{
			Reference: "ghcr.io/shop/web:1.4.2",
			Location:  "ghcr.io/shop/web@sha256:32e4", Status: Unknown,
		}},
		{Check: "binaries", Container: "web", Fact: Begin{}},
		{Check: "binaries", Container: "web", Fact: Binary{Path: "/var/tmp/.font/fontd", Severity: Critical}},
		{Check: "binaries", Container: "web", Fact: Binary{Path: "/usr/bin/top", Severity: High}},
		{Check: "binaries", Container: "web", Fact: End{Status: CheckDone}},
	} {
		c.Apply(e)
	}
	image, _ := c.Image("web")
	state, _ := c.Check("binaries", "web")
	fmt.Println(image.Reference, image.Status.Words())
	for _, b := range image.Binaries {
		fmt.Println(b.Severity, b.Path)
	}
	fmt.Println(state.Name, state.Status.Words())
	// Output:
	// ghcr.io/shop/web:1.4.2 not checked
	// critical /var/tmp/.font/fontd
	// high /usr/bin/top
	// binaries done
}
