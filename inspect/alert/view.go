package alert

// Each gives all alerts in the order in which they came, without what Fill adds, until each returns false. An alert holds
// until the next one.
func (b *Book) Each(each func(a *Alert) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var a Alert
	for _, e := range b.entries {
		if a = e.alert(); !each(&a) {
			return
		}
	}
}

// View is the alerts at one moment: nothing is added while it is looked at.
type View struct{ b *Book }

// View gives the alerts to look at more than once.
func (b *Book) View(look func(View)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	look(View{b})
}

// Len is how many there are.
func (v View) Len() int { return len(v.b.entries) }

// Each gives all in the order in which they came, without what Fill adds. An alert holds until the next one.
func (v View) Each(each func(a *Alert)) {
	var a Alert
	for _, e := range v.b.entries {
		a = e.alert()
		each(&a)
	}
}
