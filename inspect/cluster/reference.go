package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
)

// parts takes tag and digest of a reference; the tag is latest where there is neither.
func parts(reference string) (tag, digest string) {
	name, digest, _ := strings.Cut(reference, "@")
	if slash := strings.LastIndex(name, "/"); strings.Contains(name[slash+1:], ":") {
		tag = name[strings.LastIndex(name, ":")+1:]
	}
	if tag == "" && digest == "" {
		tag = "latest"
	}
	return tag, digest
}

// tagMoved compares with the pods that asked for the same tag: where they run another digest, it was moved in between.
func (s *scene) tagMoved(c kube.Container) []inspect.Finding {
	mine := c.Image().Digest
	if _, digest := parts(c.Reference); digest != "" || mine == "" || c.Injected {
		return nil
	}
	var others []string
	for _, n := range s.others.list {
		if n.reference == c.Reference && n.digest != "" && n.digest != mine {
			others = append(others, n.pod)
		}
	}
	slices.Sort(others)
	others = slices.Compact(others)
	if len(others) == 0 {
		return nil
	}
	return []inspect.Finding{finding(CodeTagMoved, c.Name,
		fmt.Sprintf("%s was moved: %s by that name: %s", c.Reference, plural(len(others), "other pod runs another image", "other pods run another image"), some(others)),
		"what one pod runs under this tag is not what the others run", object("Pod", s.pod.Namespace, s.pod.Name, "imageID of "+c.Name+": "+c.ImageID))}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some names the first three of a list.
func some(names []string) string {
	if len(names) <= 3 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:3], ", "), len(names)-3)
}
