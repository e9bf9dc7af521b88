package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// podsTimeout bounds the end of all pods, on a busy machine too; what is left then is the janitor's.
const podsTimeout = 75 * time.Second

// removePods stops and removes every pod of the stack's containerd by the kubelet's own interface (CRI). The kubelet must have
// ended, or it would start them again. Its containers are killed at once, without a time to end by themselves.
func removePods(socket string) error {
	ctx, cancel := context.WithTimeout(context.Background(), podsTimeout)
	defer cancel()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to containerd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	client := runtime.NewRuntimeServiceClient(conn)
	list, err := client.ListPodSandbox(ctx, &runtime.ListPodSandboxRequest{})
	if err != nil {
		return fmt.Errorf("listing the pods of containerd: %w", err)
	}
	var errs []error
	for _, pod := range list.Items {
		if _, err := client.StopPodSandbox(ctx, &runtime.StopPodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			errs = append(errs, fmt.Errorf("stopping pod %s: %w", pod.GetMetadata().GetName(), err))
		}
		if _, err := client.RemovePodSandbox(ctx, &runtime.RemovePodSandboxRequest{PodSandboxId: pod.Id}); err != nil {
			errs = append(errs, fmt.Errorf("removing pod %s: %w", pod.GetMetadata().GetName(), err))
		}
	}
	return errors.Join(errs...)
}
