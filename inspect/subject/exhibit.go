package subject

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/kube"
	"github.com/backtrail/backtrail/registry"
)

// Keep keeps an object of the cluster in the store, without what must not leave the cluster, and names it:
// cluster/KIND-NAMESPACE-NAME.json, and with a mark cluster/KIND-NAMESPACE-NAME@MARK.json.
func Keep(store *registry.Store, obj kube.Object, mark ...string) (inspect.Exhibit, error) {
	raw, redacted, err := redact(obj.Raw)
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

// lastApplied is kubectl's copy of the whole object, with every value that redaction takes out of the object itself.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// redact takes out of an object what must not leave the cluster: literal environment values whose name says that they
// are secret, the data of Secrets, and kubectl's copy of the object. It names each field that it took out. An object
// with nothing of that kind stays as it was received, byte for byte.
func redact(raw []byte) ([]byte, []string, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var obj map[string]any
	if err := decoder.Decode(&obj); err != nil {
		return nil, nil, err
	}
	var r redaction
	if kind, _ := obj["kind"].(string); kind == "Secret" {
		r.secret(obj)
	}
	r.walk("", obj)
	if len(r.fields) == 0 {
		return raw, nil, nil
	}
	slices.Sort(r.fields)
	clean, err := json.Marshal(obj)
	return clean, r.fields, err
}

type redaction struct{ fields []string }

func (r *redaction) secret(obj map[string]any) {
	for _, field := range []string{"data", "stringData"} {
		values, _ := obj[field].(map[string]any)
		for k := range values {
			values[k] = inspect.Redacted
			r.fields = append(r.fields, "."+field+"."+k)
		}
	}
}

func (r *redaction) walk(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if name, ok := v["name"].(string); ok && inspect.SecretName(name) {
			if _, literal := v["value"].(string); literal {
				v["value"] = inspect.Redacted
				r.fields = append(r.fields, path+"["+name+"].value")
			}
		}
		for k, inner := range v {
			if _, text := inner.(string); text && k == lastApplied {
				v[k] = inspect.Redacted
				r.fields = append(r.fields, path+"."+k)
				continue
			}
			r.walk(path+"."+k, inner)
		}
	case []any:
		for _, inner := range v {
			r.walk(path, inner)
		}
	}
}
