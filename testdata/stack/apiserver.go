package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// auditPolicy records who did what to which object, for every request, once, when it has been answered.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
`

// apiServerArgs writes the audit policy and returns kube-apiserver's flags. There is no service account admission, as no
// pod here talks to the cluster, and no taint admission, as a node without CNI never becomes ready.
func apiServerArgs(dir string, addrs addresses, ca *authority, certs certificates) ([]string, error) {
	policy := filepath.Join(dir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return nil, fmt.Errorf("writing the audit policy: %w", err)
	}
	return []string{
		"--etcd-servers=http://" + addrs.etcd,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port=" + port(addrs.apiServer),
		"--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=10.0.0.0/24",
		"--tls-cert-file=" + certs.apiServer.cert,
		"--tls-private-key-file=" + certs.apiServer.key,
		"--client-ca-file=" + ca.file(),
		"--kubelet-client-certificate=" + certs.apiServer.cert,
		"--kubelet-client-key=" + certs.apiServer.key,
		"--kubelet-certificate-authority=" + ca.file(),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + certs.serviceAccounts.key,
		"--service-account-signing-key-file=" + certs.serviceAccounts.key,
		"--authorization-mode=RBAC",
		"--disable-admission-plugins=ServiceAccount,TaintNodesByCondition",
		"--allow-privileged=true",
		"--audit-policy-file=" + policy,
		"--audit-log-path=" + auditLog(dir),
		"--audit-log-format=json",
		"--cert-dir=" + filepath.Join(dir, "apiserver-certs"),
	}, nil
}

func auditLog(dir string) string { return filepath.Join(dir, "audit.log") }

// controllerArgs are kube-controller-manager's flags: only the controllers that make, own and remove pods.
func controllerArgs(kubeconfig string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--leader-elect=false",
		"--secure-port=0",
		"--authentication-skip-lookup=true",
		"--controllers=deployment-controller,replicaset-controller,statefulset-controller,daemonset-controller,job-controller,namespace-controller,garbage-collector-controller",
		"--use-service-account-credentials=false",
		"--node-monitor-period=1h",
	}
}
