package content

// Bounds on what is looked through.
const (
	// MaxText bounds the bytes of one text that are looked through; what follows them is not. Bundles of JavaScript
	// that a worm drops have several megabytes.
	MaxText = 4 << 20
	// maxHits bounds the places of one class that are remembered of a text: what a text of nothing but curl may cost.
	maxHits = 2_000
	// maxExcerpt bounds the excerpt that stands with a sign, in bytes.
	maxExcerpt = 200
	// near is how far apart two strings may be that mean something together, in bytes, and nearLines in lines.
	near, nearLines = 240, 4
	// longLine is the length from which a line without a blank counts as made by a program, in bytes.
	longLine = 2_000
	// manyNumbers is from how many quoted hexadecimal strings, or names such as _0x3fa1, a script counts as obscured.
	manyNumbers = 20
)
