// Package headline chooses the lines that the first screen of a case, its brief and its reports lead with: what
// happened, which build step brought it, how it got in, who signed, why nothing blocked it, and what to do next.
// It also groups findings by what caused them. Each line is the first of its rules that applies, in the order of how
// much the rule explains, so that the cause leads and not the symptom that happens to stand first in a list.
package headline
