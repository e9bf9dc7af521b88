package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/spf13/pflag"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/signature"
)

// flags are those that all commands share, named as CONTRACT names them.
type flags struct {
	kubeconfig, context, namespace string
	allNamespaces                  bool
	snapshot, alerts, listen       string
	clusterAlerts                  bool
	platform                       string
	policies                       []string
	offline, pullSecrets           bool
	noLogs, helm                   bool
	trustedRoots, caRoots          []string
	cache                          string
	maxLayer                       layerSize
	registryMaps                   []string
	registryCA                     string
	noColor, ascii, plain          bool
	output                         string
	signKey                        string
	github                         []string
	notationStore, notationPolicy  string
	expect                         expectFlags
}

// expectFlags say who should have signed and where the image should come from.
type expectFlags struct {
	identities, identityRegexps, issuers, issuerRegexps, keys  []string
	sourceURIs, sourceBranches, sourceTags, versionedTags, ids []string
}

func (f *flags) register(s *pflag.FlagSet) {
	s.StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig file (default $KUBECONFIG, then ~/.kube/config)")
	s.StringVar(&f.context, "context", "", "context of the kubeconfig")
	s.StringVarP(&f.namespace, "namespace", "n", "", "namespace")
	s.BoolVarP(&f.allNamespaces, "all-namespaces", "A", false, "all namespaces (the default of lists without -n)")
	s.StringVar(&f.snapshot, "snapshot", "", "a `PATH` with the output of kubectl get … -o json, in place of a cluster")
	s.StringVar(&f.alerts, "alerts", "", "a `FILE` of alerts, or - for stdin: Falco JSON or text, falcosidekick, Tetragon")
	s.BoolVar(&f.clusterAlerts, "alerts-from-cluster", false, "read the alerts of the cluster: policy reports, and the logs of Falco's and Tetragon's pods")
	s.StringVar(&f.listen, "listen", "", "take alerts of falcosidekick or Falco on this `ADDRESS` of loopback, such as 127.0.0.1:2801 (terminal UI)")
	s.StringVar(&f.platform, "platform", "", "platform of the image, such as linux/arm64 (default: the node's)")
	s.BoolVar(&f.offline, "offline", false, "no network but the cluster's and the registries'")
	s.BoolVar(&f.pullSecrets, "pull-secrets", false, "read the pull secrets of pod and service account for the registry")
	s.BoolVar(&f.helm, "helm", false, "read the Secrets of the workload's Helm release: what its chart asks for, against what runs")
	s.BoolVar(&f.noLogs, "no-logs", false, "do not read the logs of the pod's containers")
	s.StringArrayVar(&f.trustedRoots, "trusted-root", nil, "a trusted_root.json `FILE` to verify against; may be given again")
	s.StringArrayVar(&f.caRoots, "ca-roots", nil, "a `FILE` of a certificate authority of your own (PEM), that signs without a log; may be given again")
	s.StringArrayVar(&f.policies, "policy", nil, "a `FILE` of policies (ClusterImagePolicy, Kyverno) that say who should have signed; may be given again")
	s.StringVar(&f.cache, "cache", "", "a `DIR` for what is read from registries (default $XDG_CACHE_HOME/backtrail)")
	s.Var(&f.maxLayer, "max-layer", "leave out layers that are larger than this and not yet in the cache: 200MB")
	s.StringArrayVar(&f.registryMaps, "registry-map", nil, "ask another registry: `FROM=TO`, host or host/repository; may be given again")
	s.StringVar(&f.registryCA, "registry-ca", "", "a `FILE` with more certificate authorities for registries, PEM")
	s.BoolVar(&f.noColor, "no-color", false, "no colours (also with NO_COLOR)")
	s.BoolVar(&f.ascii, "ascii", false, "ASCII signs only")
	s.BoolVar(&f.plain, "plain", false, "never the terminal UI: print the plain report")
	s.StringVar(&f.signKey, "sign-key", "", "sign exported bundles with this private key, a PEM `FILE` of cosign or openssl (password: $COSIGN_PASSWORD)")
	s.StringVarP(&f.output, "output", "o", "", "output: plain, brief, json, events, markdown or html")
	s.StringArrayVar(&f.github, "github", nil, "ask GitHub's attestation API too (token: GH_TOKEN), in `OWNER/REPO` or where the image says that it is from")
	s.Lookup("github").NoOptDefVal = gitHubOfImage
	s.StringVar(&f.notationStore, "notation-trust-store", "", "a `DIR` of certificates that Notary Project signatures must lead to (default $XDG_CONFIG_HOME/notation)")
	s.StringVar(&f.notationPolicy, "notation-policy", "", "a Notary Project trust policy, `FILE` trustpolicy.json, that says who should have signed")
	f.expect.register(s)
}

func (e *expectFlags) register(s *pflag.FlagSet) {
	list := func(to *[]string, name, words string) { s.StringArrayVar(to, name, nil, words) }
	list(&e.identities, "certificate-identity", "identity that should have signed; may be given again, as all of these")
	list(&e.identityRegexps, "certificate-identity-regexp", "the same as a regular expression")
	list(&e.issuers, "certificate-oidc-issuer", "issuer of that identity")
	list(&e.issuerRegexps, "certificate-oidc-issuer-regexp", "the same as a regular expression")
	list(&e.keys, "key", "public key `FILE` (PEM) that should have signed")
	list(&e.sourceURIs, "source-uri", "repository that the image should be built from, github.com/org/repo")
	list(&e.sourceBranches, "source-branch", "branch that it should be built from")
	list(&e.sourceTags, "source-tag", "tag that it should be built from")
	list(&e.versionedTags, "source-versioned-tag", "semantic version that it should be built from, v1.2 fits v1.2.3")
	list(&e.ids, "builder-id", "builder that should have made it")
}

// expected turns the flags into the expectations of a case.
func (e *expectFlags) expected() (inspect.Expected, error) {
	x := inspect.Expected{
		Identities: e.identities, IdentityRegexps: e.identityRegexps, Issuers: e.issuers, IssuerRegexps: e.issuerRegexps,
		SourceURIs: e.sourceURIs, SourceBranches: e.sourceBranches, SourceTags: e.sourceTags, SourceVersioneds: e.versionedTags, BuilderIDs: e.ids,
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

// complete refuses expectations that would check less than they seem to: an identity means nothing without its issuer.
func (e *expectFlags) complete() error {
	identity, issuer := len(e.identities)+len(e.identityRegexps) > 0, len(e.issuers)+len(e.issuerRegexps) > 0
	switch {
	case identity && !issuer:
		return usage("--certificate-identity needs --certificate-oidc-issuer (or its -regexp form): anybody can have that name at another issuer")
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

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// maxKeyFile bounds a public key file, in bytes.
const maxKeyFile = 64 << 10

// readKey reads a public key in PEM.
func readKey(path string) (inspect.ExpectedKey, error) {
	if scheme, _, ok := strings.Cut(path, "://"); ok {
		return inspect.ExpectedKey{}, usage("--key %s: keys of a %s service cannot be asked; export the public key to a PEM file and name that", path, scheme)
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

// readBounded reads a file that is not larger than limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return os.ReadFile(path)
}
