package provenance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
)

// claims is what a statement claims about a build, the same for every kind of predicate and builder.
// It is empty where the statement is silent: nothing is filled in by default.
type claims struct {
	buildType  string
	builder    string
	sources    []source // every place that names the source: what triggered the build, what was built
	invocation string
	branch     string // without refs/heads/; of a build of a tag, the branch that the tag was set on, where it is said
	tag        string // without refs/tags/
	materials  []inspect.Material
	parameters map[string]string
	started    time.Time
	finished   time.Time
	notes      []string
	verifier   string // of a verification summary
	refused    bool   // that verifier says FAILED
}

// errUnknownType means that a statement may be sound, but of a kind that is not known here.
var errUnknownType = errors.New("the predicate type is not known")

// parseClaims reads the predicate of a statement. Errors: errUnknownType.
// An error is that of a predicate whose JSON has other types than its specification.
func parseClaims(s Statement) (claims, error) {
	var c claims
	var err error
	switch {
	case strings.HasPrefix(s.PredicateType, PredicateVSA):
		c, err = parseSummary(s.Predicate)
	case s.PredicateType == PredicateSLSA02:
		c, err = parseSLSA02(s.Predicate)
	case s.PredicateType == PredicateSLSA01:
		c, err = parseSLSA01(s.Predicate)
	case s.PredicateType == PredicateSLSA1 || strings.HasPrefix(s.PredicateType, PredicateSLSA1+"."):
		c, err = parseSLSA1(s.Predicate)
	default:
		return c, fmt.Errorf("parsing provenance: %w: %q", errUnknownType, clip(s.PredicateType))
	}
	if err != nil {
		return c, err
	}
	c.settleRef()
	return c, nil
}

// settleRef takes branch and tag from the ref of the source where nothing else named them.
// A ref that is neither a branch nor a tag, as of a pull request, is none of both.
func (c *claims) settleRef() {
	ref := c.source().ref
	if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok && c.branch == "" {
		c.branch = name
	}
	if name, ok := strings.CutPrefix(ref, "refs/tags/"); ok && c.tag == "" {
		c.tag = name
	}
}

// source is the one that is shown: the first, with what only the others know.
// Only a place that names the same repository at the same ref completes it: a commit of another one would be a
// mixture.
func (c *claims) source() source {
	var s source
	for _, o := range c.sources {
		switch {
		case s.repo == "":
			s = o
		case alike(s.repo, o.repo) && (s.ref == "" || o.ref == "" || s.ref == o.ref):
			s.ref = cmp.Or(s.ref, o.ref)
			s.commit = cmp.Or(s.commit, o.commit)
		}
	}
	return s
}

// addSource adds a place that names the source; the order of calls is that of trust, the trigger first.
func (c *claims) addSource(s source) {
	if s.repo != "" {
		c.sources = append(c.sources, s)
	}
}

// note records something that a reader should see beside the claims. Foreign values in it are clipped by the caller.
func (c *claims) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// weak notes what makes the claims worth less than they look.
// These are notes and no failures: many builders write such statements.
func (c *claims) weak() {
	if c.builder == "" {
		c.note("it names no builder")
	}
	s := c.source()
	switch {
	case s.repo == "":
		c.note("it names no source")
	case s.commit == "":
		c.note("it names no commit of the source")
	}
	for _, o := range c.sources[min(1, len(c.sources)):] {
		if !alike(o.repo, c.sources[0].repo) {
			c.note("the build was triggered by %s and built %s", clip(c.sources[0].repo), clip(o.repo))
		} else if o.ref != "" && c.sources[0].ref != "" && o.ref != c.sources[0].ref {
			c.note("the build was triggered by ref %s and built %s", clip(c.sources[0].ref), clip(o.ref))
		}
	}
}

// addMaterials takes over materials, or resolved dependencies, in the order of the statement.
func (c *claims) addMaterials(list []artifact) {
	if len(list) > MaxMaterials {
		c.note("it lists %d materials; the first %d are shown", len(list), MaxMaterials)
		list = list[:MaxMaterials]
	}
	for _, m := range list {
		c.materials = append(c.materials, inspect.Material{URI: m.URI, Digest: oneDigest(m.Digest)})
	}
}

// addParameters takes over the members of an object, nested ones as compact JSON.
// They are shown; only those that builds.run names are compared. A value is cut within UTF-8, and an object is
// written without blanks.
func (c *claims) addParameters(o object) {
	for _, k := range slices.Sorted(maps.Keys(o)) {
		if len(c.parameters) == MaxParameters {
			c.note("it has more parameters; the first %d are shown", MaxParameters)
			return
		}
		v := o.text(k)
		if v == "" {
			var b bytes.Buffer
			if json.Compact(&b, o[k]) != nil {
				continue
			}
			v = b.String()
		}
		if v == "null" || v == "{}" || v == `""` {
			continue
		}
		if len(v) > MaxParameter {
			v = strings.ToValidUTF8(v[:MaxParameter], "") + "…"
		}
		if c.parameters == nil {
			c.parameters = map[string]string{}
		}
		c.parameters[k] = v
	}
}

// artifact is a material of SLSA v0.2, or a resolved dependency of v1.
type artifact struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
	Name   string            `json:"name"`
}

// oneDigest writes the strongest of several digests as algorithm:value.
// Of algorithms that are not known here, the first by name is taken, so that the same statement gives the same row.
func oneDigest(d map[string]string) string {
	for _, algorithm := range []string{"sha512", "sha256", "gitCommit", "sha1"} {
		if v := d[algorithm]; v != "" {
			return algorithm + ":" + v
		}
	}
	for _, algorithm := range slices.Sorted(maps.Keys(d)) {
		return algorithm + ":" + d[algorithm]
	}
	return ""
}

// gitCommit picks the commit out of digests.
// SLSA v1 writes gitCommit, and v0.2 sha1 for the same value.
func gitCommit(d map[string]string) string {
	if v := d["gitCommit"]; v != "" {
		return v
	}
	return d["sha1"]
}

// when reads a time of RFC 3339; one that cannot be read is not known.
// A time is shown and never decides.
func when(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
