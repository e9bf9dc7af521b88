package binary

import (
	"context"
	"debug/elf"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/backtrail/backtrail/inspect"
	"github.com/backtrail/backtrail/inspect/autorun"
	"github.com/backtrail/backtrail/inspect/elfread"
	"github.com/backtrail/backtrail/inspect/layer"
	"github.com/backtrail/backtrail/inspect/owner"
)

// Bounds of what is read of programs for where they load libraries from: how many programs, how large one may be, how
// many directories one names, and how many libraries it needs. Distributions have some twenty programs with rights.
const (
	maxLibraryPrograms = 200
	maxLibraryProgram  = 64 << 20
	maxRunDirs         = 50
	maxNeeded          = 200
)

// libraryPaths describes programs that load libraries from where others may put them, though they have rights beyond
// who starts them or an alert names them. Such a program needs no other byte changed: whoever writes into the directory
// runs code with its rights, and package databases stay as they were. Programs without rights of their own are left to
// their rows: many applications carry a directory of libraries. For a setuid program the loader ignores LD_LIBRARY_PATH
// but honors RPATH and RUNPATH (ld.so(8)), with $ORIGIN only in trusted directories; file capabilities have the same
// effect.
func (h placeScanner) libraryPaths(ctx context.Context, emit func(inspect.Event)) {
	read := 0
	for n := range h.tree.All() {
		_, alerted := h.alerted[n]
		if !layer.IsRegular(n) || n.Size > maxLibraryProgram || !alerted && len(privileges(n)) == 0 {
			continue
		}
		if ctx.Err() != nil {
			return
		}
		if read++; read > maxLibraryPrograms {
			emit(inspect.Event{Fact: inspect.Setting{
				Code: inspect.CodeLibraryPath, Severity: inspect.Low,
				Detail: fmt.Sprintf("more than %d programs have rights beyond who starts them: of the others it was "+
					"not read where they load libraries from", maxLibraryPrograms),
			}})
			return
		}
		dirs, needed := h.loads(ctx, n)
		for _, dir := range dirs {
			if why := h.oddLibraries(n, dir, needed); why != "" {
				h.place(n, inspect.CodeLibraryPath, n.Path+" "+why, inspect.Medium, emit)
				break // one finding for a program
			}
		}
	}
}

// loads reads the directories of RPATH and RUNPATH of a program as they are written, and the names of the libraries
// that it needs. Files that are no ELF, and those that cannot be read, have none: the rows of programs note it. The
// file is read at offsets and never whole; layer.Guarded turns a panic of the parser into an error.
func (h placeScanner) loads(ctx context.Context, n *inspect.Node) (dirs, needed []string) {
	content, err := h.tree.Open(ctx, n)
	if err != nil {
		return nil, nil
	}
	defer content.Close()
	err = layer.Guarded(func() error {
		file, err := elfread.Open(content)
		if err != nil {
			return err
		}
		for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
			list, _ := file.DynString(tag)
			for _, dir := range list {
				if dir != "" { // the loader passes over a list that is empty
					dirs = append(dirs, strings.Split(dir, ":")...)
				}
			}
		}
		needed, err = file.ImportedLibraries()
		return err
	})
	if err != nil {
		needed = nil
	}
	return dirs[:min(len(dirs), maxRunDirs)], needed[:min(len(needed), maxNeeded)]
}

// oddLibraries words what is odd about a directory of libraries of a program, "" for nothing: it is looked for below
// where the program is started, everybody may write there, it is hidden, or what the program takes from it belongs to
// no package though the program does. $ORIGIN is the directory of the program (ld.so(8)).
func (h placeScanner) oddLibraries(n *inspect.Node, dir string, needed []string) string {
	at := strings.NewReplacer("${ORIGIN}", path.Dir(n.Path), "$ORIGIN", path.Dir(n.Path)).Replace(dir)
	if !path.IsAbs(at) {
		return fmt.Sprintf("loads libraries from %q, below the directory in which it is started", dir)
	}
	if strings.Contains(at, "$") {
		return "" // $LIB and $PLATFORM stand for directories of the machine
	}
	d := h.tree.Resolve(at) // ".." behind a link goes up from where that leads to
	if at = path.Clean(at); d != nil {
		at = d.Path
	}
	if autorun.Temporary(at + "/x") {
		return fmt.Sprintf("loads libraries from %s, where everyone may write", at)
	}
	if d != nil && d.Type == inspect.EntryDir && d.Mode&0o002 != 0 {
		return fmt.Sprintf("loads libraries from %s, where everyone may write (mode %04o)", at, d.Mode)
	}
	if autorun.Hidden(at + "/x") {
		return fmt.Sprintf("loads libraries from %s, a hidden directory", at)
	}
	if h.own.Level == owner.Unknown || !h.own.Packaged(n.Path) {
		return ""
	}
	i := slices.IndexFunc(needed, func(name string) bool {
		lib := h.tree.Resolve(at + "/" + name)
		return lib != nil && layer.IsRegular(lib) && !h.own.Packaged(lib.Path)
	})
	if i < 0 {
		return ""
	}
	return fmt.Sprintf("is of a package and loads %s/%s, which is of none", at, needed[i])
}
