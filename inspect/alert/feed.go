package alert

// Kinds of feeds, in the words of the header.
const (
	KindFile        = "file"
	KindStdin       = "stdin"
	KindPaste       = "paste"
	KindWebhook     = "webhook"
	KindReport      = "policy report"
	KindFalcoLog    = "log of Falco"
	KindTetragonLog = "log of Tetragon"
)

// maxFeeds bounds the feeds of a session. More of a kind share one.
const maxFeeds = 1024

// Feed is one way by which alerts come: a file, a log, a webhook.
type Feed struct {
	Kind string
	Name string // the file or the request, as it is shown
	book *Book

	// state: the feed shows all that there is again and again, as reports do. What was heard before is not counted.
	state bool

	count, again, broken, other int
	samples                     []BrokenLine
	words                       string
	wrong                       bool
	caughtUp                    func() // set before the feed runs
}

// FeedState is how a feed goes.
type FeedState struct {
	Kind, Name string
	Alerts     int // that came, and were not heard by another feed
	Broken     int
	Other      int    // lines of a log that are something else
	Words      string // following, ended, lost …; empty: read
	Wrong      bool   // the words are bad news
}

// Open adds a feed. A name that is there already is that feed.
func (b *Book) Open(kind, name string) *Feed { return b.open(kind, name, false) }

// OpenState adds a feed that shows all that there is again and again.
func (b *Book) OpenState(kind, name string) *Feed { return b.open(kind, name, true) }

func (b *Book) open(kind, name string, state bool) *Feed {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.named[name]
	if f == nil && len(b.feeds) >= maxFeeds {
		name = "one more " + kind
		f = b.named[name]
	}
	if f == nil {
		f = &Feed{Kind: kind, Name: name, book: b, state: state}
		b.feeds = append(b.feeds, f)
		b.named[name] = f
	}
	return f
}

// Take keeps a batch.
func (f *Feed) Take(batch Batch) { f.book.take(f, batch) }

// Say tells how the feed goes; wrong: that it does not.
func (f *Feed) Say(wrong bool, words string) {
	f.book.mu.Lock()
	defer f.book.mu.Unlock()
	if f.words != words || f.wrong != wrong {
		f.words, f.wrong = words, wrong
		f.book.touch()
	}
}

func (f *Feed) stateOf() FeedState {
	return FeedState{Kind: f.Kind, Name: f.Name, Alerts: f.count - f.again, Broken: f.broken, Other: f.other, Words: f.words, Wrong: f.wrong}
}

// CaughtUp has f called once, when the feed has given what there was at the beginning and waits for more, or ends.
func (f *Feed) CaughtUp(call func()) { f.caughtUp = call }

// waits tells that all that there was is given.
func (f *Feed) waits() {
	if f.caughtUp != nil {
		f.caughtUp()
	}
}
