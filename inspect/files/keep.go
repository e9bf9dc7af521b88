package files

import (
	"encoding/json"

	"github.com/backtrail/backtrail/registry"
)

// KeepLayer names what of a layer must stay for its case: the blob, its proof, the uncompressed tar and its listing. What
// programs show (recordFacts) is not among it: it is found again from these bytes.
func (c *Cache) KeepLayer(kept *registry.Kept, digest string) {
	kept.Blob(digest)
	kept.Record(registry.RecordLayer, digest)
	data, err := c.store.Record(registry.RecordLayer, digest)
	var p proof
	if err == nil && json.Unmarshal(data, &p) == nil {
		c.KeepTar(kept, p.DiffID)
	}
}

// KeepTar is KeepLayer for a layer that is known by its diff ID only: those of docker-save archives have no digest.
func (c *Cache) KeepTar(kept *registry.Kept, diffID string) {
	kept.Blob(diffID)
	kept.Record(recordIndex, diffID)
	kept.Record(recordWeak, diffID)
}

// KeepImage names the catalogue of an image, by its Key.
func (c *Cache) KeepImage(kept *registry.Kept, image string) { kept.Record(recordCatalogue, image) }
