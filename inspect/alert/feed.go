package alert

// Feed is one way by which alerts come: a file, a log, a webhook.
type Feed struct {
	Name string // the file or the request, as it is shown
	book *Book

	// state: the feed shows all that there is again and again, as reports do. What was heard before is not counted.
	state bool

	count, again, broken int
	samples              []BrokenLine
	words                string
	wrong                bool
}

// FeedState is how a feed goes.
type FeedState struct {
	Name   string
	Alerts int // that came, and were not heard by another feed
	Broken int
	Words  string // following, ended, lost since …; empty: read
	Wrong  bool   // the words are bad news
}

// Open adds a feed. A name that is there already is that feed.
func (b *Book) Open(name string) *Feed { return b.open(name, false) }

// OpenState adds a feed that shows all that there is again and again.
func (b *Book) OpenState(name string) *Feed { return b.open(name, true) }

func (b *Book) open(name string, state bool) *Feed {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.feeds {
		if f.Name == name {
			return f
		}
	}
	f := &Feed{Name: name, book: b, state: state}
	b.feeds = append(b.feeds, f)
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
	return FeedState{Name: f.Name, Alerts: f.count - f.again, Broken: f.broken, Words: f.words, Wrong: f.wrong}
}
