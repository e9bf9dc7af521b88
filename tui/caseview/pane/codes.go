package pane

import "github.com/backtrail/backtrail/inspect"

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
		"unowned":                         "no package owns it",
		"altered":                         "its content does not match the checksum of its package",
		inspect.CodeNotInKnownGood:        "not in the previous image",
		inspect.CodeChangedSinceKnownGood: "its content differs from the previous image",
		"alerted":                         "an alert names it",
		"setuid":                          "runs with the rights of its owner (setuid or setgid)",
		"capability":                      "carries capabilities",
		inspect.CodeHiddenPath:            "in a hidden directory, or under a hidden name",
		inspect.CodeTmpPath:               "in a directory for temporary files",
		inspect.CodeWorldWritable:         "writable by everyone",
		"packed":                          "packed",
		inspect.CodeStaticStripped:        "static, without symbols",
		inspect.CodeMinerString:           "contains strings of cryptocurrency miners",
		inspect.CodeArchMismatch:          "built for another architecture than the image",
		inspect.CodeShadowsPath:           "comes before a program of the same name in PATH",
		inspect.CodeLoaderHijack:          "changes what the loader loads",
		inspect.CodeNoDigest:              "its package lists it without a checksum",
		inspect.CodeUsed:                  "it did what it was given: its own bytes are what they should be",
		inspect.CodeRanByAlert:            "what an alert names ran it",
		inspect.CodeChangedSameVersion:    "its content changed, and the version did not",
		inspect.CodeLibraryPath:           "loads libraries from where others may put them",
		"entrypoint":                      "the image's own program",
		inspect.CodeKnownGood:             "the same as in the confirmed known-good",
		inspect.CodeOwnershipUnknown:      "the owner is unknown: no package database covers this path",
		inspect.CodeGoModule:              "a Go program that names its module",
		"deleted":                         "deleted by a later layer: not visible in a container",
		"runtime":                         "added or changed at run time",
		"obfuscated":                      "made hard to read, or unpacks what it runs",
		"gained":                          "its package was there before, without it",
		inspect.CodeSameVersion:           "its package has other content at the same version",
		inspect.CodeUnownedTarget:         "what it loads belongs to no package",
		inspect.CodeMissingTarget:         "what it loads is not in the image",
		inspect.CodeHiddenTarget:          "what it starts is hidden, or where everyone may write",
		inspect.CodeLetsIn:                "permits a login",
		inspect.CodeWrapsOriginal:         "a script in the place of the program that it starts",
		inspect.CodeModuleSigns:           "signs in a module",
		inspect.CodeRunsDownload:          "runs what it downloads",
		"runs-request":                    "runs what a request contains",
		"runs-decoded":                    "runs what it decodes",
		"downloads-program":               "makes a program of what it downloads",
		"reverse-shell":                   "connects a shell to the network",
		"exfiltrates":                     "sends credentials or its environment away",
		"downloads":                       "downloads",
		"connects":                        "opens a connection",
		"decodes":                         "decodes data",
		"spawns":                          "starts other programs",
		"hides":                           "hides what it does",
		"persists":                        "writes where programs are started from",
		"harvests":                        "reads credentials",
	}
}
