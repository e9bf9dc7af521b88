package owner

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A package that rpmbuild made and rpm installed, where these programs are there.
func TestRPMAsRPMMakesIt(t *testing.T) {
	for _, tool := range []string{"rpmbuild", "rpm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("no " + tool + " here")
		}
	}
	dir := t.TempDir()
	spec := `Name: hello
Version: 1.0
Release: 1
Summary: x
License: MIT
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/etc
printf '#!/bin/sh\necho hi\n' > %{buildroot}/usr/bin/hi
chmod 755 %{buildroot}/usr/bin/hi
printf 'c' > %{buildroot}/etc/hi.conf
%files
/usr/bin/hi
%config /etc/hi.conf
%ghost /usr/bin/ghost
`
	must(t, os.WriteFile(filepath.Join(dir, "hello.spec"), []byte(spec), 0o600))
	run := func(name string, args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput(); err != nil {
			t.Skipf("%s does not work here: %v: %s", name, err, out)
		}
	}
	run("rpmbuild", "-bb", "--define", "_topdir "+dir+"/top", dir+"/hello.spec")
	root := filepath.Join(dir, "root")
	must(t, os.Mkdir(root, 0o755))
	run(
		"rpm",
		"--root",
		root,
		"--define",
		"_db_backend sqlite",
		"--dbpath",
		"/var/lib/rpm",
		"--nodeps",
		"-i",
		dir+"/top/RPMS/noarch/hello-1.0-1.noarch.rpm",
	)
	db, err := os.ReadFile(filepath.Join(root, "var/lib/rpm/rpmdb.sqlite"))
	must(t, err)
	_, o := ownOf(
		t,
		file("var/lib/rpm/rpmdb.sqlite", string(db)),
		exe("usr/bin/hi", "#!/bin/sh\necho hi\n"),
		file("etc/hi.conf", "d"),
		exe("usr/bin/ghost", program("x")),
	)
	if !o.Intact("/usr/bin/hi") || !o.Altered("/etc/hi.conf") || !o.Claims["/etc/hi.conf"].Config ||
		o.Packaged("/usr/bin/ghost") ||
		o.Level != Known {
		t.Errorf("ownership %s (%s): %+v", o.Level, o.Detail, o.Claims)
	}
	if i := slices.IndexFunc(o.dbs, func(db *Database) bool { return db.Name == "rpm" }); i < 0 ||
		o.dbs[i].packages != 1 {
		t.Errorf("databases %+v", o.dbs)
	}
}
