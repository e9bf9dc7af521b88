package demo_test

import (
	"context"
	"fmt"

	"github.com/backtrail/backtrail/inspect/demo"
)

// Start serves the registry of the incident until Close.
func ExampleStart() {
	incident, err := demo.Start(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer incident.Close()
	fmt.Println(incident.Namespace, incident.Pod, incident.Now.Format("15:04"))
	// Output: shop web-7d9c5b6f48-x2kqp 14:09
}
