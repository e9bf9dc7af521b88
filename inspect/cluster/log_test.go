package cluster

import (
	"strings"
	"testing"
)

func TestBareID(t *testing.T) {
	for id, want := range map[string]string{
		"containerd://db90540bf124": "db90540bf124", "db90": "db90", "x://../../etc": "etc", "docker://" + strings.Repeat("a", 99): strings.Repeat("a", 64),
	} {
		if got := bareID(id); got != want {
			t.Errorf("%s became %s, want %s", id, got, want)
		}
	}
}
