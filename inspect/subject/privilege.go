package subject

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// privileges says what the pod and its containers may do beyond ordinary ones, in words, sorted.
func privileges(pod *corev1.Pod, containers []*corev1.Container) []string {
	var all []string
	say := func(on bool, text string) {
		if on {
			all = append(all, text)
		}
	}
	say(pod.Spec.HostNetwork, inspect.HostNetwork)
	say(pod.Spec.HostPID, "host PID namespace")
	say(pod.Spec.HostIPC, "host IPC namespace")
	say(isTrue(pod.Spec.ShareProcessNamespace), "its containers share one process namespace")
	general := pod.Spec.SecurityContext
	if general == nil {
		general = &corev1.PodSecurityContext{}
	}
	for _, c := range containers {
		for _, text := range containerPrivileges(c.SecurityContext, general) {
			all = append(all, c.Name+": "+text)
		}
		say(pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name] == corev1.DeprecatedAppArmorBetaProfileNameUnconfined, c.Name+": AppArmor unconfined")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// containerPrivileges are those of one container; what it does not say the pod says for all.
func containerPrivileges(s *corev1.SecurityContext, pod *corev1.PodSecurityContext) []string {
	if s == nil {
		s = &corev1.SecurityContext{}
	}
	var all []string
	say := func(on bool, text string) {
		if on {
			all = append(all, text)
		}
	}
	say(isTrue(s.Privileged), "privileged")
	if s.Capabilities != nil && len(s.Capabilities.Add) > 0 {
		names := make([]string, len(s.Capabilities.Add))
		for i, n := range s.Capabilities.Add {
			names[i] = string(n)
		}
		all = append(all, fmt.Sprintf("capabilities %s", strings.Join(names, ", ")))
	}
	user := s.RunAsUser
	if user == nil {
		user = pod.RunAsUser
	}
	say(user != nil && *user == 0, "runs as root")
	say(isTrue(s.AllowPrivilegeEscalation) && !isTrue(s.Privileged), "may gain privileges")
	say(s.ProcMount != nil && *s.ProcMount == corev1.UnmaskedProcMount, "/proc unmasked")
	seccomp := s.SeccompProfile
	if seccomp == nil {
		seccomp = pod.SeccompProfile
	}
	say(seccomp != nil && seccomp.Type == corev1.SeccompProfileTypeUnconfined, "seccomp unconfined")
	armor := s.AppArmorProfile
	if armor == nil {
		armor = pod.AppArmorProfile
	}
	say(armor != nil && armor.Type == corev1.AppArmorProfileTypeUnconfined, "AppArmor unconfined")
	windows := s.WindowsOptions
	if windows == nil {
		windows = pod.WindowsOptions
	}
	say(windows != nil && isTrue(windows.HostProcess), "a process of its Windows node")
	return all
}

func isTrue(b *bool) bool { return b != nil && *b }
