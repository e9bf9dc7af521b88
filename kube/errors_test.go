package kube

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// bomb is a source of objects whose lists panic, as a decoder of foreign bytes may.
type bomb struct{ objects }

func (bomb) lacks(resource) error { return nil }

func (bomb) list(context.Context, resource, string, labels.Selector, func([]found) error) (string, error) {
	panic("an odd object")
}

// A panic beside other work becomes the error of that work: the case goes on without these events.
func TestAPanicBecomesAnError(t *testing.T) {
	r := &reading{from: bomb{}}
	events, err := r.Events(t.Context(), About{Kind: "Pod", Namespace: "shop", Name: "web"}, About{Kind: "Node", Name: "n1"})
	if len(events) != 0 || err == nil || strings.Count(err.Error(), "internal error: an odd object") != 2 {
		t.Errorf("got %v, %v", events, err)
	}
}

// An error is found by its kind and by its cause, and its hints are apart from its text.
func TestErrorIsFoundByKindAndCause(t *testing.T) {
	cause := &json.SyntaxError{}
	e := &Error{Doing: "reading pod shop/web", Kind: ErrNotFound, Err: cause, Hint: []string{"-n NAMESPACE"}}
	var syntax *json.SyntaxError
	if !errors.Is(e, ErrNotFound) || !errors.As(e, &syntax) || errors.Is(e, ErrForbidden) {
		t.Errorf("got %v", e)
	}
	if text := (&Error{Doing: "listing pods", Kind: ErrForbidden}).Error(); text != "listing pods: not permitted" {
		t.Errorf("got %q", text)
	}
	if strings.Contains(e.Error(), "NAMESPACE") || len(e.Hints()) != 1 {
		t.Errorf("got %q, %q", e, e.Hints())
	}
}
