package owner

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect/layer"
)

func TestRecordLines(t *testing.T) {
	x := "sha256:" + hex.EncodeToString(make([]byte, 32))
	zero := "sha256=" + strings.Repeat("A", 43)
	got := parseRecord(
		[]byte(
			"num/a.py,"+zero+",1\n\"num/b,c.py\","+zero+",1\nnum/__pycache__/a.pyc,,\nnum-1.dist-info/RECORD,,\nold.py,md5=x,1\n"+
				"../../../bin/num,"+zero+",1\n../../../../../tmp/kinsing,"+zero+",1\n/etc/passwd,"+zero+",1\n../other.py,"+zero+",1\n",
		),
		"/usr/local/lib/python3.13/site-packages/num-1.2.dist-info",
	)
	var lines []string
	for _, c := range got {
		lines = append(lines, strings.TrimPrefix(c.Path, "/usr/local/")+" "+c.Package+" "+c.Version+" "+c.Sum)
	}
	in := "lib/python3.13/site-packages/"
	want := []string{
		in + "num/a.py python num 1.2 " + x, in + "num/b,c.py python num 1.2 " + x, in + "num/__pycache__/a.pyc python num 1.2 ",
		in + "num-1.dist-info/RECORD python num 1.2 ", in + "old.py python num 1.2 ", "bin/num python num 1.2 " + x,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got  %q\nwant %q", lines, want)
	}
	for _, c := range parseRecord([]byte("../../../bin/sh,"+zero+",1\n"), "/usr/lib/python3.13/site-packages/evil-1.dist-info") {
		t.Errorf("a RECORD claims a program of the system: %+v", c)
	}
}

func FuzzRecord(f *testing.F) {
	f.Add([]byte("a.py,sha256=AAAA,1\n\"b,c\",,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, c := range parseRecord(data, "/opt/venv/lib/python3.13/site-packages/a-1.dist-info") {
			if !layer.Within(c.Path, "/opt/venv") {
				t.Errorf("claim %+v", c)
			}
		}
		for _, c := range parseInstalled(data, "/opt/venv/lib/python3.13/site-packages/a-1.egg-info") {
			if !layer.Within(c.Path, "/opt/venv") {
				t.Errorf("claim %+v", c)
			}
		}
		for _, c := range parseConda(data, "/opt/conda") {
			if !layer.Within(c.Path, "/opt/conda") {
				t.Errorf("claim %+v", c)
			}
		}
	})
}
