package demo_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/backtrail/backtrail/inspect/demo"
	shop "github.com/backtrail/backtrail/testdata/demo"
)

// Two runs differ in nothing but the port.
func TestStartIsTheSameEachTime(t *testing.T) {
	one, two := open(t), open(t)
	for _, part := range []struct {
		name string
		a, b []byte
	}{
		{"snapshot", one.Snapshot, two.Snapshot}, {"alerts", one.Alerts, two.Alerts}, {"trusted root", one.TrustedRoot, two.TrustedRoot},
	} {
		if len(part.a) == 0 || !bytes.Equal(part.a, part.b) {
			t.Errorf("%s: %d bytes, then %d different ones", part.name, len(part.a), len(part.b))
		}
	}
	if one.RegistryMap.From != two.RegistryMap.From || one.RegistryMap.To == two.RegistryMap.To {
		t.Errorf("mappings %v and %v", one.RegistryMap, two.RegistryMap)
	}
	for _, tag := range []string{"shop/web:1.4.2", "shop/migrate:2.0.1", "shop/cart:0.9.0", "mesh/proxy:1.22.3"} {
		a, b := one.resolve(t, "registry.shop.example/"+tag), two.resolve(t, "registry.shop.example/"+tag)
		if a.Digest() != b.Digest() {
			t.Errorf("%s is %s, then %s", tag, a.Digest(), b.Digest())
		}
	}
}

func TestRootDigestIsThatOfTheTrustedRoot(t *testing.T) {
	s := open(t)
	if got, want := demo.RootDigest(), fmt.Sprintf("sha256:%x", sha256.Sum256(s.TrustedRoot)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The embedded files are what the generator makes. `make demo` renews them, also after an upgrade of the compressor.
func TestTheGeneratorReproducesTheEmbeddedFiles(t *testing.T) {
	files, err := shop.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		embedded, err := os.ReadFile(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(embedded, f.Data) {
			t.Errorf("%s: %d bytes are embedded, the generator makes %d others: run make demo and look at the difference", f.Name, len(embedded), len(f.Data))
		}
	}
}

// What is in the snapshot by digest is in the registry, and nothing else is needed.
func TestRegistryHoldsWhatRuns(t *testing.T) {
	s := open(t)
	for _, reference := range referencesIn(s.Snapshot) {
		img := s.resolve(t, reference)
		if part, bad := img.Problem(); bad {
			t.Errorf("%s: %s", reference, part.Detail)
		}
	}
}

func TestRegistryIsReadOnly(t *testing.T) {
	s := open(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, "http://"+s.RegistryMap.To+"/v2/shop/web/manifests/1.4.2", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("DELETE is answered with %d", resp.StatusCode)
	}
}

func TestCloseStopsTheRegistry(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	incident, err := demo.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // once more does no harm
		if err := incident.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+incident.RegistryMap.To+"/v2/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := http.DefaultClient.Do(r); err == nil {
		_ = resp.Body.Close()
		t.Error("it still answers")
	}
}

// The first screen waits for this: it must stay under 150 ms.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		incident, err := demo.Start(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		if err := incident.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
