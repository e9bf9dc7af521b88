package ledger_test

import (
	"fmt"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/ledger"
)

// Append is the only way into a case: it numbers a fact, stamps it with the time and folds it.
func ExampleLedger_Append() {
	l := ledger.New(func() time.Time { return time.Date(2026, time.May, 14, 14, 9, 0, 0, time.UTC) })
	for _, title := range []string{"unsigned image", "unpackaged executable"} {
		event, err := l.Append("binaries", "web", inspect.Finding{
			ID:    inspect.FindingID("binaries", title, "web"),
			Title: title,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(event.Seq, event.Time.Format(time.RFC3339), event.Container)
	}
	fmt.Println(len(l.Case().Findings), "findings")
	// Output:
	// 1 2026-05-14T14:09:00Z web
	// 2 2026-05-14T14:09:00Z web
	// 2 findings
}
