package owner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

func TestCount(t *testing.T) {
	equal, altered := program("equal"), program("altered")
	o := stacked(t, append(dpkgFiles(map[string]string{
		"status":        stanza("calm", "1") + stanza("mixed", "2") + stanza("empty", "3"),
		"calm.list":     "/.\n/usr\n/usr/bin/equal\n",
		"mixed.list":    "/usr/bin/altered\n/usr/bin/bare\n/usr/bin/gone\n",
		"empty.list":    "/.\n",
		"calm.md5sums":  fmt.Sprintf("%s  usr/bin/equal\n", md5Of(equal)),
		"mixed.md5sums": fmt.Sprintf("%s  usr/bin/altered\n%s  usr/bin/gone\n", md5Of("before"), md5Of("gone")),
	}), exe("usr/bin/equal", equal), exe("usr/bin/altered", altered), exe("usr/bin/bare", program("bare")),
		exe("usr/bin/own", program("own"))))
	f := o.Count()
	database := 6 // the files of dpkg itself, which no package owns
	if f.Total != database+4 || f.Owned != 3 || f.Equal != 1 || f.Unverifiable != 1 || f.Unowned != database+1 {
		t.Errorf("%+v", f)
	}
	want := []inspect.PackageFiles{
		{Name: "calm", Version: "1", Database: "dpkg", Files: 1, Equal: 1},
		{Name: "mixed", Version: "2", Database: "dpkg", Files: 2, Unverifiable: 1, Altered: 1},
	}
	if fmt.Sprint(f.Packages) != fmt.Sprint(want) {
		t.Errorf("got  %+v\nwant %+v", f.Packages, want)
	}
}

// Where there are more packages than are listed, those that need a look are, and the totals are complete.
func TestCountIsBounded(t *testing.T) {
	var status strings.Builder
	lists := map[string]string{}
	var members []member
	for i := range MaxCounted + 3 {
		name := fmt.Sprintf("p%05d", i)
		status.WriteString(stanza(name, "1"))
		lists[name+".md5sums"] = fmt.Sprintf("%s  opt/%s\n", md5Of("x"), name)
		content := "x"
		if i == MaxCounted+2 {
			content = "y"
		}
		members = append(members, file("opt/"+name, content))
	}
	lists["status"] = status.String()
	f := stacked(t, append(dpkgFiles(lists), members...)).Count()
	if f.Owned != MaxCounted+3 || f.MorePackages != 3 || len(f.Packages) != MaxCounted ||
		f.Packages[MaxCounted-1].Altered != 1 {
		t.Errorf("%d owned, %d and %d more, last %+v", f.Owned, len(f.Packages), f.MorePackages, f.Packages[len(f.Packages)-1])
	}
}

// Without a database nothing is unowned.
func TestCountWithoutADatabase(t *testing.T) {
	if f := stacked(t, []member{exe("usr/bin/x", program("x"))}).Count(); f.Total != 1 || f.Unowned != 0 ||
		f.Ownership != Unknown || len(f.Packages) != 0 {
		t.Errorf("%+v", f)
	}
}
