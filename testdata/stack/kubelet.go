package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// nodeName is an address, as in Kubernetes' own local-up-cluster: the kubelet takes a node's address from its
// name, and with any other name it would look for an interface that is not loopback.
const nodeName = "127.0.0.1"

// kubeletConfig is what a kubelet needs in a virtual machine with cgroup v1, without CAP_SYS_RESOURCE, swap accounting,
// iptables or systemd: it manages no cgroups of its own, evicts nothing and collects no images.
const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
port: %[1]s
readOnlyPort: 0
healthzPort: 0
tlsCertFile: %[2]q
tlsPrivateKeyFile: %[3]q
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: false}
  x509: {clientCAFile: %[4]q}
authorization: {mode: AlwaysAllow}
containerRuntimeEndpoint: unix://%[5]s
podLogsDir: %[6]q
volumePluginDir: %[7]q
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
localStorageCapacityIsolation: false
enableControllerAttachDetach: false
resolvConf: ""
failSwapOn: false
makeIPTablesUtilChains: false
oomScoreAdj: 0
serializeImagePulls: false
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%%", nodefs.available: "0%%", imagefs.available: "0%%", nodefs.inodesFree: "0%%", imagefs.inodesFree: "0%%"}
nodeStatusUpdateFrequency: 5s
nodeStatusReportFrequency: 5s
`

// kubeletArgs writes DIR/kubelet.yaml and returns the kubelet's flags; the first argument is for runKubelet.
func kubeletArgs(dir, port, caFile string, serving pair, kubeconfig string) ([]string, error) {
	content := fmt.Sprintf(kubeletConfig, port, serving.cert, serving.key, caFile, containerdSocket(dir),
		filepath.Join(dir, "pod-logs"), filepath.Join(dir, "volume-plugins"))
	name := filepath.Join(dir, "kubelet.yaml")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		return nil, fmt.Errorf("writing the kubelet's configuration: %w", err)
	}
	return []string{
		dir,
		"--config=" + name,
		"--kubeconfig=" + kubeconfig,
		"--hostname-override=" + nodeName,
		"--root-dir=" + filepath.Join(dir, "kubelet"),
		"--cert-dir=" + filepath.Join(dir, "kubelet-certs"),
	}, nil
}
