// Package threshold applies what was agreed before an incident: which vulnerabilities and findings block an image,
// which need a remedy by a date, and which are recorded only. Thresholds are YAML:
//
//	block:                        # it may not run
//	  - name: known to be exploited
//	    vulnerability: {kev: true}
//	warn:                         # a remedy is due in so many days; past the date it blocks
//	  - name: critical with a fix
//	    vulnerability: {severity: [critical], fixed: true}
//	    within: 7d
//	    from: published           # or first-seen
//	log:                          # it is recorded
//	  - name: other vulnerabilities
//	    vulnerability: {}
//	waivers:
//	  - {id: CVE-2024-1, package: xz*, image: registry.example/shop/*, owner: ann@example.com,
//	     reason: not reachable, until: 2026-12-31}
//
// Rules apply in the order block, warn, log, and the first that fits decides. What none fits is logged. Decisions
// depend on the thresholds, the row and the time of the case alone, so that they can be made again from a bundle.
package threshold
