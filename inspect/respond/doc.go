// Package respond derives from a case what a responder does next: the image that the case is about, steps that
// contain a pod in the order that loses least, what was preserved of it and what was not, what it could reach, and
// the deadlines of reports that a person has started. Its functions are pure: they read a case and change nothing.
// Commands are quoted for a shell and are shown, never run.
package respond
