package layer

import (
	"testing"
)

func TestManyChangesAreCutAndCounted(t *testing.T) {
	var members []member
	for i := range MaxChanges + 10 {
		members = append(members, file("d/"+itoa(i), "x"))
	}
	d := Compare(treeOfLayers(t, append(members, exe("z", program("z")))), treeOfLayers(t, []member{dir("d/")}))
	if d.Added != MaxChanges+11 || !d.Truncated || len(d.List) != MaxChanges || d.List[0].Path != "/z" {
		t.Errorf("%d added, truncated %v, %d listed, first %+v", d.Added, d.Truncated, len(d.List), d.List[0])
	}
}
