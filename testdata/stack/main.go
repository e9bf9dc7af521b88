// Command stack runs the servers that backtrail is tested against, as a responder meets them: etcd, kube-apiserver,
// kube-controller-manager, a kubelet on containerd with real pods, and registries. All of them listen on loopback
// only, keep their state in one folder, and are gone without a trace when the stack stops.
//
//	stack up --dir DIR [--kubelet=false]
//
// starts them all, writes DIR/env.json and DIR/kubeconfig, prints "ready" and runs until a signal, the end of a
// piped standard input, or the death of its parent. Each server is a child of the same binary ("stack etcd …"): the Kubernetes
// servers own process-wide flags, loggers and metric registries and cannot share a process.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(usage)
	}
	args := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "up":
		err = up(context.Background(), args)
	case "janitor":
		err = runJanitor(args)
	case "etcd":
		err = runEtcd(args)
	case "registry":
		err = runRegistry(args)
	case "apiserver":
		os.Exit(runAPIServer(args))
	case "controllers":
		os.Exit(runControllers(args))
	case "kubelet":
		os.Exit(runKubelet(args))
	default:
		err = usage
	}
	if err != nil {
		fail(err)
	}
}

var usage = fmt.Errorf("usage: stack up --dir DIR [--kubelet=false]")

func fail(err error) {
	fmt.Fprintln(os.Stderr, "stack:", err)
	os.Exit(1)
}
