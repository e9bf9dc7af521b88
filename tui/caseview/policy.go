package caseview

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/tui/shell"
	"github.com/backtrail/backtrail/tui/widget"
)

// selectedSignature is that of the row, else the one that represents the image: verified, rather a signature than an
// attestation. It reports false where several have signed. Two attestations of one signer are one signer.
func selectedSignature(s *Screen) (inspect.Signature, bool) {
	if r, ok := s.row(); ok {
		if g, is := r.Object.(inspect.Signature); is {
			return g, true
		}
	}
	var best inspect.Signature
	signers := map[string]bool{}
	for _, g := range s.image().Signatures {
		// what does not verify proves nothing about who signed
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

// whyNoPolicy is why no policy can be drafted: only a verified signature proves who signed.
func whyNoPolicy(s *Screen) string {
	g, ok := selectedSignature(s)
	switch {
	case !slices.ContainsFunc(s.image().Signatures, inspect.Signature.Holds):
		return "needs a verified signature"
	case !ok:
		return "several have signed: select one in the pane Signatures"
	case !g.Holds():
		return "this signature is invalid, and proves nothing about the signer"
	default:
		return ""
	}
}

// runPolicy drafts a policy for the signer of the row, or of the image.
func runPolicy(s *Screen, _ string) tea.Cmd {
	g, _ := selectedSignature(s)
	container, copied, ctx, backend := s.container, s.snapshot(), s.ctx, s.backend
	return shell.Work(func() tea.Msg {
		draft, err := backend.DraftPolicy(ctx, copied(), container, g)
		return shell.DoneMsg{Text: "drafting a policy", Err: err, Then: func() tea.Cmd {
			s.shell.Open(&policyDialog{shell: s.shell, draft: draft})
			return nil
		}}
	})
}

// policyDialog shows a drafted policy, and writes it when a person agrees. Nothing is written before the whole text
// was on screen, where it can be scrolled.
type policyDialog struct {
	shell  *shell.Shell
	draft  PolicyDraft
	head   []string
	page   widget.Page
	height int
}

// Title names the dialog.
func (p *policyDialog) Title() string { return "Policy for this signer" }

// Keys are the hints below the screen.
func (p *policyDialog) Keys() string { return "enter write · ↑ ↓ scroll · y copy · esc cancel" }

// Cancel always closes; nothing has been written.
func (p *policyDialog) Cancel() bool { return true }

// Update takes a key.
func (p *policyDialog) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch k.String() {
	case "up", "k":
		p.page.Move(-1)
	case "down", "j":
		p.page.Move(1)
	case "y":
		p.shell.Info("copied the policy")
		return tea.SetClipboard(p.draft.Text)
	case "enter":
		p.shell.Close()
		ctx, draft := p.shell.Context(), p.draft
		return shell.Work(func() tea.Msg {
			return shell.DoneMsg{
				Text: "writing " + draft.Path + ": it applies from the next case on",
				Err:  draft.Write(ctx),
			}
		})
	}
	return nil
}

// Arrange wraps the policy. The indent of YAML is kept where a line is wrapped.
func (p *policyDialog) Arrange(width, height int) {
	d := widget.NewDocument(p.shell.Paint, width)
	d.Say(widget.ToneBold, "From now on these images require this signer. Nothing is sent to a cluster.")
	d.Field("file", p.draft.Path)
	d.Gap()
	text := widget.NewDocument(p.shell.Paint, width)
	for line := range strings.Lines(p.draft.Text) {
		rest := strings.TrimLeft(line, " ")
		text.Put(widget.TonePlain, line[:len(line)-len(rest)], strings.TrimRight(rest, "\n"))
	}
	p.head, p.page.Lines = d.Lines, text.Lines
	p.height = max(1, height-len(d.Lines))
	p.page.Fit(p.height)
}

// Draw gives the part of the policy that is visible.
func (p *policyDialog) Draw() ([]string, *tea.Cursor) {
	shown := p.page.Lines[p.page.Top:min(len(p.page.Lines), p.page.Top+p.height)]
	return slices.Concat(p.head, shown), nil
}
