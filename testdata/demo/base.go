package shop

import "slices"

// baseStep is Debian's base, on which the shop builds all its images.
func baseStep() (step, error) {
	s := step{by: "# debian.sh --arch 'amd64' out/ 'bookworm' '@1778457600'", when: baseBuilt()}
	installed, err := install(basePackages(), basePackages())
	s.files = slices.Concat(installed, skeleton(), []file{
		text("etc/passwd", passwd), text("etc/group", "root:x:0:\nnogroup:x:65534:\n"), text("etc/hostname", "debian\n"),
		text("var/lib/dpkg/info/format", "1\n"), // from then on info files may name an architecture
		symlink("etc/os-release", "../usr/lib/os-release"),
	})
	return s, err
}

const passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"

// skeleton is the merged /usr and the empty directories.
func skeleton() []file {
	all := []file{
		symlink("bin", "usr/bin"), symlink("sbin", "usr/sbin"), symlink("lib", "usr/lib"), symlink("lib64", "usr/lib64"),
	}
	for _, dir := range list("dev/", "home/", "proc/", "root/", "run/", "srv/", "sys/", "tmp/", "var/tmp/") {
		all = append(all, file{path: dir, mode: modeOfDirectory(dir)})
	}
	return all
}
