package audit

import (
	"testing"
	"time"
)

func TestReleaseOfNames(t *testing.T) {
	for reference, want := range map[string]string{
		"docker.io/library/debian:11-slim":            "debian 11",
		"debian:10.13":                                "debian 10",
		"python:3.9-bullseye":                         "debian 11",
		"reg.example:5000/node:18-alpine3.16":         "alpine 3.16",
		"ubuntu:focal-20240101":                       "ubuntu 20.04",
		"alpine:3.18.4@sha256:00":                     "alpine 3.18",
		"golang:1.22":                                 "",
		"reg.example/app:11":                          "", // a number is no release of another repository
		"reg.example/team-bullseye/app:1":             "",
		"debian":                                      "",
		"reg.example:5000/debian@sha256:1234567890ab": "",
	} {
		r, ok := named(reference)
		got := ""
		if ok {
			got = r.id + " " + r.version
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", reference, got, want)
		}
	}
}

func TestEndOfLifeIsThatOfTheFilesBeforeThatOfNames(t *testing.T) {
	var b Base
	b.dated(parseRelease([]byte("NAME=Alpine\nID=alpine\nVERSION_ID=3.18.4\n")), "debian:10")
	if b.EndOfLife.Format(time.DateOnly) != "2025-05-09" || b.Distribution != "alpine 3.18.4 (os-release)" {
		t.Errorf("got %+v", b)
	}
	b = Base{}
	b.dated(parseRelease([]byte("ID=wolfi\nVERSION_ID=20230201\n")), "debian:10")
	if !b.EndOfLife.IsZero() {
		t.Errorf("a distribution without a date has one: %+v", b)
	}
	b = Base{}
	b.dated(release{}, "", "debian:10")
	if b.EndOfLife.Format(time.DateOnly) != "2024-06-30" {
		t.Errorf("got %+v", b)
	}
	for _, r := range releases() {
		if r.id == "" || r.version == "" || r.ends.IsZero() {
			t.Errorf("a broken line in the table: %+v", r)
		}
	}
}

func FuzzParseRelease(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"11\"\n"))
	f.Add([]byte("ID=\x1b[31m\nVERSION_ID"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Base
		b.dated(parseRelease(data))
		for _, r := range b.Distribution {
			if r < ' ' {
				t.Errorf("a control character in %q", b.Distribution)
			}
		}
	})
}
