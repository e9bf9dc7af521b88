package layer

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// Checkpoint is what a kubelet checkpoint archive holds of a container at run time: CRI-O and containerd write it, as a
// tar with config.dump, spec.dump and rootfs-diff.tar
// (https://kubernetes.io/docs/reference/node/kubelet-checkpoint-api/). The memory in it is not read.
type Checkpoint struct {
	Container   string    // its name in the pod
	Pod         string    // namespace/name
	ContainerID string    // 64 hex digits
	Image       string    // as the runtime names it: a reference, or a digest
	Taken       time.Time // zero where it does not say
	Args        []string  // of its first process
	DiffID      string    // of the tar of what changed in its file system, kept in the cache; empty where there is none
	Size        int64     // of that tar
	Deleted     []string  // paths that the runtime lists as deleted: CRI-O's tar has no whiteouts
	GoneID      string    // of a tar of whiteouts for these, made here; empty where there are none
	Notes       []string  // odd things about the tar
}

// Names of the members of a checkpoint archive that are read.
const (
	memberConfig  = "config.dump"
	memberSpec    = "spec.dump"
	memberDiff    = "rootfs-diff.tar"
	memberDeleted = "deleted.files"
)

// ReadCheckpoint reads a checkpoint archive, packed or not, and keeps the changed files in the cache. What is in it is
// foreign: members are bounded, none is written under its name. Errors: *registry.LimitError, or what is malformed.
// Whoever has root on the node could change the archive, so that all of it is shown as claimed by the checkpoint.
func (c *Cache) ReadCheckpoint(ctx context.Context, file string) (*Checkpoint, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint: %w", err)
	}
	defer f.Close()
	p, err := checkpointReader{c}.readCheckpoint(ctx, f)
	if err != nil {
		return nil, fmt.Errorf("reading the checkpoint %s: %w", file, err)
	}
	return p, nil
}

// checkpointReader reads the members of a checkpoint archive into the cache.
type checkpointReader struct{ *Cache }

// readCheckpoint reads the members of an archive in one pass, in any order:
//
//	checkpoint/…      memory and state of CRIU, passed over
//	config.dump       ID, image and time, as JSON
//	spec.dump         the runtime specification, as JSON
//	rootfs-diff.tar   what changed in the file system
//	deleted.files     what was deleted (CRI-O), as a JSON list
//
// An archive of none of these is no checkpoint; one of some of them is taken.
func (c checkpointReader) readCheckpoint(ctx context.Context, r io.Reader) (*Checkpoint, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	var members io.Reader = in
	if how := packingOf(in); how != plain {
		unpacked, err := unpack(in, how, &allowance{})
		if err != nil {
			return nil, err
		}
		defer unpacked.Close()
		members = unpacked
	}
	p, found := &Checkpoint{}, 0
	t := tar.NewReader(members)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading its tar: %w", err)
		}
		if n > MaxCheckpointMembers {
			return nil, &registry.LimitError{What: "number of members of a checkpoint", Limit: MaxCheckpointMembers}
		}
		known, err := c.checkpointMember(ctx, p, strings.TrimPrefix(path.Clean("/"+h.Name), "/"), t)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", h.Name, err)
		}
		if known {
			found++
		}
	}
	if err := c.keepDeleted(ctx, p); err != nil {
		return nil, fmt.Errorf("reading %s: %w", memberDeleted, err)
	}
	if found == 0 {
		return nil, fmt.Errorf("it is no checkpoint: it has neither %s nor %s nor %s", memberConfig, memberSpec,
			memberDiff)
	}
	return p, nil
}

// checkpointMember takes in a member, if it is one of those that are known. A member that stands twice counts as the
// last one. Unknown members are skipped and not unpacked.
func (c checkpointReader) checkpointMember(ctx context.Context, p *Checkpoint, name string, r io.Reader) (bool, error) {
	switch name {
	case memberDiff:
		return true, c.keepDiff(ctx, p, r)
	case memberConfig, memberSpec, memberDeleted:
	default:
		return false, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, MaxCheckpointText+1))
	if err != nil {
		return false, err
	}
	if len(data) > MaxCheckpointText {
		return false, &registry.LimitError{What: "description in a checkpoint", Limit: MaxCheckpointText}
	}
	switch name {
	case memberConfig:
		return true, p.config(data)
	case memberSpec:
		return true, p.spec(data)
	}
	return true, json.Unmarshal(data, &p.Deleted)
}

// keepDiff keeps the tar of what changed, and its index. The tar may itself be packed; its diff ID is that of the
// unpacked bytes, as for layers. It is written to the store under the digest that it has and never under the name of
// its member.
func (c checkpointReader) keepDiff(ctx context.Context, p *Checkpoint, r io.Reader) error {
	w, err := c.store.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	if err := copyTo(ctx, w, r, nil); err != nil {
		return err
	}
	packed := w.Digest()
	if err := w.Commit(packed); err != nil {
		return err
	}
	f, size, err := c.store.Open(packed)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := c.parse(ctx, f, "")
	defer got.discard()
	if err != nil {
		return err
	}
	p.DiffID, p.Size, p.Notes = packed, size, got.notes
	if got.tar != nil {
		p.DiffID, p.Size = got.tar.Digest(), got.tar.Size()
		if err := got.tar.Commit(p.DiffID); err != nil {
			return err
		}
	}
	return c.keep("", proof{DiffID: p.DiffID}, got.entries)
}

// keepDeleted makes a layer of the list of deleted files, as containerd has it in the tar itself. The tar has one empty
// member for each path, named as the image specification names whiteouts, and no times: the same list gives the same
// digest.
func (c checkpointReader) keepDeleted(ctx context.Context, p *Checkpoint) error {
	gonePaths, err := deletedPaths(p.Deleted)
	if err != nil || len(gonePaths) == 0 {
		return err
	}
	w, err := c.store.Create()
	if err != nil {
		return err
	}
	defer w.Discard()
	t := tar.NewWriter(w)
	for _, name := range gonePaths {
		dir, base := path.Split(name)
		if err := t.WriteHeader(&tar.Header{
			Name: strings.TrimPrefix(dir, "/") + whiteoutPrefix + base, Mode: 0o644,
			Typeflag: tar.TypeReg,
		}); err != nil {
			return err
		}
	}
	if err := t.Close(); err != nil {
		return err
	}
	gone := w.Digest()
	if err := w.Commit(gone); err != nil {
		return err
	}
	f, _, err := c.store.Open(gone)
	if err != nil {
		return err
	}
	defer f.Close()
	listed, err := scanTar(ctx, f)
	if err != nil {
		return err
	}
	p.GoneID = gone
	return c.keep("", proof{DiffID: gone}, listed.entries)
}

// deletedPaths gives each deleted path once and in order, without those that lie below another one: a whiteout of a
// directory hides all in it, and a second whiteout below it is what containerd refuses a layer for. Names that no file
// can have are left out. Errors: *registry.LimitError.
func deletedPaths(names []string) ([]string, error) {
	list := make([]string, 0, min(len(names), MaxDeleted))
	for _, name := range names {
		if p := cleanPath(name); p != "/" && len(p) < registry.MaxPath && !strings.ContainsRune(p, 0) {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, comparePaths)
	kept := list[:0]
	for _, p := range list {
		if n := len(kept); n == 0 || kept[n-1] != p && !within(p, kept[n-1]) {
			kept = append(kept, p)
		}
	}
	if len(kept) > MaxDeleted {
		return nil, &registry.LimitError{What: "number of deleted files in a checkpoint", Limit: MaxDeleted}
	}
	return kept, nil
}

// config reads config.dump: what the runtime knew of the container. An error is JSON that is none; fields that are
// missing stay empty.
func (p *Checkpoint) config(data []byte) error {
	var d struct {
		ID        string    `json:"id"`
		Name      string    `json:"name"`
		Image     string    `json:"rootfsImage"`
		ImageName string    `json:"rootfsImageName"`
		ImageRef  string    `json:"rootfsImageRef"`
		Taken     time.Time `json:"checkpointedTime"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	p.ContainerID, p.Taken = d.ID, d.Taken
	for _, image := range []string{d.ImageRef, d.ImageName, d.Image} {
		if image != "" {
			p.Image = image
			break
		}
	}
	return nil
}

// spec reads spec.dump, the runtime specification. Its annotations name pod and container: CRI-O's and containerd's
// differ. Its environment is left alone: it holds secrets.
func (p *Checkpoint) spec(data []byte) error {
	var d struct {
		Process struct {
			Args []string `json:"args"`
		} `json:"process"`
		Annotations map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	first := func(names ...string) string {
		for _, n := range names {
			if v := d.Annotations[n]; v != "" {
				return v
			}
		}
		return ""
	}
	p.Args = d.Process.Args
	p.Container = first("io.kubernetes.container.name", "io.kubernetes.cri.container-name")
	p.Pod = first("io.kubernetes.pod.namespace", "io.kubernetes.cri.sandbox-namespace") + "/" +
		first("io.kubernetes.pod.name", "io.kubernetes.cri.sandbox-name")
	return nil
}

// Of reports whether the checkpoint is one of an image's container, and why not. A container ID fits or does not; names
// are compared where there is none. Both are claims of the archive, so that a match decides what the state is shown
// next to, and nothing else. why is meant for a person.
func (p *Checkpoint) Of(image inspect.Image, pod *inspect.Pod, images int) (bool, string) {
	if pod == nil {
		return images == 1, "the case has several images and no pod"
	}
	for _, c := range pod.Containers {
		_, id, _ := strings.Cut(c.ContainerID, "://")
		if c.Name == image.Container && id != "" && id == p.ContainerID {
			return true, ""
		}
	}
	name := p.Pod + " container " + p.Container
	if p.Container == image.Container && p.Pod == pod.Namespace+"/"+pod.Name {
		return true, ""
	}
	return false, "the checkpoint is of " + name
}

// Words words whose state it is.
func (p *Checkpoint) Words() string {
	text := "a checkpoint of container " + cmp.Or(p.Container, "without a name")
	if len(p.ContainerID) > 12 {
		text += " (" + p.ContainerID[:12] + ")"
	}
	if !p.Taken.IsZero() {
		text += ", taken " + p.Taken.UTC().Format(time.RFC3339)
	}
	if p.Image != "" {
		text += ", which ran " + p.Image
	}
	return text
}
