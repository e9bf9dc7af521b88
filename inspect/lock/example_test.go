package lock

import "fmt"

// Each lock is read into the same entries, whatever its form.
func Example() {
	f, ok := formOf("/app/package-lock.json")
	if !ok {
		return
	}
	entries, err := f.read([]byte(`{"lockfileVersion": 3, "packages": {
		"": {"name": "app"},
		"node_modules/debug": {"version": "4.4.1", "resolved": "https://registry.npmjs.org/debug/-/debug-4.4.1.tgz"},
		"node_modules/husky": {"version": "9.0.0", "dev": true}
	}}`))
	for _, e := range entries {
		fmt.Println(e.name, e.version, originOf(e.resolved).host, "may be missing:", e.spare)
	}
	fmt.Println(err)
	// Output:
	// debug 4.4.1 registry.npmjs.org may be missing: false
	// husky 9.0.0  may be missing: true
	// <nil>
}
