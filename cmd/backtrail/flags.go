package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/kube"
	"github.com/spf13/pflag"
)

// flags are those that all commands share. Those of expectations are named as cosign and slsa-verifier name them.
type flags struct {
	// given are the flags of the command line that change what a case shows, as one would type them
	given                          []string
	kubeconfig, context, namespace string // as kubectl's; empty namespace: that of the context
	allNamespaces, inCluster       bool
	overrides                      kube.Overrides // kubectl's other flags
	selector, fieldSelector        string         // of verbs that list pods, as kubectl's
	filter                         *kube.Filter   // what the two name; nil: all pods
	snapshot, alerts, listen       string
	clusterAlerts                  bool
	platform                       string
	policies                       []string
	offline, pullSecrets           bool
	noLogs, helm, noJournal        bool
	// trustedRoots are files; for verify also acceptBag. caRoots are authorities of one's own, without a log.
	trustedRoots, caRoots []string
	cache                 string
	maxLayer              layerSize // in bytes; 0: no limit
	registryMaps          []string
	registryCA            string
	noColor, ascii, plain bool
	output                string
	signKey               string
	seal                  sealFlags
	// github are OWNER/REPO, or gitHubOfImage; empty: GitHub is not queried
	github                        []string
	notationStore, notationPolicy string
	thresholds                    string
	vex                           []string
	expect                        expectFlags
}

// expectFlags state who should have signed and where the image should come from. Each list is of alternatives: one of
// each kind must match.
type expectFlags struct {
	identities, identityRegexps, issuers, issuerRegexps, keys  []string
	sourceURIs, sourceBranches, sourceTags, versionedTags, ids []string
}

// register adds all shared flags to the root command. Which of them a verb uses is in flagGroups and unusedGroups.
func (f *flags) register(s *pflag.FlagSet) {
	f.registerCluster(s)
	f.registerRegistries(s)
	f.registerTrust(s)
	f.registerThresholds(s)
	f.expect.register(s)
	s.BoolVar(&f.offline, "offline", false, "no network access except to the cluster and the registries")
	s.BoolVar(&f.noJournal, "no-journal", false,
		"do not record cases in the journal, and find nothing in it (also with "+noJournal+")")
	s.BoolVar(&f.noColor, "no-color", false, "no colors (also with NO_COLOR)")
	s.BoolVar(&f.ascii, "ascii", false, "ASCII characters only")
	s.BoolVar(&f.plain, "plain", false, "print the plain report instead of opening the terminal UI")
	s.StringVarP(&f.output, "output", "o", "",
		"output format: plain, brief, json, events, markdown or html (pods: also wide, name, yaml; audit: also "+
			"wide, csv, sarif, openmetrics, policyreport)")
	s.StringVar(&f.signKey, "sign-key", "",
		"sign exported bundles with this private key, a PEM `FILE` of cosign or openssl (password: $COSIGN_PASSWORD)")
	f.seal.register(s)
}

// registerCluster registers what selects the cluster, the pods and their alerts. Flags that kubectl has too have its
// names, short forms and defaults. What reads more than the pods themselves, the Secrets of Helm above all, is off by
// default.
func (f *flags) registerCluster(s *pflag.FlagSet) {
	s.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig `FILE` (default $KUBECONFIG, then ~/.kube/config)")
	s.StringVar(&f.context, "context", "", "`CONTEXT` of the kubeconfig")
	s.BoolVar(&f.inCluster, "in-cluster", false,
		"use the service account of the pod that backtrail runs in, in place of a kubeconfig")
	s.StringVarP(&f.namespace, "namespace", "n", "", "`NAMESPACE` of the pods")
	s.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "all namespaces (default for lists without -n)")
	kube.BindOverrides(&f.overrides, s)
	s.StringVar(&f.snapshot, "snapshot", "", "read a kubectl get … -o json dump at `PATH` instead of a cluster")
	s.StringVar(&f.alerts, "alerts", "",
		"alerts in a `FILE`, or - for standard input (backtrail help alerts lists the formats)")
	s.BoolVar(&f.clusterAlerts, "alerts-from-cluster", false,
		"read the alerts in the cluster: policy reports, logs of Falco and Tetragon pods")
	s.StringVar(&f.listen, "listen", "",
		"accept alerts from falcosidekick or Falco on this loopback `ADDRESS`, such as 127.0.0.1:2801 (terminal UI)")
	s.BoolVar(&f.helm, "helm", false,
		"read the Secrets of the workload's Helm release, to compare the chart with what runs")
	s.BoolVar(&f.noLogs, "no-logs", false, "do not read the logs of the pod's containers")
}

// registerList adds the flags that choose pods to a verb that lists them.
func registerList(f *flags, s *pflag.FlagSet) {
	s.StringVarP(&f.selector, "selector", "l", "", "list only pods whose labels match this `SELECTOR`")
	s.StringVar(&f.fieldSelector, "field-selector", "",
		"list only pods whose fields match this `SELECTOR`, such as status.phase=Running")
}

// checkCluster reads what can be wrong with the flags of the cluster before it is opened. Errors are usage errors.
func checkCluster(f *flags) (err error) {
	if err := kube.CheckOverrides(&f.overrides); err != nil {
		return usage("%w", err)
	}
	if f.filter, err = kube.NewFilter(f.selector, f.fieldSelector); err != nil {
		return usage("%w", err)
	}
	return nil
}

// registerRegistries registers how images are read. --github is a flag with an optional value: a repository follows
// "=", since a word after it would be taken for the target.
func (f *flags) registerRegistries(s *pflag.FlagSet) {
	s.StringVar(&f.platform, "platform", "", "`PLATFORM` of the image, such as linux/arm64 (default: the node's)")
	s.BoolVar(&f.pullSecrets, "pull-secrets", false, "use the pull secrets of the pod and its service account")
	s.StringVar(&f.cache, "cache", "", "cache `DIR` for registries (default $XDG_CACHE_HOME/backtrail)")
	s.Var(&f.maxLayer, "max-layer", "skip layers that are larger than this and not cached, such as 200MB")
	s.StringArrayVar(&f.registryMaps, "registry-map", nil,
		"use a mirror: `FROM=TO`, host or host/repository (repeatable)")
	s.StringVar(&f.registryCA, "registry-ca", "", "additional certificate authorities of registries, a PEM `FILE`")
	s.StringArrayVar(&f.github, "github", nil,
		"query GitHub's attestation API (token: GH_TOKEN) for `OWNER/REPO`, or for the repository that the image names")
	s.Lookup("github").NoOptDefVal = gitHubOfImage
}

// registerTrust registers whom signatures must lead to, and policies. Trust roots and authorities state who may vouch
// for a name; who should have signed is stated by policies, notation's trust policy and the flags of expectFlags.
// Without the latter a signature with an intact chain is unknown, not verified: anyone can get one for a name of their
// own.
func (f *flags) registerTrust(s *pflag.FlagSet) {
	s.StringArrayVar(&f.trustedRoots, "trusted-root", nil, "verify against this trusted_root.json `FILE` (repeatable)")
	s.StringArrayVar(&f.caRoots, "ca-roots", nil,
		"certificates of your own authority without a log, a PEM `FILE` (repeatable)")
	s.StringArrayVar(&f.policies, "policy", nil,
		"a `FILE` of policies that state who should have signed: ClusterImagePolicy, Kyverno (repeatable)")
	s.StringVar(&f.notationStore, "notation-trust-store", "",
		"`DIR` of certificates for Notary Project signatures (default $XDG_CONFIG_HOME/notation)")
	s.StringVar(&f.notationPolicy, "notation-policy", "",
		"Notary Project trust policy `FILE` (trustpolicy.json) that states who should have signed")
}

// register adds the expectations. Names and meanings are those of cosign verify (--certificate-identity, --key) and of
// slsa-verifier (--source-uri, --source-versioned-tag, --builder-id), so that a command line of a pipeline can be
// reused.
func (e *expectFlags) register(s *pflag.FlagSet) {
	list := func(to *[]string, name, words string) { s.StringArrayVar(to, name, nil, words) }
	list(&e.identities, "certificate-identity",
		"required signer `IDENTITY` (these flags are repeatable; one of each kind must match)")
	list(&e.identityRegexps, "certificate-identity-regexp", "required signer identity as a regular expression `RE`")
	list(&e.issuers, "certificate-oidc-issuer", "required OIDC issuer `URL` of that identity")
	list(&e.issuerRegexps, "certificate-oidc-issuer-regexp", "required OIDC issuer as a regular expression `RE`")
	list(&e.keys, "key", "required public key, a PEM `FILE`")
	list(&e.sourceURIs, "source-uri", "required source repository `URI`, such as github.com/org/repo")
	list(&e.sourceBranches, "source-branch", "required source `BRANCH`")
	list(&e.sourceTags, "source-tag", "required source `TAG`")
	list(&e.versionedTags, "source-versioned-tag", "required semantic `VERSION` of the source tag; v1.2 matches v1.2.3")
	list(&e.ids, "builder-id", "required builder `ID`")
}

// expected turns the flags into the expectations of a case. The fields of one value repeat the first of each list:
// those are
// the single fields of the JSON form. Keys are read here, so that a file that is no key ends the
// run before anything is fetched. Errors are usage errors.
func (e *expectFlags) expected() (inspect.Expected, error) {
	x := inspect.Expected{
		Identities: e.identities, IdentityRegexps: e.identityRegexps, Issuers: e.issuers,
		IssuerRegexps: e.issuerRegexps,
		SourceURIs:    e.sourceURIs, SourceBranches: e.sourceBranches, SourceTags: e.sourceTags,
		SourceVersioneds: e.versionedTags, BuilderIDs: e.ids,
		SourceURI: first(e.sourceURIs), SourceBranch: first(e.sourceBranches), SourceTag: first(e.sourceTags),
		SourceVersioned: first(e.versionedTags), BuilderID: first(e.ids),
	}
	if err := e.complete(); err != nil {
		return x, err
	}
	for _, path := range e.keys {
		k, err := readKey(path)
		if err != nil {
			return x, err
		}
		x.Keys = append(x.Keys, k)
	}
	return x, nil
}

// complete refuses expectations that would check less than they seem to. An identity means nothing without its issuer:
// whoever runs an OIDC issuer that the trust root accepts can put any name into its tokens. Regular expressions are
// those of RE2, which take linear time on any input; they are compiled here to report a mistake, and matched
// elsewhere.
func (e *expectFlags) complete() error {
	identity, issuer := len(e.identities)+len(e.identityRegexps) > 0, len(e.issuers)+len(e.issuerRegexps) > 0
	switch {
	case identity && !issuer:
		return usage("--certificate-identity needs --certificate-oidc-issuer (or its -regexp form): another issuer " +
			"may give the same name to others")
	case issuer && !identity:
		return usage("--certificate-oidc-issuer needs --certificate-identity (or its -regexp form)")
	}
	for _, r := range append(append([]string{}, e.identityRegexps...), e.issuerRegexps...) {
		if _, err := regexp.Compile(r); err != nil {
			return usage("reading the regular expression %q: %w", r, err)
		}
	}
	return nil
}

// first is the first of a list, empty where there is none.
func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// maxKeyFile bounds a key file, in bytes. An RSA key of 16,384 bits has less than 16 KiB in PEM.
const maxKeyFile = 64 << 10

// readKey reads a public key in PEM. The URLs of cosign's key services (awskms://, k8s://, …) are refused by name: they
// would need credentials and the network for what a file of a few lines is enough for.
func readKey(path string) (inspect.ExpectedKey, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return inspect.ExpectedKey{},
			usage("--key %s: keys of a %s service are not read; export the public key to a PEM file and name "+
				"that", path, scheme)
	}
	b, err := readBounded(path, maxKeyFile)
	if err != nil {
		return inspect.ExpectedKey{}, &exitError{code: exitUsage, err: fmt.Errorf("reading the public key: %w", err)}
	}
	key, err := signature.ParseKey(b)
	if err != nil {
		return key, usage("reading the public key %s: %w", path, err)
	}
	return key, nil
}

// readBounded reads a file of at most limit bytes. The bound is on what is read, not on the size that the file system
// reports: that of a pipe (--key <(…)) or a device is 0, whatever comes out of it.
func readBounded(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// One byte more than the limit shows that there is more, without reading how much.
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return b, nil
}

// layerSize is a flag of a number of bytes, with or without a unit: 200MB, 1.5GiB, 52428800. Units are decimal, and
// binary with an i, as IEC 80000-13 has them. 0 is no limit, and is written by leaving the flag out.
type layerSize int64

var sizeForm = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) *([kKMGT]?)(i?)[bB]?$`)

// Set reads the flag's value. A size beyond half of what fits into 64 bits is refused, before a sum with it can
// overflow.
func (s *layerSize) Set(text string) error {
	m := sizeForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || m[2] == "" && m[3] != "" {
		return fmt.Errorf("%q is no size: 200MB, 1.5GiB and 52428800 are", text)
	}
	number, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return fmt.Errorf("%q is no size: %w", text, err)
	}
	base := 1000.0
	if m[3] != "" {
		base = 1024
	}
	// The exponent is the place of the unit in the list; K is accepted as well as k, since docker writes it so.
	bytes := number * math.Pow(base, float64(strings.Index("kMGT", strings.Replace(m[2], "K", "k", 1))+1))
	if m[2] == "" {
		bytes = number
	}
	if bytes < 1 || bytes > math.MaxInt64/2 {
		return fmt.Errorf("%q is no size of a layer", text)
	}
	*s = layerSize(bytes)
	return nil
}

// String is the value as Set reads it, empty for none: a copied command has it in bytes.
func (s *layerSize) String() string {
	if *s == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*s), 10)
}

// Type names the value in the help.
func (*layerSize) Type() string { return "SIZE" }
