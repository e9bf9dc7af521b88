package settings

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadKeepsOrderLinesAndValues(t *testing.T) {
	got, err := Read([]byte(`# of the site
offline: true
registry-map:
  - docker.io=mirror.example
  - ghcr.io=mirror.example/ghcr
policy: policies.yaml   # one value needs no list
max-layer: 200MB
request-timeout: 5
no-color: false
cache: /var/cache/bt
`), "/etc/bt")
	if err != nil {
		t.Fatal(err)
	}
	want := []Setting{
		{"offline", []string{"true"}, 2},
		{"registry-map", []string{"docker.io=mirror.example", "ghcr.io=mirror.example/ghcr"}, 3},
		{"policy", []string{"/etc/bt/policies.yaml"}, 6},
		{"max-layer", []string{"200MB"}, 7},
		{"request-timeout", []string{"5"}, 8},
		{"no-color", []string{"false"}, 9},
		{"cache", []string{"/var/cache/bt"}, 10},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEmptyFileHasNoSettings(t *testing.T) {
	for _, text := range []string{"", "\n", "# only a comment\n", "---\n", "null\n"} {
		if got, err := Read([]byte(text), ""); err != nil || len(got) != 0 {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestWhatIsNoSettingIsAnErrorWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"ascii: true\n\nofline: true\n":           `line 3: there is no setting "ofline"`,
		"ascii: true\nNo_Color: true\n":           `line 2: there is no setting "No_Color"; there is no-color`,
		"--offline: true\n":                       `there is offline`,
		"token: abc\n":                            `line 1: there is no setting "token"`, // a secret
		"key: cosign.pub\n":                       `line 1: there is no setting "key"`,   // of one case
		"offline: yes\n":                          "line 1: offline takes true or false",
		"offline: \"true\"\n":                     "line 1: offline takes true or false",
		"offline:\n":                              "offline takes true or false",
		"cache: [a, b]\n":                         "line 1: cache takes a text",
		"cache: \"\"\n":                           "line 1: cache takes a text",
		"cache: true\n":                           "line 1: cache takes a text",
		"policy: []\n":                            "policy takes 1 to 100 values",
		"policy:\n- a\n- [b]\n":                   "line 3: policy takes a text",
		"ascii: true\noffline: true\nascii: no\n": "line 3",
		"ascii: true\nascii: true\n":              "line 2",
		"- offline\n":                             "line 1: there must be lines of NAME: VALUE",
		"offline\n":                               "line 1: there must be lines of NAME: VALUE",
		"? [a]\n: true\n":                         "line 1: there is no setting",
		"a: &x true\noffline: *x\n":               "line 1",
		"offline: true\n---\nascii: true\n":       "more than one document",
		"offline: !!str true\n":                   "offline takes true or false",
		"offline: {":                              "reading settings",
	} {
		got, err := Read([]byte(text), "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v; want %q", text, got, err, want)
		}
	}
}

func TestALargeFileIsRefused(t *testing.T) {
	if _, err := Read(slices.Repeat([]byte("#"), MaxBytes+1), ""); err == nil {
		t.Error("a file above the bound was read")
	}
	list := "policy:\n" + strings.Repeat("- a\n", maxValues+1)
	if _, err := Read([]byte(list), ""); err == nil {
		t.Error("a list above the bound was read")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("offline: true\nregistry-map: [a=b]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Add([]byte("<<: {offline: true}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := Read(data, "d")
		if err != nil {
			return
		}
		for _, s := range all {
			if _, ok := Known()[s.Name]; !ok || s.Line < 1 || len(s.Values) == 0 {
				t.Errorf("%+v", s)
			}
		}
	})
}
