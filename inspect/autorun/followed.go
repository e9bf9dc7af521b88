package autorun

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/layer"
)

// followed adds to the scripts that a command starts those that they read or run in turn: what a shell is given by ".",
// source, or its name, and what lies in a directory whose files a script runs. One step is taken, and at most MaxLoads
// files are found. Programs are left out: what a script does with those is for the check of binaries.
func (s *scene) followed(ctx context.Context, scripts []*inspect.Node) []*inspect.Node {
	all := slices.Clone(scripts)
	add := func(n *inspect.Node) {
		if n == nil || !layer.IsRegular(n) || n.Kind != inspect.KindScript && n.Kind != "" ||
			slices.Contains(all, n) || len(all) >= MaxLoads {
			return
		}
		if _, placed := Place(n.Path); !placed { // else it is a row by itself
			all = append(all, n)
		}
	}
	for _, n := range scripts {
		if n.Kind != inspect.KindScript && n.Kind != "" {
			continue
		}
		layer.Lines(s.text(ctx, n), func(line string) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") {
				return
			}
			for _, word := range given(line) {
				add(s.tree.Resolve(word))
			}
			for _, dir := range folders(line) {
				if at := s.tree.Resolve(dir); at != nil && at.Type == inspect.EntryDir {
					for _, below := range s.tree.Children(at.Path) {
						add(below)
					}
				}
			}
		})
	}
	return all
}

// words splits a line of a shell at blanks, quotes and what ends a command.
func words(line string) []string {
	all := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\"'`;&|()<>{}", r) })
	return all[:min(len(all), MaxWords)]
}

// given are the absolute paths that a line gives to a shell to run.
func given(line string) []string {
	var all []string
	list := words(line)
	for i, w := range list[:max(len(list)-1, 0)] {
		if slices.Contains([]string{".", "source", "sh", "bash", "dash", "ash", "exec"}, path.Base(w)) &&
			path.IsAbs(list[i+1]) {
			all = append(all, list[i+1])
		}
	}
	return all
}

// folders are the directories whose files a line runs one after the other: run-parts DIR, for f in DIR/*.sh. The root
// is none, nor is a directory of it.
func folders(line string) []string {
	var all []string
	list := words(line)
	for i, w := range list {
		dir, glob := path.Split(w)
		switch {
		case !path.IsAbs(w):
		case strings.HasPrefix(glob, "*") && slices.Contains(list[:i], "for"):
			all = append(all, path.Clean(dir))
		case slices.ContainsFunc(list[:i], func(w string) bool { return path.Base(w) == "run-parts" }):
			all = append(all, path.Clean(w))
		}
	}
	return slices.DeleteFunc(all, func(dir string) bool { return strings.Count(dir, "/") < 2 })
}
