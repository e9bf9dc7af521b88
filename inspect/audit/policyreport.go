package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect/text"
)

// policyReport is the part of wgpolicyk8s.io/v1alpha2 PolicyReport that is written
// (https://github.com/kubernetes-sigs/wg-policy-prototypes).
type policyReport struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   reportMeta     `json:"metadata"`
	Source     string         `json:"source"`
	Summary    reportSummary  `json:"summary"`
	Results    []reportResult `json:"results"`
}

type reportMeta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
}

// The counts of a namespace by result; the API requires all five.
type reportSummary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

type reportResult struct {
	Policy     string            `json:"policy"`
	Rule       string            `json:"rule"`
	Result     string            `json:"result"`
	Source     string            `json:"source"`
	Message    string            `json:"message"`
	Resources  []reportResource  `json:"resources"`
	Properties map[string]string `json:"properties"`
}

type reportResource struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// PolicyReports writes a PolicyReport for each namespace, as YAML documents. They are printed and never written to a
// cluster: reports of fleets are what fills etcd.
func (r *Report) PolicyReports(w io.Writer) error {
	var order []string
	reports := map[string]*policyReport{}
	for i := range r.Rows {
		row := &r.Rows[i]
		p := reports[row.Namespace]
		if p == nil {
			p = &policyReport{
				APIVersion: "wgpolicyk8s.io/v1alpha2", Kind: "PolicyReport", Source: "backtrail",
				Metadata: reportMeta{
					Name: "backtrail-audit", Namespace: text.Clean(row.Namespace),
					Labels: map[string]string{"app.kubernetes.io/managed-by": "backtrail"},
				},
			}
			reports[row.Namespace] = p
			order = append(order, row.Namespace)
		}
		p.add(row)
	}
	for _, namespace := range order {
		raw, err := yaml.Marshal(reports[namespace])
		if err == nil {
			_, err = w.Write(append([]byte("---\n"), raw...))
		}
		if err != nil {
			return fmt.Errorf("writing policy reports: %w", err)
		}
	}
	return nil
}

// add adds the result of a row. The results are those of the API: error could not be checked, fail and warn are not
// met (warn where that is not scored), skip is neither known to be met nor not.
func (p *policyReport) add(row *Row) {
	result, message := "pass", "policies and expectations would let it in"
	switch {
	case row.State != Done:
		result, message = "error", "not checked: "+row.Reason
	case row.Level == Block:
		result, message = "fail", strings.Join(row.Crossed, "; ")
	case row.Level == Warn, row.Allowed == No: // waived or only logged: not met all the same, and no pass
		result, message = "warn", strings.Join(row.Crossed, "; ")
	case row.Allowed == Unknown:
		result, message = "skip", "not known whether it is allowed: "+row.Reason
	}
	switch result {
	case "pass":
		p.Summary.Pass++
	case "fail":
		p.Summary.Fail++
	case "warn":
		p.Summary.Warn++
	case "error":
		p.Summary.Error++
	case "skip":
		p.Summary.Skip++
	}
	kind, name, _ := strings.Cut(row.Workload, "/")
	// A name for the result that is the same every night: dashboards join on it.
	sum := sha256.Sum256([]byte(row.key()))
	p.Results = append(p.Results, reportResult{
		Policy: "backtrail-audit", Rule: "image", Result: result, Source: "backtrail", Message: text.Clean(message),
		Resources: []reportResource{{
			APIVersion: apiVersionOf(kind), Kind: kindName(kind),
			Namespace: text.Clean(row.Namespace), Name: text.Clean(name),
		}},
		Properties: map[string]string{
			"container": text.Clean(row.Container), "reference": text.Clean(row.Reference),
			"digest": text.Clean(row.Digest), "resultID": hex.EncodeToString(sum[:8]),
		},
	})
}

// workloadKinds are the kinds of workloads with their API version. Owners of other kinds, such as those of an operator,
// are named by their kind alone: their API version is not known here.
var workloadKinds = map[string][2]string{
	"pod": {"v1", "Pod"}, "deployment": {"apps/v1", "Deployment"}, "statefulset": {"apps/v1", "StatefulSet"},
	"daemonset": {"apps/v1", "DaemonSet"}, "replicaset": {"apps/v1", "ReplicaSet"}, "job": {"batch/v1", "Job"},
	"cronjob": {"batch/v1", "CronJob"}, "replicationcontroller": {"v1", "ReplicationController"},
}

func apiVersionOf(kind string) string {
	if k, ok := workloadKinds[kind]; ok {
		return k[0]
	}
	return "unknown"
}

func kindName(kind string) string {
	if k, ok := workloadKinds[kind]; ok {
		return k[1]
	}
	return text.Clean(kind)
}
