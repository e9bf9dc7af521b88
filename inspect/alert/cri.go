package alert

import "bytes"

// criLine is what a container runtime writes in front of a line of a container's log: time, stream, tags
// (https://github.com/kubernetes/design-proposals-archive, node/kubelet-cri-logging.md).
type criLine struct {
	stream  string // stdout, stderr; empty where it is no such line
	partial bool   // the line goes on in the next one of the stream: runtimes cut at 16 KiB
	content int    // where the content begins
}

// criOf reads the front of a line.
func criOf(line []byte) criLine {
	const shortest = len("2006-01-02T15:04:05Z")
	at := bytes.IndexByte(line[:min(len(line), 64)], ' ')
	if at < shortest || line[4] != '-' || line[10] != 'T' {
		return criLine{}
	}
	for _, stream := range []string{"stdout", "stderr"} {
		rest, ok := bytes.CutPrefix(line[at+1:], []byte(stream+" "))
		if !ok {
			continue
		}
		tags, _, ok := bytes.Cut(rest[:min(len(rest), 64)], []byte(" "))
		if !ok {
			return criLine{}
		}
		tag, _, _ := bytes.Cut(tags, []byte(":"))
		if string(tag) != "P" && string(tag) != "F" {
			return criLine{}
		}
		return criLine{stream, string(tag) == "P", len(line) - len(rest) + len(tags) + 1}
	}
	return criLine{}
}
