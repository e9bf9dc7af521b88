package provenance

import (
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// delegator is the beginning of the workflows that sign for other builders ("bring your own builder"): there the
// certificate names the delegator and the statement the builder.
const delegator = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/delegator_"

// fromCertificate adds to the claims what the signing certificate states of the same build, and notes where the two
// disagree. The identity provider vouches for the certificate; whoever could run the workflow wrote the statement.
// It gives the mismatch of the builder, where the statement names another workflow than the one that signed.
//
// The extensions are Fulcio's (oid-info.md), filled in from the token of the identity provider: the workflow itself
// cannot choose them.
func (c *claims) fromCertificate(cert *inspect.Certificate) *mismatch {
	if cert == nil {
		return nil
	}
	said := cert.Extensions
	c.certifySource(said)
	if run := said["runInvocationURI"]; run != "" && strings.HasPrefix(c.invocation, "https://") &&
		c.invocation != run {
		c.note("the certificate names run %s, the statement %s", clip(run), clip(c.invocation))
	}
	signer := said["buildSignerURI"]
	if signer == "" && len(cert.Subject) > 0 && isWorkflow(cert.Subject[0]) {
		signer = cert.Subject[0]
	}
	// A builder that is no workflow, such as a hosted service, signs with an identity that does not name it.
	if signer == "" || !isWorkflow(c.builder) || strings.HasPrefix(signer, delegator) || sameBuilder(signer,
		c.builder) {
		return nil
	}
	c.note("the certificate names %s as the signer, the statement names the builder %s", clip(signer), clip(c.builder))
	return &mismatch{inspect.ReasonBuilderMismatch, "the statement names the builder " + clip(c.builder) + ", and " +
		clip(signer) +
		" signed it"}
}

func (c *claims) certifySource(said map[string]string) {
	s := source{
		repo: said["sourceRepositoryURI"], ref: said["sourceRepositoryRef"],
		commit: said["sourceRepositoryDigest"], from: "the certificate",
	}
	// The older extensions (1.3.6.1.4.1.57264.1.1 to .1.6) have OWNER/NAME without a host.
	if s.repo == "" && said["githubWorkflowRepository"] != "" { // certificates before 2023 have only .1 to .6
		s.repo = "https://github.com/" + said["githubWorkflowRepository"]
		s.ref, s.commit = said["githubWorkflowRef"], said["githubWorkflowSHA"]
	}
	if s.repo == "" {
		return
	}
	shown := c.source()
	c.addSource(s)
	switch {
	case shown.repo == "":
		c.note("the source is the certificate's: the statement names none")
	case !alike(shown.repo, s.repo):
		c.note("the certificate names source %s, the statement %s", clip(s.repo), clip(shown.repo))
	case shown.commit != "" && s.commit != "" && shown.commit != s.commit:
		c.note("the certificate names commit %s, the statement %s", clip(s.commit), clip(shown.commit))
	case shown.ref != "" && s.ref != "" && shown.ref != s.ref:
		c.note("the certificate names ref %s, the statement %s", clip(s.ref), clip(shown.ref))
	}
}

// isWorkflow reports whether a builder or identity is a workflow file on GitHub.
// The folder is the only one from which GitHub runs workflows.
func isWorkflow(uri string) bool { return strings.Contains(uri, "/.github/workflows/") }
