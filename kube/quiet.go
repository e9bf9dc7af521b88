package kube

// Quiet sends what klog and child processes write on stderr to notice, line by line, until
// restore is called. A terminal UI calls it around its run.
func Quiet(notice func(line string)) (restore func(), err error) {
	return func() {}, nil
}
