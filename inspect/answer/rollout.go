package answer

import (
	"fmt"
	"strings"

	"github.com/backtrail/backtrail/inspect"
)

// rollout says which rollout brought the digest, and what ran before.
func rollout(c inspect.Case) []Sentence {
	if c.Pod == nil {
		return nil
	}
	for _, r := range c.Pod.Revisions {
		if !r.Current {
			continue
		}
		text := fmt.Sprintf("revision %d (%s) rolled it out at %s", r.Number, inspect.Clean(r.Name), r.Created.Format("2006-01-02 15:04:05Z"))
		for _, i := range suspects(c) {
			if i.Diff != nil && i.Diff.KnownGood != nil && sameTag(i) {
				text += fmt.Sprintf("; the reference %s is the one of the %s image, so the tag was moved", inspect.Clean(i.Reference), i.Diff.KnownGood.Word())
				break
			}
		}
		return []Sentence{{Text: text, Basis: Seen}}
	}
	return nil
}

// sameTag says that the image before was asked for by the same reference, by a tag.
func sameTag(i inspect.Image) bool {
	k := i.Diff.KnownGood
	repository, _, _ := strings.Cut(i.Reference, "@")
	return !strings.Contains(i.Reference, "@") && (k.Reference == i.Reference || strings.HasPrefix(repository, k.Reference+":")) && !k.Confirmed
}

// tagMoved says that other pods run another image by the same name.
func tagMoved(c inspect.Case) []Sentence { return told(c, Seen, "tag-moved") }

// setBy says who set the image, and when. Nobody is named for what was injected: that is not in the template.
func setBy(c inspect.Case) []Sentence {
	all := told(c, Seen, "image-set-by-hand", "image-edited", "image-set-by")
	if len(all) > 0 || c.Pod == nil || len(c.Pod.Owner) == 0 {
		return all
	}
	for _, i := range suspects(c) {
		if k := container(c, i.Subject); k.Injected || k.Type == inspect.ContainerEphemeral {
			continue
		}
		top := c.Pod.Owner[len(c.Pod.Owner)-1]
		return []Sentence{{Basis: Open, Text: fmt.Sprintf(
			"who set the image is not known: no managed fields were read; to know, run: kubectl get %s %s -n %s -o yaml --show-managed-fields",
			strings.ToLower(inspect.Clean(top.Kind)), inspect.Clean(top.Name), inspect.Clean(c.Pod.Namespace),
		)}}
	}
	return nil
}

// restarted says that the pods were made again without a new template.
func restarted(c inspect.Case) []Sentence {
	if len(suspects(c)) == 0 {
		return nil
	}
	return sentences(coded(c, subjectPod, "restarted"), Seen)
}

// chart says which Helm release the workload is of, as its labels claim.
func chart(c inspect.Case) []Sentence {
	if len(suspects(c)) == 0 {
		return nil
	}
	return sentences(coded(c, subjectPod, "helm-release"), Claimed)
}

// debugged says that somebody attached a container to the pod, whichever image is in question.
func debugged(c inspect.Case) []Sentence {
	var found []inspect.Finding
	for _, f := range c.Findings {
		if f.Code == "debug-container" {
			found = append(found, f)
		}
	}
	return some(sentences(found, Seen), "more debug containers")
}

// told are the titles of findings about the images in question, of one of the codes.
func told(c inspect.Case, basis Basis, codes ...string) []Sentence {
	var all []Sentence
	for _, i := range suspects(c) {
		all = append(all, sentences(coded(c, i.Subject, codes...), basis)...)
	}
	return all
}

func sentences(found []inspect.Finding, basis Basis) []Sentence {
	var all []Sentence
	for _, f := range found {
		all = append(all, Sentence{Text: trim(f.Title), Basis: basis, Findings: []string{f.ID}})
	}
	return all
}
