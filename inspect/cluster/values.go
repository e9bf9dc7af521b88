package cluster

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect/redact"
)

// imageKeys are the names under which charts ask for an image. Their values are no secrets, all others may be.
var imageKeys = []string{"image", "repository", "tag", "digest", "registry", "pullpolicy"}

// isImageKey reports whether a value names an image or how it is pulled. Charts write the keys in any case.
func isImageKey(key string) bool { return slices.Contains(imageKeys, strings.ToLower(key)) }

// maxValueDepth bounds how deep values are looked into.
const maxValueDepth = 32

// withheld gives values without what may be secret: all but those that name images. It lists the paths that it took
// out.
func withheld(raw json.RawMessage) (any, []string) {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return nil, nil
	}
	// paths, as jq writes them, in a fixed order
	var taken []string
	return withhold("", "", v, 0, &taken), taken
}

// withhold replaces what may be secret in place, down to maxValueDepth: what lies deeper is taken out as a whole.
func withhold(path, key string, v any, depth int, taken *[]string) any {
	switch v := v.(type) {
	case map[string]any:
		if depth == maxValueDepth {
			break
		}
		for _, k := range sortedKeys(v) {
			v[k] = withhold(path+"."+k, k, v[k], depth+1, taken)
		}
		return v
	case []any:
		if depth == maxValueDepth {
			break
		}
		for i := range v {
			v[i] = withhold(fmt.Sprintf("%s[%d]", path, i), key, v[i], depth+1, taken)
		}
		return v
	// null is an unset value and no secret
	case nil:
		return nil
	default:
		if isImageKey(key) {
			return v
		}
	}
	// numbers and truth values too: a port or a flag reveals little, and a PIN is a number
	*taken = append(*taken, path)
	return redact.Mark
}

// sortedKeys makes the order of what is listed independent of that of the map.
func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// naming lists the paths of values that are parts of an image's name, as image.tag.
// It is a hint for a person where to change the image, not a proof of how the chart uses the value.
func naming(raw json.RawMessage, image string) []string {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return nil
	}
	var found []string
	name("", "", v, image, 0, &found)
	return found
}

// name collects the paths whose value is part of the image's name.
func name(path, key string, v any, image string, depth int, found *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range sortedKeys(v) {
			if depth < maxValueDepth {
				name(strings.TrimPrefix(path+"."+k, "."), k, v[k], image, depth+1, found)
			}
		}
	case string:
		// pullPolicy is never part of a name, though Always may be part of one
		if isImageKey(key) && v != "" && !strings.EqualFold(key, "pullpolicy") && strings.Contains(image, v) {
			*found = append(*found, path)
		}
	}
}
