// Package binary looks for programs that need a look: those that no package owns or that are not what their package
// states, and those that alerts name. It also looks for secrets, for what starts by itself, and for what changed at run
// time, and compares an image with its known-good. The rule by which rows get their severity is in severity.go.
package binary
