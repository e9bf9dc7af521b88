package subject_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/subject"
)

// A target that names an object of the cluster, with the container where there are several.
func ExampleParsePod() {
	for _, target := range []string{"pod/web-0:proxy", "deploy/web", "nginx"} {
		t, ok, err := subject.ParsePod(target)
		fmt.Println(t.Kind, t.Name, t.Container, ok, err)
	}
	// Output:
	// pod web-0 proxy true <nil>
	// deploy web  true <nil>
	//    false <nil>
}
