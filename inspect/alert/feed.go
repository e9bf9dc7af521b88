package alert

// Kinds of feeds, as the header of the pod list names them.
const (
	KindFile        = "file"
	KindStdin       = "stdin"
	KindPaste       = "paste"
	KindWebhook     = "webhook"
	KindReport      = "policy report"
	KindFalcoLog    = "log of Falco"
	KindTetragonLog = "log of Tetragon"
)

// maxFeeds bounds the feeds of a session. Further feeds of a kind share one.
const maxFeeds = 1024

// Feed is one source of alerts: a file, a log, a webhook.
type Feed struct {
	Kind string
	// the file or the request, as it is shown
	Name  string
	store *Store

	// state marks a feed that shows its whole state again and again, as policy reports do. Known
	// alerts are not counted again.
	state bool

	count, again, broken, other int
	samples                     []BrokenLine
	condition                   string
	failing                     bool
	// set before the feed runs
	caughtUp func()
}

// FeedState is the state of a feed.
type FeedState struct {
	Kind, Name string
	// received, and not received from another feed before
	Alerts int
	Broken int
	// lines of a log that are not alerts
	Other int
	// following, ended, lost …; empty: read
	Condition string
	// the condition is a failure
	Failing bool
}

// Open returns the feed of the name, and adds it if there is none.
func (s *Store) Open(kind, name string) *Feed { return s.open(kind, name, false) }

// OpenState is Open for a feed that shows its whole state again and again.
func (s *Store) OpenState(kind, name string) *Feed { return s.open(kind, name, true) }

// open returns the feed of the name. Names come from the cluster (pods with sensors, reports), so
// their number is bounded.
func (s *Store) open(kind, name string, state bool) *Feed {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.named[name]
	if f == nil && len(s.feeds) >= maxFeeds {
		name = "one more " + kind
		f = s.named[name]
	}
	if f == nil {
		f = &Feed{Kind: kind, Name: name, store: s, state: state}
		s.feeds = append(s.feeds, f)
		s.named[name] = f
	}
	return f
}

// Append stores a batch.
func (f *Feed) Append(batch Batch) { f.store.append(f, batch) }

// SetCondition sets the condition of the feed; failing marks a failure.
func (f *Feed) SetCondition(failing bool, condition string) {
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	if f.condition != condition || f.failing != failing {
		f.condition, f.failing = condition, failing
		f.store.touch()
	}
}

// currentState is the state of the feed. The Store is locked.
func (f *Feed) currentState() FeedState {
	return FeedState{
		Kind: f.Kind, Name: f.Name, Alerts: f.count - f.again, Broken: f.broken, Other: f.other,
		Condition: f.condition, Failing: f.failing,
	}
}

// OnCaughtUp sets the function that is called when the feed has passed on what there was at the
// beginning, or ends. It may be called more than once.
func (f *Feed) OnCaughtUp(call func()) { f.caughtUp = call }

// waits is called when all that there was is passed on.
func (f *Feed) waits() {
	if f.caughtUp != nil {
		f.caughtUp()
	}
}
