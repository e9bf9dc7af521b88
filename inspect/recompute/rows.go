package recompute

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/subject"
)

// maxExhibit bounds an object or a line of the bag that is read again, in bytes. The API server refuses objects of more
// than a few megabytes, and the parsers of alerts have a smaller bound of their own.
const maxExhibit = 16 << 20

// allCarried reports whether the bag has the bytes of every layer of every image. Whether they are their digest is for
// the checks: a damaged layer is carried, and fails there.
func allCarried(ctx context.Context, bag *evidence.Bag, c inspect.Case) bool {
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if !l.Empty && !carries(ctx, bag, l.Digest) {
				return false
			}
		}
	}
	return true
}

// carries reports whether the bag has the bytes of a digest at all.
func carries(ctx context.Context, bag *evidence.Bag, digest string) bool {
	r, err := bag.Blob(ctx, digest)
	if err != nil {
		return false
	}
	_ = r.Close()
	return true
}

// readAgain computes what follows from listings, alerts, the pod's object and the facts of the case, into again. What
// cannot be read because the bag does not have it is left out there, and evidence counts it as claimed.
func readAgain(ctx context.Context, bag *evidence.Bag, c inspect.Case, cache *layer.Cache,
	again *evidence.Again,
) error {
	again.Listings, again.Changes = map[string][]inspect.Entry{}, map[string][]inspect.Layer{}
	again.Files, again.Alerts = map[string]*inspect.FileDiff{}, map[string]inspect.Alert{}
	for _, i := range c.Images {
		for _, l := range i.Layers {
			if l.Empty || !carries(ctx, bag, l.Digest) {
				continue
			}
			if entries, err := cache.Index(ctx, l.DiffID); err == nil {
				again.Listings[l.DiffID] = entries
			}
		}
		if err := fromListings(ctx, bag, i, again); err != nil {
			return err
		}
	}
	for _, x := range c.Exhibits {
		if err := fromExhibit(ctx, bag, c, x, again); err != nil {
			return err
		}
	}
	// A case that ended has its answers, whether it names the check or not: leaving the check out is no way around it.
	state, there := c.Check(inspect.CheckAnswers, "")
	ended := c.End != nil && c.End.Status == inspect.CheckDone
	if there && state.Status == inspect.CheckDone || !there && ended {
		again.Answers = answersOf(c)
	}
	return nil
}

// answersOf draws the answers again: they follow from the other facts of the case alone. Those that the case has are
// put aside, so that they cannot confirm themselves.
func answersOf(c inspect.Case) []inspect.Answer {
	given := c.Answers
	c.Answers = nil
	again := answer.Answers(c, nil)
	c.Answers = given
	return again
}

// fromListings counts files again, from the listings of all layers of an image and of what it is compared with. A bag
// carries listings whatever layers it leaves out; those of carried layers were read from their bytes again before, and
// evidence compares them, so that a listing that was invented for a missing layer alone can lie.
func fromListings(ctx context.Context, bag *evidence.Bag, i inspect.Image,
	again *evidence.Again,
) error {
	now, err := layer.TreeOf(ctx, bag, i.Layers)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return nil // a listing is not in the bag: the counts are claimed
	}
	for _, l := range i.Layers {
		if !l.Empty {
			l.Added, l.Modified, l.Removed = now.Changes(l.Number)
			again.Changes[i.Container] = append(again.Changes[i.Container], l)
		}
	}
	if i.Diff == nil || i.Diff.KnownGood == nil || i.Diff.Files == nil {
		return nil
	}
	layers, err := knownGoodLayers(ctx, bag, i.Diff.KnownGood.Config)
	if err != nil {
		return nil //nolint:nilerr // its config is not in the bag: the difference is claimed
	}
	before, err := layer.TreeOf(ctx, bag, layers)
	if err != nil {
		return ctx.Err()
	}
	again.Files[i.Container] = layer.Compare(now, before)
	return nil
}

// knownGoodLayers are the layers that a configuration in the bag names, by their diff IDs, from the lowest on. The
// configuration was addressed by its digest, so that its order of layers cannot be another.
func knownGoodLayers(ctx context.Context, bag *evidence.Bag, config string) ([]inspect.Layer, error) {
	data, err := readBlob(ctx, bag, config)
	if err != nil {
		return nil, err
	}
	var file struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("decoding the configuration %s: %w", config, err)
	}
	var layers []inspect.Layer
	for n, d := range file.RootFS.DiffIDs {
		layers = append(layers, inspect.Layer{Position: n, Number: n, DiffID: d, Status: inspect.Verified})
	}
	if len(layers) == 0 {
		return nil, errors.New("the configuration names no layers")
	}
	return layers, nil
}

// fromExhibit reads the line of an alert, or the object of the pod, again. The path alone decides which it is:
// alerts/ID.json, cluster/pod-NAMESPACE-NAME.json. A line that is none, or a result of a policy report, gives no alert;
// a pod that cannot be decoded is an error.
func fromExhibit(ctx context.Context, bag *evidence.Bag, c inspect.Case, x inspect.Exhibit,
	again *evidence.Again,
) error {
	id, isAlert := strings.CutPrefix(x.Path, "alerts/")
	isPod := c.Pod != nil && x.Path == fmt.Sprintf("cluster/pod-%s-%s.json", c.Pod.Namespace, c.Pod.Name)
	if !isAlert && !isPod {
		return nil
	}
	data, err := readBlob(ctx, bag, x.Digest)
	if err != nil {
		return ctx.Err() // not kept: claimed
	}
	if isAlert {
		if a, err := alert.ParseLine(data, c.Started.Time); err == nil && !alert.IsResult(data) {
			again.Alerts[strings.TrimSuffix(id, ".json")] = a.Alert
		}
		return nil
	}
	var pod corev1.Pod
	if err := json.Unmarshal(data, &pod); err != nil {
		return fmt.Errorf("decoding %s: %w", x.Path, err)
	}
	row := subject.FromPod(&pod, nil)
	again.Pod = &row
	return nil
}

// readBlob reads a small blob of the bag whole; inspect.ErrNotKept where it is not there. That the bytes are their
// digest was checked when the bag's files were compared with its manifests, and is not checked here again.
func readBlob(ctx context.Context, bag *evidence.Bag, digest string) ([]byte, error) {
	r, err := bag.Blob(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, maxExhibit+1))
	if err == nil && len(data) > maxExhibit {
		err = fmt.Errorf("reading %s: more than %d bytes", digest, maxExhibit)
	}
	return data, err
}
