package evidence

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// Again is what came out when a case was computed again from the bytes in its bag.
// The package does not run the checks itself: it lies below them, and is given this by package recompute.
type Again struct {
	// Case is the fold of the checks that were run again.
	Case inspect.Case
	// Checks are the names of these checks. Rows and findings of others are claimed.
	// Only a check that also ended in Case counts: one that was blocked, as by a missing blob, has computed nothing.
	Checks []string
	// Listings are those of the carried layers, read again, by diff ID.
	Listings map[string][]inspect.Entry
	// Changes are the layers of each container with their counts of files, from the listings of all of them.
	Changes map[string][]inspect.Layer
	// Files are the differences to the known-good by container, from the listings of both images.
	Files map[string]*inspect.FileDiff
	// Alerts are read again from their lines, by ID; Pod is read again from its object.
	Alerts map[string]inspect.Alert
	Pod    *inspect.Pod
	// Answers are drawn again from the facts of the case; nil: they were not.
	// They are a pure function of the other facts, so that a difference is a lie whatever bytes are carried.
	Answers []inspect.Answer
}

// maxShown bounds a value in the detail of a check, in bytes.
const maxShown = 80

// differences compares two values of one type, field by field for structures. same counts the fields that are equal,
// and each of differs names a field with both values. The fields of skip are not compared; they go by their JSON names.
// Fields are found by reflection, so that one which is added to a row is compared from then on without a line here:
// leaving a field out takes a name in skip, and a reason beside it.
func differences(claimed, found any, skip ...string) (same int, differs []string) {
	a, b := reflect.ValueOf(claimed), reflect.ValueOf(found)
	if a.Kind() != reflect.Struct {
		if equal(a.Interface(), b.Interface()) {
			return 1, nil
		}
		return 0, []string{fmt.Sprintf("%s and not %s", shown(claimed), shown(found))}
	}
	for i := range a.NumField() {
		field := a.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" || contains(skip, name) {
			continue
		}
		if equal(a.Field(i).Interface(), b.Field(i).Interface()) {
			same++
			continue
		}
		differs = append(differs, fmt.Sprintf("%s is %s and not %s", name, shown(b.Field(i).Interface()),
			shown(a.Field(i).Interface())))
	}
	return same, differs
}

// equal compares two values as they are written: a list that is nil is an empty one, and a time is an instant.
// Two checks may give the same list as nil and as empty, and a replayed time has another location than a fresh one.
func equal(a, b any) bool {
	if reflect.DeepEqual(a, b) {
		return true
	}
	x, errX := inspect.EncodeJSON(a)
	y, errY := inspect.EncodeJSON(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// shown is a value as a detail shows it.
func shown(v any) string {
	// Control characters are removed where the detail is recorded (verifier.record).
	text := fmt.Sprintf("%+v", v)
	if s, is := v.(string); is {
		text = fmt.Sprintf("%q", s)
	}
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "…"
	}
	return text
}

// row compares a row of the case with the one that was computed again, and counts its fields. What a check that was
// interrupted left open is no claim; that something is verified is one, whether the check ended or not.
// The fields of skip are counted as claims: nothing here bears them out.
func (v *comparison) row(name, subject string, ended bool, claimed, found any, skip ...string) {
	same, differs := differences(claimed, found, skip...)
	v.out.Claims.Recomputed += same
	v.out.Claims.Claimed += len(skip)
	switch {
	case len(differs) == 0:
		v.record(name, subject, inspect.Verified, BasisBytes, "%d fields are as the case states", same)
	case !ended && !falselyVerified(claimed, found):
		v.record(name, subject, inspect.Absent, BasisBytes,
			"the check did not end, so the case claims nothing; by the bytes in the bag %s", strings.Join(differs,
				"; "))
	default:
		v.fail(name, subject, "by the bytes in the bag %s", strings.Join(differs, "; "))
	}
}

// falselyVerified reports whether a row is verified by the case and not by the bytes in the bag.
func falselyVerified(claimed, found any) bool {
	return statusOf(claimed) == inspect.Verified && statusOf(found) != inspect.Verified
}

// statusOf is the status of a row whose bytes or signature were checked; "" where the row has none.
func statusOf(row any) inspect.Status {
	v := reflect.ValueOf(row)
	if v.Kind() != reflect.Struct {
		return ""
	}
	if f := v.FieldByName("Status"); f.IsValid() && f.CanInterface() {
		s, _ := f.Interface().(inspect.Status)
		return s
	}
	return ""
}

// notInBag counts a claim whose bytes are not in the bag.
func (v *comparison) notInBag(name, subject, format string, args ...any) {
	v.out.Claims.NotInBag++
	v.record(name, subject, inspect.Absent, BasisNotKept, format, args...)
}

// rows compares two lists by key, both ways. Where the check was not run again all rows are claimed.
// A key has to be unique within each list, as the fold of the case makes it; of two rows with one key the last counts.
//
// An example: the case lists /usr/bin/top as verified, and the check finds that its bytes are not those of its
// package. The row fails, with "status is failed and not verified".
func rows[T any](v *comparison, name, container string, check string, claimed, found []T, key func(T) string,
	skip ...string,
) {
	if !v.ran(check, container) {
		v.out.Claims.Claimed += len(claimed)
		return
	}
	again := map[string]T{}
	for _, f := range found {
		again[key(f)] = f
	}
	ended := v.ended(check, container)
	for _, c := range claimed {
		f, there := again[key(c)]
		delete(again, key(c))
		subject := container + " " + key(c)
		if !there {
			v.failOr(ended, name, subject, "the case has it, and it does not come out again from the bytes in the bag")
			continue
		}
		v.row(name, subject, ended, c, f, skip...)
	}
	for _, f := range found {
		if _, left := again[key(f)]; left {
			v.failOr(ended, name, container+" "+key(f),
				"it comes out of the bytes in the bag, and the case does not have it")
		}
	}
}

// failOr fails if the check ended in the case.
func (v *comparison) failOr(ended bool, name, subject, text string) {
	if ended {
		v.fail(name, subject, "%s", text)
		return
	}
	v.record(name, subject, inspect.Absent, BasisBytes, "the check did not end: %s", text)
}

// ran reports whether a check was run again on a container and came to its end.
// Whoever made the bag decides which checks can run, by what is carried: that never verifies anything, it only counts
// more as claimed.
func (v *comparison) ran(check, container string) bool {
	if !contains(v.again.Checks, check) {
		return false
	}
	state, there := v.again.Case.Check(check, container)
	return there && !state.Running() && state.Status == inspect.CheckDone
}
