package registry_test

import (
	"fmt"

	"github.com/backtrail/backtrail/registry"
)

// References are read as people and nodes write them.
func ExampleParse() {
	for _, target := range []string{
		"nginx",
		"ghcr.io/org/app:1.4.2@sha256:32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae",
		"oci:layout:v1",
	} {
		l, err := registry.Parse(target)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Printf("host %q repository %q path %q tag %q digest %.14q\n", l.Host, l.Repository, l.Path, l.Tag, l.Digest)
	}
	// Output:
	// host "docker.io" repository "library/nginx" path "" tag "latest" digest ""
	// host "ghcr.io" repository "org/app" path "" tag "1.4.2" digest "sha256:32e45c9"
	// host "" repository "" path "layout" tag "v1" digest ""
}
