package alert_test

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect/alert"
)

// Each line may have another format; a line that cannot be read is counted.
func ExampleRead() {
	lines := `{"rule":"Terminal shell in container","priority":"Notice","time":"2026-05-14T14:03:02Z","output":"shell","output_fields":{"k8s.ns.name":"shop","k8s.pod.name":"web-0"}}
{"rule":"cut off`
	in, err := alert.Read(strings.NewReader(lines), alert.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range in.Alerts {
		fmt.Printf("%s: %s in %s/%s\n", a.Priority, a.Rule, a.Namespace, a.Pod)
	}
	fmt.Println(in.Broken, "skipped")
	// Output:
	// Notice: Terminal shell in container in shop/web-0
	// 1 skipped
}
