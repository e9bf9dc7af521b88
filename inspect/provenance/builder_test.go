package provenance

import "testing"

// A builder without a version is one of its releases: whoever may push to a branch can rewrite the builder there.
func TestSameBuilder(t *testing.T) {
	const flow = "https://github.com/org/gen/.github/workflows/build.yml"
	for _, tt := range []struct {
		said, want string
		same       bool
	}{
		{flow + "@refs/tags/v1.9.0", flow, true},
		{flow + "@refs/tags/v2", flow, true},
		{flow + "@v1.9.0", flow, true},
		{flow, flow, true},
		{"https://builder.example", "https://builder.example", true},
		{
			"https://cloudbuild.googleapis.com/GoogleHostedWorker@v0.3",
			"https://cloudbuild.googleapis.com/GoogleHostedWorker", true,
		},
		{flow + "@refs/heads/topic", flow, false},
		{flow + "@refs/heads/v1.9.0", flow, false},
		{flow + "@refs/tags/v1.9.0-rc.1", flow, false},
		{flow + "@refs/tags/latest", flow, false},
		{flow + "@refs/pull/7/merge", flow, false},
		{flow + "@main", flow, false},
		{flow + "@", flow, false},
		{flow + "@0123456789abcdef0123456789abcdef01234567", flow, false},
		{flow + "@refs/heads/topic", flow + "@refs/heads/topic", true},
		{flow + "@refs/tags/v1.9.0", flow + "@v1.9.0", true},
		{flow + "@refs/heads/v1.9.0", flow + "@v1.9.0", false},
		{flow + "@refs/tags/v1.9.0", flow + "@v1.8.0", false},
		{"https://other.example@refs/tags/v1.9.0", flow, false},
		{"", flow, false},
	} {
		if got := sameBuilder(tt.said, tt.want); got != tt.same {
			t.Errorf("%s for %s: %v", tt.said, tt.want, got)
		}
	}
}
