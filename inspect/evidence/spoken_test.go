package evidence

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// What a person says of a case, what happened to its pod and what could not be kept go with the bundle, and come out of it
// as they went in.
func TestABundleCarriesWhatWasSaid(t *testing.T) {
	in := newIncident(t)
	told := inspect.Clock{Regime: inspect.NIS2, Aware: began, Started: inspect.At(began.Add(time.Hour)), Author: "ada", Reason: "the CISO was told"}
	slip := inspect.Clock{Regime: inspect.DORA, Aware: began, Started: inspect.At(began.Add(2 * time.Hour)), Author: "ada", Reason: "a bank"}
	withdrawn := slip
	withdrawn.Withdrawn = &inspect.Withdrawal{Time: inspect.At(began.Add(3 * time.Hour)), Author: "bob", Reason: "no bank"}
	for _, e := range []inspect.Event{
		{Fact: told},
		{Fact: slip},
		{Fact: withdrawn},
		{Fact: inspect.Note{Time: began, Author: "ada", Subject: inspect.SubjectRuntime, Mark: inspect.RuntimeSaved, Text: "a checkpoint"}},
		{Check: "watch", Fact: inspect.PodChange{Time: began, State: inspect.PodGone, What: []string{"it was deleted"}, Exhibit: "cluster/pod.json"}},
		{Check: "logs", Fact: inspect.Exhibit{Path: "logs/before.log", Missing: "previous terminated container not found"}},
	} {
		in.say(e)
	}
	for _, name := range []string{"bundle", "bundle.tar.gz"} {
		r := in.export(t, name, options)
		if v := verify(t, r.Path, trusting()); v.Status != inspect.Verified {
			t.Errorf("%s: %s: %v", name, v.Status, failures(v))
		}
		bag, err := OpenBag(context.Background(), r.Path, t.TempDir())
		must(t, err)
		c, err := ledger.Fold(context.Background(), bag.Replay())
		must(t, err)
		must(t, bag.Close())
		if k, ok := c.RunningClock(inspect.NIS2); !ok || k != told {
			t.Errorf("%s: %+v", name, k)
		}
		if len(c.Clocks) != 2 || c.Clocks[1].Withdrawn == nil || *c.Clocks[1].Withdrawn != *withdrawn.Withdrawn || c.Clocks[1].Reason != "a bank" {
			t.Errorf("%s: %+v", name, c.Clocks)
		}
		if n, said := c.Runtime(); !said || n.Text != "a checkpoint" {
			t.Errorf("%s: %+v", name, n)
		}
		if x, gone := c.Gone(); !gone || x.What[0] != "it was deleted" {
			t.Errorf("%s: %+v", name, x)
		}
	}
	r := in.export(t, "bundle", options)
	for file, want := range map[string][]string{
		"data/custody.jsonl": {`"what":"clock","detail":"nis2 started by ada"`, `"detail":"dora withdrawn by bob"`, `"check":"logs","what":"not kept","detail":"logs/before.log"`},
		"data/report.md":     {"NIS2 Art. 23: aware", "no bank", "previous terminated container not found", "it was deleted", "a checkpoint"},
		"data/exhibits.json": {`"missing": "previous terminated container not found"`, `"state": "missing"`},
		"data/events.jsonl":  {`"reason":"a bank","withdrawn":null`, `"reason":"no bank"`},
	} {
		text := string(read(t, filepath.Join(r.Path, file)))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not hold %s", file, w)
			}
		}
	}
	if strings.Contains(string(read(t, filepath.Join(r.Path, "data/custody.jsonl"))), `"what":"kept","detail":"logs/before.log"`) {
		t.Error("custody says that what is missing was kept")
	}
}
