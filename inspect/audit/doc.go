// Package audit answers for everything that runs what a case answers for one pod: what is it, who signed it, may it
// run here, and is anything known to be wrong with it.
//
// List reads the workloads of a cluster or a dump, and groups their containers by the bytes that they run. Each
// distinct image is examined once, by the checks of a case (Examiner), and what was found is kept as Facts. A row of
// the report is a join of these facts with what is known of the world today: policies, expectations, advisories
// (World). So a second audit needs no registry, and an audit that was ended at any point goes on where it was: what is
// left to do is what runs without what is known of it.
package audit
