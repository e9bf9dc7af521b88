package binary

import (
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
)

// configDrift judges how the config of an image differs from that of an earlier one: what it starts, as whom, with
// which labels. Options and variables that a release adds are none of it. Both configs are those of the images; a pod
// may override either. layers is nil where the layers could not be compared; then nothing is derived from their being
// the same.
type configDrift struct {
	now, before v1.Config
	config      string // digest of the image's config
	container   string
	good        inspect.KnownGood
	layers      *inspect.LayerDiff
	release     release
}

// oddity is something in the config that the earlier image does not have.
type oddity struct {
	code, title string
	severity    inspect.Severity
}

// findings lists what a person should know of the differences. The text of the oddity is part of the ID, since one code
// may occur for several labels. The texts are cut, and their values come from the config, which an attacker writes.
func (d configDrift) findings() []inspect.Finding {
	var all []inspect.Finding
	for _, o := range append(append(d.start(), d.user()...), d.labels()...) {
		subject := d.container + ":" + o.title
		all = append(all, inspect.Finding{
			ID: inspect.FindingID(inspect.CheckBinaries, o.code, subject), Check: inspect.CheckBinaries, Code: o.code,
			Status: o.severity.RowStatus(), Severity: o.severity, Subject: d.container, Title: o.title,
			Cause:    inspect.Cause{Kind: inspect.CauseFile, Name: "config of " + d.container}.Key(),
			Evidence: []inspect.Evidence{{Kind: "config", Digest: d.config, Text: o.title}},
		})
	}
	return all
}

// weigh is one step less where nobody confirmed the earlier image.
func (d configDrift) weigh(s inspect.Severity) inspect.Severity {
	if d.good.Confirmed {
		return s
	}
	return lowered(s)
}

// sameLayers reports whether only the config is another: then somebody made this image of the earlier one, without a
// build. A rebuild nearly always gives other layers (times in the archives), so equal layers with another config point
// to an edit of the config alone, as "crane mutate" makes it.
func (d configDrift) sameLayers() bool {
	return d.layers != nil && d.layers.Shared > 0 && d.layers.Added == 0
}

// start judges the command that the image starts: one that fetches or decodes what it runs, which the earlier image
// does not do, and any other one over the same layers. A command that was odd before is no drift, whatever else is
// found of it. Entrypoint and Cmd are joined as the runtime does it: a word that moves from one to the other changes
// nothing.
func (d configDrift) start() []oddity {
	now, before := slices.Concat(d.now.Entrypoint, d.now.Cmd), slices.Concat(d.before.Entrypoint, d.before.Cmd)
	if slices.Equal(now, before) {
		return nil
	}
	line := strings.Join(now, " ")
	odd, why := oddCommand(line)
	was, _ := oddCommand(strings.Join(before, " "))
	switch {
	case odd != "" && odd != was:
		// the same code and title as the setting: one finding, which the comparison raises
		title := fmt.Sprintf("the command that the image starts %s: %s", why, cut(line, 300))
		return []oddity{{"entrypoint-" + odd, title, d.weigh(inspect.High)}}
	case d.sameLayers() && d.release != otherRelease:
		title := fmt.Sprintf("the same layers as the %s image start another command: %s", d.good.Word(), cut(line, 300))
		return []oddity{{inspect.CodeEntrypointChanged, title, d.weigh(inspect.Medium)}}
	}
	return nil
}

// user judges an image that runs as root now. A release may change its user on purpose, so another release gives
// nothing; the rows of settings show root anyway.
func (d configDrift) user() []oddity {
	if !root(d.now.User) || root(d.before.User) || d.release == otherRelease {
		return nil
	}
	title := fmt.Sprintf("the image runs as root; the %s image runs as %s", d.good.Word(), cut(d.before.User, 60))
	return []oddity{{inspect.CodeUserBecameRoot, title, d.weigh(inspect.Medium)}}
}

// root reports whether a USER of a config is root, by name or number, with a group or without; an empty one is. The
// forms are those of the OCI image specification: user, uid, user:group, uid:gid. "00" and a name that passwd maps to 0
// are not recognized here; the accounts are covered by rootAccounts.
func root(user string) bool {
	name, _, _ := strings.Cut(user, ":")
	return name == "" || name == "root" || name == "0"
}

// sourceLabels name the repository that an image is built from.
var sourceLabels = []string{"org.opencontainers.image.source", "org.label-schema.vcs-url", "vcs-url"}

// labels judges claims that speak against their maker: the repository of another owner, and a base image that is
// claimed to be the same while the lowest layer is another. Labels are unauthenticated: an attacker copies them
// unchanged at no cost. So a label that differs is a sign, and one that is the same clears nothing.
func (d configDrift) labels() []oddity {
	var all []oddity
	for _, name := range sourceLabels {
		now, before := d.now.Labels[name], d.before.Labels[name]
		if now == "" || before == "" || ownerOf(now) == ownerOf(before) {
			continue
		}
		severity := inspect.High
		if d.layers != nil && d.layers.Shared == 0 {
			severity = inspect.Medium // another base image may bring its own label
		}
		title := fmt.Sprintf("the label %s names another owner: %s in the %s image, %s now", name, cut(before, 200),
			d.good.Word(), cut(now, 200))
		all = append(all, oddity{inspect.CodeLabelForeignSource, title, d.weigh(severity)})
		break
	}
	const base = "org.opencontainers.image.base."
	digest := d.now.Labels[base+"digest"]
	if digest != "" && digest == d.before.Labels[base+"digest"] && d.layers != nil && d.layers.Shared == 0 {
		title := fmt.Sprintf("the labels name the same base image %s as the %s image, by the same digest, and no "+
			"layer is the same",
			cut(d.now.Labels[base+"name"], 200), d.good.Word())
		all = append(all, oddity{inspect.CodeBaseSwapped, title, d.weigh(inspect.High)})
	}
	return all
}

// ownerOf is the part of a repository's address before its name, without scheme, user and port.
// https://github.com/org/app.git, git@github.com:org/app and ssh://git@github.com/org/app all give github.com/org. Case
// is dropped, as the hosts do. An address of fewer than three names is returned whole.
func ownerOf(address string) string {
	address = strings.ToLower(strings.TrimPrefix(address, "git+"))
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	if _, rest, ok := strings.Cut(address, "@"); ok {
		address = rest
	}
	address = strings.TrimSuffix(strings.Trim(strings.Replace(address, ":", "/", 1), "/"), ".git")
	names := strings.Split(address, "/")
	if len(names) < 3 {
		return strings.Join(names, "/")
	}
	return names[0] + "/" + names[1]
}
