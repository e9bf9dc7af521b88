package layer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

const otherID = "sha256:bb"

func claimOf(size int64, diffID string) registry.Layer {
	return registry.Layer{Number: 1, DiffID: diffID, Descriptor: v1.Descriptor{Size: size}}
}

// A layer is verified only where size and diff ID are those that are claimed; what was found is shown, not the claim.
func TestJudgingWhatWasRead(t *testing.T) {
	all := []registry.Layer{{Number: 0, DiffID: otherID}, claimOf(10, "sha256:aa")}
	for name, test := range map[string]struct {
		proof  proof
		claim  registry.Layer
		status inspect.Status
		reason string
		detail string
	}{
		"as claimed": {
			proof{DiffID: "sha256:aa", Size: 10}, claimOf(10, "sha256:aa"), inspect.Verified, "", "",
		},
		"no diff ID claimed": {proof{DiffID: "sha256:aa", Size: 10}, claimOf(10, ""), inspect.Verified, "", ""},
		"no size claimed": {
			proof{DiffID: "sha256:aa", Size: 10}, claimOf(-1, "sha256:aa"), inspect.Verified, "", "",
		},
		"longer than claimed": {
			proof{DiffID: "sha256:aa", Size: 11},
			claimOf(10, "sha256:aa"), inspect.Failed, "size-mismatch",
			"claims 10 bytes, the layer has 11",
		},
		"claimed to be empty": {
			proof{DiffID: "sha256:aa", Size: 10},
			claimOf(0, "sha256:aa"), inspect.Failed, "size-mismatch",
			"claims 0 bytes",
		},
		"another diff ID": {
			proof{DiffID: "sha256:cc", Size: 10},
			claimOf(10, "sha256:aa"), inspect.Failed, inspect.ReasonDiffIDMismatch,
			"unpacked it is sha256:cc",
		},
		"another layer's": {
			proof{DiffID: otherID, Size: 10},
			claimOf(10, "sha256:aa"), inspect.Failed, inspect.ReasonDiffIDMismatch,
			"which the config has as layer 0",
		},
		"odd": {
			proof{DiffID: "sha256:aa", Size: 10, Notes: []string{"one", "two", "three"}},
			claimOf(10, "sha256:aa"),
			inspect.Verified, "", "odd: one (and 2 more)",
		},
		"odd once": {
			proof{DiffID: "sha256:aa", Size: 10, Notes: []string{"one"}},
			claimOf(10, "sha256:aa"), inspect.Verified,
			"", "odd: one",
		},
	} {
		l := test.proof.judge(test.claim, all)
		if l.Status != test.status || l.Reason != test.reason || !strings.Contains(l.Detail, test.detail) ||
			test.detail == "" && l.Detail != "" {
			t.Errorf("%s: %s %s %q", name, l.Status, l.Reason, l.Detail)
		}
		if l.DiffID != test.proof.DiffID || l.Size != test.proof.Size || l.Number != 1 {
			t.Errorf("%s: what was found is not shown: %+v", name, l)
		}
	}
}

// What could not be looked at is unknown; bytes that are there and wrong are failed.
func TestJudgingWhatWasNotRead(t *testing.T) {
	for problem, want := range map[registry.Problem]inspect.Status{
		registry.ProblemMissing: inspect.Unknown, registry.ProblemLimit: inspect.Unknown,
		reasonSkipped: inspect.Unknown, inspect.ReasonUnsupported: inspect.Unknown, registry.ProblemDigest: inspect.Failed, registry.ProblemMalformed: inspect.Failed,
		registry.ProblemSize: inspect.Failed, "a problem of tomorrow": inspect.Failed,
	} {
		l := (&badLayer{problem: problem, detail: "why"}).judge(claimOf(-5, "sha256:claimed"))
		if l.Status != want || l.DiffID != "" || l.Detail != "why" || l.Size != 0 || l.Reason != string(problem) {
			t.Errorf("%s: %+v", problem, l)
		}
	}
}

// Why no bytes came decides whether the layer is unknown, or the run ends.
func TestWhyNoBytesCame(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx     context.Context
		err     error
		problem registry.Problem // empty where the run ends
		words   string
	}{
		"not found": {t.Context(), fmt.Errorf("x: %w", registry.ErrNotFound), registry.ProblemMissing, "x"},
		"a bound":   {t.Context(), &registry.LimitError{What: "layer", Limit: 5}, registry.ProblemLimit, "5"},
		"a network": {
			t.Context(), errors.New("connection refused"), registry.ProblemMissing,
			"could not be had: connection refused",
		},
		"a full disk":    {t.Context(), &storeError{errors.New("no space left")}, "", "no space left"},
		"a person stops": {ended, errors.New("connection reset"), "", "context canceled"},
	} {
		err := noBytes(test.ctx, test.err)
		var bad *badLayer
		if errors.As(err, &bad) != (test.problem != "") || bad != nil && bad.problem != test.problem ||
			!strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	inner := errors.New("inner")
	if !errors.Is(&storeError{inner}, inner) || !errors.As(unreadLayer(&formError{"x"}), new(*badLayer)) {
		t.Error("the cause of an error is lost")
	}
	for err, want := range map[error]registry.Problem{
		&formError{"packed with xz"}: inspect.ReasonUnsupported, &registry.LimitError{}: registry.ProblemLimit,
		inner: registry.ProblemMalformed,
	} {
		if got := unreadLayer(err).problem; got != want {
			t.Errorf("%v is %s, want %s", err, got, want)
		}
	}
}

// The worst layer decides about the image, and what is wrong with manifest or config stays.
func TestTheStatusOfAnImageIsItsWorst(t *testing.T) {
	good := inspect.Layer{Number: 0, Status: inspect.Verified}
	lost := inspect.Layer{Number: 1, Status: inspect.Unknown, Reason: "missing-blob", Detail: "gone"}
	bad := inspect.Layer{Number: 2, Status: inspect.Failed, Reason: "digest-mismatch", Detail: "changed"}
	head := func(status inspect.Status, reason string) inspect.Image {
		return inspect.Image{ImageHead: inspect.ImageHead{Status: status, Reason: reason, Detail: "before"}}
	}
	waiting := head(inspect.Unknown, inspect.Running)
	for name, test := range map[string]struct {
		image  inspect.Image
		layers []inspect.Layer
		want   string
	}{
		"all hold":       {waiting, []inspect.Layer{good, good}, "verified  "},
		"one is missing": {waiting, []inspect.Layer{lost, good}, "unknown missing-blob layer 1: gone"},
		"one is changed": {waiting, []inspect.Layer{good, bad}, "failed digest-mismatch layer 2: changed"},
		"changed outranks missing": {
			waiting, []inspect.Layer{lost, bad, lost}, "failed digest-mismatch layer 2: changed",
		},
		"a bad manifest": {
			head(inspect.Failed, "digest-mismatch"), []inspect.Layer{good}, "failed digest-mismatch before",
		},
		"a manifest that is missing": {
			head(inspect.Unknown, "missing-blob"), []inspect.Layer{good}, "unknown missing-blob before",
		},
		"missing, and a bad layer": {
			head(inspect.Unknown, "missing-blob"), []inspect.Layer{bad}, "failed digest-mismatch layer 2: changed",
		},
		"no layers": {waiting, nil, "verified  "},
	} {
		test.image.Layers = test.layers
		got := settled(test.image, test.layers)
		if words := fmt.Sprintf("%s %s %s", got.Status, got.Reason, got.Detail); words != test.want {
			t.Errorf("%s: %q, want %q", name, words, test.want)
		}
	}
}

// The blob of a layer is named as what became of it, so that the custody of its bytes can be followed.
func TestTheBlobOfALayer(t *testing.T) {
	l := inspect.Layer{
		Digest: "sha256:aa",
		DiffID: otherID,
		Size:   5,
		Status: inspect.Verified,
		Source: inspect.SourceCache,
	}
	unknown, nothing, saved := l, l, l
	unknown.Status = inspect.Unknown
	nothing.Digest, nothing.DiffID = "", ""
	saved.Digest = ""
	for name, test := range map[string]struct {
		in   Ingested
		want string
		ok   bool
	}{
		"read":                   {Ingested{Layer: l}, "sha256:aa carried  cache", true},
		"other bytes came":       {Ingested{Layer: l, Actual: "sha256:cc"}, "sha256:aa damaged sha256:cc cache", true},
		"not there":              {Ingested{Layer: unknown}, "sha256:aa missing  cache", true},
		"of a docker save":       {Ingested{Layer: saved}, "sha256:bb carried  cache", true},
		"of nothing that has id": {Ingested{Layer: nothing}, " carried  cache", false},
	} {
		b, ok := layerBlob(test.in, "image")
		if got := fmt.Sprintf("%s %s %s %s", b.Digest, b.State, b.Actual, b.Source); got != test.want ||
			ok != test.ok ||
			b.Role != "layer" ||
			b.Of != "image" {
			t.Errorf("%s: %q %v", name, got, ok)
		}
	}
}

func TestLayersOfAnImageThatIsNotResolved(t *testing.T) {
	b := newBench(t)
	for name, image := range map[string]inspect.Image{
		"never resolved":         {},
		"a location that is bad": {ImageHead: inspect.ImageHead{Location: "oci:/no/such/layout", Digest: "sha256:aa"}},
	} {
		if _, err := Resolve(t.Context(), b.client, image); err == nil {
			t.Errorf("%s: it is opened", name)
		}
	}
	img := resolved(t, b, imageOf(t, v1.Config{}, step("COPY", file("a", "1"))))
	for _, n := range []int{-1, 1, 99} {
		if _, err := b.cache.Ingest(t.Context(), b.client, img, n, nil); err == nil {
			t.Errorf("layer %d of 1 is read", n)
		}
	}
	if l, err := b.cache.Ingest(t.Context(), b.client, img, 0, nil); err != nil || l.Status != inspect.Verified {
		t.Errorf("%+v %v", l, err)
	}
}

func TestPlatforms(t *testing.T) {
	for text, want := range map[string]string{
		"linux/amd64": "linux/amd64", "linux/arm/v7": "linux/arm/v7", "": "", "a/b/c/d/e": "", "windows": "windows",
	} {
		if got := ParsePlatform(text).String(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// Each bound lets the last byte pass, and not the one behind it.
func TestBudgetsOfAnImage(t *testing.T) {
	var b budget
	for name, test := range map[string]struct {
		take  func(int) error
		limit int64
	}{
		"unlisted directories": {b.makeDirectory, MaxImplicit},
		"looked up paths":      {b.lookUp, MaxLookup},
		"paths behind links":   {b.grow, MaxNames},
	} {
		if err := test.take(int(test.limit)); err != nil {
			t.Errorf("%s: at the bound: %v", name, err)
		}
		var limit *registry.LimitError
		if err := test.take(1); !errors.As(err, &limit) || limit.Limit != test.limit || limit.What == "" {
			t.Errorf("%s: past the bound: %v", name, err)
		}
	}
}

// A panic in a parser of foreign bytes is an error of one layer, with the words that help to mend it.
func TestAPanicIsAnError(t *testing.T) {
	if err := Guarded(func() error { return nil }); err != nil {
		t.Errorf("no panic: %v", err)
	}
	if err := Guarded(func() error { return registry.ErrNotFound }); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("an error: %v", err)
	}
	err := Guarded(func() error { var list []int; return fmt.Errorf("%d", list[len(list)]) })
	if err == nil || !strings.Contains(err.Error(), "index out of range") ||
		!strings.Contains(err.Error(), "defect of backtrail") {
		t.Errorf("a panic: %v", err)
	}
}

// A person may leave out layers, and takes it back; the latest word counts, whatever the options say.
func TestWhyALayerIsLeftOut(t *testing.T) {
	digest := sumOf([]byte("layer"))
	hash, err := v1.NewHash(digest)
	must(t, err)
	claim := registry.Layer{Descriptor: v1.Descriptor{Digest: hash, Size: 100}}
	saved := registry.Layer{Descriptor: v1.Descriptor{Size: 100}}
	for name, test := range map[string]struct {
		skips *Skips
		claim registry.Layer
		want  string
	}{
		"nothing is left out":        {&Skips{}, claim, ""},
		"a layer at the bound":       {&Skips{Max: 100}, claim, ""},
		"a layer past the bound":     {&Skips{Max: 99}, claim, "its 100 bytes are more than --max-layer allows"},
		"the beginning of a digest":  {&Skips{Named: []string{digest[7:12]}}, claim, "--skip-layer " + digest[7:12]},
		"a whole digest":             {&Skips{Named: []string{digest}}, claim, "--skip-layer " + digest},
		"too few digits":             {&Skips{Named: []string{digest[7:10]}}, claim, ""},
		"another digest":             {&Skips{Named: []string{"ffffffff"}}, claim, ""},
		"no name":                    {&Skips{Named: []string{""}}, claim, ""},
		"a layer without a digest":   {&Skips{Named: []string{digest[7:12]}}, saved, ""},
		"without a digest, too long": {&Skips{Max: 10}, saved, "--max-layer"},
	} {
		if got := test.skips.why(test.claim); !strings.Contains(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	s := &Skips{Max: 10, Named: []string{"0", "1", "-1", "9999", "x"}}
	s.Want(digest)
	s.number([]registry.Layer{claim, saved})
	if why := s.why(claim); why != "" {
		t.Errorf("a layer that a person wants is left out: %s", why)
	}
	s.Skip(digest)
	if why := s.why(claim); !strings.Contains(why, "by a person") {
		t.Errorf("the latest word does not count: %q", why)
	}
	_, err = s.unless(t.Context(), claim, func(context.Context) (proof, error) {
		t.Error("a layer that is left out is read")
		return proof{}, nil
	})
	var bad *badLayer
	if !errors.As(err, &bad) || bad.problem != reasonSkipped || bad.Error() != bad.detail {
		t.Errorf("error %v", err)
	}
}

// Watches are optional, and so is each of their functions.
func TestAWatchIsOptional(t *testing.T) {
	for _, w := range []*Watch{nil, {}} {
		w.progress(inspect.Progress{})
		w.began(1)
		w.ended(Ingested{})
		if w.shared() != nil {
			t.Error("layers are shared with nothing")
		}
	}
}
