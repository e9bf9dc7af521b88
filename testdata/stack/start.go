package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/backtrail/backtrail/testdata/stack/env"
	"github.com/backtrail/backtrail/testdata/stack/image"
)

// stack is the servers and what they need of each other.
type stack struct {
	dir         string
	withKubelet bool
	addrs       addresses
	ca          *authority
	certs       certificates

	etcd, apiServer, controllers *server
	containerd, kubelet          *server // nil without a kubelet
	registry, referrers, private *server
}

// addresses are host:port on loopback.
type addresses struct {
	etcd, etcdPeer, apiServer, kubelet, registry, referrers, private string
}

// certificates of the servers; users' lie beside their kubeconfigs.
type certificates struct{ apiServer, kubelet, serviceAccounts pair }

// The private registry's only user.
const (
	privateUser     = "puller"
	privatePassword = "correct horse"
)

func newStack(dir string, withKubelet bool) *stack { return &stack{dir: dir, withKubelet: withKubelet} }

// servers lists those that run.
func (s *stack) servers() []*server {
	var running []*server
	for _, srv := range []*server{s.etcd, s.apiServer, s.controllers, s.containerd, s.kubelet, s.registry, s.referrers, s.private} {
		if srv != nil {
			running = append(running, srv)
		}
	}
	return running
}

// start brings the servers up, those that do not need each other side by side.
func (s *stack) start(ctx context.Context) error {
	if s.withKubelet {
		if err := isolateMounts(s.dir); err != nil {
			return err
		}
	}
	if err := s.prepare(); err != nil {
		return err
	}
	if err := s.startStores(); err != nil {
		return err
	}
	if err := s.etcd.ready(ctx, dialable("tcp", s.addrs.etcd)); err != nil {
		return err
	}
	args, err := apiServerArgs(s.dir, s.addrs, s.ca, s.certs)
	if err != nil {
		return err
	}
	if s.apiServer, err = s.startSelf("apiserver", args...); err != nil {
		return err
	}
	if err := s.startRuntime(ctx); err != nil {
		return err
	}
	client, err := s.client()
	if err != nil {
		return err
	}
	err = s.apiServer.ready(ctx, func() error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil {
		return err
	}
	if err := s.startNode(ctx, client); err != nil {
		return err
	}
	return s.describe().Write()
}

// prepare finds ports and writes certificates and kubeconfigs.
func (s *stack) prepare() error {
	ports, err := freeAddrs(7)
	if err != nil {
		return err
	}
	s.addrs = addresses{ports[0], ports[1], ports[2], ports[3], ports[4], ports[5], ports[6]}
	if s.ca, err = newAuthority(filepath.Join(s.dir, "certs")); err != nil {
		return err
	}
	var errs []error
	issue := func(name string, organizations ...string) pair {
		p, err := s.ca.issue(name, organizations...)
		errs = append(errs, err)
		return p
	}
	s.certs = certificates{issue("apiserver", "system:masters"), issue("kubelet"), issue("service-accounts")}
	users := map[string]pair{
		env.Admin:                 issue(env.Admin, "system:masters"),
		"system:kube-controllers": issue("system:kube-controllers", "system:masters"),
		"system:node:" + nodeName: issue("system:node:"+nodeName, "system:masters"),
	}
	for _, name := range env.Users[1:] {
		users[name] = issue(name)
	}
	for name, certs := range users {
		errs = append(errs, writeKubeconfig(kubeconfigFile(s.dir, name), s.addrs.apiServer, s.ca.file(), name, certs))
	}
	errs = append(errs, writeKubeconfig(filepath.Join(s.dir, "kubeconfig"), s.addrs.apiServer, s.ca.file(), env.Admin, users[env.Admin]))
	return errors.Join(errs...)
}

// startStores starts etcd and the registries.
func (s *stack) startStores() error {
	var err error
	if s.etcd, err = s.startSelf("etcd", "--dir", filepath.Join(s.dir, "etcd"), "--client", s.addrs.etcd, "--peer", s.addrs.etcdPeer); err != nil {
		return err
	}
	if s.registry, err = s.startRegistry("registry", "--addr", s.addrs.registry, "--root", s.blobs("registry")); err != nil {
		return err
	}
	if s.referrers, err = s.startRegistry("registry-referrers", "--addr", s.addrs.referrers, "--referrers"); err != nil {
		return err
	}
	s.private, err = s.startRegistry("registry-private", "--addr", s.addrs.private, "--root", s.blobs("private"),
		"--user", privateUser, "--password", privatePassword)
	return err
}

// startRuntime pushes the pause image and starts containerd.
func (s *stack) startRuntime(ctx context.Context) error {
	for srv, addr := range map[*server]string{s.registry: s.addrs.registry, s.referrers: s.addrs.referrers, s.private: s.addrs.private} {
		if err := srv.ready(ctx, dialable("tcp", addr)); err != nil {
			return err
		}
	}
	if !s.withKubelet {
		return nil
	}
	pause := s.addrs.registry + "/stack/pause:1"
	if err := image.PushPause(pause); err != nil {
		return err
	}
	config, err := writeContainerdConfig(s.dir, pause)
	if err != nil {
		return err
	}
	program, err := exec.LookPath("containerd")
	if err != nil {
		return fmt.Errorf("looking for containerd: %w", err)
	}
	s.containerd, err = startServer(s.dir, "containerd", program, "--config", config)
	return err
}

// startNode starts what works through the API: the controllers and the kubelet; meanwhile the users get their rights.
func (s *stack) startNode(ctx context.Context, client kubernetes.Interface) error {
	var err error
	if s.controllers, err = s.startSelf("controllers", controllerArgs(kubeconfigFile(s.dir, "system:kube-controllers"))...); err != nil {
		return err
	}
	if s.withKubelet {
		if err := s.containerd.ready(ctx, dialable("unix", containerdSocket(s.dir))); err != nil {
			return err
		}
		args, err := kubeletArgs(s.dir, port(s.addrs.kubelet), s.ca.file(), s.certs.kubelet, kubeconfigFile(s.dir, "system:node:"+nodeName))
		if err != nil {
			return err
		}
		if s.kubelet, err = s.startSelf("kubelet", args...); err != nil {
			return err
		}
	}
	if err := grant(ctx, client); err != nil {
		return err
	}
	if !s.withKubelet {
		return nil
	}
	return s.kubelet.ready(ctx, func() error {
		_, err := client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
		return err
	})
}

// describe writes env.json.
func (s *stack) describe() *env.Env {
	e := &env.Env{
		Dir:         s.dir,
		APIServer:   "https://" + s.addrs.apiServer,
		Kubeconfig:  filepath.Join(s.dir, "kubeconfig"),
		Kubeconfigs: map[string]string{},
		AuditLog:    auditLog(s.dir),
		Node:        nodeName,
		Kubelet:     s.withKubelet,
		Registry:    env.Registry{Host: s.addrs.registry, Root: s.blobs("registry")},
		Referrers:   env.Registry{Host: s.addrs.referrers},
		Private:     env.Registry{Host: s.addrs.private, User: privateUser, Password: privatePassword, Root: s.blobs("private")},
		Processes:   map[string]int{},
	}
	for _, user := range env.Users {
		e.Kubeconfigs[user] = kubeconfigFile(s.dir, user)
	}
	for _, srv := range s.servers() {
		e.Processes[srv.name] = srv.cmd.Process.Pid
	}
	return e
}

func (s *stack) client() (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(s.dir, "kubeconfig"))
	if err != nil {
		return nil, fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making the admin's client: %w", err)
	}
	return client, nil
}

// startSelf runs this program as the server of that name.
func (s *stack) startSelf(name string, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the stack's program: %w", err)
	}
	return startServer(s.dir, name, self, append([]string{name}, args...)...)
}

func (s *stack) startRegistry(name string, args ...string) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the stack's program: %w", err)
	}
	return startServer(s.dir, name, self, append([]string{"registry"}, args...)...)
}

// blobs is the folder of a registry's content.
func (s *stack) blobs(name string) string { return filepath.Join(s.dir, "blobs", name) }
