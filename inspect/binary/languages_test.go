package binary

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/owner"
)

func TestPackagesOfLanguages(t *testing.T) {
	_, base := debian()
	so, other := program("num"), program("other")
	python := func(members ...member) layerSpec {
		list := record("num/_num.so", so) + record("num/_miner.so", program("stratum+tcp://")) + record("../../../bin/num", "#!/usr/bin/python\n") + record("num/.x/_y.so", other)
		return step("RUN pip install num", append(members, file(site+"num-1.2.dist-info/RECORD", list))...)
	}
	for name, test := range map[string]struct {
		layer layerSpec
		want  []string
	}{
		"what RECORD knows is not shown":     {python(exe(site+"num/_num.so", so), exe("usr/local/bin/num", "#!/usr/bin/python\n")), nil},
		"what is not what RECORD says is":    {python(exe(site+"num/_num.so", other)), []string{"low /" + site + "num/_num.so x1 unowned"}},
		"what RECORD does not name is":       {python(exe(site+"num/_new.so", so)), []string{"low /" + site + "num/_new.so x1 unowned"}},
		"RECORD vouches for no miner":        {python(exe(site+"num/_miner.so", program("stratum+tcp://"))), []string{"high /" + site + "num/_miner.so x1 miner-string unowned"}},
		"RECORD vouches for no hidden place": {python(exe(site+"num/.x/_y.so", other)), []string{"high /" + site + "num/.x/_y.so x1 hidden-path unowned"}},
		"conda": {
			step("RUN conda", exe("opt/conda/bin/tool", program("tool")), exe("opt/conda/lib/_n.so", so), file("opt/conda/conda-meta/tool-1.json",
				`{"name":"tool","version":"1","paths_data":{"paths":[{"_path":"bin/tool","sha256":"`+strings.Repeat("0", 64)+`","sha256_in_prefix":"`+hex.EncodeToString(sha(program("tool")))+
					`"},{"_path":"lib/_n.so","sha256":"`+strings.Repeat("0", 64)+`","prefix_placeholder":"/opt/anaconda1"},{"_path":"../../usr/bin/x","sha256":""}]}}`)),
			[]string{"info /opt/conda/lib/_n.so x1 unowned"},
		},
		"npm": {
			step("RUN npm ci", file("app/node_modules/@esbuild/linux/package.json", "{}"), exe("app/node_modules/@esbuild/linux/bin/esbuild", program("e"))),
			[]string{"info /app/node_modules/@esbuild/linux/bin/esbuild x1 unowned"},
		},
		"no npm package": {step("RUN npm ci", exe("app/node_modules/x/bin/y", program("e"))), []string{"low /app/node_modules/x/bin/y x1 unowned"}},
		"gem": {
			step("RUN gem", file("usr/local/lib/ruby/gems/3.4.0/specifications/nokogiri-1.18.gemspec", "x"), exe("usr/local/lib/ruby/gems/3.4.0/gems/nokogiri-1.18/lib/nokogiri.so", program("n"))),
			[]string{"info /usr/local/lib/ruby/gems/3.4.0/gems/nokogiri-1.18/lib/nokogiri.so x1 unowned"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, test.layer), nil)
			if got := binaryRows(c.Images[0]); !slices.Equal(got, test.want) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
			if f := c.Images[0].Files; f.Ownership != owner.Known || f.Missing != 0 {
				t.Errorf("files: %+v", f)
			}
		})
	}
}

func TestAlteredPythonFilesAreMedium(t *testing.T) {
	_, base := debian()
	c := newBench(t).examine(t, imageOf(t, v1.Config{}, base, step("RUN pip", file(site+"num/run.py", "evil"), file(site+"num-1.dist-info/RECORD", record("num/run.py", "good")))), nil)
	a := c.Images[0].Altered
	if len(a) != 1 || a[0].Severity != inspect.Medium || a[0].Package != "python num" || !strings.HasPrefix(a[0].Expected, "sha256:") {
		t.Errorf("altered: %+v", a)
	}
}
