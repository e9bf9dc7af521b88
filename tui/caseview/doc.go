// Package caseview is the screen of one case: the brief, the panes with their lists and details, the file tree, and
// what a person does with a case: notes, marks, deadlines, retries, the known-good image, policies and the export.
//
// The screen folds the events of the case as they come in. What takes time runs outside of Update on a copy of the
// case, and its result carries the generation of the screen: results for a case that was left are dropped.
package caseview
