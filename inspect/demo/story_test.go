package demo_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/cluster"
	"github.com/backtrail/backtrail/inspect/verdict"
)

// The walk over the flagged pod finds what the story promises, and nothing else that is bad.
func TestFlaggedPodTellsTheStory(t *testing.T) {
	s := open(t)
	c := s.walk(t, s.Pod)
	if v := verdict.Of(c); v.Status != inspect.CaseFailed || !v.Complete {
		t.Errorf("the case is %+v", v)
	}
	web, ok := c.Image("web")
	if !ok {
		t.Fatal("there is no image of web")
	}
	checkBinaries(t, web)
	checkDifference(t, web)
	checkAlerts(t, c)
	checkCluster(t, c)
	for _, name := range []string{"mesh-proxy", "migrate"} {
		checkClean(t, c, name)
	}
	for _, a := range c.Answers {
		if a.Status != inspect.Answered && a.Status != inspect.AnswerPartial {
			t.Errorf("answer to %s is %s: %s", a.Question, a.Status, a.Text)
		}
	}
}

func checkBinaries(t *testing.T, web inspect.Image) {
	t.Helper()
	want := []struct {
		path     string
		severity inspect.Severity
		code     string
	}{
		{"/var/tmp/.font/fontd", inspect.Critical, "alerted"},
		{"/usr/local/lib/libfont.so", inspect.High, "loader-hijack"},
		{"/usr/bin/top", inspect.High, "altered"},
	}
	if len(web.Binaries) < len(want) {
		t.Fatalf("binaries: %v", web.Binaries)
	}
	for i, w := range want {
		if b := web.Binaries[i]; b.Path != w.path || b.Severity != w.severity || !slices.Contains(b.Codes, w.code) ||
			b.Layer != 6 {
			t.Errorf("binary %d is %s, %s, %v in layer %d; want %v", i, b.Path, b.Severity, b.Codes, b.Layer, w)
		}
	}
	for _, b := range web.Binaries[len(want):] {
		if b.Status == inspect.RowFailed {
			t.Errorf("%s is %s: %s", b.Path, b.Severity, b.Detail)
		}
	}
	if len(web.Altered) != 1 || web.Altered[0].Path != "/usr/bin/top" || web.Altered[0].Package != "procps" {
		t.Errorf("altered: %v", web.Altered)
	}
	if len(web.Missing) != 0 || web.Files.Ownership != "known" {
		t.Errorf("missing: %v, ownership: %s", web.Missing, web.Files.Ownership)
	}
}

func checkDifference(t *testing.T, web inspect.Image) {
	t.Helper()
	if len(web.Signatures)+len(web.Provenance) > 0 {
		t.Errorf("the bad image has %v and %v", web.Signatures, web.Provenance)
	}
	d := web.Diff
	if d == nil || d.KnownGood == nil || d.Packages == nil || d.Layers == nil {
		t.Fatalf("no whole comparison with the image before: %+v", d)
	}
	if d.KnownGood.Confirmed || d.KnownGood.Index == "" || d.KnownGood.Digest == web.Digest {
		t.Errorf("compared with %+v", d.KnownGood)
	}
	if d.Layers.Shared != 5 || d.Layers.Added != 2 {
		t.Errorf("layers: %+v", d.Layers)
	}
	var changed []string
	for _, p := range d.Packages.Changed {
		changed = append(changed, p.Name+" "+p.From+" "+p.To)
	}
	if !slices.Equal(changed, []string{"liblzma5 5.4.1-1 5.6.1-1", "xz-utils 5.4.1-1 5.6.1-1"}) ||
		len(d.Packages.Added)+len(d.Packages.Removed) > 0 {
		t.Errorf("packages: %+v", d.Packages)
	}
	if len(d.Signers) != 1 || len(d.Provenance) != 1 {
		t.Errorf("signers %q, provenance %q", d.Signers, d.Provenance)
	}
}

func checkAlerts(t *testing.T, c *inspect.Case) {
	t.Helper()
	if len(c.Alerts) != 2 {
		t.Fatalf("%d alerts are in the case", len(c.Alerts))
	}
	for _, a := range c.Alerts {
		if a.Match != inspect.MatchContainer || a.Subject != "web" || a.File.Origin != inspect.OriginImage ||
			a.File.Layer != 6 {
			t.Errorf("alert %q: match %s of %s, file %+v", a.Rule, a.Match, a.Subject, a.File)
		}
	}
}

func checkCluster(t *testing.T, c *inspect.Case) {
	t.Helper()
	injected := map[string]bool{}
	for _, k := range c.Pod.Containers {
		injected[k.Name] = k.Injected
	}
	if len(injected) != 3 || injected["web"] || injected["migrate"] || !injected["mesh-proxy"] {
		t.Errorf("injected: %v", injected)
	}
	if !slices.Equal(c.Pod.Others, []string{"shop/web-7d9c5b6f48-m8rdz"}) {
		t.Errorf("others: %v", c.Pod.Others)
	}
	web, _ := c.Image("web")
	if s := web.Sharing; !slices.Equal(s.Pods(), []string{"shop/report-29102885-v6hqn"}) || s.Looked != 4 ||
		s.Others[0].Prefix != 1 {
		t.Errorf("other images with the layer: %+v", s)
	}
	if len(c.Pod.Revisions) != 2 || !c.Pod.Revisions[0].Current ||
		c.Pod.Revisions[0].Images["web"] != c.Pod.Revisions[1].Images["web"] {
		t.Errorf("revisions: %+v", c.Pod.Revisions)
	}
}

// The answers name who set the image, what explains the sidecar, and the gate that was not asked.
func TestAnswersNameTheSurroundings(t *testing.T) {
	s := open(t)
	c := s.walk(t, s.Pod)
	want := map[string][]string{
		inspect.WhereFrom: {
			"/var/tmp/.font/fontd, which the alert names, is the image's own file, of layer 6 (build step: COPY " +
				"fonts/ /), and belongs to no package (seen).",
			"layer 6 of web, which brought /var/tmp/.font/fontd, /usr/local/lib/libfont.so and /usr/bin/top, runs " +
				"in 1 other pod with another image: shop/report-29102885-v6hqn (seen).",
		},
		inspect.HowIn: {
			"added by the image's own build", "so the tag was moved",
			"was set by kubectl-client-side-apply at 2026-05-14 08:31:05Z",
			"Deployment web was restarted by kubectl-rollout at 2026-05-14 14:02:10Z",
		},
		inspect.WhyMissed: {
			"policy-controller not enforced in shop: label policy.sigstore.dev/include is missing (seen).",
			"the pod names tag 1.4.2, not a digest",
		},
	}
	for _, a := range c.Answers {
		for _, w := range want[a.Question] {
			if !strings.Contains(a.Text, w) {
				t.Errorf("%s: %s\nwant %s", a.Question, a.Text, w)
			}
		}
	}
	codes := map[string]string{}
	for _, f := range c.Findings {
		if f.Check == inspect.CheckCluster {
			codes[f.Code] = f.Subject
		}
	}
	if codes[inspect.CodeInjectedExplained] != "mesh-proxy" ||
		codes[inspect.CodeNamespaceExempt] != cluster.SubjectPod {
		t.Errorf("findings of the cluster: %v", codes)
	}
	if !slices.Equal(c.Pod.Reach.NetworkPolicies, []string{"web-ingress"}) {
		t.Errorf("network policies: %v", c.Pod.Reach.NetworkPolicies)
	}
	if r := c.Pod.Reach; r.Role != "AWS arn:aws:iam::111122223333:role/shop-web" || len(r.Tokens) != 1 ||
		len(r.Unseen) != 0 {
		t.Errorf("reach: %+v", r)
	}
	if s := c.Pod.Selectors; len(s) != 3 || s[0].Kind != "ReplicaSet" || s[1].Kind != "NetworkPolicy" ||
		s[2].Kind != "Service" {
		t.Errorf("selectors: %+v", s)
	}
	if !slices.ContainsFunc(c.Timeline, func(m inspect.Moment) bool { return m.Source == "event of Pod "+s.Pod }) {
		t.Errorf("no event is on the timeline: %v", c.Timeline)
	}
}

// checkClean wants an image with a good signature in which nothing is bad.
func checkClean(t *testing.T, c *inspect.Case, subject string) {
	t.Helper()
	i, ok := c.Image(subject)
	if !ok || i.Status != inspect.Verified || len(i.Signatures) != 1 || i.Signatures[0].Status != inspect.Verified {
		t.Errorf("%s: %s, signatures %+v", subject, i.Status, i.Signatures)
	}
	for _, f := range c.Findings {
		if f.Check != inspect.CheckCluster && (f.Subject == subject || strings.HasPrefix(f.Subject, subject+":")) {
			t.Errorf("%s: %s", subject, f.Title)
		}
	}
}

// The good image verifies: cosign's signature on a tag, the provenance in a bundle, and what BuildKit claims.
func TestGoodImageVerifies(t *testing.T) {
	s := open(t)
	c := s.look(t, s.good(t))
	if verdict.Of(c).Status != inspect.CasePassed {
		t.Errorf("the case is %+v", verdict.Of(c))
	}
	i := c.Images[0]
	var kinds []string
	for _, sig := range i.Signatures {
		kinds = append(kinds, sig.Kind+" "+sig.Store)
		if sig.Status != inspect.Verified ||
			sig.Identity != "https://github.com/shop-example/web/.github/workflows/release.yml@refs/tags/v1.4.2" {
			t.Errorf("signature %s is %s (%s), of %s", sig.Kind, sig.Status, sig.Reason, sig.Identity)
		}
		for _, step := range sig.Steps {
			if step.Status != inspect.Verified && !(step.Name == inspect.StepSCT && step.Status == inspect.Absent) {
				t.Errorf("%s, %s: %s, %s", sig.Kind, step.Name, step.Status, step.Detail)
			}
		}
	}
	slices.Sort(kinds)
	if !slices.Equal(kinds, []string{"bundle referrers", "cosign tag"}) {
		t.Errorf("signatures: %v", kinds)
	}
	if len(i.Provenance) != 2 {
		t.Fatalf("provenance: %+v", i.Provenance)
	}
	for _, p := range i.Provenance {
		want := inspect.Verified
		if !p.Signed {
			want = inspect.Unknown
		}
		if p.Status != want || p.Commit != "7c1d94e0b35f8a62d4e9170c5ab8f36129de4807" || p.Ref != "refs/tags/v1.4.2" {
			t.Errorf("provenance %s is %s (%s): %s at %s, %v", p.PredicateType, p.Status, p.Reason, p.Commit, p.Ref,
				p.Notes)
		}
	}
	for _, b := range i.Binaries {
		if b.Status == inspect.RowFailed {
			t.Errorf("%s is %s: %s", b.Path, b.Severity, b.Detail)
		}
	}
}

// The neighbour of the web server runs what the shop released.
func TestCartIsClean(t *testing.T) {
	s := open(t)
	c := s.walk(t, "cart-6b8f9d7c55-tq4wn")
	if verdict.Of(c).Status != inspect.CasePassed || len(c.Alerts) > 0 {
		t.Errorf("the case is %s, alerts %v, findings %v", verdict.Of(c).Status, c.Alerts, c.Findings)
	}
	checkClean(t, c, "cart")
}

// Two walks give the same case to the byte.
func TestCaseIsTheSameEachTime(t *testing.T) {
	var cases [2][]byte
	for n := range cases {
		s := open(t)
		data, err := verdict.Encode(*s.walk(t, s.Pod))
		if err != nil {
			t.Fatal(err)
		}
		cases[n] = data
	}
	if !bytes.Equal(cases[0], cases[1]) {
		one, two := strings.Split(string(cases[0]), "\n"), strings.Split(string(cases[1]), "\n")
		for i := range min(len(one), len(two)) {
			if one[i] != two[i] {
				t.Fatalf("line %d is\n%s\nthen\n%s", i, one[i], two[i])
			}
		}
		t.Fatalf("%d lines, then %d", len(one), len(two))
	}
}

// The alerts hold one line that is broken, one that was written twice, and one of a pod that is gone.
func TestAlertsAreAsTheyComeInPractice(t *testing.T) {
	s := open(t)
	in, err := alert.Read(bytes.NewReader(s.Alerts), alert.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]int{}
	for _, a := range in.Alerts {
		ids[a.ID]++
	}
	if len(in.Alerts) != 5 || len(ids) != 4 || in.Broken != 1 {
		t.Errorf("%d alerts, %d different ones, %d broken lines", len(in.Alerts), len(ids), in.Broken)
	}
	if n := len(s.alerts(t, "web-7d9c5b6f48-m8rdz")); n != 1 {
		t.Errorf("%d alerts fit the second pod", n)
	}
}
