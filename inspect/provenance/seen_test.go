package provenance

import (
	"slices"
	"testing"
	"time"

	"github.com/backtrail/backtrail/inspect/engine"

	"github.com/backtrail/backtrail/inspect"
)

func TestLastSeen(t *testing.T) {
	const repo = "https://github.com/acme/app"
	clock := func() time.Time { return time.Date(2026, 3, 1, 3, 0, 0, 0, time.UTC) }
	another := func(sig *inspect.Signature) {
		sig.Identity = "https://github.com/mallory/app/.github/workflows/x.yml@refs/heads/main"
	}

	tests := map[string]struct {
		then   func(*scene) // what the next image of the repository carries
		status inspect.Status
		codes  []string
	}{
		"signed by the same": {
			func(s *scene) { s.sign(statement(s.image.Digest, workflow, repo), nil) },
			inspect.Verified, nil,
		},
		"signed by another": {
			func(s *scene) { s.sign(statement(s.image.Digest, workflow, repo), another) },
			inspect.Verified,
			[]string{"signer-changed"},
		},
		"built elsewhere": {func(s *scene) {
			s.sign(statement(s.image.Digest, "https://builder.example", repo),
				nil)
		}, inspect.Verified, []string{"builder-changed"}},
		"unsigned now": {func(*scene) {}, inspect.Verified, []string{"provenance-gone", "signature-gone"}},
		"could not be asked": {
			func(s *scene) { s.ended = engine.Unchecked("connection refused") }, inspect.Verified,
			nil,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.image.Location = "registry.example/app@" + s.image.Digest
			s.sign(statement(s.image.Digest, workflow, repo), nil)
			first := s.run(inspect.Expected{}, Seen(s.client, nil, clock))
			if got, _ := first.Check(inspect.CheckSignerHistory, "web"); got.Status != inspect.CheckSkipped || len(first.Findings) != 0 {
				t.Fatalf("the first image: %+v, %+v", got, first.Findings)
			}
			s.image.Digest, s.events = digestOf("next"), nil
			s.image.Location = "registry.example/app@" + s.image.Digest
			tt.then(s)
			c := s.run(inspect.Expected{}, Seen(s.client, nil, clock))
			var codes []string
			for _, f := range c.Findings {
				codes = append(codes, f.Code)
				if f.Severity != inspect.Medium || f.Status != inspect.RowObserved {
					t.Errorf("%s is %s %s: what was seen here is no expectation", f.Code, f.Severity, f.Status)
				}
			}
			slices.Sort(codes)
			if got, _ := c.Check(inspect.CheckSignerHistory, "web"); got.Status.Tone() != tt.status || !slices.Equal(codes, tt.codes) {
				t.Errorf("check %+v, findings %v, want %v", got, codes, tt.codes)
			}
		})
	}
}
