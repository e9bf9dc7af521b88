package main

import (
	"fmt"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// writeKubeconfig writes a kubeconfig with one cluster, one user and one context, all of them named plainly.
func writeKubeconfig(name, address, caFile, user string, certs pair) error {
	config := api.NewConfig()
	config.Clusters["stack"] = &api.Cluster{Server: "https://" + address, CertificateAuthority: caFile}
	config.AuthInfos[user] = &api.AuthInfo{ClientCertificate: certs.cert, ClientKey: certs.key}
	config.Contexts["stack"] = &api.Context{Cluster: "stack", AuthInfo: user, Namespace: "default"}
	config.CurrentContext = "stack"
	if err := clientcmd.WriteToFile(*config, name); err != nil {
		return fmt.Errorf("writing the kubeconfig of %s: %w", user, err)
	}
	return nil
}

// kubeconfigFile is DIR/kubeconfig for the admin, DIR/kubeconfig.USER for the others.
func kubeconfigFile(dir, user string) string { return filepath.Join(dir, "kubeconfig."+user) }
