package tui

import (
	"github.com/backtrail/backtrail/inspect"
)

// snapshot gives a function that folds a copy of the case, for work outside of Update: the events so far are only
// ever added to.
func (s *caseScreen) snapshot() func() *inspect.Case {
	log := s.c.Events()
	log = log[:len(log):len(log)]
	return func() *inspect.Case {
		c := &inspect.Case{}
		for _, e := range log {
			c.Apply(e)
		}
		c.Settle()
		return c
	}
}

// settleSubject chooses the image on screen: the one that an alert was matched to, else the pod's first container's.
func (s *caseScreen) settleSubject() {
	if _, ok := s.c.Image(s.subject); ok && s.chosen {
		return
	}
	if len(s.c.Images) == 0 {
		return
	}
	for _, a := range s.c.Alerts {
		if _, ok := s.c.Image(a.Subject); ok {
			s.subject = a.Subject
			return
		}
	}
	s.subject = s.subjects()[0]
}

// subjects are those of the images, in the pod's order of containers.
func (s *caseScreen) subjects() []string {
	var names []string
	if s.c.Pod != nil {
		for _, c := range s.c.Pod.Containers {
			if _, ok := s.c.Image(c.Name); ok {
				names = append(names, c.Name)
			}
		}
	}
	for _, i := range s.c.Images {
		found := false
		for _, n := range names {
			found = found || n == i.Container
		}
		if !found {
			names = append(names, i.Container)
		}
	}
	return names
}

// image gives the image on screen, empty where none is known yet.
func (s *caseScreen) image() inspect.Image {
	i, _ := s.c.Image(s.subject)
	return i
}
