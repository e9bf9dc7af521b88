package harness

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Admission is a webhook server as meshes and policy controllers run one: the API server asks it about each pod that
// its configuration selects. /inject adds a sidecar, /validate lets everything in.
type Admission struct {
	address string
	ca      []byte // PEM
	server  *http.Server

	mu      sync.Mutex
	sidecar map[string]func(pod *corev1.Pod) corev1.Container // by namespace
	asked   map[string]int                                    // pods, by namespace and path
}

// NewAdmission starts the server on a port of 127.0.0.1. It ends with Close.
func NewAdmission() (*Admission, error) {
	a := &Admission{sidecar: map[string]func(*corev1.Pod) corev1.Container{}, asked: map[string]int{}}
	certificate, err := a.certify()
	if err != nil {
		return nil, fmt.Errorf("making the webhook's certificate: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the webhook's port: %w", err)
	}
	a.address = listener.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("/inject", a.answer("/inject", a.inject))
	mux.HandleFunc("/validate", a.answer("/validate", func(*corev1.Pod, string) ([]byte, error) { return nil, nil }))
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}}
	go func() { _ = a.server.ServeTLS(listener, "", "") }()
	return a, nil
}

// Close stops the server.
func (a *Admission) Close() error { return a.server.Close() }

// Inject describes which sidecar the pods of a namespace get.
func (a *Admission) Inject(namespace string, sidecar func(pod *corev1.Pod) corev1.Container) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sidecar[namespace] = sidecar
}

// Asked counts the pods of a namespace about which a path was asked.
func (a *Admission) Asked(namespace, path string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked[namespace+path]
}

// client is where the API server finds a path.
func (a *Admission) client(path string) registrationv1.WebhookClientConfig {
	url := "https://" + a.address + path
	return registrationv1.WebhookClientConfig{URL: &url, CABundle: a.ca}
}

func podRules() []registrationv1.RuleWithOperations {
	return []registrationv1.RuleWithOperations{{
		Operations: []registrationv1.OperationType{registrationv1.Create},
		Rule: registrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"},
			Resources: []string{"pods"}},
	}}
}

// Injector is the configuration that has pods of namespaces with a label go through /inject.
func (a *Admission) Injector(name, webhook string,
	label map[string]string) *registrationv1.MutatingWebhookConfiguration {
	none := registrationv1.SideEffectClassNone
	return &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []registrationv1.MutatingWebhook{{
			Name: webhook, ClientConfig: a.client("/inject"), Rules: podRules(),
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: label},
			SideEffects:       &none, AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

// Validator is the configuration that has pods of namespaces with a label go through /validate, under the name of a
// product's webhook.
func (a *Admission) Validator(name, webhook string,
	label map[string]string) *registrationv1.ValidatingWebhookConfiguration {
	none := registrationv1.SideEffectClassNone
	return &registrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Webhooks: []registrationv1.ValidatingWebhook{{
			Name: webhook, ClientConfig: a.client("/validate"), Rules: podRules(),
			NamespaceSelector: &metav1.LabelSelector{MatchLabels: label},
			SideEffects:       &none, AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

// answer reads a review, has its pod looked at, and lets it in with the patch that comes back.
func (a *Admission) answer(path string, look func(pod *corev1.Pod, namespace string) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
		var review admissionv1.AdmissionReview
		var pod corev1.Pod
		if err == nil {
			err = json.Unmarshal(body, &review)
		}
		if err == nil && review.Request != nil {
			err = json.Unmarshal(review.Request.Object.Raw, &pod)
		}
		if err != nil || review.Request == nil {
			http.Error(w, fmt.Sprintf("no review of a pod: %v", err), http.StatusBadRequest)
			return
		}
		a.mu.Lock()
		a.asked[review.Request.Namespace+path]++
		a.mu.Unlock()
		response := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
		if patch, err := look(&pod, review.Request.Namespace); err != nil {
			response.Allowed, response.Result = false, &metav1.Status{Message: err.Error()}
		} else if patch != nil {
			kind := admissionv1.PatchTypeJSONPatch
			response.Patch, response.PatchType = patch, &kind
		}
		review.Request, review.Response = nil, response
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(review)
	}
}

func (a *Admission) inject(pod *corev1.Pod, namespace string) ([]byte, error) {
	a.mu.Lock()
	sidecar := a.sidecar[namespace]
	a.mu.Unlock()
	if sidecar == nil {
		return nil, nil
	}
	return json.Marshal([]map[string]any{{"op": "add", "path": "/spec/containers/-", "value": sidecar(pod)}})
}

// certify makes the server's certificate, which is its own authority.
func (a *Admission) certify() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "webhooks of the stack"}, IsCA: true,
		BasicConstraintsValid: true,
		NotBefore:             time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	var ca bytes.Buffer
	if err := pem.Encode(&ca, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
		return tls.Certificate{}, err
	}
	a.ca = ca.Bytes()
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
