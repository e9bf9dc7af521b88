package vuln

// Bounds of what is read.
const (
	// maxRows bounds the vulnerabilities of one image.
	maxRows = 20_000
	// maxErrors bounds the errors of matchers that are named.
	maxErrors = 3
	// maxMemo bounds the packages whose matches are kept while the program runs, and maxMemoBytes their memory.
	maxMemo      = 200_000
	maxMemoBytes = 128 << 20
	// maxRecord bounds the record of one row, in bytes; a longer one is left out.
	maxRecord = 16 << 10
	// maxDatabase bounds an unpacked database, in bytes: today's has 1.5 GB.
	maxDatabase = 16 << 30
	// MaxStatements bounds a file of OpenVEX statements, in bytes.
	MaxStatements = 16 << 20
	// maxStatements bounds the statements of all files: each is compared with each row of its vulnerability.
	maxStatements = 50_000
	// maxVEXText bounds what a row quotes of a statement, in bytes.
	maxVEXText = 300
)
