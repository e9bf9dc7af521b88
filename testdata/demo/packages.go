package shop

import (
	"path"
	"slices"
	"strings"
)

// basePackages come with Debian's base.
func basePackages() []debian {
	return []debian{
		{
			name: "base-files", version: "12.4+deb12u10",
			files:     list("/usr/lib/os-release", "/etc/debian_version", "/etc/issue"),
			conffiles: list("/etc/debian_version", "/etc/issue"),
		},
		{
			name: "bash", version: "5.2.15-2+b8", needs: "libc6 (>= 2.36)",
			files:     list("/bin/bash", "/usr/bin/bashbug", "/etc/bash.bashrc", "/etc/skel/.bashrc", "/etc/skel/.profile"),
			conffiles: list("/etc/bash.bashrc", "/etc/skel/.bashrc", "/etc/skel/.profile"),
		},
		{
			name: "coreutils", version: "9.1-1", needs: "libc6 (>= 2.34)",
			files: append(
				in("/bin", "cat chgrp chmod chown cp date dd df echo false ln ls mkdir mktemp mv pwd rm rmdir sleep stty sync touch true uname"),
				in("/usr/bin", "base64 basename cut dirname du env head id md5sum nohup nproc printf sha256sum sort stat tail tee timeout tr uniq wc whoami")...,
			),
		},
		{name: "dash", version: "0.5.12-2", needs: "libc6 (>= 2.34)", files: list("/bin/dash", "/bin/sh")},
		{
			name: "debianutils", version: "5.7-0.5~deb12u1", needs: "libc6 (>= 2.34)",
			files: list("/bin/run-parts", "/usr/bin/which.debianutils", "/usr/sbin/add-shell"),
		},
		{
			name: "dpkg", version: "1.21.22", needs: "libc6 (>= 2.34), liblzma5 (>= 5.4.0)",
			files: in("/usr/bin", "dpkg dpkg-deb dpkg-query dpkg-split update-alternatives"),
		},
		{name: "findutils", version: "4.9.0-4", needs: "libc6 (>= 2.34)", files: in("/usr/bin", "find xargs")},
		{name: "grep", version: "3.8-5", needs: "libc6 (>= 2.34)", files: in("/bin", "egrep fgrep grep")},
		{name: "gzip", version: "1.12-1", needs: "libc6 (>= 2.34)", files: in("/bin", "gunzip gzip zcat zgrep")},
		{
			name: "libc-bin", version: "2.36-9+deb12u10", source: "glibc", needs: "libc6 (>> 2.36)",
			files:     append(in("/usr/bin", "getconf getent iconv ldd locale"), "/sbin/ldconfig", "/etc/ld.so.conf", "/etc/nsswitch.conf"),
			conffiles: list("/etc/ld.so.conf"),
		},
		{
			name: "libc6", version: "2.36-9+deb12u10", source: "glibc", shared: true,
			files: append(in("/lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2 libc.so.6 libdl.so.2 libm.so.6 libpthread.so.0 libresolv.so.2 librt.so.1"), "/lib64/ld-linux-x86-64.so.2"),
		},
		{
			name: "liblzma5", version: "5.4.1-1", source: "xz-utils", shared: true, needs: "libc6 (>= 2.34)",
			files: in("/lib/x86_64-linux-gnu", "liblzma.so.5 liblzma.so.5.4.1"),
		},
		{
			name: "libtinfo6", version: "6.4-4", source: "ncurses", shared: true, needs: "libc6 (>= 2.34)",
			files: in("/lib/x86_64-linux-gnu", "libtinfo.so.6.4"),
		},
		{
			name: "login", version: "1:4.13+dfsg1-1+deb12u1", source: "shadow", needs: "libc6 (>= 2.34)",
			files:     list("/bin/login", "/bin/su", "/usr/bin/newgrp", "/etc/login.defs"),
			conffiles: list("/etc/login.defs"),
		},
		{name: "sed", version: "4.9-1", needs: "libc6 (>= 2.34)", files: list("/bin/sed")},
		{name: "tar", version: "1.34+dfsg-1.2+deb12u1", needs: "libc6 (>= 2.34)", files: list("/bin/tar", "/usr/sbin/rmt-tar")},
		{
			name: "util-linux", version: "2.38.1-5+deb12u3", needs: "libc6 (>= 2.36)",
			files: append(in("/bin", "dmesg findmnt lsblk more mount umount"), in("/usr/bin", "flock getopt lscpu nsenter setsid unshare")...),
		},
		{
			name: "zlib1g", version: "1:1.2.13.dfsg-1", source: "zlib", shared: true, needs: "libc6 (>= 2.14)",
			files: in("/lib/x86_64-linux-gnu", "libz.so.1.2.13"),
		},
	}
}

// webPackages are those that the shop installs on top of the base for its web server.
func webPackages() []debian {
	return []debian{
		{
			name: "ca-certificates", version: "20230311+deb12u1", needs: "openssl (>= 1.1.1)",
			files: list("/usr/sbin/update-ca-certificates", "/usr/share/ca-certificates/mozilla/ISRG_Root_X1.crt", "/usr/share/ca-certificates/mozilla/GlobalSign_Root_R46.crt"),
		},
		{name: "curl", version: "7.88.1-10+deb12u12", needs: "libc6 (>= 2.34), libcurl4 (= 7.88.1-10+deb12u12)", files: list("/usr/bin/curl")},
		{
			name: "libcurl4", version: "7.88.1-10+deb12u12", source: "curl", shared: true, needs: "libc6 (>= 2.34), libssl3 (>= 3.0.0)",
			files: in("/usr/lib/x86_64-linux-gnu", "libcurl.so.4.8.0"),
		},
		{
			name: "libproc2-0", version: "2:4.0.2-3", source: "procps", shared: true, needs: "libc6 (>= 2.34)",
			files: in("/usr/lib/x86_64-linux-gnu", "libproc2.so.0.0.1"),
		},
		{
			name: "libssl3", version: "3.0.16-1~deb12u1", source: "openssl", shared: true, needs: "libc6 (>= 2.34)",
			files: in("/usr/lib/x86_64-linux-gnu", "libcrypto.so.3 libssl.so.3"),
		},
		{
			name: "openssl", version: "3.0.16-1~deb12u1", needs: "libc6 (>= 2.34), libssl3 (>= 3.0.9)",
			files:     list("/usr/bin/openssl", "/usr/bin/c_rehash", "/etc/ssl/openssl.cnf"),
			conffiles: list("/etc/ssl/openssl.cnf"),
		},
		{
			name: "procps", version: "2:4.0.2-3", needs: "libc6 (>= 2.34), libproc2-0 (>= 2:4.0.2)",
			files:     append(in("/usr/bin", "free pgrep pkill pmap pwdx slabtop tload top uptime vmstat w watch"), "/bin/ps", "/sbin/sysctl", "/etc/sysctl.conf"),
			conffiles: list("/etc/sysctl.conf"),
		},
		{name: "xz-utils", version: "5.4.1-1", needs: "libc6 (>= 2.34), liblzma5 (>= 5.4.0)", files: in("/usr/bin", "lzmainfo xz xzdiff xzgrep xzless")},
	}
}

func list(files ...string) []string { return files }

// in gives files of one directory, whose names are divided by blanks.
func in(dir, names string) []string {
	var all []string
	for _, n := range strings.Fields(names) {
		all = append(all, path.Join(dir, n))
	}
	return all
}

// upgraded gives the packages with another version of some of them.
func upgraded(all []debian, version string, names ...string) []debian {
	all = slices.Clone(all)
	for i, p := range all {
		if !slices.Contains(names, p.name) {
			continue
		}
		all[i].version = version
		upstream, _, _ := strings.Cut(version, "-")
		before, _, _ := strings.Cut(p.version, "-")
		all[i].files = slices.Clone(p.files)
		for n, f := range p.files {
			all[i].files[n] = strings.ReplaceAll(f, ".so."+before, ".so."+upstream)
		}
	}
	return all
}

// named picks packages.
func named(all []debian, names ...string) []debian {
	var picked []debian
	for _, p := range all {
		if slices.Contains(names, p.name) {
			picked = append(picked, p)
		}
	}
	return picked
}
