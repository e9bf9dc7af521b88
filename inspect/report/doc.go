// Package report writes a case for people: plain text, the brief, Markdown and HTML; and the lists that the other
// verbs print. Every function here is a pure function of what it is given: no clock, no file, no network.
//
// Foreign strings are cleaned here (text.Clean), at the border to the page.
//
// One document is made of a case and drawn in three forms, so that they state the same. An attacker has chosen most of
// its texts: names of pods and containers, paths, build steps, signers, the output of alerts. A form is written so that
// none of them can
//
//   - draw on a terminal, or turn text around: control, bidirectional and zero-width characters are made visible;
//   - become markup: Markdown is escaped character by character, the page by html/template;
//   - push a line out of sight: a brief has at most BriefLines lines, and tables and paragraphs have bounds;
//   - look like an outcome: the sign of a status stands in a place of its own, which no text reaches.
//
// A list that is cut counts what is left out. What could not be checked is listed with its reason, and a calm report
// states its limits.
package report
