package autorun

import (
	"context"

	"github.com/backtrail/backtrail/inspect"
)

// fileSource finds the hooks of one kind of file. A new kind is one file and one line in sources.
type fileSource struct {
	// match reports whether a file is one of this kind, by its clean path and the last name of it.
	match func(p, base string) bool
	read  func(ctx context.Context, s *scene, n *inspect.Node) []hook
}

// sources are the kinds of files that start something. A path is given to the first source that matches it. Each
// matches by path alone, so that the tree can be searched without reading a byte. The order matters: isPlace comes
// last, since it matches whole directories in which a more specific source may have a file.
func sources() []fileSource {
	return []fileSource{
		{isPth, readPth},
		{isPythonSite, readPythonSite},
		{isPerlSite, readPerlSite},
		{isPackageJSON, readPackageJSON},
		{isNodeConfig, readNodeConfig},
		{isGemspec, readGemspec},
		{isGemPlugin, readGemPlugin},
		{isComposerList, readComposer},
		{isPHPSettings, readPHPSettings},
		{isPreload, readPreload},
		{isMaintainerScript, readMaintainerScript},
		{isAPKScripts, readAPKScripts},
		{isRPMDatabase, readRPMScripts},
		{isEntryPoints, readEntryPoints},
		{isServiceFile, readServiceFile},
		{isSSHD, readSSHD},
		{isPlace, readPlace},
	}
}

// configSources find the hooks of the image's config.
func configSources() []func(ctx context.Context, s *scene) []hook {
	return []func(ctx context.Context, s *scene) []hook{readEnvironment, readEntrypoint, readHealthCheck}
}
