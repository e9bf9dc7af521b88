package auditbag

// Bounds of what is read of a bag, which may come from a stranger. Each is far above what an audit writes.
const (
	// maxReport bounds audit.json, before.json, listing.json and the renderings, in bytes: half a million rows, which
	// is the bound of a listing, have some 700 MiB.
	maxReport = 1 << 30
	// maxBasis bounds basis.json and one file of policies, in bytes.
	maxBasis = 32 << 20
	// maxLine bounds the comparison of one image, in bytes: 20,000 vulnerabilities of 500 bytes are 10 MB.
	maxLine = 64 << 20
	// maxFacts bounds the facts of one image, in bytes: a million packages of 200 bytes.
	maxFacts = 256 << 20
	// maxDefects bounds the rows that are reported one by one: a bag with another policy differs in every row.
	maxDefects = 50
)
