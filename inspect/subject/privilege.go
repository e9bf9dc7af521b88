package subject

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// privileges lists what the pod and its containers may do beyond ordinary ones, sorted. Defaults of the cluster, as
// admission sets them, are in the pod by then. An empty list means that the specification sets nothing, and not that
// the container is confined: RunAsUser may be left to the image.
func privileges(pod *corev1.Pod, containers []*corev1.Container) []inspect.Privilege {
	var all []inspect.Privilege
	add := func(on bool, kind inspect.PrivilegeKind) {
		if on {
			all = append(all, inspect.Privilege{Kind: kind})
		}
	}
	add(pod.Spec.HostNetwork, inspect.HostNetwork)
	add(pod.Spec.HostPID, inspect.HostPID)
	add(pod.Spec.HostIPC, inspect.HostIPC)
	add(isTrue(pod.Spec.ShareProcessNamespace), inspect.SharedProcesses)
	general := pod.Spec.SecurityContext
	if general == nil {
		general = &corev1.PodSecurityContext{}
	}
	for _, c := range containers {
		own := containerPrivileges(c.SecurityContext, general)
		profile := pod.Annotations[corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix+c.Name]
		if profile == corev1.DeprecatedAppArmorBetaProfileNameUnconfined {
			own = append(own, inspect.Privilege{Kind: inspect.AppArmorOff})
		}
		for _, p := range own {
			p.Container = c.Name
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b inspect.Privilege) int { return cmp.Compare(a.String(), b.String()) })
	return slices.CompactFunc(all, func(a, b inspect.Privilege) bool { return a.String() == b.String() })
}

// containerPrivileges are those of one container. A field that it leaves out is that of the pod.
// (https://kubernetes.io/docs/tasks/configure-pod-container/security-context/)
// Capabilities that are dropped are not looked at: a container that drops ALL and adds one back has that one.
func containerPrivileges(s *corev1.SecurityContext, pod *corev1.PodSecurityContext) []inspect.Privilege {
	if s == nil {
		s = &corev1.SecurityContext{}
	}
	var all []inspect.Privilege
	add := func(on bool, kind inspect.PrivilegeKind) {
		if on {
			all = append(all, inspect.Privilege{Kind: kind})
		}
	}
	add(isTrue(s.Privileged), inspect.Privileged)
	if s.Capabilities != nil && len(s.Capabilities.Add) > 0 {
		p := inspect.Privilege{Kind: inspect.Capabilities}
		for _, n := range s.Capabilities.Add {
			p.Names = append(p.Names, string(n))
		}
		all = append(all, p)
	}
	user := cmp.Or(s.RunAsUser, pod.RunAsUser)
	add(user != nil && *user == 0, inspect.RunsAsRoot)
	add(isTrue(s.AllowPrivilegeEscalation) && !isTrue(s.Privileged), inspect.MayEscalate)
	add(s.ProcMount != nil && *s.ProcMount == corev1.UnmaskedProcMount, inspect.UnmaskedProc)
	seccomp := cmp.Or(s.SeccompProfile, pod.SeccompProfile)
	add(seccomp != nil && seccomp.Type == corev1.SeccompProfileTypeUnconfined, inspect.SeccompOff)
	armor := cmp.Or(s.AppArmorProfile, pod.AppArmorProfile)
	add(armor != nil && armor.Type == corev1.AppArmorProfileTypeUnconfined, inspect.AppArmorOff)
	windows := cmp.Or(s.WindowsOptions, pod.WindowsOptions)
	add(windows != nil && isTrue(windows.HostProcess), inspect.WindowsHostLevel)
	return all
}

// isTrue reports whether a switch of a specification is set: absent is the default, which is off.
func isTrue(b *bool) bool { return b != nil && *b }
