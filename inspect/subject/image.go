package subject

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/registry"
)

// FromImage turns an image of a registry, layout or archive into the image of a case. Its status is about manifest and
// config only; the layers check completes it. reference is what a person or the pod wrote; the location is where the
// image was read. Created is a claim of whoever built the image, and may be any time; reproducible builds set it to 0.
func FromImage(reference string, img *registry.Image) inspect.Image {
	i := inspect.Image{
		ImageHead: inspect.ImageHead{
			Reference: reference, Location: img.Pin().Location.String(),
			Index: img.Index.Digest, Digest: img.Manifest.Digest,
			Config: img.Config.Digest, Platform: img.Platform.String(), Status: inspect.Unknown,
			Reason: inspect.Running,
		},
	}
	i.Manifests = manifests(img.Candidates, img.Rivals())
	if img.ConfigFile != nil {
		i.Created = inspect.At(img.ConfigFile.Created.Time)
		i.Settings = settings(img.ConfigFile.Config)
	}
	if part, bad := img.Problem(); bad {
		i.Status, i.Reason, i.Detail = inspect.Failed, string(part.Problem), part.Detail
		if part.Problem.Unchecked() {
			i.Status = inspect.Unknown
		}
	}
	return i
}

// settings is what would run by the config. The ledger removes secrets from it. Names of ports and volumes are sorted,
// since a map has no order and two readings of one image must be the same case. Values are those of the config, which
// whoever built the image wrote; a pod may override command, user and environment.
func settings(c v1.Config) inspect.ImageConfig {
	s := inspect.ImageConfig{
		User: c.User, Entrypoint: c.Entrypoint, Cmd: c.Cmd, Env: c.Env, WorkingDir: c.WorkingDir, Labels: c.Labels,
		OnBuild: c.OnBuild,
	}
	if c.Healthcheck != nil {
		s.Health = c.Healthcheck.Test
	}
	names := references{}
	for p := range c.ExposedPorts {
		names.add("port", p)
	}
	for v := range c.Volumes {
		names.add("volume", v)
	}
	s.Ports, s.Volumes = names["port"], names["volume"]
	return s
}

// Blobs returns the index, manifest and config of an image as blobs of the case. of is "image" or "known-good". A part
// that was not there is missing, with the size that its descriptor claims; one with other bytes is damaged and has the
// digest of these. The order is that of parts: index, nested indexes, manifest, config.
func Blobs(img *registry.Image, of string) []inspect.Blob {
	var all []inspect.Blob
	for _, r := range parts(img) {
		role, p := r.role, r.Part
		if !p.Present() {
			continue
		}
		b := inspect.Blob{
			Digest: p.Digest, MediaType: p.MediaType, Size: int64(len(p.Bytes)), Role: role, Of: of,
			State: "carried",
		}
		switch {
		case p.Bytes == nil:
			b.State, b.Size = "missing", max(p.Size, 0)
		case p.Actual != p.Digest:
			b.State, b.Actual = "damaged", p.Actual
		}
		if role == "manifest" || role == "index" {
			b.Tag = img.Location.Tag
		}
		all = append(all, b)
	}
	return all
}

// keep puts the bytes of an image's parts into the store, damaged ones under the digest that they have: layouts and
// archives are read in place, and the case must not depend on their staying. A part that is in the store already is not
// written again. A registry may delete an image while its case is open, and the bytes are evidence. Errors are those of
// the store.
func keep(store *registry.Store, img *registry.Image) error {
	for _, p := range parts(img) {
		if p.Bytes == nil || store.Has(p.Actual) {
			continue
		}
		if err := store.Put(p.Actual, p.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// rolePart is a part of an image with its role in the case.
type rolePart struct {
	registry.Part
	role string
}

// parts lists the index, the indexes inside it, the manifest and the config of an image. A part that the source does
// not have is among them without bytes.
func parts(img *registry.Image) []rolePart {
	all := []rolePart{{img.Index, "index"}}
	for _, p := range img.Nested {
		all = append(all, rolePart{p, "index"})
	}
	return append(all, rolePart{img.Manifest, "manifest"}, rolePart{img.Config, "config"})
}
