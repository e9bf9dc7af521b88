package audit_test

import (
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/backtrail/backtrail/inspect/audit"
)

// objects decodes the documents of a manifest, by kind.
func objects(t *testing.T, raw []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, doc := range strings.Split(string(raw), "\n---\n") {
		var head metav1.TypeMeta
		must(t, yaml.Unmarshal([]byte(doc), &head))
		all[head.Kind] = []byte(doc)
	}
	return all
}

func TestManifestOfOneProcess(t *testing.T) {
	raw, err := audit.Job{Image: "reg.example/backtrail@sha256:0", Schedule: "17 2 * * *", Depth: audit.Identity}.Manifest()
	must(t, err)
	found := objects(t, raw)
	var cron batchv1.CronJob
	must(t, yaml.UnmarshalStrict(found["CronJob"], &cron))
	pod := cron.Spec.JobTemplate.Spec.Template.Spec
	if cron.Spec.ConcurrencyPolicy != batchv1.ForbidConcurrent || pod.ServiceAccountName != "backtrail-audit" ||
		!*pod.SecurityContext.RunAsNonRoot || !*pod.Containers[0].SecurityContext.ReadOnlyRootFilesystem {
		t.Errorf("got %+v", cron.Spec)
	}
	if args := pod.Containers[0].Args; !slices.Contains(args, "--in-cluster") || slices.Contains(args, "--shard") {
		t.Errorf("args %q", args)
	}
	var role rbacv1.ClusterRole
	must(t, yaml.UnmarshalStrict(found["ClusterRole"], &role))
	for _, rule := range role.Rules {
		for _, verb := range rule.Verbs {
			if verb != "get" && verb != "list" && verb != "watch" {
				t.Errorf("the account may %s %v", verb, rule.Resources)
			}
		}
		if slices.Contains(rule.Resources, "secrets") || slices.Contains(rule.Resources, "*") {
			t.Errorf("the account reads %v", rule.Resources)
		}
	}
}

func TestManifestOfShards(t *testing.T) {
	job := audit.Job{
		Image: "reg.example/backtrail:1", Schedule: "@daily", Depth: audit.Packages, Shards: 24, Namespace: "sec",
		Selector: "app in (a,b)",
	}
	raw, err := job.Manifest()
	must(t, err)
	var cron batchv1.CronJob
	must(t, yaml.UnmarshalStrict(objects(t, raw)["CronJob"], &cron))
	spec := cron.Spec.JobTemplate.Spec
	if *spec.CompletionMode != batchv1.IndexedCompletion || *spec.Completions != 24 || *spec.Parallelism != 4 ||
		*spec.BackoffLimitPerIndex != 3 || spec.BackoffLimit != nil {
		t.Errorf("got %+v", spec)
	}
	rules := spec.PodFailurePolicy.Rules
	if len(rules) != 2 || rules[0].Action != batchv1.PodFailurePolicyActionFailIndex ||
		rules[1].Action != batchv1.PodFailurePolicyActionIgnore {
		t.Errorf("rules %+v", rules)
	}
	args := strings.Join(spec.Template.Spec.Containers[0].Args, " ")
	if !strings.Contains(args, "--shard $(JOB_COMPLETION_INDEX)/24 --out /data/parts") || !strings.Contains(args, "app in (a,b)") {
		t.Errorf("args %s", args)
	}
}

func TestManifestTakesNoValueThatBreaksIt(t *testing.T) {
	good := audit.Job{Image: "reg.example/backtrail:1", Schedule: "17 2 * * *", Depth: audit.Identity}
	for name, change := range map[string]func(*audit.Job){
		"image":     func(j *audit.Job) { j.Image = "a\"\nb: c" },
		"namespace": func(j *audit.Job) { j.Namespace = "A b" },
		"schedule":  func(j *audit.Job) { j.Schedule = "17 2 * *" },
		"quote":     func(j *audit.Job) { j.Schedule = "1 2 3 4 \"" },
		"selector":  func(j *audit.Job) { j.Selector = "a=\"b\"" },
		"shards":    func(j *audit.Job) { j.Shards = 1001 },
	} {
		j := good
		change(&j)
		if raw, err := j.Manifest(); err == nil {
			t.Errorf("%s is taken:\n%s", name, raw)
		}
	}
}
