package audit_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/audit"
)

// What is otherwise in today's audit than in yesterday's.
func ExampleCompare() {
	moved, same := true, false
	row := audit.Row{
		Namespace: "shop", Workload: "deployment/web", Container: "web", Digest: "sha256:0123456789abcdef",
		State: audit.Done, Signer: "ci@shop.example", TagMoved: &same,
	}
	yesterday := audit.Report{Rows: []audit.Row{row}}
	row.TagMoved, row.TagMeans, row.Signer, row.Signature = &moved, "sha256:fedcba9876543210", "", "absent"
	today := audit.Report{Rows: []audit.Row{row}}
	for _, c := range audit.Compare(&yesterday, &today) {
		fmt.Println(c.Sentence())
	}
	// Output:
	// shop deployment/web container web: its tag means sha256:fedcba987654 now; it runs sha256:0123456789ab
	// shop deployment/web container web: the signature by ci@shop.example is no longer in the registry
}
