package destination

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/registry"
)

func TestWhatIsWorthASearch(t *testing.T) {
	for text, want := range map[string]bool{
		"203.0.113.9": true, "2001:db8::9": true, "8.8.8.8": true, "::ffff:8.8.8.8": true,
		"0.0.0.0": false, "10.0.0.1": false, "172.16.3.4": false, "192.168.0.1": false, "127.0.0.1": false,
		"169.254.169.254": false, "100.64.0.1": false, "fd00::1": false, "::": false, "::1": false, "fe80::1": false,
		"224.0.0.1": false, "255.255.255.255": false, "": false, "x": false, "::ffff:10.0.0.1": false,
	} {
		if got := publicAddress(text); got != want {
			t.Errorf("address %q: %v", text, got)
		}
	}
	for name, want := range map[string]bool{
		"pool.example": true, "a.b.example.com": true, "db.shop.svc": false, "db.shop.svc.cluster.local": false,
		"printer.local": false, "api.internal": false, "localhost": false, "9.113.0.203.in-addr.arpa": false, "": false,
		"a..b": false, ".com": false, "10.0.0.1": false, "ip-10-0-0-1.ec2.internal": false,
	} {
		if got := publicName(name); got != want {
			t.Errorf("name %q: %v", name, got)
		}
	}
}

func TestWholeNamesAndAddressesOnly(t *testing.T) {
	for _, tt := range []struct {
		target, text string
		want         bool
	}{
		{"203.0.113.9", `"url": "203.0.113.9:3333"`, true},
		{"203.0.113.9", "203.0.113.9", true},
		{"203.0.113.9", "to 203.0.113.9.", true},
		{"203.0.113.9", "203.0.113.90", false},
		{"203.0.113.9", "1203.0.113.9", false},
		{"203.0.113.9", "1.203.0.113.9", false},
		{"203.0.113.9", "203.0.113.9.4", false},
		{"203.0.113.9", "203.0.113.99 203.0.113.9", true},
		{"203.0.113.9", "\x00203.0.113.9\x00", true},
		{"2001:db8::9", "[2001:db8::9]:443", true},
		{"2001:db8::9", "f:2001:db8::9", false},
		{"2001:db8::9", "2001:db8::9a", false},
		{"pool.example", "stratum+tcp://pool.example:3333", true},
		{"pool.example", "eu.pool.example", true},
		{"pool.example", "carpool.example", false},
		{"pool.example", "car-pool.example", false},
		{"pool.example", "pool.example.com", false},
		{"pool.example", "at pool.example. Then", true},
		{"pool.example", "p\x00o\x00o\x00l\x00.\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00", true},
		{"pool.example", "r\x00p\x00o\x00o\x00l\x00.\x00e\x00x\x00a\x00m\x00p\x00l\x00e\x00", false},
		{"pool.example", "", false},
	} {
		if got := (target{text: tt.target, wide: wide(tt.target)}).in([]byte(tt.text)); got != tt.want {
			t.Errorf("%s in %q: %v", tt.target, tt.text, got)
		}
	}
}

// searched merges an image's layers and searches it for the destinations of alerts. It returns findings and notices.
func searched(t *testing.T, config v1.Config, alerts []inspect.Alert, layers ...[]layertest.Member) (
	findings []inspect.Finding, notices []string,
) {
	t.Helper()
	store, err := registry.OpenStore(t.TempDir())
	layertest.Must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	layertest.Must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	var steps []layertest.Layer
	for _, members := range layers {
		steps = append(steps, layertest.Step("RUN x", members...))
	}
	cache := layer.NewCache(store)
	list, _, err := cache.ImageLayers(t.Context(), client, layertest.Image(t, config, steps...), v1.Platform{})
	layertest.Must(t, err)
	tree, err := cache.Tree(t.Context(), list)
	layertest.Must(t, err)
	own, err := owner.NewCache().Of(t.Context(), tree)
	layertest.Must(t, err)
	image := inspect.Image{ImageHead: inspect.ImageHead{Container: "web", Config: "sha256:cc"}, Layers: list}
	image.Settings = inspect.ImageConfig{Env: config.Env, Cmd: config.Cmd, Labels: config.Labels}
	s := Search{Image: &image, Tree: tree, Own: own, Check: inspect.CheckBinaries}
	layertest.Must(t, s.Alerts(t.Context(), alerts, func(e inspect.Event) {
		switch f := e.Fact.(type) {
		case inspect.Finding:
			findings = append(findings, f)
		case inspect.Notice:
			notices = append(notices, f.Text)
		}
	}))
	return findings, notices
}

// to is a network alert about the container.
func to(address, name string) inspect.Alert {
	return inspect.Alert{
		Rule: "outbound", Match: inspect.MatchPod, Subject: "web",
		Destination: inspect.Destination{Address: address, Name: name},
	}
}

func TestSearch(t *testing.T) {
	known := layertest.File("etc/known", "203.0.113.9\n") // of a package, unaltered: it is no sign
	base := append(layertest.Dpkg(map[string][]layertest.Member{"base-files": {known}}, "base-files"), known)
	far := strings.Repeat("x", 1<<20-5) + " 203.0.113.9 " // over the seam of two pieces
	findings, notices := searched(t, v1.Config{
		Env: []string{"POOL=stratum+tcp://Pool.Example:3333", "PATH=/bin"}, Labels: map[string]string{"to": "203.0.113.9"},
	}, []inspect.Alert{to("203.0.113.9", ""), to("198.51.100.7", "pool.example"), to("10.0.0.9", "db.shop.svc")}, base,
		[]layertest.Member{
			layertest.Exe("tmp/.x/miner", layertest.Program("stratum+tcp://203.0.113.9:3333")),
			layertest.File("tmp/.x/config.json", far), layertest.File("srv/calm", "203.0.113.90"),
		})
	var got []string
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %s %s %s", f.Severity, f.Code, f.Subject, f.Title))
	}
	const leads = `203.0.113.9, where the connection of the alert "outbound" leads, stands in `
	want := []string{
		`info destination web env POOL pool.example, where the connection of the alert "outbound" leads, stands in the ` +
			`environment variable POOL of its config`,
		"info destination web label to " + leads + "the label to of its config",
		"medium destination web:/tmp/.x/miner " + leads + "/tmp/.x/miner",
		"medium destination web:/tmp/.x/config.json " + leads + "/tmp/.x/config.json",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(notices) != 2 || !strings.Contains(notices[0], "10.0.0.9 of an alert was not looked up") ||
		!strings.Contains(notices[1], `198.51.100.7 of the alert "outbound" was not found in the image of web`) {
		t.Errorf("notices: %q", notices)
	}
	if e := findings[2].Evidence; e[0].Path != "/tmp/.x/miner" || len(e[0].Digest) != 71 || e[1].Kind != "layer" ||
		e[1].Digest == "" {
		t.Errorf("the evidence is %+v", e)
	}
}

// Alerts that are of another container, that match nothing, or that have no destination cost nothing.
func TestNothingToSearchFor(t *testing.T) {
	other, none := to("203.0.113.9", ""), to("203.0.113.9", "")
	other.Subject, none.Match = "sidecar", inspect.MatchNone
	findings, notices := searched(t, v1.Config{Env: []string{"A=203.0.113.9"}},
		[]inspect.Alert{other, none, to("", "")}, []layertest.Member{layertest.File("a", "203.0.113.9")})
	if len(findings)+len(notices) != 0 {
		t.Errorf("%+v, %q", findings, notices)
	}
}

// A flood of alerts or of places gives a bounded number of findings.
func TestASearchIsBounded(t *testing.T) {
	var alerts []inspect.Alert
	for i := range MaxTargets + 20 {
		alerts = append(alerts, to(fmt.Sprintf("203.0.113.%d", i+1), ""))
	}
	if targets, _ := targetsOf(alerts, "web"); len(targets) != MaxTargets {
		t.Errorf("%d targets", len(targets))
	}
	var files []layertest.Member
	for i := range MaxFindings + 10 {
		files = append(files, layertest.File(fmt.Sprintf("srv/%02d", i), "203.0.113.1"))
	}
	if findings, _ := searched(t, v1.Config{}, alerts[:1], files); len(findings) != MaxFindings {
		t.Errorf("%d findings", len(findings))
	}
}

// FuzzIn looks for a name in any bytes: what is found stands there.
func FuzzIn(f *testing.F) {
	f.Add("203.0.113.9", []byte("to 203.0.113.9:3333"))
	f.Add("pool.example", []byte("pool.example.com pool.example"))
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if !publicAddress(text) && !publicName(text) {
			return
		}
		if (target{text: text, wide: wide(text)}).in(data) && !strings.Contains(string(data), text) &&
			!strings.Contains(string(data), string(wide(text))) {
			t.Errorf("%q is not in %q", text, data)
		}
	})
}
