package subject_test

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/subject"
)

// other is a pod of another namespace that runs the same digest under another repository.
func other(image, imageID string) object {
	p := pod(image, imageID)
	p["metadata"] = object{"name": "copy", "namespace": "tools", "uid": "other"}
	return p
}

// A digest that its registry lost is read under another reference to the same digest, which is the same bytes.
func TestADigestIsFoundElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		where func(w *world, digest string) []object
	}{
		"in the repository of another pod": {func(w *world, digest string) []object {
			return []object{node("amd64"), other(w.host+"/mirror:1", w.host+"/mirror@"+digest)}
		}},
		"under a name that the node has": {func(w *world, digest string) []object {
			return []object{node("amd64", w.host+"/app@"+digest, w.host+"/mirror@"+digest)}
		}},
		"in the repository that the node reports": {func(w *world, digest string) []object {
			return []object{node("amd64")}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			digest, _ := w.push("mirror:1", "linux/amd64")
			id := w.host + "/app@" + digest
			if strings.HasPrefix(name, "in the repository that") {
				id = w.host + "/mirror@" + digest
			}
			c := w.run(w.cluster(append(tt.where(w, digest), pod(w.host+"/app:1", id))...), subject.Options{})
			i, _ := c.Image("app")
			if i.Digest != digest || i.Reason != inspect.Running || len(i.Left) > 0 {
				t.Fatalf("%+v", i)
			}
			if want := w.host + "/app no longer has this digest; it was read from " + w.host + "/mirror"; !strings.Contains(
				i.Detail,
				want,
			) {
				t.Errorf("detail %q, want %q", i.Detail, want)
			}
		})
	}
}

// Where nobody has it any more, the image says what is left: where it was asked for, and what the node has.
func TestADigestThatIsLost(t *testing.T) {
	lost := "sha256:" + strings.Repeat("c", 64)
	for name, tt := range map[string]struct {
		objects func(w *world) []object
		says    []string
	}{
		"the node has it": {
			func(w *world) []object { return []object{node("amd64", w.host+"/app@"+lost, w.host+"/app:1")} },
			[]string{"node n1 still has it", "known-good"},
		},
		"others run it": {
			func(w *world) []object {
				return []object{node("amd64"), other(w.host+"/mirror:1", w.host+"/mirror@"+lost)}
			},
			[]string{"not there either: ", "/mirror", "node n1 does not report it"},
		},
		"no node to ask": {func(*world) []object { return nil }, []string{"the node could not be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.push("app:1", "linux/amd64")
			c := w.run(
				w.cluster(append(tt.objects(w), pod(w.host+"/app:1", w.host+"/app@"+lost))...),
				subject.Options{},
			)
			i, _ := c.Image("app")
			left := strings.Join(i.Left, "\n")
			if i.Status != inspect.Unknown || i.Reason != "missing-blob" || i.Digest != lost {
				t.Errorf("%+v", i)
			}
			for _, want := range tt.says {
				if !strings.Contains(left, want) {
					t.Errorf("it does not say %q:\n%s", want, left)
				}
			}
		})
	}
}

// The manifest that an index names can be gone alone.
func TestAManifestThatIsLost(t *testing.T) {
	w := newWorld(t)
	index, manifests := w.pushIndex("multi:1", "linux/amd64")
	digest := w.tag("multi:1").Context().Digest(manifests[0])
	if err := remote.Delete(digest); err != nil {
		t.Fatal(err)
	}
	c := w.run(w.cluster(pod(w.host+"/multi:1", w.host+"/multi@"+index), node("amd64")), subject.Options{})
	i, _ := c.Image("app")
	if i.Index != index || i.Reason != "missing-blob" || len(i.Left) == 0 {
		t.Errorf("%+v", i)
	}
}
