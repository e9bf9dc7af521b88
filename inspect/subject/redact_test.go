package subject

import (
	"encoding/json"
	"slices"
	"testing"
)

func TestRedact(t *testing.T) {
	tests := map[string]struct {
		in     string
		fields []string
	}{
		"nothing to take out": {`{"kind":"Pod","spec":{"containers":[{"env":[{"name":"MODE","value":"x"}]}]}}`, nil},
		"a literal password":  {`{"env":[{"name":"DB_PASSWORD","value":"x"}]}`, []string{".env[DB_PASSWORD].value"}},
		"a reference stays":   {`{"env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db"}}}]}`, nil},
		"a Secret":            {`{"kind":"Secret","data":{"a":"eA=="}}`, []string{".data.a"}},
		"kubectl's copy": {
			`{"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{}"}}}`,
			[]string{".metadata.annotations.kubectl.kubernetes.io/last-applied-configuration"},
		},
	}
	for name, tt := range tests {
		out, fields, err := redact([]byte(tt.in))
		if err != nil || !slices.Equal(fields, tt.fields) {
			t.Errorf("%s: %v, %v", name, fields, err)
		}
		if len(tt.fields) == 0 && string(out) != tt.in {
			t.Errorf("%s: changed to %s", name, out)
		}
	}
	if _, _, err := redact([]byte(`[]`)); err == nil {
		t.Error("a list is no object")
	}
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(`{"env":[{"name":"TOKEN","value":"x"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, fields, err := redact(b)
		if err == nil && len(fields) > 0 && !json.Valid(out) {
			t.Errorf("%s is no JSON", out)
		}
	})
}
