// Package auditbag keeps audits: the bundle of one audit that a person hands to an auditor. Package evidence keeps
// cases; this one shares its kind of bag and its verification.
//
// A Collector takes what an audit finds of each image while it runs, in a temporary folder, and Export writes the bag.
// What it has, below data/:
//
//	audit.json        the report as audit -o json prints it: scope, dates of the data, rows, what was not looked at
//	audit.html .md .csv   the same for people, drawn from audit.json
//	basis.json        what rows were made by: time, operator, expectations, policies, thresholds, waivers
//	listing.json      the containers that the cluster listed
//	images.jsonl      for each image: its facts, and what matched when they were compared
//	facts/DIGEST      facts of one image, as JSON, under the sha256 of the file
//	policies/DIGEST   policies as they were read
//	before.json       the report that changes were listed against, where there is one
//
// Verify makes every row again: of the listing, facts, policies, expectations and thresholds in the bag. Rows, counts,
// changes and renderings that differ fail. What the bag cannot bear out is claimed, and counted as that: what the
// cluster listed, what a registry answered about an image, and which records a database had on that day.
//
// A bag is foreign bytes when it is read: all reads have a bound (limits.go), and no text of it decides what is
// trusted.
package auditbag
