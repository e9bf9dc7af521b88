package inspect

import (
	"reflect"
	"slices"
	"testing"
)

// outcome of one type as people see it.
type shown struct {
	tone  Status
	words string
}

// What each outcome is called and which sign it takes (CONTRACT, LANGUAGE): ✓ stands for Verified alone.
func TestOutcomesAreShownAs(t *testing.T) {
	for name, tt := range map[string]struct{ got, want shown }{
		"case passed":     {shown{CasePassed.Tone(), CasePassed.Words()}, shown{Absent, "no problems found"}},
		"case failed":     {shown{CaseFailed.Tone(), CaseFailed.Words()}, shown{Failed, "problems found"}},
		"case incomplete": {shown{CaseIncomplete.Tone(), CaseIncomplete.Words()}, shown{Unknown, "incomplete"}},

		"row failed":   {shown{RowFailed.Tone(), ""}, shown{Failed, ""}},
		"row observed": {shown{RowObserved.Tone(), ""}, shown{Absent, ""}},
		"row unknown":  {shown{RowUnknown.Tone(), ""}, shown{Unknown, ""}},
		"row verified": {shown{RowVerified.Tone(), ""}, shown{Verified, ""}},

		"answered":       {shown{Answered.Tone(), Answered.Words()}, shown{Absent, "answered"}},
		"answer partial": {shown{AnswerPartial.Tone(), AnswerPartial.Words()}, shown{Unknown, "partly answered"}},
		"answer open":    {shown{AnswerOpen.Tone(), AnswerOpen.Words()}, shown{Unknown, "open"}},
		"answer none":    {shown{AnswerNone.Tone(), AnswerNone.Words()}, shown{Absent, "nothing to explain"}},

		"check done":    {shown{CheckDone.Tone(), CheckDone.Words()}, shown{Verified, "done"}},
		"check skipped": {shown{CheckSkipped.Tone(), CheckSkipped.Words()}, shown{Absent, "not applicable"}},
		"check blocked": {shown{CheckBlocked.Tone(), CheckBlocked.Words()}, shown{Unknown, "could not run"}},

		"store found":       {shown{StoreFound.Tone(), ""}, shown{Verified, ""}},
		"store empty":       {shown{StoreEmpty.Tone(), ""}, shown{Absent, ""}},
		"store unreachable": {shown{StoreUnreachable.Tone(), ""}, shown{Unknown, ""}},

		"gate passed":       {shown{GatePassed.Tone(), GatePassed.Words()}, shown{Verified, "passed"}},
		"gate refused":      {shown{GateRefused.Tone(), GateRefused.Words()}, shown{Failed, "would refuse"}},
		"gate not enforced": {shown{GateNotEnforced.Tone(), GateNotEnforced.Words()}, shown{Absent, "not enforced"}},
		"gate absent":       {shown{GateAbsent.Tone(), GateAbsent.Words()}, shown{Absent, "none"}},
		"gate unknown":      {shown{GateUnknown.Tone(), GateUnknown.Words()}, shown{Unknown, "not checked"}},

		"verified": {shown{Verified, Verified.Words()}, shown{Verified, "verified"}},
		"failed":   {shown{Failed, Failed.Words()}, shown{Failed, "failed"}},
		"absent":   {shown{Absent, Absent.Words()}, shown{Absent, "none"}},
		"unknown":  {shown{Unknown, Unknown.Words()}, shown{Unknown, "not checked"}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: shown as %v, want %v", name, tt.got, tt.want)
		}
	}
}

// A word that is not in the list, as that of a newer version or of a stranger's bundle, is unknown, and never green.
func TestWordsOfOthersAreUnknown(t *testing.T) {
	for _, word := range []string{
		"", "Verified", "VERIFIED", "verified ", "ok", "pass", "passed!",
		"\x1b[32mverified",
	} {
		for name, got := range map[string]Status{
			"case": CaseStatus(word).Tone(), "row": RowStatus(word).Tone(), "answer": AnswerStatus(word).Tone(),
			"check": CheckStatus(word).Tone(), "store": StoreStatus(word).Tone(), "gate": GateStatus(word).Tone(),
		} {
			if got != Unknown {
				t.Errorf("%s %q is shown as %s", name, word, got)
			}
		}
		for name, got := range map[string][2]string{
			"case":   {CaseStatus(word).Words(), "incomplete"},
			"answer": {AnswerStatus(word).Words(), "open"},
			"check":  {CheckStatus(word).Words(), "could not run"},
			"gate":   {GateStatus(word).Words(), "not checked"},
			"status": {Status(word).Words(), "not checked"},
		} {
			if got[0] != got[1] {
				t.Errorf("%s %q is called %q, want %q", name, word, got[0], got[1])
			}
		}
		if got := GateOf(Status(word)); got != GateUnknown {
			t.Errorf("a verification %q makes a gate %s", word, got)
		}
	}
}

// A gate that a verification stands behind has its outcome, and its sign.
func TestGateOf(t *testing.T) {
	for s, want := range map[Status]GateStatus{
		Verified: GatePassed, Failed: GateRefused, Absent: GateAbsent,
		Unknown: GateUnknown,
	} {
		if got := GateOf(s); got != want || got.Tone() != s {
			t.Errorf("%s: %s with the sign of %s", s, got, got.Tone())
		}
	}
}

// Severities are ordered; one that nobody rated comes last, and is nothing that failed.
func TestSeverities(t *testing.T) {
	all := Severities()
	if !slices.Equal(all, []Severity{Critical, High, Medium, Low, Info}) {
		t.Fatal(all)
	}
	for i, s := range all {
		if s.Rank() != i {
			t.Errorf("%s ranks %d", s, s.Rank())
		}
		want := RowObserved
		if s == Critical || s == High {
			want = RowFailed
		}
		if got := s.RowStatus(); got != want {
			t.Errorf("a row of severity %s is %s", s, got)
		}
	}
	for _, s := range []Severity{"", Unrated, "CRITICAL", "severe"} {
		if s.Rank() != len(all) || s.RowStatus() != RowObserved {
			t.Errorf("%q: rank %d, row %s", s, s.Rank(), s.RowStatus())
		}
	}
}

// Levels of thresholds: what nobody named is logged, and logged comes last.
func TestLevels(t *testing.T) {
	for l, want := range map[Level]int{LevelBlock: 0, LevelWarn: 1, LevelLog: 2, "": 2, "of tomorrow": 2} {
		if l.Rank() != want {
			t.Errorf("%q ranks %d", l, l.Rank())
		}
	}
}

// Questions are three, in the order in which a post-mortem asks them.
func TestQuestions(t *testing.T) {
	if !slices.Equal(Questions(), []string{WhereFrom, HowIn, WhyMissed}) {
		t.Error(Questions())
	}
	c := fold(about("", Answer{Question: "of tomorrow"}, Answer{Question: WhyMissed}, Answer{Question: WhereFrom},
		Answer{Question: HowIn})...)
	var got []string
	for _, a := range c.Answers {
		got = append(got, a.Question)
	}
	if !slices.Equal(got, []string{"of tomorrow", WhereFrom, HowIn, WhyMissed}) {
		t.Errorf("folded in the order %q", got)
	}
	if all := c.AllAnswers(); len(all) != 3 || all[0].Question != WhereFrom {
		t.Errorf("%+v", all)
	}
}

// The steps of a chain have one order: the reason of a signature is that of the first that fails in it.
func TestStepsHaveOneOrder(t *testing.T) {
	want := []string{
		"integrity", "certificate-chain", "sct", "transparency-log", "timestamp", "signature",
		"subject", "identity",
	}
	if got := StepNames(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// No outcome of a case, an answer or a row of findings but a byte-level check is shown like a verification that passed.
func TestNoTickForWhatIsNoVerification(t *testing.T) {
	for _, s := range []CaseStatus{CasePassed, CaseFailed, CaseIncomplete} {
		if s.Tone() == Verified {
			t.Errorf("a case that is %s is green", s)
		}
	}
	for _, s := range []AnswerStatus{Answered, AnswerPartial, AnswerOpen, AnswerNone} {
		if s.Tone() == Verified {
			t.Errorf("an answer that is %s is green", s)
		}
	}
	for _, s := range Severities() {
		if s.RowStatus() == RowVerified {
			t.Errorf("a finding of severity %s counts as verified", s)
		}
	}
}

// What an alert's priority counts for: Falco's order, worst first, in any case of letters.
func TestPriorities(t *testing.T) {
	order := []string{"Emergency", "ALERT", "critical", "Error", "Warning", "Notice", "", "Informational", "Debug"}
	for i := 1; i < len(order); i++ {
		if PriorityRank(order[i-1]) >= PriorityRank(order[i]) {
			t.Errorf("%q does not come before %q", order[i-1], order[i])
		}
	}
	if PriorityRank("info") != PriorityRank("Informational") {
		t.Error("info is not informational")
	}
	for _, p := range []string{"high", "panic", "\x1b[1m", "critical "} {
		if PriorityRank(p) != PriorityRank("") {
			t.Errorf("%q ranks %d", p, PriorityRank(p))
		}
	}
}

// What an alert is called, and when it was said last.
func TestAlertNames(t *testing.T) {
	for name, tt := range map[string]struct {
		a      Alert
		called string
		newest Time
	}{
		"a rule":               {Alert{Rule: "r", Title: "t", Time: at(1)}, "r", at(1)},
		"a message only":       {Alert{Title: "t"}, "t", Time{}},
		"neither":              {Alert{}, "", Time{}},
		"several times":        {Alert{Rule: "r", Time: at(1), Last: at(5)}, "r", at(5)},
		"a last before itself": {Alert{Rule: "r", Time: at(5), Last: at(1)}, "r", at(5)},
	} {
		if tt.a.Name() != tt.called || tt.a.Newest() != tt.newest {
			t.Errorf("%s: %q, newest %s", name, tt.a.Name(), tt.a.Newest().Stamp())
		}
	}
}

// Who says what a sentence says is a part of it: a claim is never read as something that was seen.
func TestSentences(t *testing.T) {
	for want, s := range map[string]Sentence{
		"the file is in layer 6 (seen).": {Text: "the file is in layer 6", Basis: Seen},
		"the tag was moved (derived).":   {Text: "the tag was moved", Basis: Derived},
		"built by ci (claimed by the image's labels).": {
			Text: "built by ci", Basis: Claimed,
			By: "the image's labels",
		},
		"built by ci (claimed).": {Text: "built by ci", Basis: Claimed},
		"who pushed it; to know, run: crane ls x (not known).": {
			Text: "who pushed it", Basis: NotKnown,
			Run: "crane ls x",
		},
		"later (of tomorrow).": {Text: "later", Basis: "of tomorrow"},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if known := s.Basis == Seen || s.Basis == Derived; s.Known() != known {
			t.Errorf("%q: known %v", s.Text, s.Known())
		}
	}
}

// Data without a date is never called fresh.
func TestTheAgeOfData(t *testing.T) {
	const day = 24 * 60
	for name, tt := range map[string]struct {
		date, at Time
		days     int
		old      bool
	}{
		"of today":           {at(0), at(60), 0, false},
		"five days":          {at(0), at(5 * day), 5, false},
		"not yet six":        {at(0), at(6*day - 1), 5, false},
		"six days":           {at(0), at(6 * day), 6, true},
		"years":              {at(0), at(1000 * day), 1000, true},
		"no date":            {Time{}, at(0), -1, false},
		"no time to compare": {at(0), Time{}, -1, false},
		"still to come":      {at(10), at(0), -1, false},
	} {
		days, old := AdvisoryData{Date: tt.date}.Days(tt.at)
		if days != tt.days || old != tt.old {
			t.Errorf("%s: %d days, old %v", name, days, old)
		}
	}
}

// Constants of one type differ: two that share a value would be one outcome.
func TestConstantsDiffer(t *testing.T) {
	for name, all := range map[string][]string{
		"reasons of gates": {
			string(GateStaticPod), string(GateNoVerifier), string(GateNoLabel),
			string(GateNotSelected),
			string(GateSetUpLater), string(GateNotBound), string(GateWarnsOnly), string(GateFailsOpen),
			string(GateConditions),
			string(GateNotReadable), string(GateNotReachable), string(GateNotCompared),
		},
		"origins of files": {
			OriginImage, OriginChanged, OriginRuntime, OriginMemfd, OriginVolume, OriginHost,
			OriginUnknown,
		},
		"unresolved": {
			string(UnresolvedGone), string(UnresolvedNotReported), string(UnresolvedConfigOnly),
			string(UnresolvedPlatform), string(UnresolvedReference), string(UnresolvedUnreachable),
		},
		"locks": {
			string(LockUnreadable), string(LockVersionSpoof), string(LockPhantom), string(LockNotInstalled),
			string(LockForeignSource), string(LockRewritten), string(LockScriptGone),
		},
	} {
		sorted := slices.Sorted(slices.Values(all))
		if got := slices.Compact(slices.Clone(sorted)); !reflect.DeepEqual(got, sorted) {
			t.Errorf("%s: %q", name, sorted)
		}
	}
}
