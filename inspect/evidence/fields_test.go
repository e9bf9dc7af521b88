package evidence

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// alter gives every exported field of a row in turn another value than it has, by its JSON name. What a row has as a
// list of structures gets one more of them.
func alter[T any](row T, each func(field string, altered T)) {
	kind := reflect.TypeOf(row)
	for n := range kind.NumField() {
		field := kind.Field(n)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		copied := reflect.New(kind).Elem()
		copied.Set(reflect.ValueOf(row))
		if name == "" { // embedded
			continue
		}
		if other(copied.Field(n)) {
			each(name, copied.Interface().(T))
		}
	}
}

// other changes a value to one that is written otherwise. It returns false for a kind that no row has.
func other(v reflect.Value) bool {
	if at, is := v.Addr().Interface().(*inspect.Time); is {
		*at = inspect.At(at.AddDate(1, 0, 0))
		return true
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Slice:
		more := reflect.New(v.Type().Elem()).Elem()
		other(more)
		v.Set(reflect.Append(reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, v.Len()+1), v), more))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"x": "y"}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		other(v.Elem())
	case reflect.Struct:
		return v.NumField() > 0 && other(v.Field(0))
	default:
		return false
	}
	return true
}

// rerun are the checks that a bench runs again.
var rerun = []string{
	inspect.CheckBinaries, inspect.CheckPackages, inspect.CheckAttachedSBOM, inspect.CheckSubject,
	inspect.CheckAutoruns, inspect.CheckLockFiles, inspect.CheckAdvisories,
}

// bench compares rows without a bundle around them, but for the bytes of the incident's.
type bench struct {
	bag *Bag
	c   inspect.Case
}

func newBench(t *testing.T) *bench {
	t.Helper()
	bag := openBag(t, newIncident(t).export(t, "bundle", options).Path)
	c, err := bag.Case(t.Context())
	must(t, err)
	for _, check := range rerun {
		for _, container := range []string{"", "web"} {
			c.Checks = append(c.Checks, inspect.CheckState{
				Name: check, Container: container,
				Status: inspect.CheckDone,
			})
		}
	}
	slices.SortFunc(c.Checks, func(a, b inspect.CheckState) int {
		return strings.Compare(a.Container+"\x00"+a.Name, b.Container+"\x00"+b.Name)
	})
	c.Images = slices.Clone(c.Images)
	c.Images[0] = c.Images[0].Clone()
	c.Images[0].Diff = nil // a comparison leaves the rows of files to it
	return &bench{bag: bag, c: c}
}

// compare runs one comparison of a claimed case with an honest one and gives the details of what failed.
func (b *bench) compare(claimed, honest inspect.Case, again Again, run func(*comparison)) string {
	again.Case = honest
	again.Checks = rerun
	v := &comparison{verifier: &verifier{bag: b.bag, c: claimed}, again: again}
	run(v)
	var failed []string
	for _, c := range v.out.Checks {
		if c.Status == inspect.Failed {
			failed = append(failed, c.Name+" "+c.Subject+": "+c.Detail)
		}
	}
	return strings.Join(failed, "\n")
}

// with is a case whose image is another.
func with(c inspect.Case, change func(*inspect.Image)) inspect.Case {
	i := c.Images[0].Clone()
	change(&i)
	c.Images = []inspect.Image{i}
	return c
}

// lies tells a lie about each field of a row and expects that the comparison finds it, but for the fields of free.
func lies[T any](t *testing.T, b *bench, row T, free string, put func(*inspect.Image, T), run func(*comparison)) {
	t.Helper()
	honest := with(b.c, func(i *inspect.Image) { put(i, row) })
	if found := b.compare(honest, honest, Again{}, run); found != "" {
		t.Fatalf("%T: the honest row fails: %s", row, found)
	}
	seen := map[string]bool{}
	alter(row, func(field string, altered T) {
		seen[field] = true
		claimed := with(b.c, func(i *inspect.Image) { put(i, altered) })
		caught := b.compare(claimed, honest, Again{}, run) != ""
		if want := !slices.Contains(strings.Fields(free), field); caught != want {
			t.Errorf("%T: a lie about %s is found: %v, want %v", row, field, caught, want)
		}
	})
	for _, field := range strings.Fields(free) {
		if !seen[field] {
			t.Errorf("%T has no field %s", row, field)
		}
	}
}

// A person who changes a fact in the record, and all documents with it, changes something that the bytes in the bag
// contradict. The fields that may differ stand in the table: they are of another check, or show how the bytes arrived.
func TestEachFieldOfEachRowIsComputedAgain(t *testing.T) {
	b := newBench(t)
	image := b.c.Images[0]
	files := func(v *comparison) { v.fileRows(v.c.Images[0], v.again.Case.Images[0]) }
	lies(t, b, image.Binaries[0], "", func(i *inspect.Image, r inspect.Binary) { i.Binaries = []inspect.Binary{r} },
		files)
	lies(t, b, inspect.Altered{
		Path: "/bin/ls", Package: "coreutils", Expected: "md5:1", Actual: "md5:2",
		Status: inspect.RowFailed,
	}, "", func(i *inspect.Image, r inspect.Altered) { i.Altered = []inspect.Altered{r} },
		files)
	lies(t, b, inspect.Missing{Path: "/bin/rm", Package: "coreutils", Executable: true}, "",
		func(i *inspect.Image, r inspect.Missing) { i.Missing = []inspect.Missing{r} }, files)
	lies(t, b, inspect.Setting{Code: "root-user", Detail: "it runs as root", Severity: inspect.Low}, "",
		func(i *inspect.Image, r inspect.Setting) { i.Notable = []inspect.Setting{r} }, files)
	lies(t, b, inspect.Package{
		Type: "deb", Name: "xz-utils", Version: "5.6.1", Layer: 1,
		Locations: []string{"/var/lib/dpkg/status"},
	}, "",
		func(i *inspect.Image, r inspect.Package) { i.Packages = []inspect.Package{r} }, files)
	lies(t, b, inspect.Files{Total: 9, Owned: 5, Unowned: 4, Ownership: "known"}, "",
		func(i *inspect.Image, r inspect.Files) { i.Files = r }, files)
	lies(t, b, inspect.Autorun{
		Path: "/etc/cron.d/x", Kind: "cron", Trigger: "each minute", Command: "/tmp/x",
		Status: inspect.RowFailed,
	}, "", func(i *inspect.Image,
		r inspect.Autorun,
	) {
		i.Autoruns = []inspect.Autorun{r}
	}, files)
	lies(t, b, inspect.LockRow{
		File: "/app/package-lock.json", Name: "left-pad", Locked: "1.3.0", Installed: "1.3.1",
		Change: inspect.LockVersionSpoof,
	}, "", func(i *inspect.Image,
		r inspect.LockRow,
	) {
		i.Lock = []inspect.LockRow{r}
	}, files)
	lies(t, b, inspect.Advisory{ID: "MAL-1", Source: "osv", Kind: inspect.AdvisoryPackage, Subject: "left-pad"}, "",
		func(i *inspect.Image, r inspect.Advisory) { i.Advisories = []inspect.Advisory{r} }, files)
	lies(t, b, image.Layers[1], strings.Join(countedElsewhere, " "),
		func(i *inspect.Image, r inspect.Layer) { i.Layers[1] = r },
		func(v *comparison) { v.sameLayers(v.c.Images[0], v.again.Case.Images[0]) })
	// Under another container's name no check ended: the image that has it is not that of the case.
	lies(t, b, image.ImageHead, strings.Join(ofTheWay, " ")+" container",
		func(i *inspect.Image, r inspect.ImageHead) { i.ImageHead = r },
		func(v *comparison) { v.sameImage(v.c.Images[0], v.again.Case.Images[0]) })
	lies(t, b, image.Signatures[0], "store",
		func(i *inspect.Image, r inspect.Signature) { i.Signatures = []inspect.Signature{r} },
		func(v *comparison) { v.sameSignatures(v.c.Images[0], v.again.Case.Images[0]) })
	lies(t, b, image.Provenance[0], "",
		func(i *inspect.Image, r inspect.Provenance) { i.Provenance = []inspect.Provenance{r} },
		func(v *comparison) { v.sameProvenance(v.c.Images[0], v.again.Case.Images[0]) })
}

// A finding keeps its ID where a person who plays it down changes the rest: also the name of its check, so that it
// looks like one that is not run again.
func TestEachFieldOfAFindingIsComputedAgain(t *testing.T) {
	b := newBench(t)
	alter(b.c.Findings[0], func(field string, altered inspect.Finding) {
		claimed := b.c
		claimed.Findings = []inspect.Finding{altered}
		if found := b.compare(claimed, b.c, Again{}, (*comparison).findings); found == "" {
			t.Errorf("a lie about %s of a finding is not found", field)
		}
	})
	claimed := b.c
	claimed.Findings = nil
	if found := b.compare(claimed, b.c, Again{}, (*comparison).findings); !strings.Contains(found,
		"the case does not have it") {
		t.Errorf("of a finding that was left out verify finds %q", found)
	}
}

// The known-good is not in the bag with its layers: what its comparison judges is claimed, all else is not.
func TestAComparedRowKeepsItsBytes(t *testing.T) {
	b := newBench(t)
	good := &inspect.Diff{KnownGood: &inspect.KnownGood{Digest: b.c.Images[0].Digest}}
	put := func(i *inspect.Image, r inspect.Binary) { i.Binaries, i.Diff = []inspect.Binary{r}, good }
	lies(t, b, b.c.Images[0].Binaries[0], strings.Join(reJudged, " "), put,
		func(v *comparison) { v.fileRows(v.c.Images[0], v.again.Case.Images[0]) })
	compared := with(b.c, func(i *inspect.Image) { i.Diff = good })
	alter(b.c.Findings[0], func(field string, altered inspect.Finding) {
		claimed := compared
		claimed.Findings = []inspect.Finding{altered}
		free := slices.Contains([]string{"status", "severity", "title", "detail", "evidence"}, field)
		if found := b.compare(claimed, compared, Again{}, (*comparison).findings); (found == "") != free {
			t.Errorf("a lie about %s of a compared finding: %q", field, found)
		}
	})
}

// What rests on images that the machine had read before is a claim: a genuine bag of an image with such a base was
// refused.
func TestTheBaseOfAnImageIsAClaim(t *testing.T) {
	b := newBench(t)
	compare := func(claimed, found []inspect.Setting) string {
		set := func(all []inspect.Setting) inspect.Case {
			return with(b.c, func(i *inspect.Image) { i.Notable = all })
		}
		return b.compare(set(claimed), set(found), Again{}, func(v *comparison) {
			v.fileRows(v.c.Images[0], v.again.Case.Images[0])
		})
	}
	for _, s := range []inspect.Setting{
		{Code: inspect.CodeBuiltFrom},
		{Code: inspect.CodeBaseMismatch},
		{Code: inspect.CodeBaseImage, Basis: inspect.Seen},
	} {
		if found := compare([]inspect.Setting{s}, nil); found != "" {
			t.Errorf("%s: %s", s.Code, found)
		}
	}
	annotated := []inspect.Setting{{Code: inspect.CodeBaseImage, Detail: "not compared"}}
	if found := compare([]inspect.Setting{{Code: inspect.CodeBaseImage, Basis: inspect.Seen}}, annotated); found != "" {
		t.Error(found)
	}
	if compare([]inspect.Setting{{Code: inspect.CodeBuiltFrom}}, annotated) == "" {
		t.Error("the annotation of a base image is missing from the case, and that passed")
	}
	for _, s := range []inspect.Setting{{Code: inspect.CodeBaseImage}, {Code: inspect.CodeUserRoot}} {
		if compare([]inspect.Setting{s}, nil) == "" {
			t.Errorf("%s: no bytes show it, and it passed", s.Code)
		}
	}
}

func TestEachFieldOfWhatWasReceivedIsReadAgain(t *testing.T) {
	b := newBench(t)
	honest := Again{Alerts: map[string]inspect.Alert{"a1": b.c.Alerts[0]}, Pod: b.c.Pod, Answers: b.c.Answers}
	if found := b.compare(b.c, b.c, honest, (*comparison).received); found != "" {
		t.Fatalf("what was received fails: %s", found)
	}
	check := func(kind, free, field string, claimed inspect.Case) {
		t.Helper()
		found := b.compare(claimed, b.c, honest, (*comparison).received)
		if want := slices.Contains(strings.Fields(free), field); (found == "") != want {
			t.Errorf("a lie about %s of the %s: %q", field, kind, found)
		}
	}
	alter(b.c.Alerts[0], func(field string, altered inspect.Alert) {
		claimed := b.c
		claimed.Alerts = []inspect.Alert{altered}
		check("alert", "id match subject why file count raw last variants also earlier title number from", field,
			claimed)
	})
	alter(*b.c.Pod, func(field string, altered inspect.Pod) {
		claimed := b.c
		claimed.Pod = &altered
		check("pod", "phase owner reach others runtime kubelet selectors revisions", field, claimed)
	})
	alter(b.c.Pod.Containers[0], func(field string, altered inspect.Container) {
		claimed, pod := b.c, *b.c.Pod
		pod.Containers = []inspect.Container{altered}
		claimed.Pod = &pod
		check("container", "injected started state last restarts mounts", field, claimed)
	})
	alter(b.c.Answers[0], func(field string, altered inspect.Answer) {
		claimed := b.c
		claimed.Answers = []inspect.Answer{altered}
		check("answer", "", field, claimed)
	})
}

// An alert is what a case begins with. One whose line is in the bag cannot be left out of the record: but a line that
// repeats another with other words is one of the same alert.
func TestAnAlertThatWasLeftOutIsFound(t *testing.T) {
	b := newBench(t)
	alert := b.c.Alerts[0]
	variant, another := alert, alert
	variant.ID, variant.Output = "a2", "the same with other words"
	another.ID, another.Rule = "a3", "Terminal shell in container"
	for name, tt := range map[string]struct {
		claimed []inspect.Alert
		lines   []inspect.Alert
		found   string
	}{
		"as it was received":   {[]inspect.Alert{alert}, []inspect.Alert{alert}, ""},
		"a variant of it":      {[]inspect.Alert{alert}, []inspect.Alert{alert, variant}, ""},
		"left out":             {nil, []inspect.Alert{alert}, "the case does not have it"},
		"one of two left out":  {[]inspect.Alert{alert}, []inspect.Alert{alert, another}, "a3"},
		"its line is not kept": {[]inspect.Alert{alert}, nil, ""},
	} {
		claimed, again := b.c, Again{Alerts: map[string]inspect.Alert{}}
		claimed.Alerts, claimed.Pod, claimed.Answers = tt.claimed, nil, nil
		for _, a := range tt.lines {
			again.Alerts[a.ID] = a
		}
		found := b.compare(claimed, b.c, again, (*comparison).received)
		if (found == "") != (tt.found == "") || !strings.Contains(found, tt.found) {
			t.Errorf("%s: %q, want %q", name, found, tt.found)
		}
	}
}

// Rows of a check that is not run again are borne out by nothing in the bag: each of them is counted as a claim, also
// what a comparison with the known-good states.
func TestRowsThatNothingBearsOutAreCounted(t *testing.T) {
	b := newBench(t)
	count := func(i inspect.Image) int {
		v := &comparison{verifier: &verifier{bag: b.bag, c: b.c}}
		v.fileRows(i, inspect.Image{})
		if len(v.out.Checks) > 0 || v.out.Claims.Recomputed > 0 {
			t.Errorf("without a check %v, %+v", v.out.Checks, v.out.Claims)
		}
		return v.out.Claims.Claimed
	}
	container := inspect.ImageHead{Container: "web"}
	none := count(inspect.Image{ImageHead: container})
	for name, tt := range map[string]struct {
		image inspect.Image
		want  int
	}{
		"hooks":           {inspect.Image{Autoruns: make([]inspect.Autorun, 2)}, 2},
		"lock rows":       {inspect.Image{Lock: make([]inspect.LockRow, 3)}, 3},
		"advisories":      {inspect.Image{Advisories: make([]inspect.Advisory, 4)}, 4},
		"vulnerabilities": {inspect.Image{Vulns: make([]inspect.Vuln, 5)}, 5},
		"a comparison": {inspect.Image{Diff: &inspect.Diff{
			Signers: []string{"a", "b"}, Settings: []string{"c"},
			Packages: &inspect.PackageDiff{Added: make([]inspect.Package, 2), Changed: make([]inspect.PackageChange,
				1)},
		}}, 6},
		"no comparison": {inspect.Image{Diff: &inspect.Diff{}}, 0},
	} {
		tt.image.ImageHead = container
		if got := count(tt.image) - none; got != tt.want {
			t.Errorf("%s: %d claims, want %d", name, got, tt.want)
		}
	}
}

// What a check that was interrupted left out is no claim; a verdict that it gave before is one.
func TestRowsOfAnInterruptedCheck(t *testing.T) {
	b := newBench(t)
	interrupted := func(c inspect.Case) inspect.Case {
		c.Checks = slices.Clone(c.Checks)
		for n := range c.Checks {
			c.Checks[n].Status, c.Checks[n].Reason = inspect.CheckBlocked, inspect.Running
		}
		return c
	}
	claimed := interrupted(with(b.c, func(i *inspect.Image) { i.Binaries = nil; i.Layers[1].Size++ }))
	v := &comparison{verifier: &verifier{bag: b.bag, c: claimed}, again: Again{
		Case:   b.c,
		Checks: []string{inspect.CheckBinaries},
	}}
	v.fileRows(claimed.Images[0], b.c.Images[0])
	v.sameLayers(claimed.Images[0], b.c.Images[0])
	v.findings()
	details := ""
	for _, c := range v.out.Checks {
		details += c.Detail + "\n"
	}
	if !strings.Contains(details, "the check did not end: it comes out of the bytes in the bag") {
		t.Errorf("a program that an interrupted check did not come to: %s", details)
	}
	// The layer states verified, so its size is a claim of the case all the same only where that is false.
	if n := failed(v.out.Checks); n != 0 {
		t.Errorf("%d rows fail: %s", n, details)
	}
}

// The words of a difference are for a person: bounded, with both values, and an absent list is an empty one.
func TestDifferencesOfNestedValues(t *testing.T) {
	a := inspect.Signature{ID: "s1", Steps: []inspect.Step{{Name: inspect.StepLog, Status: inspect.Verified}}}
	z := a
	z.Steps = nil
	_, differs := differences(a, z)
	if len(differs) != 1 || !strings.HasPrefix(differs[0], "steps is [] and not [{Name:transparency-log") {
		t.Errorf("differences are %q", differs)
	}
	if same, differs := differences([3]int{1, 2, 3}, [3]int{1, 2, 4}); same != 0 || len(differs) != 1 {
		t.Errorf("of counts %d are the same, %q differ", same, differs)
	}
	if got := statusOf(inspect.Signature{Status: inspect.Failed}); got != inspect.Failed {
		t.Errorf("the status of a signature is %q", got)
	}
	if got := statusOf([3]int{}); got != "" {
		t.Errorf("three counts have the status %q", got)
	}
	if got := statusOf(inspect.Binary{Status: inspect.RowVerified}); got != "" {
		t.Errorf("the outcome of a row of files is taken for a verification: %q", got)
	}
}
