package layertest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// SHA256 returns the digest of data as registries write it. sha256:HEX.
func SHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Layout writes an OCI layout by hand, so that it can be wrong: layers as stored, the diff IDs that the config claims,
// and what edit makes of the manifest. edit may be nil; it is called before the manifest is written, with the
// directory of the blobs, so that it can change a blob as well as the manifest.
func Layout(t testing.TB, layers [][]byte, diffIDs []string, edit func(dir string, manifest map[string]any)) string {
	t.Helper()
	dir := t.TempDir()
	blobs := filepath.Join(dir, "blobs", "sha256")
	Must(t, os.MkdirAll(blobs, 0o755))
	put := func(data []byte) map[string]any {
		sum := SHA256(data)
		Must(t, os.WriteFile(filepath.Join(blobs, sum[7:]), data, 0o644))
		return map[string]any{"digest": sum, "size": len(data)}
	}
	config, err := json.Marshal(map[string]any{
		"os": "linux", "architecture": "amd64", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": diffIDs},
	})
	Must(t, err)
	manifest := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
	c := put(config)
	c["mediaType"] = "application/vnd.oci.image.config.v1+json"
	manifest["config"] = c
	var list []map[string]any
	for _, l := range layers {
		d := put(l)
		d["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip"
		list = append(list, d)
	}
	manifest["layers"] = list
	if edit != nil {
		edit(blobs, manifest)
	}
	data, err := json.Marshal(manifest)
	Must(t, err)
	m := put(data)
	m["mediaType"] = manifest["mediaType"]
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{m}})
	Must(t, err)
	Must(t, os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644))
	Must(t, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644))
	return "oci:" + dir
}

// Must ends the test where there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
