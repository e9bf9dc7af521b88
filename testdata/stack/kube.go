package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
	kubeletlib "k8s.io/kubernetes/pkg/kubelet"
)

// The three Kubernetes servers are their own commands with the flags that up.go made for them: what runs here is what
// the release runs.

func runAPIServer(args []string) int { return runCommand(apiserver.NewAPIServerCommand(), args) }

func runControllers(args []string) int {
	return runCommand(controllers.NewControllerManagerCommand(), args)
}

// runKubelet takes the stack's folder first: the folder of container log links is the one path that
// the kubelet has no flag for, and it must not be /var/log/containers of this machine.
func runKubelet(args []string) int {
	kubeletlib.ContainerLogsDir = filepath.Join(args[0], "container-logs")
	return runCommand(kubelet.NewKubeletCommand(context.Background()), args[1:])
}

func runCommand(command *cobra.Command, args []string) int {
	command.SetArgs(args)
	return cli.Run(command)
}
