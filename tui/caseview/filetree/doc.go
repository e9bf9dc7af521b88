// Package filetree shows the files of a layer or of the merged image as a tree: with what a layer changed, what
// findings are about, and a search. It has one tree at a time; the caller reads another one when it is needed.
package filetree
