// Package advisory compares an image with what is known about compromises: incident packs, which are YAML files that
// anybody can write, and the malicious-package records of OSV, reduced to one sorted file. It also finds names that
// are close to well-known ones.
//
// A match is a lead: it names its source, the date of its data and whether the record was withdrawn. Versions are
// ordered by the rules of their own package manager.
//
// The reduced file is text in UTF-8. Its first line is a header of fields with tabs between them,
// "backtrail-advisories 1", the date of the data, the number of records. Each other line is one record: key, ID, date
// of publication, date of withdrawal or "-", and what is affected. The key is the purl type and the full name with a
// slash between them, as "npm/@ctrl/tinycolor". Affected is "*" for every version, or constraints as "=4.1.1" with a
// comma for or and a blank for and. The lines are sorted by their bytes, so that a record is found by binary search.
package advisory
