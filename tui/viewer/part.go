package viewer

import "github.com/backtrail/backtrail/inspect"

// Part is bytes that can be shown: a kept blob, a file of a layer, or text of our own.
type Part struct {
	Name string
	// Digest: of a blob
	Digest string
	// DiffID: of the layer that holds a file
	DiffID string
	Entry  inspect.Entry
	Text   []byte
}

// Blob is a kept blob as parts; none where there is no digest. Which blobs are kept, the store decides: v on another
// one is an error on screen.
func Blob(name, digest string) []Part {
	if digest == "" {
		return nil
	}
	return []Part{{Name: name, Digest: digest}}
}

// Raw are the kept bytes behind a signature or a statement. Their order is that of the fact. A part without a digest
// was not kept, and is left out.
func Raw(raw []inspect.RawPart) []Part {
	var parts []Part
	for _, r := range raw {
		parts = append(parts, Blob(r.Name, r.Digest)...)
	}
	return parts
}

// Evidence are the blobs that a finding rests on, where the store may have them. Kinds that name something without
// bytes of its own, as a layer or a file, have none here: their rows lead into the file tree.
func Evidence(all []inspect.Evidence) []Part {
	var parts []Part
	for _, e := range all {
		switch e.Kind {
		case "manifest", "config", "signature", "provenance", "pod", "revision", "alert":
			parts = append(parts, Blob(e.Kind, e.Digest)...)
		}
	}
	return parts
}

// Object is an object as JSON; none where there is no object, or none that can be written as JSON. It is what v shows
// of a row without bytes, in the JSON that reports and saved cases have.
func Object(object any) []Part {
	if object == nil {
		return nil
	}
	b, err := inspect.EncodeJSON(object)
	if err != nil {
		return nil
	}
	return []Part{{Name: "the object behind this row", Text: b}}
}
