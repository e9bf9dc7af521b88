package recompute

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"slices"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/advisory"
	"github.com/backtrail/backtrail/inspect/alert"
	"github.com/backtrail/backtrail/inspect/answer"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/binary"
	"github.com/backtrail/backtrail/inspect/engine"
	"github.com/backtrail/backtrail/inspect/evidence"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/layer/layertest"
	"github.com/backtrail/backtrail/inspect/ledger"
	"github.com/backtrail/backtrail/inspect/lock"
	"github.com/backtrail/backtrail/inspect/owner"
	"github.com/backtrail/backtrail/inspect/policy"
	"github.com/backtrail/backtrail/inspect/provenance"
	"github.com/backtrail/backtrail/inspect/sbom"
	"github.com/backtrail/backtrail/inspect/signature"
	"github.com/backtrail/backtrail/inspect/subject"
	"github.com/backtrail/backtrail/registry"
)

var began = time.Date(2026, 5, 14, 14, 9, 0, 0, time.UTC)

func clock() time.Time { return began }

// dropped is a program that no package owns, in a hidden folder.
const dropped = "/var/tmp/.font/fontd"

// falco is the line of an alert as Falco writes it.
func falco(rule, path string) string {
	return `{"rule":"` + rule + `","priority":"Critical","time":"2026-05-14T14:03:08.123456789Z","output":"` + rule +
		` ` + path +
		`","output_fields":{"proc.exepath":"` + path +
		`","k8s.ns.name":"shop","k8s.pod.name":"web-0","container.id":"0123456789ab"}}`
}

// lab is a case that was made by the checks themselves, of an image that tests write.
type lab struct {
	store  *registry.Store
	cache  *layer.Cache
	events []inspect.Event
}

// newLab runs the checks on an image of a base layer and one with a dropped program, with the lines of alerts.
func newLab(t *testing.T, lines ...string) *lab {
	t.Helper()
	_, base := layertest.Debian()
	target := layertest.Image(t, v1.Config{Entrypoint: []string{dropped}}, base,
		layertest.Step("COPY fonts/ / # buildkit", layertest.Dir("var/tmp/"), layertest.Exe("var/tmp/.font/fontd",
			layertest.Program("mine")), layertest.File("app/package-lock.json", `{"name":"app","lockfileVersion":3,"packages":{`+
			`"":{"name":"app"},"node_modules/axios":{"version":"1.14.0","resolved":"https://registry.npmjs.org/axios/-/`+
			`axios-1.14.0.tgz","integrity":"sha512-eA=="}}}`), layertest.File("app/node_modules/axios/package.json",
			`{"name":"axios","version":"1.14.1","scripts":{"postinstall":"node setup.js"}}`),
			layertest.File("etc/cron.d/font", "* * * * * root "+dropped+"\n")))
	store, err := registry.OpenStore(t.TempDir())
	must(t, err)
	client, err := registry.New(registry.Options{Store: store})
	must(t, err)
	t.Cleanup(func() { _ = client.Close() })
	loc, err := registry.Parse(target)
	must(t, err)
	img, err := client.Resolve(t.Context(), loc, v1.Platform{})
	must(t, err)
	in := &lab{store: store, cache: layer.NewCache(store)}
	source, err := engine.NewSource(engine.Plan{
		Header: inspect.Header{Schema: inspect.Schema, Target: inspect.Target{
			Kind: inspect.TargetImage,
			Name: "oci:web",
		}, Started: inspect.At(began)},
		Now: clock, Opening: in.received(t, lines...),
		Checks: []engine.Check{
			subject.Check(subject.Options{Client: client, Image: img, Reference: "oci:web", Choice: &subject.Choice{}}),
			policy.Check(&policy.Loaded{Files: &policy.Set{}}),
			signature.Check(signature.Options{Client: client, Store: store, Trust: signature.FixedTrust(), Now: clock}),
			provenance.Check(client), layer.Layers(client, in.cache), sbom.Attached(client),
			binary.Binaries(client, in.cache, owner.NewCache()), sbom.Packages(sbom.NewCataloguer(in.cache)),
			autorun.Check(client, in.cache, owner.NewCache()), lock.Files(client, in.cache, inspect.CheckPackages),
			advisory.Advisories(advisory.NewData(t.TempDir()), in.cache, inspect.CheckLockFiles),
			answer.Check(inspect.CheckSignatures, inspect.CheckLayers, inspect.CheckBinaries, inspect.CheckAutoruns,
				inspect.CheckLockFiles, inspect.CheckAdvisories, inspect.CheckPackages),
		},
	})
	must(t, err)
	must(t, source(t.Context(), func(e inspect.Event) { in.events = append(in.events, e) }))
	return in
}

// received are alerts with their lines, as package triage records them.
func (in *lab) received(t *testing.T, lines ...string) []inspect.Event {
	t.Helper()
	var events []inspect.Event
	for _, line := range lines {
		a, err := alert.ParseLine([]byte(line), began)
		must(t, err)
		events = append(events, inspect.Event{Fact: a.Alert}, in.exhibit(t, "alerts/"+a.ID+".json", line))
	}
	return events
}

// exhibit keeps bytes as they were received.
func (in *lab) exhibit(t *testing.T, path, content string) inspect.Event {
	t.Helper()
	digest := digestOf([]byte(content))
	must(t, in.store.Put(digest, []byte(content)))
	return inspect.Event{Fact: inspect.Exhibit{
		Path: path, Digest: digest, Size: int64(len(content)),
		Kept: inspect.At(began),
	}}
}

// told is the lab with other facts: change gives each fact, another one in its place, or nil to leave it out.
func (in *lab) told(change func(inspect.Fact) inspect.Fact) *lab {
	other := *in
	other.events = nil
	for _, e := range in.events {
		if e.Fact = change(e.Fact); e.Fact != nil {
			other.events = append(other.events, e)
		}
	}
	return &other
}

// bag exports the lab's case with a ledger whose chain holds.
func (in *lab) bag(t *testing.T, layers evidence.Layers) *evidence.Bag {
	t.Helper()
	var record bytes.Buffer
	prev := ""
	for n, e := range in.events {
		e.Seq, e.Prev, e.Time = uint64(n+1), prev, inspect.At(began)
		line, err := json.Marshal(e)
		must(t, err)
		prev = digestOf(line)
		record.Write(append(line, '\n'))
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(record.Bytes())), nil }
	to := filepath.Join(t.TempDir(), "bag")
	_, err := evidence.Export(t.Context(), open, in.cache, to, evidence.Options{Layers: layers, Case: "case"})
	must(t, err)
	bag, err := evidence.OpenBag(t.Context(), to, t.TempDir())
	must(t, err)
	t.Cleanup(func() { _ = bag.Close() })
	return bag
}

// again runs the checks of a bag again.
func again(t *testing.T, bag *evidence.Bag) (was inspect.Case, now evidence.Again) {
	t.Helper()
	was, err := ledger.Fold(t.Context(), bag.Replay())
	must(t, err)
	now, err = Bundle{}.Run(t.Context(), bag, was)
	must(t, err)
	return was, now
}

// verify gives the verification of a bag, and the details of what failed.
func verify(t *testing.T, bag *evidence.Bag) (v evidence.Verification, failed string) {
	t.Helper()
	v, err := evidence.Verify(t.Context(), bag.Path(), evidence.VerifyOptions{Rerun: Bundle{}.Run, AcceptBag: true})
	must(t, err)
	for _, c := range v.Checks {
		if c.Status == inspect.Failed {
			failed += c.Name + " " + c.Subject + ": " + c.Detail + "\n"
		}
	}
	return v, failed
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// paths are those of the binaries of a case.
func paths(c inspect.Case) []string {
	var all []string
	for _, i := range c.Images {
		for _, b := range i.Binaries {
			all = append(all, b.Path)
		}
	}
	slices.Sort(all)
	return all
}
