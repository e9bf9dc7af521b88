package alert

import (
	"bytes"

	"github.com/valyala/fastjson"
)

// A field of an alert that is evaluated. Falco writes its name with dots in JSON, and with _ in the
// text of its rules; older rules have shorter names.
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
	commandLine
	commandOld
	parentName
	parentOld
	terminal
	terminalOld
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
	containerFullID
	// of the plugin k8smeta
	namespaceMeta
	podMeta
	podUID
	podUIDOld
	podUIDMeta
	podAddress
	// of a connection: the end of the process
	localIP
	localPort
	remoteIP
	remotePort
	// the name of the remote end, if Falco resolved it
	remoteName
	// the end that opened the connection
	clientIP
	serverIP
	serverPort
	serverName
	// of Kubernetes' audit events: the object of the request
	targetNamespace
	targetResource
	targetName
	responseName
	fieldCount
)

// fieldNames are the names of the fields with _ in place of dots.
var fieldNames = map[string]field{
	"container_id": containerID, "container": containerIDOld, "container_name": containerName,
	"container_image_repository": containerRepository, "container_image_tag": containerTag,
	"container_image_digest": containerDigest,
	"container_image":        containerImage, "image": imageOld,
	"k8s_ns_name": namespaceName, "k8s_ns": namespaceOld, "k8s_pod_name": podName, "k8s_pod": podOld,
	"proc_exepath": exePath, "exepath": exePathOld, "proc_exe": exeName, "proc_cwd": workDir,
	"proc_cmdline": commandLine, "command": commandOld, "proc_pname": parentName, "parent": parentOld,
	"proc_tty": terminal, "terminal": terminalOld,
	"evt_arg_flags": exeFlags, "exe_flags": exeFlagsOld,
	"proc_is_exe_upper_layer": inUpperLayer, "proc_is_exe_lower_layer": inLowerLayer,
	"proc_is_exe_from_memfd": fromMemory,
	"evt_time":               eventTime, "evt_time_iso8601": eventTimeISO,
	"fd_name": fileName, "file": fileOld, "connection": connectionOld,
	"container_full_id": containerFullID, "k8smeta_ns_name": namespaceMeta, "k8smeta_pod_name": podMeta,
	"k8smeta_pod_uid": podUIDMeta,
	"k8s_pod_uid":     podUID, "k8s_pod_id": podUIDOld, "k8s_pod_ip": podAddress,
	"fd_lip": localIP, "fd_lport": localPort, "fd_rip": remoteIP, "fd_rport": remotePort, "fd_rip_name": remoteName,
	"fd_cip": clientIP, "fd_sip": serverIP, "fd_sport": serverPort, "fd_sip_name": serverName,
	"ka_target_namespace": targetNamespace, "ka_resp_name": responseName, "ka_target_resource": targetResource,
	"ka_target_name": targetName,
}

// fields are the values of the fields of an alert; "" is one that it does not have.
type fields [fieldCount]string

// set keeps a field if it is one that is evaluated. Its name may have dots or _.
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

// maxNesting bounds the fields that are objects, which programs make of names with dots.
const maxNesting = 6

// setAll keeps the fields of an object, also where names with dots were expanded into objects. n
// counts them.
func (f *fields) setAll(v *fastjson.Value, above []byte) (n int) {
	v.GetObject().Visit(func(name []byte, value *fastjson.Value) {
		if len(above) > 0 {
			name = append(append(above[:len(above):len(above)], '_'), name...)
		}
		if value.Type() == fastjson.TypeObject && bytes.Count(name, []byte("_")) < maxNesting {
			n += f.setAll(value, name)
			return
		}
		n++
		f.set(name, func() string { return text(value) })
	})
	return n
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
