package subject

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// conflicting raises a finding where an archive is an OCI layout and a docker save of different images. A file that two
// tools load as two images can show a clean one to a scanner. The severity is high since no build tool makes such a
// file by accident. It emits nothing where both lead to one config.
func conflicting(i inspect.Image, c *registry.Conflict, emit func(inspect.Event)) {
	if c == nil {
		return
	}
	read := "index.json"
	if i.Digest == "" && i.Index == "" {
		read = "manifest.json"
	}
	f := finding(i, inspect.CodeArchiveConflict, inspect.High,
		"index.json and manifest.json of the archive name different images", fmt.Sprintf(
			"the case is about the image of %s; manifest.json leads to the config %s, index.json to %s; which image "+
				"is loaded depends on the tool: skopeo and older versions of Docker read manifest.json",
			read, cmp.Or(c.Docker, "that cannot be read"), cmp.Or(strings.Join(c.OCI, ", "), "none")))
	f.Evidence = nil
	for _, digest := range append([]string{c.Docker}, c.OCI...) {
		if digest != "" {
			f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "config", Digest: digest})
		}
	}
	emit(inspect.Event{Container: i.Container, Fact: f})
}

// chosen raises findings where readers of the same index could end at another image than the runtime: a clean image
// beside the one that runs proves nothing. The index itself may be hostile: annotations, order and names of platforms
// are whatever its author wrote. Marks are the annotation vnd.docker.reference.type and the like, which tools use to
// tell attestations from images.
func chosen(i inspect.Image, img *registry.Image, emit func(inspect.Event)) {
	c, ok := img.Chosen()
	if !ok {
		return
	}
	rivals := img.Rivals()
	if c.Marked {
		emit(inspect.Event{Container: i.Container, Fact: finding(i, inspect.CodeMarkedManifest, inspect.High,
			"the image that runs is marked as an attestation in its index",
			fmt.Sprintf("%s for %s has annotations or an artifact type of a companion; runtimes choose by "+
				"platform alone and run it, other tools pass over it%s",
				c.Digest, c.Platform, besides(rivals)), c)})
		return
	}
	if len(rivals) == 0 {
		return
	}
	severity, why := inspect.Medium, "containerd runs the first that is listed"
	if c.Alias && slices.ContainsFunc(rivals, func(r registry.Candidate) bool { return !r.Alias }) {
		severity, why = inspect.High,
			"runtimes normalize the names of platforms; tools that compare them as written read another image"
	}
	title := fmt.Sprintf("%d different images of the index fit the node's platform", len(rivals)+1)
	detail := fmt.Sprintf("the case is about %s (%s)%s; %s", c.Digest, c.Platform, besides(rivals), why)
	emit(inspect.Event{Container: i.Container, Fact: finding(i, inspect.CodeRivalManifests, severity, title, detail,
		append([]registry.Candidate{c}, rivals...)...)})
}

// besides names the other candidates that were not taken, in words. The text begins with "; ", and is "" without any.
func besides(rivals []registry.Candidate) string {
	if len(rivals) == 0 {
		return ""
	}
	names := make([]string, len(rivals))
	for n, r := range rivals {
		names[n] = fmt.Sprintf("%s (%s)", r.Digest, r.Platform)
	}
	return "; as good a fit: " + strings.Join(names, ", ")
}

// finding is a finding about the reference of an image. Its evidence is the index and each manifest that could be
// taken, so that somebody can look at the very bytes that two tools read otherwise. The ID is made of check, code and
// container, so that a second run gives the same finding.
func finding(i inspect.Image, code string, severity inspect.Severity, title, detail string,
	of ...registry.Candidate,
) inspect.Finding {
	f := inspect.Finding{
		ID: inspect.FindingID(inspect.CheckSubject, code, i.Container), Check: inspect.CheckSubject, Code: code,
		Status:   severity.RowStatus(),
		Severity: severity,
		Subject:  i.Container, Title: title, Detail: detail, Evidence: []inspect.Evidence{{
			Kind:   "index",
			Digest: i.Index,
		}},
	}
	for _, c := range of {
		f.Evidence = append(f.Evidence, inspect.Evidence{Kind: "manifest", Digest: c.Digest, Text: c.Platform.String()})
	}
	return f
}

// manifests lists what an index offers. rivals are those that are ranked as the chosen one. The order is that of the
// index, which decides for containerd among equals.
func manifests(candidates, rivals []registry.Candidate) []inspect.Manifest {
	var all []inspect.Manifest
	for _, c := range candidates {
		all = append(all, inspect.Manifest{
			Digest: c.Digest, Platform: c.Platform.String(), Chosen: c.Chosen, Marked: c.Marked,
			Rival: slices.ContainsFunc(rivals, func(r registry.Candidate) bool { return r.Digest == c.Digest }),
		})
	}
	return all
}

// platformNames lists the platforms of an index.
func platformNames(candidates []registry.Candidate) string {
	var names []string
	for _, c := range candidates {
		names = append(names, c.Platform.String())
	}
	return strings.Join(names, ", ")
}
