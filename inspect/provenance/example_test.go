package provenance_test

import (
	"fmt"

	"github.com/backtrail/backtrail/inspect/provenance"
)

// A statement names its subjects by digest; what its predicate states is read by its type.
func ExampleParseStatement() {
	s, err := provenance.ParseStatement([]byte(`{"_type": "https://in-toto.io/Statement/v1",
	  "predicateType": "https://slsa.dev/provenance/v1",
	  "subject": [{"name": "web",
		"digest": {"sha256": "32e45c9a7ba9b8eaed47a8a959d459da6925988634d622eed9ae30278770c9ae"}}],
	  "predicate": {}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.PredicateType, len(s.Subjects), provenance.IsProvenance(s.PredicateType))
	// Output: https://slsa.dev/provenance/v1 1 true
}
