package audit

import (
	"strings"
	"testing"

	"github.com/backtrail/backtrail/inspect"
)

// ofController is a policy of the cluster that policy-controller enforces, where its webhook is called.
func ofController(key string) inspect.PolicyRequirement {
	d := byKey("signed", key, inspect.ModeEnforce, inspect.TrustCluster)
	d.By = inspect.PolicyController
	return d
}

// Whether an image may run is what policies are asked; whether anything would have stopped it is the status of the gate.
func TestAPolicyRefusesWhereItsWebhookIsCalled(t *testing.T) {
	const key, other = "sha256:1", "sha256:2"
	warns := ofController(other)
	warns.Mode = inspect.ModeWarn
	flag := byKey("flag", other, inspect.ModeEnforce, inspect.TrustFile)
	for name, tt := range map[string]struct {
		requirements []inspect.PolicyRequirement
		enforced     inspect.GateStatus // empty: it is not known
		admission    inspect.GateStatus
		allowed      Answer
		crossed      bool
	}{
		"met":                       {[]inspect.PolicyRequirement{ofController(key)}, inspect.GatePassed, inspect.GatePassed, Yes, false},
		"met, and nothing asked":    {[]inspect.PolicyRequirement{ofController(key)}, inspect.GateNotEnforced, inspect.GateNotEnforced, Yes, true},
		"met, and nobody knows":     {[]inspect.PolicyRequirement{ofController(key)}, inspect.GateUnknown, inspect.GateUnknown, Yes, false},
		"met, not read":             {[]inspect.PolicyRequirement{ofController(key)}, "", inspect.GatePassed, Yes, false},
		"refused":                   {[]inspect.PolicyRequirement{ofController(other)}, inspect.GatePassed, inspect.GateRefused, No, false},
		"would be refused":          {[]inspect.PolicyRequirement{ofController(other)}, inspect.GateNotEnforced, inspect.GateNotEnforced, No, true},
		"refused, nobody knows":     {[]inspect.PolicyRequirement{ofController(other)}, inspect.GateUnknown, inspect.GateUnknown, No, false},
		"refused, not read":         {[]inspect.PolicyRequirement{ofController(other)}, "", inspect.GateRefused, No, false},
		"refused by a flag as well": {[]inspect.PolicyRequirement{ofController(other), flag}, inspect.GateNotEnforced, inspect.GateRefused, No, true},
		"warned only":               {[]inspect.PolicyRequirement{warns}, inspect.GatePassed, inspect.GateNotEnforced, Yes, false},
		"a flag has no webhook":     {[]inspect.PolicyRequirement{flag}, inspect.GateNotEnforced, inspect.GateRefused, No, false},
	} {
		t.Run(name, func(t *testing.T) {
			known := &Known{}
			if tt.enforced != "" {
				known.Enforced = func(product, namespace string) (inspect.GateStatus, string) {
					if product != inspect.PolicyController || namespace != "shop" {
						t.Errorf("asked about %s in %s", product, namespace)
					}
					return tt.enforced, "the label is missing"
				}
			}
			j := known.Join(examined(signedBy(key)))
			row := Row{Namespace: "shop"}
			j.admit(&row, tt.requirements)
			if row.Admission != tt.admission || row.Allowed != tt.allowed {
				t.Errorf("admission %s, allowed %s: %s", row.Admission, row.Allowed, row.Reason)
			}
			if crossed := len(row.Crossed) > 0; crossed != tt.crossed || crossed && row.Level != Log {
				t.Errorf("crossed %v at level %q", row.Crossed, row.Level)
			}
			if tt.crossed && tt.allowed == No && len(tt.requirements) == 1 && !strings.Contains(row.Reason, "label") {
				t.Errorf("the reason is %q", row.Reason)
			}
		})
	}
}
