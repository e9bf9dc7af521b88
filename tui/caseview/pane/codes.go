package pane

// codeText words the codes of a file row; the code itself is beside it, because reports and scripts use it. A code
// that a later version adds has no words here and is shown alone.
func codeText(code string) string {
	if w, ok := codeWords()[code]; ok {
		return w + " (" + code + ")"
	}
	return code
}

// codeWords are the codes of file rows in words. A code that is missing here is shown as it is. Each is a phrase that
// fits after "the file": no period, no capital letter. The codes are those of inspect/binary, inspect/autorun and
// inspect/content.
func codeWords() map[string]string {
	return map[string]string{
		"unowned":                  "no package owns it",
		"altered":                  "its content does not match the checksum of its package",
		"not-in-known-good":        "not in the previous image",
		"changed-since-known-good": "its content differs from the previous image",
		"alerted":                  "an alert names it",
		"setuid":                   "runs with the rights of its owner (setuid or setgid)",
		"capability":               "carries capabilities",
		"hidden-path":              "in a hidden directory, or under a hidden name",
		"tmp-path":                 "in a directory for temporary files",
		"world-writable":           "world-writable",
		"packed":                   "packed",
		"static-stripped":          "static, without symbols",
		"miner-string":             "contains strings of cryptocurrency miners",
		"arch-mismatch":            "built for another architecture than the image",
		"shadows-path":             "comes before a program of the same name in PATH",
		"loader-hijack":            "changes what the loader loads",
		"entrypoint":               "the image's own program",
		"known-good":               "the same as in the confirmed known-good",
		"ownership-unknown":        "the owner is unknown: no package database covers this path",
		"go-module":                "a Go program that names its module",
		"deleted":                  "deleted by a later layer: not visible in a container",
		"runtime":                  "added or changed at run time",
		"obfuscated":               "made hard to read, or unpacks what it runs",
		"gained":                   "its package was there before, without it",
		"same-version":             "its package has other content at the same version",
		"unowned-target":           "what it loads belongs to no package",
		"missing-target":           "what it loads is not in the image",
		"hidden-target":            "what it starts is hidden, or where everybody may write",
		"lets-in":                  "lets somebody in",
		"wraps-original":           "a script in the place of the program that it starts",
		"runs-download":            "runs what it downloads",
		"runs-decoded":             "runs what it decodes",
		"downloads-program":        "makes a program of what it downloads",
		"reverse-shell":            "connects a shell to the network",
		"exfiltrates":              "sends credentials or its environment away",
		"downloads":                "downloads",
		"connects":                 "opens a connection",
		"decodes":                  "decodes data",
		"spawns":                   "starts other programs",
		"hides":                    "hides what it does",
		"persists":                 "writes where programs are started from",
		"harvests":                 "reads credentials",
	}
}
