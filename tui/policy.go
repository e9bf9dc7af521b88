package tui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/widget"
)

// PolicyDraft is a policy that expects a signer, before anybody has agreed to it.
type PolicyDraft struct {
	Path  string // of the file that it would be
	Text  string
	Write func(ctx context.Context) error // never over a file that is there
}

// runPolicy drafts a policy for the signer of the row, or of the image.
func runPolicy(m *Model, _ string) tea.Cmd {
	s := m.open
	g, _ := m.signatureAtHand()
	subject, copied, ctx := s.subject, s.snapshot(), m.ctx
	var draft PolicyDraft
	return work(func() tea.Msg {
		var err error
		draft, err = m.o.Policy(ctx, copied(), subject, g)
		return doneMsg{text: "drafting a policy", err: err, then: func(m *Model) tea.Cmd {
			m.dialog = &policyDialog{draft: draft}
			return nil
		}}
	})
}

// signatureAtHand is the signature of the row, else the one that stands for the image: one that holds, rather a signature
// than an attestation.
func (m *Model) signatureAtHand() (inspect.Signature, bool) {
	if r, ok := m.row(); ok {
		if g, is := r.object.(inspect.Signature); is {
			return g, true
		}
	}
	var best inspect.Signature
	signers := map[string]bool{}
	for _, g := range m.open.image().Signatures {
		if !g.Holds() {
			continue
		}
		signers[g.Signer()] = true
		if best.ID == "" || best.PredicateType != "" && g.PredicateType == "" {
			best = g
		}
	}
	return best, len(signers) == 1
}

func whyNoPolicy(m *Model) string {
	g, ok := m.signatureAtHand()
	holds := slices.ContainsFunc(m.open.image().Signatures, inspect.Signature.Holds)
	switch {
	case m.o.Policy == nil:
		return "policies cannot be written here"
	case !holds:
		return "no signature of this image says for sure who signed"
	case !ok:
		return "several have signed: choose one in the pane Signatures"
	case !g.Holds():
		return "this signature does not hold, and proves nothing of who signed"
	default:
		return ""
	}
}

// policyDialog shows a drafted policy, and writes it when a person agrees.
type policyDialog struct {
	draft PolicyDraft
	top   int // first line on screen
}

func (p *policyDialog) title() string { return "Policy for this signer" }

func (p *policyDialog) keys() string { return "enter write · ↑ ↓ scroll · y copy · esc cancel" }

func (p *policyDialog) update(m *Model, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "up", "k":
		p.top = max(0, p.top-1)
	case "down", "j":
		p.top++
	case "y":
		m.info("copied the policy")
		return tea.SetClipboard(p.draft.Text)
	case "enter":
		m.dialog = nil
		ctx, draft := m.ctx, p.draft
		return work(func() tea.Msg {
			return doneMsg{text: "writing " + draft.Path + ": it counts from the next case on", err: draft.Write(ctx)}
		})
	}
	return nil
}

func (p *policyDialog) render(m *Model, width, height int) ([]string, *tea.Cursor) {
	d := widget.NewDocument(m.p, width)
	d.Say(widget.ToneBold, "From now on this signer is expected of these images. Nothing is sent to a cluster.")
	d.Field("file", p.draft.Path)
	d.Gap()
	text := widget.NewDocument(m.p, width)
	for line := range strings.Lines(p.draft.Text) {
		rest := strings.TrimLeft(line, " ")
		text.Put(widget.TonePlain, line[:len(line)-len(rest)], strings.TrimRight(rest, "\n"))
	}
	room := max(1, height-len(d.Lines))
	p.top = min(p.top, max(0, len(text.Lines)-room))
	return append(d.Lines, text.Lines[p.top:min(len(text.Lines), p.top+room)]...), nil
}
