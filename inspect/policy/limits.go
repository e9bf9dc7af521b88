package policy

// Bounds on what is read: policies are foreign bytes.
const (
	// MaxFile bounds a file of policies, and one object of the cluster, in bytes.
	MaxFile = 4 << 20
	// maxDocuments bounds the documents of one file.
	maxDocuments = 1000
	// maxFiles bounds the files of the folder.
	maxFiles = 1000
	// maxPolicies bounds the policies that are looked at for one case.
	maxPolicies = 2000
	// maxAuthorities bounds the authorities of one policy, and the globs and identities of each.
	maxAuthorities = 1000
	// maxGlob bounds a glob or an expression, in bytes.
	maxGlob = 4096
)
