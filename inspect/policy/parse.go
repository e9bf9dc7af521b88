package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect"
)

// object is what all kinds have in common.
// Of managedFields only the times are read, and whether the specification was touched.
type object struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string    `json:"name"`
		Namespace string    `json:"namespace"`
		Created   time.Time `json:"creationTimestamp"`
		Managers  []struct {
			Time   time.Time `json:"time"`
			Fields struct {
				Spec json.RawMessage `json:"f:spec"`
			} `json:"fieldsV1"`
		} `json:"managedFields"`
	} `json:"metadata"`
	Spec  json.RawMessage   `json:"spec"`
	Items []json.RawMessage `json:"items"`
}

// betweenDocuments is the line that separates YAML documents. Splitting here and not by a YAML reader keeps a document
// that is broken from taking the others with it. A line of three dashes inside of a block scalar would split it, and
// what is left is refused as broken, not read as something else.
var betweenDocuments = regexp.MustCompile(`(?m)^---(?:[ \t].*)?\r?$`)

// Parse reads the policies of a source: YAML documents or JSON, lists too. A document that is no policy of a known kind
// is an error; the others come all the same.
func Parse(s Source) ([]Policy, error) {
	if len(s.Bytes) > MaxFile {
		return nil, fmt.Errorf("reading policies of %s: more than %d bytes", s.Name, MaxFile)
	}
	var all []Policy
	var wrong []error
	docs := betweenDocuments.Split(string(s.Bytes), maxDocuments+1)
	if len(docs) > maxDocuments {
		return nil, fmt.Errorf("reading policies of %s: more than %d documents", s.Name, maxDocuments)
	}
	for n, doc := range docs {
		found, err := document([]byte(doc))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("reading policies of %s, document %d: %w", s.Name, n+1, err))
		}
		all = append(all, found...)
	}
	if len(all) == 0 && len(wrong) == 0 {
		wrong = append(wrong, fmt.Errorf("reading policies of %s: there is none in it", s.Name))
	}
	digest := s.Digest()
	for i := range all {
		all[i].Digest, all[i].Origin, all[i].Source = digest, s.Origin, s.Name
	}
	return all, errors.Join(wrong...)
}

// document reads one YAML document: a policy, a List of them, or nothing. The same field twice is an error, since
// readers differ on which one is used.
// YAML is turned into JSON first, as the API server does: anchors, tags and octal numbers mean the same here and there.
func document(doc []byte) ([]Policy, error) {
	asJSON, err := yaml.YAMLToJSONStrict(doc)
	if err != nil {
		return nil, err
	}
	if string(asJSON) == "null" {
		return nil, nil
	}
	var o object
	if err := json.Unmarshal(asJSON, &o); err != nil {
		return nil, err
	}
	if len(o.Items) == 0 {
		return o.policies()
	}
	if len(o.Items) > maxPolicies {
		return nil, fmt.Errorf("a list of more than %d objects", maxPolicies)
	}
	var all []Policy
	var wrong []error
	for n, item := range o.Items {
		var one object
		err := json.Unmarshal(item, &one)
		var found []Policy
		if err == nil {
			found, err = one.policies()
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("object %d: %w", n+1, err))
		}
		all = append(all, found...)
	}
	return all, errors.Join(wrong...)
}

// policies reads an object by its kind, with the time of its last change.
func (o object) policies() ([]Policy, error) {
	// verdicts, findings and gates name a policy by it
	if o.Metadata.Name == "" {
		return nil, fmt.Errorf("a %s without a name", orNone(o.Kind))
	}
	all, err := o.byKind()
	for i := range all {
		all[i].demand.Since, all[i].demand.Changed = inspect.At(o.Metadata.Created), inspect.At(o.changed())
	}
	return all, err
}

// changed is when the specification was last written after it had been created, as the API server keeps it.
func (o object) changed() time.Time {
	var last time.Time
	for _, m := range o.Metadata.Managers {
		if present(m.Fields.Spec) && m.Time.After(last) && m.Time.After(o.Metadata.Created) {
			last = m.Time
		}
	}
	return last
}

// byKind reads the specification by the kind of object. An unknown kind is an error: a file of policies that holds
// something else was likely meant to be another file.
func (o object) byKind() ([]Policy, error) {
	switch {
	case o.is("policy.sigstore.dev", "ClusterImagePolicy"):
		p, err := o.clusterImagePolicy()
		if err != nil {
			return nil, fmt.Errorf("ClusterImagePolicy %s: %w", o.Metadata.Name, err)
		}
		return []Policy{p}, nil
	case o.is("kyverno.io", "ClusterPolicy"), o.is("kyverno.io", "Policy"):
		all, err := o.kyvernoPolicies()
		if err != nil {
			return all, fmt.Errorf("%s %s: %w", o.Kind, o.Metadata.Name, err)
		}
		return all, nil
	case o.is("policies.kyverno.io", "ImageValidatingPolicy"):
		p, err := o.imageValidatingPolicy()
		if err != nil {
			return nil, fmt.Errorf("ImageValidatingPolicy %s: %w", o.Metadata.Name, err)
		}
		return []Policy{p}, nil
	default:
		return nil, fmt.Errorf("%s %s of %s is not a policy of a known kind", orNone(o.Kind), o.Metadata.Name,
			orNone(o.APIVersion))
	}
}

// is compares kind and group; versions of one group have the same form.
func (o object) is(group, kind string) bool {
	g, _, _ := strings.Cut(o.APIVersion, "/")
	return o.Kind == kind && g == group
}

// strictly decodes a specification. unknown names a field that is not known: what it means is not known either.
func strictly(raw json.RawMessage, into any) (unknown string, err error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	// Twice: what is known is used even where something is not, and the name of the unknown field is the reason that
	// people read.
	strict := d.Decode(into)
	if strict == nil {
		return "", nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return "", err
	}
	return strict.Error(), nil
}

// orNone words an empty field in an error.
func orNone(s string) string {
	if s == "" {
		return "an object"
	}
	return s
}
