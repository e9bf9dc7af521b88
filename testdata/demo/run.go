package shop

// host is the registry that the names of the images begin with.
const host = "registry.shop.example"

// Who builds the shop's images, and who vouches for that.
const (
	organisation = "shop-example"
	issuer       = "https://token.actions.githubusercontent.com"
	workflowPath = ".github/workflows/release.yml"
)

// run is a run of the release workflow in one of the shop's repositories.
type run struct {
	repository string // web
	tag        string // v1.4.2
	commit     string // 40 hex digits
	number     string // of the run
}

func webRun() run {
	return run{"web", "v1.4.2", "7c1d94e0b35f8a62d4e9170c5ab8f36129de4807", "9081726354"}
}

func migrateRun() run {
	return run{"migrate", "v2.0.1", "31f0c2a9de7745b1860e4c92ab5fd7380e61c9b4", "9012880417"}
}

func proxyRun() run {
	return run{"mesh", "v1.22.3", "e8b52d7f904c163ab87e20d5f6c91a4b37d08ce2", "8990471265"}
}

func cartRun() run {
	return run{"cart", "v0.9.0", "a94e6f1c78d20b53c4197e8fda6053b2e81c7d49", "9033561802"}
}

func (r run) source() string { return "https://github.com/" + organisation + "/" + r.repository }

func (r run) ref() string { return "refs/tags/" + r.tag }

// identity is the name that the certificate holds: the workflow at the ref that it ran for.
func (r run) identity() string { return r.source() + "/" + workflowPath + "@" + r.ref() }

func (r run) invocation() string { return r.source() + "/actions/runs/" + r.number + "/attempts/1" }
