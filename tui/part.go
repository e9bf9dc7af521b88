package tui

import "github.com/backtrail/backtrail/inspect"

// part is bytes that can be looked at: a kept blob, a file of a layer, or text of our own.
type part struct {
	name   string
	digest string // of a blob
	diffID string // of the layer that holds a file
	entry  inspect.Entry
	text   []byte
}

// blobPart is a kept blob as parts, none where there is no digest.
func blobPart(name, digest string) []part {
	if digest == "" {
		return nil
	}
	return []part{{name: name, digest: digest}}
}

// rawParts are the kept bytes behind a signature or a statement.
func rawParts(raw []inspect.RawPart) []part {
	var parts []part
	for _, r := range raw {
		parts = append(parts, blobPart(r.Name, r.Digest)...)
	}
	return parts
}

// evidenceParts are the blobs that a finding rests on, where the store can have them.
func evidenceParts(all []inspect.Evidence) []part {
	var parts []part
	for _, e := range all {
		switch e.Kind {
		case "manifest", "config", "signature", "provenance", "pod", "revision", "alert":
			parts = append(parts, blobPart(e.Kind, e.Digest)...)
		}
	}
	return parts
}
