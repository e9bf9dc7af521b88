package inspect

import (
	"cmp"
	"slices"
)

// Apply folds one event into the case. Foreign strings are kept as they are: what draws them cleans them.
func (c *Case) Apply(e Event) {
	if e.Fact == nil {
		return
	}
	switch e.Fact.(type) {
	case Progress, Request, Reset:
	default:
		c.log = append(c.log, e)
		if e.Time.After(c.last.Time) {
			c.last = e.Time
		}
	}
	e.Fact.fold(c, e)
}

// imageFor gives the image of a container. A fact about a container that no ImageHead has named yet makes the image:
// checks may overtake each other.
func (c *Case) imageFor(container string) *Image {
	at, found := slices.BinarySearchFunc(c.Images, container, func(i Image,
		s string) int {
		return cmp.Compare(i.Container, s)
	})
	if !found {
		c.Images = slices.Insert(c.Images, at, Image{ImageHead: ImageHead{Container: container, Status: Unknown,
			Reason: Running}})
	}
	return &c.Images[at]
}

// upsert puts an item at its place in a sorted list, in the stead of one with the same key.
func upsert[T any](list *[]T, item T, compare func(a, b T) int) {
	i, found := slices.BinarySearchFunc(*list, item, compare)
	if found {
		(*list)[i] = item
		return
	}
	*list = slices.Insert(*list, i, item)
}
