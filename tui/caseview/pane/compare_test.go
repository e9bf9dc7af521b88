package pane

import (
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/backtrail/backtrail/inspect"
)

// comparedView is an unsigned image whose previous one was signed and built by a workflow.
func comparedView() View {
	v := viewOf(imageOf("web"))
	v.Case.Expected = inspect.Expected{IdentityRegexps: []string{`^https://github\.com/shop/.+/release\.yml@refs/tags/`}}
	i := &v.Case.Images[0]
	i.Digest = "sha256:32e45c9a7ba9"
	i.Signatures, i.Provenance = nil, nil
	i.Layers = nil
	for n, step := range []string{"ADD rootfs /", "RUN apt-get install xz # buildkit", "COPY fonts/ / # buildkit"} {
		i.Layers = append(i.Layers, inspect.Layer{Position: n, Number: n, CreatedBy: step})
	}
	i.Diff = &inspect.Diff{
		KnownGood: &inspect.KnownGood{Reference: "shop/web", Digest: "sha256:9de70d7a4af0"},
		Layers:    &inspect.LayerDiff{Shared: 1, Added: 2},
		Past: &inspect.Past{
			Signers: []inspect.PastSigner{{
				Status: inspect.Verified, Issuer: "https://issuer.example",
				Identity: "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1",
			}},
			Builds: []inspect.PastBuild{{
				Builder: "https://github.com/shop/web/.github/workflows/release.yml@refs/tags/v1",
				Source:  "git+https://github.com/shop/web", Commit: "7c1d94e0b35f00", Signed: true,
				Status: inspect.Verified,
			}},
		},
	}
	return v
}

// top is what stands above a pane, without colors.
func top(k Kind, v View, width int) string { return ansi.Strip(strings.Join(k.Top(v, width), "\n")) }

func TestExpectedStandsAgainstFound(t *testing.T) {
	v := comparedView()
	has(t, "the signer", top(Signatures, v, 110), "previous 9de70d7a", "this 32e45c9a", "required",
		"✓ shop/web/release.yml @refs/tags/v1", "– none", "shop/*/release.yml", "issuer.example")
	has(t, "the builder", top(Provenance, v, 110), "✓ shop/web/release.yml", "– none", "github.com/shop/web",
		"7c1d94e0b35f")
	v.Case.Images[0].Diff.KnownGood.Confirmed = true
	has(t, "a confirmed image", top(Signatures, v, 110), "known-good 9de70d7a")
}

// What could not be read is not checked, never none.
func TestWhatCouldNotBeReadIsNotNone(t *testing.T) {
	v := comparedView()
	v.Case.Images[0].Stores = []inspect.StoreReply{{Store: "referrers", Status: inspect.StoreUnreachable}}
	v.Case.Images[0].Diff.Past = nil
	got := top(Signatures, v, 110)
	has(t, "the signer", got, "? referrers unreachable", "? not checked")
	if strings.Contains(got, "none") {
		t.Errorf("something is none:\n%s", got)
	}
	v.Case.Images[0].Diff = nil
	if got := top(Signatures, v, 110); strings.Contains(got, "previous") {
		t.Errorf("without a previous image there is a column for it:\n%s", got)
	}
}

func TestTheStripOfTwoImages(t *testing.T) {
	v := comparedView()
	want := "prev ■   now ■◆◆   (1 shared, 2 new: 1 RUN apt-get install xz, 2 COPY fonts/ /)"
	if got := top(Layers, v, 100); strings.TrimSpace(got) != want {
		t.Errorf("the strip is %q, want %q", got, want)
	}
	v.Case.Images[0].Diff.Layers = nil
	if got := top(Layers, v, 100); got != "" {
		t.Errorf("layers that were not compared are %q", got)
	}
}

// Nothing is wider than the screen, on any width and with any text.
func TestComparisonsFit(t *testing.T) {
	v := comparedView()
	v.Case.Images[0].Diff.Past.Signers[0].Identity = strings.Repeat("日本\x1b[2J", 90)
	for _, width := range []int{30, 60, 80, 200} {
		for _, k := range []Kind{Layers, Signatures, Provenance, Overview} {
			for _, l := range k.Top(v, width) {
				if ansi.StringWidth(l) > width && width >= 60 || strings.Contains(ansi.Strip(l), "\x1b") {
					t.Errorf("%d columns: %q", width, l)
				}
			}
		}
	}
}
