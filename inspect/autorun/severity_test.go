package autorun

import (
	"testing"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/content"
)

// rowWith is a row of a kind at a path ("" for the image's config) with codes, and signs found in its text.
func rowWith(kind, path string, signs []content.Sign, codes ...string) *row {
	r := &row{hook: hook{kind: kind}, codes: codes}
	if path != "" {
		r.node = &inspect.Node{Entry: inspect.Entry{Path: path, Type: inspect.EntryFile}}
	}
	for _, s := range signs {
		r.found = append(r.found, content.Found{Sign: s, Excerpt: string(s)})
	}
	return r
}

// signs is a list of signs.
func signs(all ...content.Sign) []content.Sign { return all }

// with changes a row.
func with(r *row, change func(r *row)) *row {
	change(r)
	return r
}

// Each rule of judge by its number, with the twin that is calm or milder. What stands further up in the rule wins.
func TestEachRuleOfSeverity(t *testing.T) {
	const pth, job, keys = "/usr/lib/python3/dist-packages/a.pth", "/etc/cron.d/x", "/root/.ssh/authorized_keys"
	none := signs()
	for name, tt := range map[string]struct {
		row  *row
		want inspect.Severity
		code string
	}{
		"1 a confirmed known-good has it, whatever it does": {
			rowWith(KindCron, job, signs(content.RunsDownload), inspect.CodeKnownGood), inspect.Info, findingNew,
		},
		"2 runs what it downloads": {
			rowWith(KindCron, job, signs(content.RunsDownload)), inspect.High, findingSigns,
		},
		"2 a shell on a connection, in a package": {with(rowWith(KindCron, job, signs(content.ReverseShell)), func(r *row) { r.vouched = true }), inspect.High, findingSigns},
		"2 a library of no package in every program": {
			with(rowWith(KindLoader, PreloadFile, none), func(r *row) { r.grave = true }), inspect.High, findingLoader,
		},
		"2 an entrypoint that reads credentials, as before": {
			rowWith(KindEntrypoint, "/start.sh", signs(content.Exfiltrates)), inspect.Info, findingNew,
		},
		"2 an entrypoint that reads credentials since this image": {
			rowWith(KindEntrypoint, "/start.sh", signs(content.Exfiltrates), inspect.CodeChangedSinceKnownGood),
			inspect.High, findingSigns,
		},
		"2 an entrypoint that fetches a program, as before": {
			rowWith(KindEntrypointFolder, "/docker-entrypoint.d/1.sh", signs(content.Installs)), inspect.Info,
			findingNew,
		},
		"2 an entrypoint that mines, as before": {
			rowWith(KindEntrypoint, "/start.sh", signs(content.Mines)), inspect.High, findingSigns,
		},
		"3 other code at the same version": {
			rowWith(KindNpmScript, "/a", none, inspect.CodeChangedSinceKnownGood, inspect.CodeSameVersion), inspect.Medium, findingChanged,
		},
		"3 with a sign": {
			rowWith(KindNpmScript, "/a", signs(content.Connects), inspect.CodeChangedSinceKnownGood,
				inspect.CodeSameVersion), inspect.High, findingChanged,
		},
		"4 keys": {
			with(rowWith(KindKeys, keys, none), func(r *row) { r.opens = "lets in" }), inspect.Medium,
			findingAccess,
		},
		"4 new keys": {with(rowWith(KindKeys, keys, none, inspect.CodeNotInKnownGood),
			func(r *row) { r.opens = "lets in" }), inspect.High, findingAccess},
		"4 a stack that lets everyone in": {
			with(rowWith(KindPAM, "/etc/pam.d/sshd", none), func(r *row) { r.opens = "lets everyone in" }),
			inspect.High, findingAccess,
		},
		"4 a module of no package": {
			with(rowWith(KindPAM, "/lib/security/pam_x.so", none), func(r *row) { r.opens = "decides" }),
			inspect.Medium, findingAccess,
		},
		"5 a wrapped entrypoint": {
			rowWith(KindEntrypoint, "/app", none, inspect.CodeChangedSinceKnownGood, inspect.CodeWrapsOriginal), inspect.Medium, findingWrapped,
		},
		"5 with a sign": {
			rowWith(KindEntrypoint, "/app", signs(content.Connects), inspect.CodeChangedSinceKnownGood, inspect.CodeWrapsOriginal), inspect.High,
			findingWrapped,
		},
		"5 with a hidden original": {with(rowWith(KindEntrypoint, "/app", none, inspect.CodeWrapsOriginal), func(r *row) { r.hidden = "/.app" }), inspect.High, findingWrapped},
		"6 a job starts what is hidden": {
			rowWith(KindCron, job, none, inspect.CodeHiddenTarget), inspect.High, findingSigns,
		},
		"6 a profile names what is hidden": {
			rowWith(KindProfile, "/etc/profile", none, inspect.CodeHiddenTarget), inspect.Medium, findingSigns,
		},
		"7 new in its package": {
			rowWith(KindPythonPth, pth, none, inspect.CodeNotInKnownGood, inspect.CodeGained), inspect.Low, findingNew,
		},
		"7 new in its package, a sign": {
			rowWith(KindPythonPth, pth, signs(content.Decodes), inspect.CodeNotInKnownGood, inspect.CodeGained), inspect.Medium, findingNew,
		},
		"7 new in its package, two signs": {
			rowWith(KindPythonPth, pth, signs(content.Decodes, content.Spawns), inspect.CodeNotInKnownGood, inspect.CodeGained), inspect.High,
			findingNew,
		},
		"7 new in its package, obscured": {
			rowWith(KindPythonPth, pth, signs(content.Obfuscated), inspect.CodeNotInKnownGood, inspect.CodeGained), inspect.High, findingNew,
		},
		"7 of a new package": {
			with(rowWith(KindPythonPth, pth, signs(content.Downloads), inspect.CodeNotInKnownGood),
				func(r *row) { r.vouched = true }), inspect.Low, findingNew,
		},
		"7 of a new package, harvests": {
			with(rowWith(KindPythonPth, pth, signs(content.Harvests), inspect.CodeNotInKnownGood),
				func(r *row) { r.vouched = true }), inspect.Medium, findingNew,
		},
		"7 of a release of its package": {
			with(rowWith(KindPythonPth, pth, none, inspect.CodeChangedSinceKnownGood),
				func(r *row) { r.vouched = true }), inspect.Info, findingNew,
		},
		"7 of no package": {rowWith(KindPythonPth, pth, none, inspect.CodeNotInKnownGood), inspect.Low, findingNew},
		"7 of no package, a sign": {
			rowWith(KindPythonPth, pth, signs(content.Decodes), inspect.CodeNotInKnownGood), inspect.Medium, findingNew,
		},
		"7 of no package, three signs": {
			rowWith(KindPythonPth, pth, signs(content.Decodes, content.Spawns, content.Connects), inspect.CodeNotInKnownGood),
			inspect.High, findingNew,
		},
		"7 an agent of no package": {
			rowWith(KindJavaAgent, "", none, inspect.CodeNotInKnownGood, inspect.CodeUnownedTarget), inspect.Medium, findingNew,
		},
		"7 an alert names its interpreter": {
			rowWith(KindPythonPth, pth, signs(content.Decodes), inspect.CodeNotInKnownGood, inspect.CodeAlerted),
			inspect.High, findingNew,
		},
		"7 an alert names it, no sign": {
			rowWith(KindPythonPth, pth, none, inspect.CodeNotInKnownGood, inspect.CodeAlerted), inspect.Low, findingNew,
		},
		"7 an alert names it, nothing new": {
			rowWith(KindPythonPth, pth, signs(content.Decodes), inspect.CodeAlerted), inspect.Low, findingNew,
		},
		"7 a new entrypoint without a sign": {rowWith(KindEntrypoint, "/app", none, inspect.CodeNotInKnownGood), inspect.Info, findingNew},
		"8 a packaged job that was altered": {
			with(rowWith(KindCron, job, none, inspect.CodeAltered), func(r *row) { r.altered = true }),
			inspect.Medium, findingChanged,
		},
		"8 a packaged profile that was altered": {
			with(rowWith(KindProfile, "/etc/profile", none, inspect.CodeAltered), func(r *row) { r.altered = true }),
			inspect.Low, findingChanged,
		},
		"8 packaged settings that were altered": {
			with(rowWith(KindLoader, "/etc/ld.so.conf", none, inspect.CodeAltered), func(r *row) {
				r.altered,
					r.mild = true, true
			}), inspect.Low, findingChanged,
		},
		"9 a job":              {rowWith(KindCron, job, none), inspect.Low, findingNew},
		"9 a job of a package": {with(rowWith(KindCron, job, none), func(r *row) { r.vouched = true }), inspect.Info, findingNew},
		"9 a profile": {
			rowWith(KindProfile, "/etc/profile.d/x.sh", none), inspect.Info, findingNew,
		},
		"9 a profile with a sign": {
			rowWith(KindProfile, "/etc/profile.d/x.sh", signs(content.Connects)), inspect.Low, findingNew,
		},
		"9 a preloaded library, not there":  {rowWith(KindLoader, "", none, inspect.CodeMissingTarget), inspect.Medium, findingNew},
		"9 a variable":                      {rowWith(KindShellEnv, "", none), inspect.Low, findingNew},
		"9 a variable that loads a package": {with(rowWith(KindInterpreterEnv, "", none), func(r *row) { r.vouched = true }), inspect.Info, findingNew},
	} {
		if got, code := tt.row.judge(); got != tt.want || code != tt.code {
			t.Errorf("%s: %s %s, want %s %s", name, got, code, tt.want, tt.code)
		}
	}
}

// A comparison that nobody confirmed never lowers: with the code of a confirmed one alone is a strong sign info.
func TestOnlyAConfirmedComparisonLowers(t *testing.T) {
	for _, code := range []string{
		inspect.CodeNotInKnownGood, inspect.CodeChangedSinceKnownGood, inspect.CodeGained,
		inspect.CodeSameVersion, inspect.CodeUnowned,
	} {
		if got, _ := rowWith(KindCron, "/etc/cron.d/x", signs(content.RunsDownload),
			code).judge(); got != inspect.High {
			t.Errorf("%s lowers a strong sign to %s", code, got)
		}
	}
}

// One step up ends at high: critical is what an alert itself names.
func TestRaisedEndsAtHigh(t *testing.T) {
	for from, want := range map[inspect.Severity]inspect.Severity{
		inspect.Info: inspect.Low, inspect.Low: inspect.Medium, inspect.Medium: inspect.High,
		inspect.High: inspect.High,
	} {
		if got := raised(from); got != want {
			t.Errorf("%s becomes %s", from, got)
		}
	}
}

// An alert names the program that ran, with its version and its form; the hooks of that interpreter are raised, and
// those of no other.
func TestWhichHooksAnAlertedProgramRuns(t *testing.T) {
	for program, kinds := range map[string][]string{
		"/usr/bin/python3.12":      {KindPythonPth, KindPythonSite, KindInterpreterEnv},
		"/opt/pypy/bin/pypy3":      {KindPythonPth, KindPythonSite},
		"/usr/local/bin/node":      {KindNpmScript, KindNodeConfig, KindInterpreterEnv},
		"/usr/bin/node22":          {KindNpmScript, KindNodeConfig, KindInterpreterEnv},
		"/usr/bin/ruby3.1":         {KindGem, KindInterpreterEnv},
		"/usr/local/bin/php":       {KindComposer, KindPHP, KindInterpreterEnv},
		"/usr/sbin/php-fpm8.2":     {KindComposer, KindPHP},
		"/usr/lib/cgi-bin/php-cgi": {KindComposer, KindPHP},
		"/opt/java/bin/java":       {KindJavaAgent},
		"/bin/busybox": {
			KindProfile, KindShellEnv, KindEntrypointFolder, KindInit, KindEntrypoint, KindCron,
		},
		"/usr/sbin/crond":    {KindCron},
		"/usr/bin/curl":      nil,
		"/tmp/node_exporter": nil,
		"":                   nil,
	} {
		for _, kind := range []string{
			KindPythonPth, KindPythonSite, KindNpmScript, KindNodeConfig, KindGem, KindComposer, KindPHP,
			KindJavaAgent, KindInterpreterEnv,
			KindShellEnv, KindProfile, KindCron, KindInit, KindEntrypointFolder, KindEntrypoint, KindUnit, KindPAM,
			KindKeys, KindLoader,
		} {
			want := false
			for _, k := range kinds {
				want = want || k == kind
			}
			if got := alertedBy(kind, []string{program}); got != want {
				t.Errorf("%s runs %s: %v", program, kind, got)
			}
		}
	}
}
