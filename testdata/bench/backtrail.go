package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// verdicts are the exit codes of an inspection that ran: verified, failed, unknown.
var verdicts = []int{0, 3, 4}

// home is an environment in which backtrail finds nothing of earlier runs.
func home(dir string) []string {
	return []string{"HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_CACHE_HOME=" + dir, "DOCKER_CONFIG=" + dir}
}

func (b *bench) args(image, cache string) []string {
	return []string{"inspect", image, "--platform", "linux/amd64", "--key", b.signer.public(), "--offline", "--cache", cache, "-o", "events"}
}

// inspect runs one image alone, then with the known-good, each with an empty cache, then the latter once more.
func (b *bench) inspect(ctx context.Context, round int) error {
	dir := filepath.Join(b.work, "backtrail-"+strconv.Itoa(round))
	defer os.RemoveAll(dir)
	alone, whole := filepath.Join(dir, "alone"), filepath.Join(dir, "whole")
	diff := []string{"--known-good", b.images[knownGood].reference}
	image := b.images[suspect].reference
	if err := b.step(ctx, stepAlone, home(dir), verdicts, b.backtrail, b.args(image, alone)...); err != nil {
		return err
	}
	if err := os.RemoveAll(alone); err != nil {
		return fmt.Errorf("clearing the cache: %w", err)
	}
	if err := b.step(ctx, stepWhole, home(dir), verdicts, b.backtrail, append(b.args(image, whole), diff...)...); err != nil {
		return err
	}
	p, err := partsOf(last(b.results[stepWhole]).stdout)
	if err != nil {
		return err
	}
	b.parts = append(b.parts, p)
	return b.step(ctx, stepWarm, home(dir), verdicts, b.backtrail, append(b.args(image, whole), diff...)...)
}

// once measures what needs no rounds: memory does not vary with the load.
func (b *bench) once(ctx context.Context) error {
	if b.large {
		dir := filepath.Join(b.work, "backtrail-large")
		defer os.RemoveAll(dir)
		if err := b.step(ctx, stepLarge, home(dir), verdicts, b.backtrail, b.args(b.images[large].reference, filepath.Join(dir, "cache"))...); err != nil {
			return err
		}
	}
	if err := b.flood(ctx); err != nil {
		return err
	}
	return b.screens(ctx)
}

func last(list []measured) measured { return list[len(list)-1] }

// parts are points of time within an inspection, since the start of its case.
type parts struct {
	index      time.Duration // the suspect's layers, from their check's begin to its end
	signature  time.Duration // verdict on the signatures
	provenance time.Duration
	firstLayer time.Duration // the first layer is verified and indexed
}

// event is what is read of a line of "-o events".
type event struct {
	Time   time.Time `json:"time"`
	Check  string    `json:"check"`
	Header *struct {
		Started time.Time `json:"started"`
	} `json:"header"`
	Begin *struct{} `json:"begin"`
	Layer *struct {
		Status string `json:"status"`
		Number int    `json:"number"`
	} `json:"layer"`
	End *struct {
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"end"`
}

// maxLine bounds a line of the events, bytes.
const maxLine = 16 << 20

// partsOf reads the points of time from a stream of events. A check that did not end verified makes all numbers worthless.
func partsOf(stream []byte) (parts, error) {
	var p parts
	var started, begun time.Time
	lines := bufio.NewScanner(bytes.NewReader(stream))
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return p, fmt.Errorf("reading the events of backtrail: %w", err)
		}
		at := e.Time.Sub(started)
		switch {
		case e.Header != nil:
			started = e.Header.Started
		case e.Check == "layers" && e.Begin != nil:
			begun = e.Time
		case e.Layer != nil && e.Layer.Number >= 0 && e.Layer.Status == "verified" && p.firstLayer == 0:
			p.firstLayer = at
		case e.End == nil:
		case e.End.Status == "blocked":
			return p, fmt.Errorf("the check %s of backtrail could not be made, so its times mean nothing: %s", e.Check, e.End.Reason)
		case e.Check == "layers":
			p.index = e.Time.Sub(begun)
		case e.Check == "signatures":
			p.signature = at
		case e.Check == "provenance":
			p.provenance = at
		}
	}
	if err := lines.Err(); err != nil {
		return p, fmt.Errorf("reading the events of backtrail: %w", err)
	}
	if p.index == 0 || p.signature == 0 || p.provenance == 0 || p.firstLayer == 0 {
		return p, fmt.Errorf("reading the events of backtrail: layers, signatures or provenance never ended: %+v", p)
	}
	return p, nil
}
