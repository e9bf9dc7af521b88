package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// Nothing that an attacker named is a link, an image, a heading, a mention or markup in a ticket (CommonMark, the
// extended autolinks of GitHub, Slack's links of bare host names, macros and keys of Jira), and no backslash is
// written.
func TestMarkdownOfForeignStrings(t *testing.T) {
	for text, want := range map[string]string{
		"plain text, 1.2-3":          "plain text, 1.2-3",
		"see [x](y) there":           "see `[x](y)` there",
		"![x](y)":                    "`![x](y)`",
		"<script>":                   "`<script>`",
		"&lt;":                       "`&lt`;",
		"# h":                        "`#` h",
		"- h":                        "`-` h",
		"1. h":                       "`1`. h",
		"a | b":                      "a `|` b",
		"`x`":                        "`´x´`",
		"*x* _y_ ~z~ rest":           "`*x* _y_ ~z~` rest",
		`\`:                          "`\\`",
		"@team":                      "`@team`",
		"mallory@example.com":        "`mallory@example.com`",
		"https://evil.example/x":     "`https://evil.example/x`",
		"www.evil.example":           "`www.evil.example`",
		"(WWW.evil.example)":         "`(WWW.evil.example)`",
		"evil.com, then":             "`evil.com`, then",
		"fixed by #12 and SHOP-7":    "fixed by `#12` and `SHOP-7`",
		"{code} of Jira":             "`{code}` of Jira",
		"$\\frac{1}{2}$":             "`$\\frac{1}{2}$`",
		"sha256:abc, /usr/bin/x.pth": "sha256:abc, `/usr/bin/x.pth`",
		"":                           "",
	} {
		if got := inline(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for _, name := range names {
		if got := inline(clean(name)); strings.Count(got, "`")%2 != 0 ||
			active.MatchString(spans.ReplaceAllString(got, "")) {
			t.Errorf("%.60q is active as %.80q", name, got)
		}
	}
}

// spans are the code spans of a line.
var spans = regexp.MustCompile("`[^`\n]+`")

// A run of backticks in a command cannot end its code block.
func TestCodeBlocksAreClosedByTheirOwnFence(t *testing.T) {
	for _, text := range []string{"kubectl get pods\n", "a ``` b\n", "```\n# out\n```\n", "`````\n"} {
		block := fence(text)
		first, rest, _ := strings.Cut(block, "\n")
		ticks := strings.TrimSuffix(first, "text")
		if !strings.HasSuffix(rest, ticks+"\n") || strings.Contains(strings.TrimSuffix(rest, ticks+"\n"), ticks) {
			t.Errorf("%q is set as %q", text, block)
		}
	}
}

// The page asks for nothing: no script, no style sheet, no picture and no font from anywhere.
func TestThePageNeedsNoNetwork(t *testing.T) {
	loads := regexp.MustCompile(`(?i)<(script|link|img|iframe|object|embed|base|form)\b|\ssrc=|url\(|@import|javascript:`)
	for name, c := range map[string]inspect.Case{
		"incident": incidentCase(), "clean": cleanCase(),
		"hostile": hostileCase(),
	} {
		page := lines(t, func(w io.Writer) error { return HTML(w, c) })
		if at := loads.FindString(page); at != "" && name != "hostile" {
			t.Errorf("%s: the page has %q", name, at)
		}
		// Foreign text may spell such a thing; as markup it is never there.
		for _, tag := range regexp.MustCompile(`<[a-zA-Z][^>]*>`).FindAllString(page, -1) {
			if loads.MatchString(tag) {
				t.Errorf("%s: the page has %s", name, tag)
			}
		}
		if !strings.Contains(page, "Content-Security-Policy") && strings.Contains(page, "http-equiv") {
			t.Errorf("%s: the page has another http-equiv", name)
		}
	}
}

// The three forms are drawn from one document: each heading and each title of an item stands in all of them.
func TestTheFormsDoNotDiffer(t *testing.T) {
	c := surroundedCase()
	plain := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })
	md := lines(t, func(w io.Writer) error { return Markdown(w, c) })
	page := lines(t, func(w io.Writer) error { return HTML(w, c) })
	squeeze := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	plain, md, page = squeeze(plain), squeeze(md), squeeze(strings.ReplaceAll(page, "<wbr>", ""))
	for _, s := range documentOf(c, Bag{}, Style{}).sections {
		if len(s.blocks) == 0 {
			continue
		}
		titles := []string{s.heading()}
		for _, b := range s.blocks {
			if b.item != nil {
				titles = append(titles, b.item.title)
			}
		}
		for _, title := range titles {
			if !strings.Contains(plain, squeeze(title)) || !strings.Contains(md, squeeze(inline(title))) ||
				!strings.Contains(page, squeeze(strings.NewReplacer("'", "&#39;", "&", "&amp;", `"`,
					"&#34;").Replace(title))) {
				t.Errorf("%q is not in each form", title)
			}
		}
	}
}

// Checks end in any order: the report of a case is the same.
func TestTheOrderOfChecksDoesNotShow(t *testing.T) {
	finding := func(id, check string, s inspect.Severity) inspect.Event {
		return inspect.Event{Check: check, Container: "web", Fact: inspect.Finding{
			ID: id, Check: check, Code: id, Status: inspect.RowFailed, Severity: s, Subject: "web",
			Title: "title of " + id,
		}}
	}
	groups := [][]inspect.Event{
		{finding("a", "binaries", inspect.High), ended("binaries", "web", inspect.CheckDone, "")},
		{finding("b", "drift", inspect.High), finding("c", "drift", inspect.Critical), ended("drift", "web",
			inspect.CheckBlocked, "no route")},
		{
			{Check: "layers", Container: "web", Fact: inspect.Layer{
				Number: 1, Position: 1, Digest: digestB,
				Status: inspect.Verified,
			}},
			{Check: "layers", Container: "web", Fact: inspect.Layer{
				Number: 0, Digest: digestC,
				Status: inspect.Verified,
			}},
			ended("layers", "web", inspect.CheckDone, ""),
		},
		{{Check: "signatures", Container: "web", Fact: signature()}, ended("signatures", "web", inspect.CheckDone, "")},
	}
	var want string
	for n := range len(groups) {
		order := slices.Concat(groups[n:], groups[:n])
		if n%2 == 1 {
			slices.Reverse(order)
		}
		c := inspect.Case{}
		events := slices.Concat([]inspect.Event{header(inspect.TargetImage, "web:1"), image("web", inspect.Verified)},
			slices.Concat(order...))
		for seq, e := range events {
			e = e.Stamped(began)
			e.Seq = uint64(seq + 1)
			c.Apply(e)
		}
		got := lines(t, func(w io.Writer) error { return Plain(w, c, Style{}) })
		if n == 0 {
			want = got
		}
		if got != want {
			t.Errorf("order %d draws another report:\n%s\nwant\n%s", n, got, want)
		}
	}
}

// A list of any length is a bounded one with the number of the rest: a report of 200,000 files is not read.
func TestLongListsAreBounded(t *testing.T) {
	c := incidentCase()
	i := c.Images[0].Clone()
	for n := range 5000 {
		i.Binaries = append(i.Binaries, inspect.Binary{
			Path: fmt.Sprintf("/b/%05d", n), Status: inspect.RowFailed,
			Severity: inspect.High,
		})
		i.Altered = append(i.Altered, inspect.Altered{
			Path: fmt.Sprintf("/a/%05d", n), Status: inspect.RowFailed,
			Severity: inspect.High,
		})
		i.Missing = append(i.Missing, inspect.Missing{Path: fmt.Sprintf("/m/%05d", n), Status: inspect.RowObserved})
		c.Alerts = append(c.Alerts, inspect.Alert{
			ID: fmt.Sprint(n), Rule: "r", Match: inspect.MatchPod,
			Subject: "web",
		})
	}
	c.Images = []inspect.Image{i}
	var b bytes.Buffer
	if err := Plain(&b, c, Style{}); err != nil {
		t.Fatal(err)
	}
	out := b.String()
	for prefix, most := range map[string]int{" /b/": maxFiles, " /a/": maxFiles, " /m/": maxFiles, " · : r": maxRows} {
		if n := strings.Count(out, prefix); n > most {
			t.Errorf("%d rows of %s", n, prefix)
		}
	}
	if n := strings.Count(out, "-o json lists them all"); n < 4 {
		t.Errorf("only %d lists name their rest", n)
	}
}
