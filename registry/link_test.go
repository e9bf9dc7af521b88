package registry

import (
	"net/url"
	"testing"
)

func TestNextLink(t *testing.T) {
	for header, want := range map[string]string{
		`</v2/a/tags/list?last=b>; rel="next"`:            "/v2/a/tags/list?last=b",
		`</v2/a>;rel=next`:                                "/v2/a",
		`</v2/a> ; REL="prev Next"`:                       "/v2/a",
		`</1>; rel="prev", </2>; rel="next"`:              "/2",
		`</1>; title="a, </x>; rel=\"next\""; rel="up"`:   "",
		`</1>; rel="up"; rel="next"`:                      "", // RFC 8288, 3.3: only the first counts
		`</a,b;c>; rel="next"; title*=UTF-8''x`:           "/a,b;c",
		`</1>, </2>; rel="next"`:                          "/2",
		`</1>; hreflang; rel=next`:                        "/1",
		`</v2/next>; rel="prev"`:                          "",
		``:                                                "",
		`next`:                                            "",
		`</1; rel="next"`:                                 "",
		`</1>; rel="next`:                                 "/1",
		`</1> rel="next"`:                                 "",
		`</1>; rel="prev" nonsense, </2>; rel="next"`:     "",
		`,, </2>; rel="next"`:                             "/2",
		`</1>; rel="prev",, </2>; rel="next"; type=a/b,x`: "/2",
	} {
		if got, ok := NextLink([]string{header}); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	if got, _ := NextLink([]string{`</1>; rel="up"`, `</2>; rel="next"`}); got != "/2" {
		t.Errorf("in a second header: %q", got)
	}
}

func FuzzNextPage(f *testing.F) {
	f.Add(`</1>; rel="prev", </2>; rel="next"`, `</3>; rel=next`)
	f.Add(`</1>; title="\"`, `;;,,<>`)
	f.Fuzz(func(t *testing.T, one, two string) {
		from := url.URL{Scheme: "https", Host: "ghcr.io", Path: "/v2/a/tags/list"}
		link, err := nextPage([]string{one, two}, from)
		if err == nil && link != nil && (link.Host != from.Host || link.Scheme != from.Scheme) {
			t.Fatalf("it leads to %s", link)
		}
	})
}
