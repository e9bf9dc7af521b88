package journal

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestImagesOfARepositoryAreTheNewestFirst(t *testing.T) {
	j := opened(t)
	for n, location := range []string{
		"reg.example:5000/shop/web@" + digest("a"), "reg.example:5000/shop/web:2@" + digest("b"),
		"reg.example:5000/shop/web-admin@" + digest("c"), "reg.example:5000/shop/web/worker@" + digest("d"),
		"reg.example:5000/shop@" + digest("e"), "other.example/reg.example:5000/shop/web@" + digest("f"), "",
	} {
		i := image("0123456"[n : n+1])
		i.Location = location
		if err := j.Put(t.Context(), Facts{Image: i, Depth: Identity, Collected: inspect.At(noon.AddDate(0, 0, n))}); err != nil {
			t.Fatal(err)
		}
	}
	for repository, want := range map[string]string{
		"reg.example:5000/shop/web": "1 0", "reg.example:5000/shop": "4",
		"reg.example:5000/shop/we": "", "%": "", "": "",
	} {
		all, err := j.OfRepository(t.Context(), repository)
		var got []string
		for _, e := range all {
			got = append(got, e.Image.Digest[7:8])
			if e.Seen.IsZero() || len(e.Image.Packages) > 0 || len(e.Image.Signatures) != 1 {
				t.Errorf("%s: %+v", repository, e)
			}
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%q: images %q, %v, want %q", repository, got, err, want)
		}
	}
}
