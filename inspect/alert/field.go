package alert

// A field of an alert that is looked at. Falco writes its name with dots in JSON, and with _ in the text of its rules;
// older rules have shorter names.
type field int

const (
	containerID field = iota
	containerIDOld
	containerName
	containerRepository
	containerTag
	containerDigest
	containerImage
	imageOld
	namespaceName
	namespaceOld
	podName
	podOld
	exePath
	exePathOld
	exeName
	workDir
	exeFlags
	exeFlagsOld
	inUpperLayer
	inLowerLayer
	fromMemory
	eventTime
	eventTimeISO
	fileName
	fileOld
	connectionOld
	targetNamespace // of Kubernetes' audit events: the object that was touched
	targetResource
	targetName
	fieldCount
)

// fieldNames are the names of the fields with _ in place of dots.
var fieldNames = map[string]field{
	"container_id": containerID, "container": containerIDOld, "container_name": containerName,
	"container_image_repository": containerRepository, "container_image_tag": containerTag, "container_image_digest": containerDigest,
	"container_image": containerImage, "image": imageOld,
	"k8s_ns_name": namespaceName, "k8s_ns": namespaceOld, "k8s_pod_name": podName, "k8s_pod": podOld,
	"proc_exepath": exePath, "exepath": exePathOld, "proc_exe": exeName, "proc_cwd": workDir, "evt_arg_flags": exeFlags, "exe_flags": exeFlagsOld,
	"proc_is_exe_upper_layer": inUpperLayer, "proc_is_exe_lower_layer": inLowerLayer, "proc_is_exe_from_memfd": fromMemory,
	"evt_time": eventTime, "evt_time_iso8601": eventTimeISO,
	"fd_name": fileName, "file": fileOld, "connection": connectionOld,
	"ka_target_namespace": targetNamespace, "ka_target_resource": targetResource, "ka_target_name": targetName,
}

// fields are what an alert says in fields of its own; "" is one that it does not have.
type fields [fieldCount]string

// set keeps a field if it is one that is looked at. In name both dots and _ may stand.
func (f *fields) set(name []byte, value func() string) {
	const longest = 32
	if len(name) > longest {
		return
	}
	var plain [longest]byte
	for i, b := range name {
		if b == '.' {
			b = '_'
		}
		plain[i] = b
	}
	if at, ok := fieldNames[string(plain[:len(name)])]; ok {
		f[at] = value()
	}
}

// agree is the one value that some fields have, cleaned. ok is false if they have different ones.
func (f *fields) agree(clean func(string) string, of ...field) (value string, ok bool) {
	for _, at := range of {
		s := clean(f[at])
		if s == "" || s == value {
			continue
		}
		if value != "" {
			return "", false
		}
		value = s
	}
	return value, true
}
