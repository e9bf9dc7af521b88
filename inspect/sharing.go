package inspect

import "slices"

// Sharing says which other images that run in the cluster have the suspect layers of an image, as their manifests say:
// no layer is read for it, and the same files packed again are another layer.
type Sharing struct {
	Suspect []int         `json:"suspect"` // numbers of the layers that brought what is wrong
	Looked  int           `json:"looked"`  // other images whose manifests were read
	Unread  int           `json:"unread"`  // whose manifests could not be read
	Left    int           `json:"left"`    // not asked for: past a bound, or of a registry that this case does not use
	Others  []SharedImage `json:"others"`  // those with a suspect layer, by reference
}

// SharedImage is another image with layers of this one.
type SharedImage struct {
	Reference string   `json:"reference"` // as a pod names it
	Digest    string   `json:"digest"`    // of index or manifest, as the node reports it
	Layers    []int    `json:"layers"`    // numbers of the suspect layers that it has too
	Prefix    int      `json:"prefix"`    // how many layers, from the lowest on, both images begin with
	Total     int      `json:"total"`     // how many layers it has in all
	Pods      []string `json:"pods"`      // namespace/name
}

// Pods are all pods with a suspect layer, sorted, once each.
func (s *Sharing) Pods() []string {
	if s == nil {
		return nil
	}
	var all []string
	for _, o := range s.Others {
		all = append(all, o.Pods...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// With are the images that have one of the layer numbers.
func (s *Sharing) With(layer int) []SharedImage {
	if s == nil {
		return nil
	}
	var all []SharedImage
	for _, o := range s.Others {
		if slices.Contains(o.Layers, layer) {
			all = append(all, o)
		}
	}
	return all
}

// FactKind is the fact's JSON name.
func (Sharing) FactKind() string { return "sharing" }

func (s Sharing) fold(c *Case, e Event) { c.imageFor(e.Container).Sharing = &s }
