package sbom

import (
	"github.com/anchore/syft/syft/cataloging/pkgcataloging"
	"github.com/anchore/syft/syft/pkg"
	"github.com/anchore/syft/syft/pkg/cataloger/ai"
	"github.com/anchore/syft/syft/pkg/cataloger/alpine"
	"github.com/anchore/syft/syft/pkg/cataloger/apple"
	"github.com/anchore/syft/syft/pkg/cataloger/arch"
	"github.com/anchore/syft/syft/pkg/cataloger/binary"
	"github.com/anchore/syft/syft/pkg/cataloger/bitnami"
	"github.com/anchore/syft/syft/pkg/cataloger/cpp"
	"github.com/anchore/syft/syft/pkg/cataloger/debian"
	"github.com/anchore/syft/syft/pkg/cataloger/dotnet"
	"github.com/anchore/syft/syft/pkg/cataloger/gentoo"
	"github.com/anchore/syft/syft/pkg/cataloger/golang"
	"github.com/anchore/syft/syft/pkg/cataloger/homebrew"
	"github.com/anchore/syft/syft/pkg/cataloger/java"
	"github.com/anchore/syft/syft/pkg/cataloger/javascript"
	"github.com/anchore/syft/syft/pkg/cataloger/kernel"
	"github.com/anchore/syft/syft/pkg/cataloger/lua"
	"github.com/anchore/syft/syft/pkg/cataloger/nix"
	"github.com/anchore/syft/syft/pkg/cataloger/perl"
	"github.com/anchore/syft/syft/pkg/cataloger/php"
	"github.com/anchore/syft/syft/pkg/cataloger/python"
	"github.com/anchore/syft/syft/pkg/cataloger/r"
	"github.com/anchore/syft/syft/pkg/cataloger/redhat"
	"github.com/anchore/syft/syft/pkg/cataloger/ruby"
	"github.com/anchore/syft/syft/pkg/cataloger/rust"
	"github.com/anchore/syft/syft/pkg/cataloger/snap"
	"github.com/anchore/syft/syft/pkg/cataloger/wordpress"
)

// cataloguers are those that syft's command line lets look at images, with its settings for them: a test compares the
// two. syft would choose them by itself, but then nobody could see which of them asks for what.
func cataloguers(c pkgcataloging.Config) []pkg.Cataloger {
	return []pkg.Cataloger{
		arch.NewDBCataloger(),
		alpine.NewDBCataloger(),
		debian.NewDBCataloger(),
		gentoo.NewPortageCataloger(),
		redhat.NewDBCataloger(),
		cpp.NewConanInfoCataloger(),
		javascript.NewPackageCataloger(),
		php.NewComposerInstalledCataloger(),
		r.NewPackageCataloger(),
		ruby.NewInstalledGemSpecCataloger(),
		rust.NewAuditBinaryCataloger(),
		php.NewPearCataloger(),
		dotnet.NewDotnetDepsBinaryCataloger(c.Dotnet),
		dotnet.NewDotnetPackagesLockCataloger(),
		python.NewInstalledPackageCataloger(),
		golang.NewGoModuleBinaryCataloger(c.Golang),
		java.NewArchiveCataloger(c.JavaArchive),
		java.NewNativeImageCataloger(),
		nix.NewCataloger(c.Nix),
		lua.NewPackageCataloger(),
		perl.NewCpanInstalledCataloger(),
		binary.NewClassifierCataloger(c.Binary),
		binary.NewELFPackageCataloger(),
		binary.NewPEPackageCataloger(),
		java.NewJvmDistributionCataloger(),
		kernel.NewLinuxKernelCataloger(c.LinuxKernel),
		php.NewInterpreterCataloger(),
		bitnami.NewCataloger(),
		wordpress.NewWordpressPluginCataloger(),
		homebrew.NewCataloger(),
		apple.NewAppBundleCataloger(),
		snap.NewCataloger(),
		ai.NewGGUFCataloger(),
		ai.NewSafeTensorsCataloger(),
	}
}
