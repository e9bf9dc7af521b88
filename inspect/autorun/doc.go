// Package autorun lists what an image starts without being called: hooks of interpreters, install scripts, libraries
// that the loader takes in, jobs, units, maintainer scripts, the entrypoint. Each row names its trigger, its code and
// its owner. Rows are judged by what is new and by what they do, never by being there: the rule is in severity.go. A
// kind is one file and one line in kinds.go.
package autorun
