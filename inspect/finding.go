package inspect

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Finding is something that a person should know, with the bytes that it rests on.
type Finding struct {
	ID       string     `json:"id"`
	Check    string     `json:"check"`
	Code     string     `json:"code"` // stable, kebab-case: unexpected-binary
	Status   RowStatus  `json:"status"`
	Severity Severity   `json:"severity"`
	Subject  string     `json:"subject"` // the image's subject, and what in it: web, web:/usr/bin/top
	Cause    string     `json:"cause"`   // key of a Cause: findings that share it are one group
	Title    string     `json:"title"`   // one sentence
	Detail   string     `json:"detail"`
	Evidence []Evidence `json:"evidence"`
	// Threshold and Due are derived where a case is written, from the thresholds that a person named; no fact has them.
	Threshold Level `json:"threshold,omitempty"`
	Due       Time  `json:"due,omitzero"`
}

// Evidence names the bytes that a claim rests on.
type Evidence struct {
	// layer, file, manifest, config, signature, provenance, pod, revision, alert, package-database
	Kind   string `json:"kind"`
	Digest string `json:"digest"`
	Path   string `json:"path"`
	Text   string `json:"text"`
}

// FindingID is the identity of a finding: a hash of its check, code and subject.
func FindingID(check, code, subject string) string {
	sum := sha256.Sum256([]byte(check + "\x00" + code + "\x00" + subject))
	return hex.EncodeToString(sum[:8])
}

// FactKind is the fact's JSON name.
func (Finding) FactKind() string { return "finding" }

// fold keeps the findings worst first. A finding's severity may change, so its old place is found by its ID.
func (f Finding) fold(c *Case, _ Event) {
	f.Cause = f.CausedBy()
	c.Findings = slices.DeleteFunc(c.Findings, func(o Finding) bool { return o.ID == f.ID })
	upsert(&c.Findings, f, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.ID, b.ID))
	})
}

// CauseKind is the kind of what brought a behavior in.
type CauseKind string

// The kinds of causes.
const (
	CausePackage CauseKind = "package" // of the system or of a language
	CauseFile    CauseKind = "file"    // a program, a script, a library
	CauseHook    CauseKind = "hook"    // something that starts by itself, and that no package owns
	CauseLayer   CauseKind = "layer"
	CauseBase    CauseKind = "base" // the base image
	CauseSidecar CauseKind = "sidecar"
	CauseChart   CauseKind = "chart"
	CauseTag     CauseKind = "tag"     // it was moved
	CauseBuilder CauseKind = "builder" // or the source, or who signed
	CauseManager CauseKind = "manager" // a field manager of the cluster
	CauseRuntime CauseKind = "runtime" // an act in the running container
	CauseVolume  CauseKind = "volume"
	CauseUnknown CauseKind = "unknown"
)

// Cause is what brought a behavior in, as opposed to what happened to execute it.
type Cause struct {
	Kind    CauseKind `json:"kind"`
	Name    string    `json:"name,omitempty"` // of the package with its type before it: python litellm
	Version string    `json:"version,omitempty"`
	Path    string    `json:"path,omitempty"`
	Layer   int       `json:"layer"` // -1 where it is in none, or in several
	Digest  string    `json:"digest,omitempty"`
}

// Package names a package that is the cause, with its type where there is one and its version: python package litellm
// 1.82.8. A name may be foreign text; it is not cleaned.
func (c Cause) Package() string {
	kind, name, ok := strings.Cut(c.Name, " ")
	if !ok {
		return strings.TrimSpace("package " + c.Name + " " + c.Version)
	}
	return strings.TrimSpace(kind + " package " + name + " " + c.Version)
}

// Key identifies the cause: findings with the same key are one group. A package is one cause whatever its files are.
func (c Cause) Key() string {
	value := c.Path
	switch {
	case c.Name != "" && c.Version != "":
		value = escaped(c.Name) + "@" + escape.Replace(c.Version)
	case c.Name != "":
		value = escaped(c.Name)
	case value == "":
		value = c.Digest
	}
	return string(c.Kind) + ":" + value
}

// escape keeps the separator of a key out of names: @ctrl/tinycolor, git@github.com:a/b.
var escape = strings.NewReplacer("%", "%25", "@", "%40")

// escaped is a name as it stands in a key. Its first slash is escaped: a value that begins with one is a path.
func escaped(name string) string {
	name = escape.Replace(name)
	if rest, ok := strings.CutPrefix(name, "/"); ok {
		return "%2F" + rest
	}
	return name
}

// ParseCause reads a key. What it does not contain, as the layer, is left open.
func ParseCause(key string) Cause {
	kind, value, ok := strings.Cut(key, ":")
	c := Cause{Kind: CauseKind(kind), Layer: -1}
	switch {
	case !ok:
		c.Kind = CauseUnknown
	case strings.HasPrefix(value, "/"):
		c.Path = value
	case c.Kind == CauseLayer:
		c.Digest = value
	default:
		name, version, _ := strings.Cut(value, "@")
		if name != "" {
			c.Name, c.Version = unescaped(name), unescaped(version)
		}
	}
	return c
}

func unescaped(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s
}

// CausedBy is the key of a finding's cause: what its check named, else the file that it is about, else the check.
func (f Finding) CausedBy() string {
	if f.Cause != "" {
		return f.Cause
	}
	if container, p, ok := strings.Cut(f.Subject, ":"); ok && strings.HasPrefix(p, "/") && container != "" {
		return Cause{Kind: CauseFile, Path: p}.Key()
	}
	return Cause{Kind: CauseUnknown, Name: f.Check}.Key()
}

// CauseGroup is the findings about one container that share a cause. They are one matter: the worst of them speaks
// for all.
type CauseGroup struct {
	Container string
	Cause     string
	Findings  []Finding // worst first
}

// Head is the finding that speaks for the group.
func (g CauseGroup) Head() Finding { return g.Findings[0] }

// ByCause groups findings, which are sorted worst first, in the order of their worst.
func ByCause(findings []Finding) []CauseGroup {
	var groups []CauseGroup
	at := map[[2]string]int{}
	for _, f := range findings {
		container, _, _ := strings.Cut(f.Subject, ":")
		key := [2]string{container, f.CausedBy()}
		i, ok := at[key]
		if !ok {
			i = len(groups)
			at[key] = i
			groups = append(groups, CauseGroup{Container: container, Cause: key[1]})
		}
		groups[i].Findings = append(groups[i].Findings, f)
	}
	return groups
}
