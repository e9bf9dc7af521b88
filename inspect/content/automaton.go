package content

// automaton finds many strings in one pass over a text (Aho and Corasick, 1975). Case is not distinguished: letters of
// ASCII are compared in lower case. It does not change once it is built and is safe for concurrent use.
type automaton struct {
	next [][256]int32 // by state and byte: the state after it
	out  [][]int32    // by state: the numbers of the strings that end there
}

// newAutomaton builds the automaton of strings in lower case. A state takes one kilobyte: the strings of signs.txt
// have a few thousand bytes in all.
func newAutomaton(words []string) *automaton {
	a := &automaton{next: make([][256]int32, 1), out: make([][]int32, 1)}
	for number, word := range words {
		state := int32(0)
		for _, c := range []byte(word) {
			if a.next[state][c] == 0 {
				a.next = append(a.next, [256]int32{})
				a.out = append(a.out, nil)
				a.next[state][c] = int32(len(a.next) - 1)
			}
			state = a.next[state][c]
		}
		a.out[state] = append(a.out[state], int32(number))
	}
	a.link()
	return a
}

// link fills in where each state goes on after a byte that none of its strings has: to the longest end of what was read
// that begins a string. States are visited by their depth, so that the shorter ones are complete.
func (a *automaton) link() {
	fail := make([]int32, len(a.next))
	var queue []int32
	for _, s := range a.next[0] {
		if s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		a.out[state] = append(a.out[state], a.out[fail[state]]...)
		for c := range 256 {
			child, back := a.next[state][c], a.next[fail[state]][c]
			if child == 0 {
				a.next[state][c] = back
				continue
			}
			fail[child] = back
			queue = append(queue, child)
		}
	}
}

// find calls each with the number of a string and the offset behind it, in the order of the offsets, until it returns
// false. Several blanks and tabs in a row are one blank, as they are for shells.
func (a *automaton) find(text []byte, each func(number, end int) bool) {
	state := int32(0)
	for i, c := range text {
		if isBlank(c) {
			if c = ' '; i > 0 && isBlank(text[i-1]) {
				continue
			}
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		state = a.next[state][c]
		for _, number := range a.out[state] {
			if !each(int(number), i+1) {
				return
			}
		}
	}
}
