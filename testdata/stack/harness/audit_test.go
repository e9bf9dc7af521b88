package harness

import "testing"

func TestReadOnly(t *testing.T) {
	tests := []struct {
		verb, resource string
		want           bool
	}{
		{"get", "pods", true},
		{"list", "", true},
		{"watch", "pods", true},
		{"create", "selfsubjectaccessreviews", true},
		{"create", "selfsubjectrulesreviews", true},
		{"create", "subjectaccessreviews", false},
		{"create", "pods", false},
		{"patch", "deployments", false},
		{"deletecollection", "pods", false},
	}
	for _, test := range tests {
		var r Request
		r.Verb, r.ObjectRef.Resource = test.verb, test.resource
		if got := r.ReadOnly(); got != test.want {
			t.Errorf("%s %s: %t, want %t", test.verb, test.resource, got, test.want)
		}
	}
}
