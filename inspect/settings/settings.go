// Package settings reads config.yaml: the flags that a person wants without typing them. It is read strictly, since a
// slip of the pen would otherwise be a check that silently runs in another way.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// MaxBytes bounds the file. All settings with a comment each take 2 kB.
const MaxBytes = 64 << 10

// maxValues bounds a list: there are some dozens of mirrors and trust roots at most.
const maxValues = 100

// Kind is what a setting takes.
type Kind int

// The kinds of settings: true or false, a text (also a number or a size), a list of texts, and paths.
const (
	Switch Kind = iota
	Text
	List
	Path
	Paths
)

// Known are the settings by the name of their flag. Each is a habit of a person or a site. What a single case is about
// is none of them: a target, alerts, who should have signed. Neither is a secret.
func Known() map[string]Kind {
	return map[string]Kind{
		"alerts-from-cluster": Switch,
		"ascii":               Switch,
		"ca-roots":            Paths,
		"cache":               Path,
		"max-layer":           Text,
		"no-color":            Switch,
		"no-journal":          Switch,
		"no-logs":             Switch,
		"offline":             Switch,
		"policy":              Paths,
		"pull-secrets":        Switch,
		"registry-ca":         Path,
		"registry-map":        List,
		"request-timeout":     Text,
		"thresholds":          Path,
		"trusted-root":        Paths,
	}
}

// Setting is one line of the file, or several for a list.
type Setting struct {
	Name   string   // of the flag, without its dashes
	Values []string // as a command line would have them; true or false for a switch
	Line   int      // of the file, from 1
}

// Read reads the file, in the order of its lines. A path that is not absolute is one below the file's folder, dir, and
// not below the folder that a person happens to work in.
//
// An error names the line. An empty file has no settings. There is one document; aliases, merges and tags of YAML are
// no part of the format.
func Read(data []byte, dir string) ([]Setting, error) {
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("reading settings: more than %d bytes", MaxBytes)
	}
	var doc yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading settings: %w", err)
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading settings: there is more than one document")
	}
	top := doc.Content[0]
	if top.Kind == yaml.ScalarNode && top.Tag == "!!null" {
		return nil, nil // comments only
	}
	if top.Kind != yaml.MappingNode {
		return nil, at(top, "there must be lines of NAME: VALUE")
	}
	var all []Setting
	for i := 0; i+1 < len(top.Content); i += 2 {
		s, err := read(top.Content[i], top.Content[i+1])
		if err != nil {
			return nil, err
		}
		if n := slices.IndexFunc(all, func(o Setting) bool { return o.Name == s.Name }); n >= 0 {
			return nil, at(top.Content[i], "%s is set twice, first in line %d", s.Name, all[n].Line)
		}
		if k := Known()[s.Name]; k == Path || k == Paths {
			for n, v := range s.Values {
				if !filepath.IsAbs(v) {
					s.Values[n] = filepath.Join(dir, v)
				}
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// read takes one key with its value. Lists may be written as one text where they have one value. The tag of a node is
// what YAML resolved it to, or what the file wrote before it.
func read(key, value *yaml.Node) (Setting, error) {
	s := Setting{Name: key.Value, Line: key.Line}
	kind, ok := Known()[key.Value]
	if key.Kind != yaml.ScalarNode || !ok {
		return s, at(key, "%s", unknown(key.Value))
	}
	switch kind {
	case Switch:
		// As YAML 1.2 has them (10.3.2, core schema). The library also resolves those of YAML 1.1: yes, on, y.
		if value.Tag != "!!bool" || value.Value != "true" && value.Value != "false" {
			return s, at(value, "%s takes true or false", s.Name)
		}
		s.Values = []string{value.Value}
	case Text, Path:
		text, err := scalar(s.Name, value)
		if err != nil {
			return s, err
		}
		s.Values = []string{text}
	case List, Paths:
		items := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			items = value.Content
		}
		if len(items) == 0 || len(items) > maxValues {
			return s, at(value, "%s takes 1 to %d values", s.Name, maxValues)
		}
		for _, item := range items {
			text, err := scalar(s.Name, item)
			if err != nil {
				return s, err
			}
			s.Values = append(s.Values, text)
		}
	}
	return s, nil
}

// scalar is a text or a number as it is written: 5 is a time-out of five seconds, and 0x10 stays what it is. What it
// means is up to the flag.
func scalar(name string, n *yaml.Node) (string, error) {
	if n.Kind != yaml.ScalarNode || !slices.Contains([]string{"!!str", "!!int", "!!float"}, n.Tag) ||
		strings.TrimSpace(n.Value) == "" {
		return "", at(n, "%s takes a text", name)
	}
	return n.Value, nil
}

// unknown names a key that is none, and the one that was probably meant.
func unknown(name string) string {
	bare := strings.ToLower(strings.ReplaceAll(strings.TrimLeft(name, "-"), "_", "-"))
	if _, ok := Known()[bare]; ok {
		return fmt.Sprintf("there is no setting %q; there is %s", name, bare)
	}
	return fmt.Sprintf("there is no setting %q", name)
}

// at is an error about a node.
func at(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", n.Line, fmt.Errorf(format, args...))
}
