package subject

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/redact"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Keep keeps an object of the cluster in the store, without what must not leave the cluster, and names it:
// cluster/KIND-NAMESPACE-NAME.json, and with a mark cluster/KIND-NAMESPACE-NAME@MARK.json. Values of Secrets, tokens
// and variables that hold secrets are removed, and named in Redacted; Original is the digest of the object as it was
// received, so that it can be compared with another copy. Errors: the store, and objects that are no JSON. Original is
// computed over the bytes before the redaction and is the only trace of the removed values; one of few bits could be
// guessed from it by trying.
func Keep(store *registry.Store, obj kube.Object, mark ...string) (inspect.Exhibit, error) {
	raw, redacted, err := redact.Object(obj.Raw)
	if err != nil {
		return inspect.Exhibit{}, fmt.Errorf("redacting %s %s/%s: %w", obj.Kind, obj.Namespace, obj.Name, err)
	}
	name := strings.ToLower(obj.Kind)
	for _, part := range []string{obj.Namespace, obj.Name} {
		if part != "" {
			name += "-" + part
		}
	}
	for _, m := range mark {
		name += "@" + m
	}
	x := inspect.Exhibit{Path: "cluster/" + name + ".json", Size: int64(len(raw)), Source: obj.Path, Redacted: redacted}
	if len(redacted) > 0 {
		sum := sha256.Sum256(obj.Raw)
		x.Original = "sha256:" + hex.EncodeToString(sum[:])
	}
	w, err := store.Create()
	if err != nil {
		return x, err
	}
	defer w.Discard()
	if _, err := w.Write(raw); err != nil {
		return x, err
	}
	x.Digest = w.Digest()
	return x, w.Commit(x.Digest)
}
