package journal_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/journal"
)

// Which images still have to be read, after one of two that run was.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "journal-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	j, err := journal.Open(ctx, journal.Path(dir))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer j.Close()

	web, api := "sha256:"+strings.Repeat("a", 64), "sha256:"+strings.Repeat("b", 64)
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	err = j.See(ctx, []journal.Sighting{
		{Cluster: "prod", Namespace: "shop", Workload: "deployment/web", Container: "app", Reference: "shop/web:1", Digest: web, At: now},
		{Cluster: "prod", Namespace: "shop", Workload: "deployment/api", Container: "app", Reference: "shop/api:1", Digest: api, At: now},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = j.PutImage(ctx, journal.Packages, inspect.Image{
		ImageHead: inspect.ImageHead{Digest: web},
		Packages:  []inspect.Package{{Type: "deb", Name: "xz-utils", Version: "5.6.1-1"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	missing, err := j.Missing(ctx, []string{web, api}, journal.Packages)
	fmt.Println(len(missing), missing[0] == api, err)
	// Output: 1 true <nil>
}
