// Package audit answers for everything that runs what a case answers for one pod: what is it, who signed it, may it
// run here, and is anything known to be wrong with it.
//
// List reads the workloads of a cluster or a dump, and groups their containers by the bytes that they run. Each
// distinct image is examined once, by the checks of a case (Examiner), and what was found is kept as Facts. A row of
// the report is a join of these facts with what is known of the world today: policies, expectations, advisories
// (World). So a second audit needs no registry, and an audit that was ended at any point goes on where it was: what is
// left to do is what runs without what is known of it.
//
// The parts, in the order in which one audit uses them:
//
//	List      containers of workloads as Places, the bytes that they run as Units
//	Shard     which units one process of several examines
//	Examiner  the checks of a case on one unit: Facts, kept in a Store
//	Known     policies, flags, advisories, vulnerabilities, thresholds of today
//	Joined    facts and what is known, once for each unit; a Row for each of its places
//	Runner    all of it side by side: a Report whose Books account for every container
//	Part      what one shard leaves behind; Merge folds parts and derives a sample of the rows again
//	History   the journal: since when something runs, what ran before, the report of another day
//
// Three rules hold for all of them. What could not be checked is unknown, never yes and never no. What was listed is in
// the books as done, failed, not checked or skipped, also where it has no row. And a report holds no time of its own
// making, so that two audits of the same state are the same bytes.
//
// Every string in here is foreign: names come from whoever may create objects in the cluster, references and base names
// from whoever pushed the image, signers from certificates, reasons from registries. They are cleaned where they leave
// (Table, CSV, HTML, Markdown, SARIF, OpenMetrics, PolicyReports), not where they come in, so that rows compare by the
// bytes that the cluster has.
package audit
