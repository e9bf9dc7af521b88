// Package report writes a case for people: plain text, the brief, Markdown and HTML; and the lists that the other
// verbs print. Every function here is a pure function of what it is given: no clock, no file, no network.
//
// Foreign strings are cleaned here (text.Clean), at the border to the page.
package report
