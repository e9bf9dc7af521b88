package subject

import (
	"cmp"
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/backtrail/backtrail/inspect"
)

// reach lists what the pod's specification lets it touch, by name: no Secret is read. What stands in the cluster beside
// the pod (its service account, policies, Services) is added by the checks of the cluster. Names are those of the
// specification: whether the objects exist is not looked up. The specification is what the API server stored; a process
// that already broke out reaches more.
func reach(pod *corev1.Pod) inspect.Reach {
	containers := everyContainer(pod)
	r := inspect.Reach{
		ServiceAccount: pod.Spec.ServiceAccountName, Privileges: privileges(pod, containers),
		Tokens: tokens(pod, containers), Token: inspect.TokenNone, Uses: uses(pod, containers),
	}
	if len(r.Tokens) > 0 {
		r.Token = inspect.TokenMounted
	}
	names := references{}
	for i := range pod.Spec.Volumes {
		switch v := &pod.Spec.Volumes[i]; {
		case v.HostPath != nil:
			names.add("volume", "host path "+v.HostPath.Path)
		case v.PersistentVolumeClaim != nil:
			names.add("volume", "claim "+v.PersistentVolumeClaim.ClaimName)
		case v.CSI != nil:
			names.add("volume", "CSI volume of "+v.CSI.Driver)
		case v.NFS != nil:
			names.add("volume", "NFS "+v.NFS.Server+":"+v.NFS.Path)
		case v.Image != nil:
			names.add("volume", "image "+v.Image.Reference)
		}
	}
	for _, u := range r.Uses {
		names.add(u.Kind, u.Name)
	}
	r.Secrets, r.ConfigMaps, r.Volumes = names[inspect.UseSecret], names[inspect.UseConfigMap], names["volume"]
	if r.Roles = roles(pod, containers, r.Tokens); len(r.Roles) > 0 {
		r.Role = r.Roles[0].String()
	}
	return r
}

// references collects names by what they name, sorted and once each. A Secret that ten containers mount is one Secret.
// The lists stay as short as what the pod names.
type references map[string][]string

// add lists an object that the pod reads, once.
func (r references) add(kind, name string) {
	if name == "" {
		return
	}
	if i, found := slices.BinarySearch(r[kind], name); !found {
		r[kind] = slices.Insert(r[kind], i, name)
	}
}

// tokens lists where tokens of the service account lie. The API server puts the usual one into each pod as a projected
// volume of its own, so what is there is in the pod, whatever the account sets for mounting it. A mount with a subPath
// is the file itself. Seconds is how long a token is valid after it was issued, 0 where the specification leaves it to
// the API server; the kubelet renews it, so that a stolen one lives that long.
func tokens(pod *corev1.Pod, containers []*corev1.Container) []inspect.Token {
	var all []inspect.Token
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		if v.Projected == nil {
			continue
		}
		for _, s := range v.Projected.Sources {
			t := s.ServiceAccountToken
			if t == nil {
				continue
			}
			for _, m := range mountsOf(containers, v.Name) {
				token := inspect.Token{
					Container: m.container, Path: path.Join("/", m.MountPath, t.Path),
					Audience: t.Audience,
				}
				if m.SubPath != "" {
					token.Path = path.Join("/", m.MountPath)
				}
				if t.ExpirationSeconds != nil {
					token.Seconds = *t.ExpirationSeconds
				}
				all = append(all, token)
			}
		}
	}
	return all
}

// mounted is where a container has a volume.
type mounted struct {
	container string
	*corev1.VolumeMount
}

// mountsOf are the places at which containers mount a volume. Order is that of the containers in the specification.
// Mounts of one volume at several places of one container are all listed, since each may be read-only or not.
func mountsOf(containers []*corev1.Container, volume string) []mounted {
	var all []mounted
	for _, c := range containers {
		for i := range c.VolumeMounts {
			if c.VolumeMounts[i].Name == volume {
				all = append(all, mounted{c.Name, &c.VolumeMounts[i]})
			}
		}
	}
	return all
}

// uses lists the ways by which Secrets, ConfigMaps and files of the node come into containers. A volume that no
// container mounts is listed too: an ephemeral container can mount it. Entries are sorted by kind and name, with those
// of one object in the order of the containers. An empty name, which the API server would not admit, is dropped.
func uses(pod *corev1.Pod, containers []*corev1.Container) []inspect.Use {
	var all []inspect.Use
	for i := range pod.Spec.Volumes {
		v := &pod.Spec.Volumes[i]
		for _, u := range sources(v) {
			in := mountsOf(containers, v.Name)
			for _, m := range in {
				u.Container, u.How, u.ReadOnly = m.container, "mounted at "+path.Clean("/"+m.MountPath), m.ReadOnly
				all = append(all, u)
			}
			if len(in) == 0 {
				u.How = "a volume that no container mounts"
				all = append(all, u)
			}
		}
	}
	for _, c := range containers {
		all = append(all, environment(c)...)
	}
	for _, s := range pod.Spec.ImagePullSecrets {
		all = append(all, inspect.Use{Kind: inspect.UseSecret, Name: s.Name, How: "for pulling images", ReadOnly: true})
	}
	all = slices.DeleteFunc(all, func(u inspect.Use) bool { return u.Name == "" })
	slices.SortStableFunc(all, func(a, b inspect.Use) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name))
	})
	return all
}

// sources names what a volume is made of. Volumes that come from outside of the cluster (NFS, CSI, claims) are named in
// the reach, and are no use of an object here. What a projected volume leaves out is the token, which is listed by
// tokens. A Secret may come by an ephemeral or CSI volume too, whose driver decides what is in it.
func sources(v *corev1.Volume) []inspect.Use {
	secret := func(name string) inspect.Use { return inspect.Use{Kind: inspect.UseSecret, Name: name} }
	configMap := func(name string) inspect.Use { return inspect.Use{Kind: inspect.UseConfigMap, Name: name} }
	switch {
	case v.Secret != nil:
		return []inspect.Use{secret(v.Secret.SecretName)}
	case v.ConfigMap != nil:
		return []inspect.Use{configMap(v.ConfigMap.Name)}
	case v.HostPath != nil:
		return []inspect.Use{{Kind: inspect.UseHostPath, Name: v.HostPath.Path}}
	case v.Projected == nil:
		return nil
	}
	var all []inspect.Use
	for _, s := range v.Projected.Sources {
		if s.Secret != nil {
			all = append(all, secret(s.Secret.Name))
		}
		if s.ConfigMap != nil {
			all = append(all, configMap(s.ConfigMap.Name))
		}
	}
	return all
}

// environment are the variables of a container that come from Secrets and ConfigMaps. Values that stand in the
// specification itself are no use of an object. Values are read when a container starts: a Secret that was changed
// since is still the old one in the process.
func environment(c *corev1.Container) []inspect.Use {
	var all []inspect.Use
	for i := range c.Env {
		e := &c.Env[i]
		if e.ValueFrom == nil {
			continue
		}
		u := inspect.Use{Container: c.Name, How: "env " + e.Name, ReadOnly: true}
		if ref := e.ValueFrom.SecretKeyRef; ref != nil {
			u.Kind, u.Name = inspect.UseSecret, ref.Name
		}
		if ref := e.ValueFrom.ConfigMapKeyRef; ref != nil {
			u.Kind, u.Name = inspect.UseConfigMap, ref.Name
		}
		all = append(all, u)
	}
	for _, e := range c.EnvFrom {
		u := inspect.Use{Container: c.Name, How: "all of it in the environment", ReadOnly: true}
		if e.SecretRef != nil {
			u.Kind, u.Name = inspect.UseSecret, e.SecretRef.Name
		}
		if e.ConfigMapRef != nil {
			u.Kind, u.Name = inspect.UseConfigMap, e.ConfigMapRef.Name
		}
		all = append(all, u)
	}
	return all
}

// everyContainer lists the containers of all types. Init containers have ended by the time somebody looks, and
// ephemeral ones were added by hand; both had the same volumes and the same account, and so count for what the pod may
// touch. The pointers lead into the pod, which must not change meanwhile.
func everyContainer(pod *corev1.Pod) []*corev1.Container {
	all := make([]*corev1.Container, 0,
		len(pod.Spec.Containers)+len(pod.Spec.InitContainers)+len(pod.Spec.EphemeralContainers))
	for i := range pod.Spec.Containers {
		all = append(all, &pod.Spec.Containers[i])
	}
	for i := range pod.Spec.InitContainers {
		all = append(all, &pod.Spec.InitContainers[i])
	}
	for i := range pod.Spec.EphemeralContainers {
		all = append(all, (*corev1.Container)(&pod.Spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	return all
}
