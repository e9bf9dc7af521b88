package alert

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fastjson"

	"github.com/backtrail/backtrail/kube"
)

// A defect in a parser costs the line that it was in.
func TestAPanicCostsOneLine(t *testing.T) {
	defer func(before []format) { formats = before }(formats)
	formats = append([]format{{
		is: func(v *fastjson.Value) bool { return v.Exists("defect") },
		read: func(*fastjson.Value, moment) (Alert, error) {
			var nobody *Alert
			return *nobody, nil
		},
	}}, formats...)
	in, err := Read(strings.NewReader(falcoOne+"\n{\"defect\":1}\n"+falcoOne), Limits{})
	if err != nil || len(in.Alerts) != 2 || in.Broken != 1 || !strings.Contains(in.Samples[0].Reason, "a defect of backtrail") {
		t.Errorf("%v, %d alerts, %+v", err, len(in.Alerts), in.Samples)
	}
}

// defective is a cluster whose reports cannot be read without a panic.
type defective struct{ kube.Source }

func (defective) Context() string { return "prod" }

func (defective) EachCustom(_ context.Context, kind kube.CustomKind, _ string, _ func(kube.Object) error) error {
	if kind.Kind == "PolicyReport" {
		panic("no report")
	}
	return kube.ErrNotFound
}

// A defect in reading one kind of report is noted, and the others are read.
func TestAPanicEndsOneReader(t *testing.T) {
	var mu sync.Mutex
	var notes []string
	c := &FromCluster{Store: NewStore(0), Cluster: defective{}, Note: func(text string) {
		mu.Lock()
		defer mu.Unlock()
		notes = append(notes, text)
	}}
	c.Read(t.Context())
	text := strings.Join(notes, "\n")
	if !strings.Contains(text, "a defect of backtrail") || !strings.Contains(text, "has no logs") {
		t.Errorf("notes %q", notes)
	}
}
