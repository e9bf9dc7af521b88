package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/evidence/seal"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/inspect/triage"
	"github.com/backtrail/backtrail/inspect/vuln"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
	"github.com/backtrail/backtrail/tui"
)

// session is what one run of the program works with: the store, the registries, the cluster, the roots of trust and
// what is expected. Nothing of it is opened before it is needed.
type session struct {
	flags    *flags
	std      streams
	now      func() time.Time // the clock of all that is recorded; the demo's stands still
	operator operator
	// client is the one way to registries, layouts and archives: all of them by digest, verified while they are read.
	client *registry.Client
	// cache has layers as listings and merged trees, and their files by offset. It is safe for concurrent use, as are
	// owners and packages: the checks of all containers share them, so that two images with one base read it once.
	cache    *layer.Cache
	owners   *owner.Cache
	packages *sbom.Cataloguer
	// advisories and vulns are read when a check first asks for them, and then once.
	advisories *advisory.Data
	vulns      *vuln.Data
	statements *vuln.Statements    // of OpenVEX
	thresholds *inspect.Thresholds // that a person named; nil without
	trust      *signature.Trust
	attested   *signature.Attestations // GitHub's, where asked for
	notary     *signature.Notary
	expected   inspect.Expected
	policies   *policy.Set // of flags and of the folder that is always loaded
	unread     error       // what of that folder could not be read
	platform   v1.Platform // of --platform; zero: that of the node, else the rules of package registry
	// choice is the known-good that a flag named or a person picked in the terminal UI, for each container.
	choice     *subject.Choice
	checkpoint *layer.Checkpoint // what changed at run time; nil without
	alerts     *triage.AlertSources
	lister     *triage.Lister  // of the pods with their alerts
	sign       evidence.Signer // of bundles; nil: they are not signed
	// timestamps are those of --timestamp-url, over bundles and over the begin of a case; nil: none are asked for.
	timestamps *seal.Authority
	// notices are for the terminal UI, where no case is open. Nothing waits for it: what does not fit is dropped.
	notices chan inspect.Notice
	journal string // path of the journal that cases are recorded in; empty: they are not
	// records is the journal that audits and searches of the terminal UI use, facts the folder of what audits store,
	// where these are not the person's own: the demo has both in its own folder. Empty: journal, and the data folder.
	records, facts string
	// passing is true for the demo: what it collected is gone with it, so that no case of it is gone on with later.
	passing bool
	tour    []tui.TourStep // of the terminal UI; empty: none

	// openCluster opens the cluster when it is first needed, and gives the same one from then on: an image is inspected
	// without a kubeconfig, and a dump of a large cluster is read once.
	openCluster func() (kube.Source, error)
	emit        atomic.Pointer[func(inspect.Event)] // of the case that is open
}

// newSession prepares a run. Its store is the cache on disk. Every file that a flag names is read here, but for trust
// roots and certificate authorities, which the check of signatures reads: what is wrong with these is a part of the
// case, which then is incomplete.
//
// No request is made yet, and no case is begun. Errors have an exit code of their own where they are mistakes in the
// command line. The caller closes the session.
func newSession(f *flags, std streams) (*session, error) {
	s := &session{flags: f, std: std, now: time.Now, operator: newOperator(), notices: make(chan inspect.Notice, 64)}
	go ownDigest()
	s.choice = &subject.Choice{By: s.operator.String()}
	var err error
	if s.expected, err = f.expect.expected(); err != nil {
		return nil, err
	}
	if s.policies, s.unread, err = f.loadPolicies(); err != nil {
		return nil, err
	}
	if err := s.setSeal(); err != nil {
		return nil, err
	}
	if f.platform != "" {
		p, err := v1.ParsePlatform(f.platform)
		if err != nil {
			return nil, usage("reading --platform: %w", err)
		}
		s.platform = *p
	}
	dir, err := f.cacheDir()
	if err != nil {
		return nil, err
	}
	store, err := registry.OpenStore(dir)
	if err != nil {
		return nil, hinted(err, "--cache DIR chooses another place for the cache")
	}
	s.cache, s.owners = layer.NewCache(store), owner.NewCache()
	s.packages = sbom.NewCataloguer(s.cache)
	if s.advisories, err = f.advisoryData(); err != nil {
		return nil, err
	}
	if err := s.setLevels(dir); err != nil {
		return nil, err
	}
	if s.journal, err = journalOf(f); err != nil {
		return nil, err
	}
	s.cache.Skips().Max = int64(f.maxLayer)
	if s.client, err = s.registryClient(store); err != nil {
		return nil, err
	}
	s.trust = signature.NewTrust(signature.TrustOptions{
		Files: f.trustedRoots, CAs: f.caRoots, Offline: f.offline,
		CacheDir: filepath.Join(dir, "tuf"),
	})
	if s.notary, err = f.notary(); err != nil {
		return nil, err
	}
	s.expected.Notation = s.notary.Digest()
	if s.attested, err = gitHub(s); err != nil {
		return nil, err
	}
	s.openCluster = sync.OnceValues(s.cluster)
	s.alerts = s.alertSources()
	s.lister = s.podLister()
	return s, nil
}

// setSeal prepares how bundles are signed and stamped. A person is asked here what may be published, before anything of
// the case is read and before a terminal UI has the terminal.
func (s *session) setSeal() (err error) {
	if s.sign, err = s.flags.signer(s.std); err != nil {
		return err
	}
	s.timestamps, err = s.flags.seal.timestamps(s.flags.offline)
	return err
}

// close ends what the session opened: the webhook, the vulnerability database and idle connections.
func (s *session) close() {
	if s.alerts.Webhook != nil {
		_ = s.alerts.Webhook.Close()
	}
	_ = s.vulns.Close()
	_ = s.client.Close()
}

// registryClient makes the client of all registries. Every request that it makes is reported to the open case.
func (s *session) registryClient(store *registry.Store) (*registry.Client, error) {
	o := registry.Options{Store: store, UserAgent: "backtrail/" + version, Notice: s.notice, Log: s.request}
	for _, text := range s.flags.registryMaps {
		m, err := registry.ParseMapping(text)
		if err != nil {
			return nil, usage("reading --registry-map: %w", err)
		}
		o.Map = append(o.Map, m)
	}
	if s.flags.registryCA != "" {
		ca, err := readBounded(s.flags.registryCA, 4<<20)
		if err != nil {
			return nil, hinted(fmt.Errorf("reading --registry-ca: %w", err))
		}
		o.CA = ca
	}
	client, err := registry.New(o)
	if err != nil && o.CA != nil {
		return nil, hinted(fmt.Errorf("--registry-ca %s: %w", s.flags.registryCA, err))
	}
	return client, err
}

// cluster opens what the flags name: a saved dump, a context of the kubeconfig, or the cluster of the pod that this
// program runs in. A live cluster is only read: its transport refuses every verb but get, list and watch.
func (s *session) cluster() (kube.Source, error) {
	if s.flags.snapshot != "" {
		snapshot, err := kube.LoadSnapshot(context.Background(), s.flags.snapshot)
		if err != nil {
			return nil, err
		}
		return snapshot, nil
	}
	live, err := kube.Open(kube.Options{
		Kubeconfig: s.flags.kubeconfig, Context: s.flags.context, Namespace: s.flags.namespace,
		InCluster: s.flags.inCluster, Overrides: s.flags.overrides,
		UserAgent: "backtrail/" + version, Warn: s.notice,
		// A credential plugin may open a browser: without the line the program would seem to hang.
		Waiting: func(text string) { fmt.Fprintln(s.std.err, text) },
		NoStdin: s.flags.stdinAlerts(), // a credential plugin would read the alerts
	})
	if err != nil {
		return nil, err
	}
	return live, nil
}

// notice passes on a warning from outside of the checks: to the open case, else to the terminal UI, which
// may not be there.
func (s *session) notice(text string) {
	n := inspect.Notice{Level: "warning", Text: text}
	if emit := s.emit.Load(); emit != nil {
		(*emit)(inspect.Event{Fact: n})
		return
	}
	// It is called by transports, which must not wait for a screen.
	select {
	case s.notices <- n:
	default:
	}
}

// request puts a request to a registry into the open case, where the chain of custody lists each of them. Without an
// open case there is no chain, and it is dropped.
func (s *session) request(r registry.Request) {
	if emit := s.emit.Load(); emit != nil {
		(*emit)(requestEvent(r))
	}
}

// requestEvent is a request to a registry as a line of a case. A length that was not announced (-1) is written as 0.
func requestEvent(r registry.Request) inspect.Event {
	return inspect.Event{Fact: inspect.Request{Method: r.Method, URL: r.URL, Status: r.Status, Bytes: max(r.Bytes, 0)}}
}

// attach makes a case the open one: from now on requests and warnings are its events. emit is safe for concurrent use.
func (s *session) attach(emit func(inspect.Event)) { s.emit.Store(&emit) }

// cacheDir is where what registries gave is kept: --cache, else backtrail in the user's cache folder.
func (f *flags) cacheDir() (string, error) {
	if f.cache != "" {
		return f.cache, nil
	}
	dir, err := vuln.UserCacheDir()
	if err != nil {
		return "", hinted(fmt.Errorf("finding the cache folder: %w", err), "--cache DIR names one")
	}
	return filepath.Join(dir, "backtrail"), nil
}

// dataDir is where cases, journal and imported data are kept: $XDG_DATA_HOME/backtrail, else ~/.local/share/backtrail.
// A relative XDG_DATA_HOME is ignored, as the XDG Base Directory Specification has it.
func dataDir() (string, error) {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "backtrail"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", hinted(fmt.Errorf("finding the folder for cases: %w", err),
			"set XDG_DATA_HOME to a folder that can be written")
	}
	return filepath.Join(home, ".local", "share", "backtrail"), nil
}

// casesDir is where cases are kept, a folder for each.
func casesDir() (string, error) {
	dir, err := dataDir()
	return filepath.Join(dir, "cases"), err
}

// tool names this program and what it was built from: what the linker of a release has set, else what the Go toolchain
// has recorded in the binary (go install MODULE@VERSION, or a build in a checkout).
func tool() inspect.Tool {
	t := inspect.Tool{Name: "backtrail", Version: version, Revision: revision}
	if info, ok := debug.ReadBuildInfo(); ok && t.Revision == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				t.Revision = s.Value
			}
		}
		if t.Version == "dev" && info.Main.Version != "" && info.Main.Version != "(devel)" {
			t.Version = info.Main.Version
		}
	}
	return t
}

// operator is who works on a case, on which host and with which program, for the chain of custody. It is what the
// system reports, and authenticates no one: a bundle that is to prove who made it is signed.
type operator struct {
	name, host string
}

// newOperator reads the user and the host; "unknown" where the system has no name for them, as for a user ID without
// an entry in /etc/passwd, which containers often run with.
func newOperator() operator {
	o := operator{name: "unknown", host: "unknown"}
	if u, err := user.Current(); err == nil {
		o.name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		o.host = h
	}
	return o
}

// String is the operator as operator@host, the form in which notes, marks and exports name who made them.
func (o operator) String() string { return o.name + "@" + o.host }

// session is the fact that opens a stretch of work on a case. The time zone is that of the machine, to set its times
// beside those of logs that were written in local time.
func (o operator) session(now time.Time) inspect.Session {
	local := time.Now() // not now, which may be the clock of the demo
	return inspect.Session{
		Operator: o.name, Host: o.host, TimeZone: local.Format("MST -0700"), Tool: tool(), SHA256: ownDigest(),
		Command: publicArgs(os.Args), Started: inspect.At(now),
	}
}

// ownDigest is the digest of the program's own file; empty where it cannot be read. The file has more than 100 MB: it
// is hashed once in a process, and newSession begins with it early, since the start of a case waits for the result.
var ownDigest = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
})

// publicArgs is a command line without the values of flags that take secrets. It goes into the ledger and with every
// bundle, and stays readable as what was typed: a value is replaced, its flag stays.
func publicArgs(args []string) []string {
	out := make([]string, len(args))
	hide := false
	for i, a := range args {
		name, value, joined := strings.Cut(a, "=")
		switch {
		case hide:
			out[i], hide = "(left out)", false
		case secretFlag(name) && joined && value != "":
			out[i] = name + "=(left out)"
		default:
			out[i], hide = a, secretFlag(name) && !joined
		}
	}
	return out
}

// secretFlag reports whether the value of a flag is a secret, by words in its name, so that a flag
// that is added later is covered before anyone thinks of this list.
func secretFlag(name string) bool {
	if !strings.HasPrefix(name, "--") {
		return false
	}
	for _, word := range []string{"token", "password", "passphrase", "secret"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
