package tui

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// reachRows lists what the pod could touch, the dangerous first.
func reachRows(_ *Model, s *caseScreen) []row {
	p := s.c.Pod
	if p == nil {
		return nil
	}
	r := p.Reach
	var rows []row
	add := func(kind, why string, t tone, all ...string) {
		for _, text := range all {
			if text != "" {
				rows = append(rows, reachRow(kind, text, why, t))
			}
		}
	}
	add("privilege", "What the container may do on the node.", toneBad, r.Privileges...)
	add("cloud role", "Annotations of the service account name this role: whoever runs in the pod can use it.", toneWarn, r.Role)
	add("account", "The service account that the pod runs as; its token is mounted unless it says otherwise.", tonePlain, r.ServiceAccount)
	add("secret", "Mounted or in the environment; the value was not read.", toneWarn, r.Secrets...)
	add("config map", "Mounted or in the environment.", tonePlain, r.ConfigMaps...)
	add("volume", "A volume of the pod.", tonePlain, r.Volumes...)
	if len(r.NetworkPolicies) == 0 {
		rows = append(rows, reachRow("network", "no network policy selects it", "Nothing is known that would hold its traffic back. A policy also holds only if the network plugin enforces it.", toneWarn))
	}
	add("network", "A policy that selects the pod; it holds only if the network plugin enforces it.", tonePlain, r.NetworkPolicies...)
	add("same image", "Another pod that runs one of its digests.", toneNote, p.Others...)
	add("same layer", "Another pod whose image has the layer that brought what is wrong.", toneNote, s.image().Sharing.Pods()...)
	for _, c := range p.Containers {
		rows = append(rows, containerRow(c))
	}
	rows = append(rows, ownerRows(s)...)
	rows = append(rows, exhibitRows(s)...)
	return rows
}

func reachRow(kind, text, why string, t tone) row {
	return row{
		id: "reach:" + kind + ":" + text, find: kind + " " + text, value: text, layer: -1, object: text,
		cells: func(w int) []cell {
			return []cell{{text: kind, tone: toneDim, width: 10}, {text: text, tone: t, width: -1}}
		},
		detail: func(d *document) {
			d.say(toneBold, kind)
			d.say(t, text)
			d.gap()
			d.say(tonePlain, why)
		},
	}
}

func containerRow(c inspect.Container) row {
	text := c.Name + " " + string(c.Type)
	t := tonePlain
	if c.Injected {
		text, t = text+", injected", toneWarn
	}
	return row{
		id: "container:" + c.Name, find: "container " + text + " " + c.Reference, value: c.ImageID, subject: c.Name, layer: -1, object: c,
		cells: func(w int) []cell {
			return []cell{{text: "container", tone: toneDim, width: 10}, {text: text + " " + shortImage(c.Reference, ""), tone: t, width: -1}}
		},
		detail: func(d *document) { containerDetail(d, c) },
	}
}

func containerDetail(d *document, c inspect.Container) {
	d.say(toneBold, "Container "+c.Name)
	d.field("type", string(c.Type))
	if c.Injected {
		d.say(toneWarn, "Injected: the owner's template does not have it.")
	}
	d.field("image", c.Reference)
	d.field("image ID", c.ImageID)
	d.field("container", c.ContainerID)
	d.field("state", c.State)
	d.field("restarts", fmt.Sprint(c.Restarts))
	d.field("started", stamp(c.Started))
}

// exhibitRows lists what was kept as it was received: cluster objects, logs.
func exhibitRows(s *caseScreen) []row {
	var rows []row
	for _, x := range s.c.Exhibits {
		rows = append(rows, row{
			id: "exhibit:" + x.Path, find: "kept " + x.Path + " " + x.Source, value: x.Digest, layer: -1, object: x, raw: blobPart(x.Path, x.Digest),
			cells: func(w int) []cell {
				return []cell{{text: "kept", tone: toneDim, width: 10}, {text: x.Path, width: -1}, {text: bytesText(x.Size), tone: toneDim, width: 9, right: true}}
			},
			detail: func(d *document) {
				d.say(toneBold, x.Path)
				d.field("from", x.Source)
				d.field("digest", x.Digest)
				if len(x.Redacted) > 0 {
					d.field("redacted", strings.Join(x.Redacted, ", "))
				}
				if x.Truncated {
					d.say(toneWarn, "Cut short by a bound.")
				}
			},
		})
	}
	return rows
}
