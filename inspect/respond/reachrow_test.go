package respond

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// reaching is a case whose cluster was read, of a pod with a reach.
func reaching(r inspect.Reach, events ...inspect.Event) *inspect.Case {
	c := &inspect.Case{}
	for _, e := range append([]inspect.Event{
		{Fact: inspect.Pod{Name: "web-0", Namespace: "shop", Reach: r}},
		{Check: inspect.CheckCluster, Fact: inspect.End{Status: inspect.CheckDone}},
		{Fact: inspect.End{Status: inspect.CheckDone}},
	}, events...) {
		c.Apply(e)
	}
	return c
}

// row is the first row of a kind as "text (weight)"; empty where there is none.
func row(c *inspect.Case, kind string) string {
	for _, r := range Reachable(c) {
		if r.Kind == kind {
			return fmt.Sprintf("%s (%d)", r.Text, r.Weight)
		}
	}
	return ""
}

func TestWhatAPodCouldTouch(t *testing.T) {
	for name, tt := range map[string]struct {
		r          inspect.Reach
		kind, want string
	}{
		"the node by a privilege": {
			inspect.Reach{Privileges: []inspect.Privilege{{Kind: inspect.HostPID}}},
			"privilege", "host PID namespace (0)",
		},
		"what makes that easier": {inspect.Reach{Privileges: []inspect.Privilege{{
			Kind:      inspect.RunsAsRoot,
			Container: "web",
		}}}, "privilege", "web: runs as root (1)"},
		"files of the node": {
			inspect.Reach{Uses: []inspect.Use{{
				Kind: inspect.UseHostPath, Name: "/var/run",
				Container: "web", How: "mounted at /run",
			}}},
			"host path", "/var/run: mounted at /run in web, writable (0)",
		},
		"read only": {inspect.Reach{Uses: []inspect.Use{{
			Kind: inspect.UseHostPath, Name: "/",
			How: "mounted at /host", ReadOnly: true,
		}}}, "host path", "/: mounted at /host, read only (0)"},
		"a cloud role": {inspect.Reach{Roles: []inspect.CloudRole{{
			Cloud: "AWS", Name: "arn:1",
			Source: "annotation",
		}}}, "cloud role", "AWS arn:1 (annotation) (0)"},
		"a role of an old case": {inspect.Reach{Role: "arn:1"}, "cloud role", "arn:1 (0)"},
		"a Secret that is not read": {inspect.Reach{
			Secrets: []string{"db"},
			Uses: []inspect.Use{
				{Kind: inspect.UseSecret, Name: "db", How: "env PASSWORD", Container: "web"},
				{Kind: inspect.UseSecret, Name: "db", How: "mounted at /db"},
				{
					Kind: inspect.UseSecret, Name: "other",
					How: "x",
				},
			},
		}, "secret", "db: env PASSWORD in web; mounted at /db (1)"},
		"a ConfigMap": {inspect.Reach{ConfigMaps: []string{"db"}}, "config map", "db (2)"},
		"a volume":    {inspect.Reach{Volumes: []string{"emptyDir tmp"}}, "volume", "emptyDir tmp (2)"},
		"told before": {inspect.Reach{
			Volumes: []string{"host path /x"},
			Uses:    []inspect.Use{{Kind: inspect.UseHostPath, Name: "/x"}},
		}, "volume", ""},
		"its account": {inspect.Reach{ServiceAccount: "shop"}, "account", "shop (2)"},
		"no account":  {inspect.Reach{Token: inspect.TokenNone}, "token", ""},
		"no token": {
			inspect.Reach{ServiceAccount: "shop", Token: inspect.TokenNone},
			"token",
			"none is mounted (2)",
		},
		"a token": {inspect.Reach{ServiceAccount: "shop", Tokens: []inspect.Token{{
			Container: "web",
			Path:      "/t", Seconds: 3600,
		}}}, "token", "web: /t, for the API server, valid for 3600 s (1)"},
		"one for a vault": {inspect.Reach{ServiceAccount: "shop", Tokens: []inspect.Token{{
			Container: "web",
			Path:      "/t", Audience: "vault",
		}}}, "token", "web: /t, for vault (1)"},
		"what it may do": {
			inspect.Reach{ServiceAccount: "shop"},
			"may do",
			"not known: what the account may do; only a user who may impersonate it can find out (1)",
		},
		"what was not seen": {
			inspect.Reach{Unseen: []inspect.Unread{{
				Source: inspect.ReachServices,
				Reason: "forbidden",
			}}},
			"not seen",
			"services that send traffic to it: forbidden (1)",
		},
	} {
		if got := row(reaching(tt.r), tt.kind); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	if rows := Reachable(&inspect.Case{}); rows != nil {
		t.Errorf("a case without a pod reaches %+v", rows)
	}
}

// That no policy holds the traffic back is said only where the policies were read.
func TestWhatHoldsTheTrafficBack(t *testing.T) {
	blocked := inspect.Event{Check: inspect.CheckCluster, Fact: inspect.End{
		Status: inspect.CheckBlocked,
		Reason: "403",
	}}
	for name, tt := range map[string]struct {
		c    *inspect.Case
		want string
	}{
		"none selects it": {reaching(inspect.Reach{}), "no network policy selects it (1)"},
		"one does": {reaching(inspect.Reach{
			NetworkPolicies: []string{"deny"},
			Isolated:        []string{"egress", "ingress"},
		}), "deny (2)"},
		"they were not read":  {reaching(inspect.Reach{Unseen: []inspect.Unread{{Source: inspect.ReachNetworkPolicies}}}), ""},
		"the check could not": {reaching(inspect.Reach{}, blocked), ""},
		"no check was to do it": {reaching(inspect.Reach{}, inspect.Event{
			Fact: inspect.Reset{Drop: []inspect.Key{{Check: inspect.CheckCluster}}},
		}), ""},
		"the check still runs": {reaching(inspect.Reach{}, inspect.Event{
			Check: inspect.CheckCluster,
			Fact:  inspect.Begin{},
		}), ""},
	} {
		if got := row(tt.c, "network"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	c := reaching(inspect.Reach{NetworkPolicies: []string{"deny"}, Isolated: []string{"ingress"}})
	if !slices.ContainsFunc(Reachable(c), func(r ReachRow) bool {
		return r.Text == "egress is open" &&
			r.Weight == ReachesOther
	}) {
		t.Errorf("a policy for one direction leaves the other open: %+v", Reachable(c))
	}
}

// Other pods are named while they are few, and always counted.
func TestOtherPods(t *testing.T) {
	pods := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("shop/%03d", i))
		}
		return names
	}
	for name, tt := range map[string]struct {
		group inspect.PodGroup
		rows  int
		last  string
	}{
		"none":                   {inspect.PodGroup{}, 0, ""},
		"few":                    {inspect.PodGroup{Count: 2, Pods: pods(2)}, 2, "shop/001"},
		"at the bound":           {inspect.PodGroup{Count: 20, Pods: pods(20)}, 20, "shop/019"},
		"past it":                {inspect.PodGroup{Count: 21, Pods: pods(21)}, 21, "and 1 more"},
		"more than are recorded": {inspect.PodGroup{Count: 5000, Pods: pods(3)}, 4, "and 4997 more"},
	} {
		var rows []ReachRow
		for _, r := range Reachable(reaching(inspect.Reach{Shared: inspect.Shared{Node: tt.group, Partial: true}})) {
			if r.Kind == "same node" {
				rows = append(rows, r)
			}
		}
		if len(rows) != tt.rows || tt.rows > 0 && (rows[len(rows)-1].Text != tt.last ||
			!strings.Contains(rows[0].Why, "there may be more")) {
			t.Errorf("%s: %d rows, the last %+v", name, len(rows), rows[max(0, len(rows)-1):])
		}
	}
}

// Commands of a row are quoted: names come from the cluster, and a person pastes them.
func TestCommandsOfRowsAreQuoted(t *testing.T) {
	c := reaching(inspect.Reach{ServiceAccount: "a; rm -rf x"})
	c.Target.Context = "prod $(id)"
	for _, r := range Reachable(c) {
		if r.Command != "" && (!strings.Contains(r.Command, "'system:serviceaccount:shop:a; rm -rf x'") ||
			!strings.Contains(r.Command, "'prod $(id)'")) {
			t.Errorf("%s", r.Command)
		}
	}
}
