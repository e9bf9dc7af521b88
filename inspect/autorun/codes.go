package autorun

// Kinds of rows. They are part of the JSON of a case and of the IDs of findings: a kind that is renamed is another
// finding.
const (
	KindPythonPth        = "python-pth"
	KindPythonSite       = "python-site"
	KindPerlSite         = "perl-site"
	KindNpmScript        = "npm-script"
	KindNodeConfig       = "node-config"
	KindGem              = "gem"
	KindComposer         = "composer"
	KindPHP              = "php-prepend"
	KindJavaAgent        = "java-agent"
	KindJavaService      = "java-service"
	KindPythonEntry      = "python-entry-point"
	KindInterpreterEnv   = "interpreter-env"
	KindShellEnv         = "shell-env"
	KindLoader           = "loader"
	KindProfile          = "profile"
	KindCron             = "cron"
	KindUnit             = "unit"
	KindInit             = "init"
	KindPAM              = "pam"
	KindUdev             = "udev"
	KindKeys             = "authorized-keys"
	KindPackageHook      = "package-hook"
	KindMaintainerScript = "maintainer-script"
	KindEntrypointFolder = "entrypoint-folder"
	KindEntrypoint       = "entrypoint"
	KindHealthCheck      = "healthcheck"
)

// Codes of findings.
const (
	findingSigns   = "autorun-signs"   // does what a hook has no reason to do
	findingLoader  = "autorun-loader"  // takes a library of no package into every program
	findingAccess  = "autorun-access"  // lets somebody in
	findingChanged = "autorun-changed" // other content at the same version, or not what its package has
	findingWrapped = "entrypoint-wrapped"
	findingNew     = "autorun-new"
)
