package sbom

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestAHostileRPMDatabaseIsNotHandedToSyft(t *testing.T) {
	// The header of a Berkeley DB hash database whose pages lead out of the file.
	head := make([]byte, 4096)
	copy(head[12:], []byte{0x61, 0x15, 0x06, 0x00, 0x09, 0, 0, 0, 0x00, 0x10, 0, 0})
	copy(head[32:], []byte{0xff, 0xff, 0xff, 0x7f})
	b := newBench(t)
	layers, img, _ := b.read(t, "oci:"+save(t, imageOf(t, makeLayer(
		t,
		dir(
			"var/lib/rpm",
		),
		textFile("var/lib/rpm/Packages", string(head)),
		dir("var/lib/dpkg"),
		textFile("var/lib/dpkg/status", dpkgStatus("bash", "5.2")),
	))))
	c := walk(t, events(img, layers, inspect.Verified), nil, Packages(NewCataloguer(b.cache)))
	if got := names(c.Images[0].Packages); len(got) != 1 || !strings.Contains(got[0], "bash") {
		t.Errorf("packages %v", got)
	}
	for _, s := range c.Checks {
		if s.Name == "packages" &&
			(s.Status != inspect.CheckBlocked || !strings.Contains(s.Reason, "/var/lib/rpm/Packages")) {
			t.Errorf("check %+v", s)
		}
	}
}
