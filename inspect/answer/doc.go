// Package answer turns what a case found into answers to the three questions of a post-mortem: where did it come
// from, how did it get in, why was it not flagged earlier. Each sentence states its basis, and names its
// findings; "we do not know, because …" is an answer too.
package answer
