package signature_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/signature"
)

// A key is known by the digest of its DER form, however its PEM is wrapped.
func ExampleParseKey() {
	key, err := signature.ParseKey([]byte(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3krg/5FbgwHNKKjrtv7ZJbct6x2j
Did5Vz3gV1Ngv7+/8YmrpSLLy8R5UPy3tML8ctFW1NmEx+RNYGM1OuM34A==
-----END PUBLIC KEY-----
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key.Digest)
	// Output: sha256:0bc930dcc4a99151e618c0133f9efe9ab2f1b6edbab3e070f3722c57d63ce649
}
