package e2e

// The words of backtrail's JSON that these stories read; what -o json promises more is tested elsewhere. They are written
// down again here, so that a renamed field breaks a story as it would break a user's script.

type caseJSON struct {
	Schema   string        `json:"schema"`
	Complete bool          `json:"complete"`
	Status   string        `json:"status"`
	Expected expectedJSON  `json:"expected"`
	Answers  []answerJSON  `json:"answers"`
	Alerts   []alertJSON   `json:"alerts"`
	Pod      *podJSON      `json:"pod"`
	Images   []imageJSON   `json:"images"`
	Findings []findingJSON `json:"findings"`
	Checks   []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"checks"`
	Notices []struct {
		Text string `json:"text"`
		Hint string `json:"hint"`
	} `json:"notices"`
	Exhibits []exhibitJSON `json:"exhibits"`
}

type exhibitJSON struct {
	Path     string   `json:"path"`
	Redacted []string `json:"redacted"`
}

type expectedJSON struct {
	Keys []struct{ Digest, PEM string } `json:"keys"`
}

type answerJSON struct {
	Question  string `json:"question"`
	Status    string `json:"status"`
	Text      string `json:"text"`
	Sentences []struct {
		Text  string `json:"text"`
		Basis string `json:"basis"`
		By    string `json:"by"`
		Run   string `json:"run"`
	} `json:"sentences"`
}

type alertJSON struct {
	Source string `json:"source"`
	Rule   string `json:"rule"`
	Pod    string `json:"pod"`
	Match  string `json:"match"`
	File   struct {
		Path   string `json:"path"`
		Origin string `json:"origin"`
		SHA256 string `json:"sha256"`
	} `json:"file"`
}

type podJSON struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Node      string `json:"node"`
	Owner     []struct {
		Kind     string        `json:"kind"`
		Name     string        `json:"name"`
		Managers []managerJSON `json:"managers"`
	} `json:"owner"`
	Others     []string `json:"others"`
	Containers []struct {
		Name     string `json:"name"`
		Type     string `json:"type"`
		Injected bool   `json:"injected"`
		ImageID  string `json:"imageID"`
	} `json:"containers"`
	Alerts []alertJSON `json:"alerts"`
}

type managerJSON struct {
	Name   string   `json:"name"`
	Images []string `json:"images"`
}

type podsJSON struct {
	Schema    string      `json:"schema"`
	Pods      []podJSON   `json:"pods"`
	Unmatched []alertJSON `json:"unmatched"`
	Broken    int         `json:"broken"`
}

type imageJSON struct {
	Container  string           `json:"container"`
	Reference  string           `json:"reference"`
	Digest     string           `json:"digest"`
	Platform   string           `json:"platform"`
	Status     string           `json:"status"`
	Reason     string           `json:"reason"`
	Layers     []layerJSON      `json:"layers"`
	Signatures []signatureJSON  `json:"signatures"`
	Provenance []provenanceJSON `json:"provenance"`
	Packages   []packageJSON    `json:"packages"`
	Binaries   []binaryJSON     `json:"binaries"`
	Altered    []alteredJSON    `json:"altered"`
	Candidates []struct {
		Digest string `json:"digest"`
	} `json:"knownGoodCandidates"`
	Diff    *diffJSON  `json:"diff"`
	Gates   []gateJSON `json:"gates"`
	Sharing *struct {
		Suspect []int `json:"suspect"`
		Looked  int   `json:"looked"`
		Others  []struct {
			Reference string   `json:"reference"`
			Layers    []int    `json:"layers"`
			Prefix    int      `json:"prefix"`
			Pods      []string `json:"pods"`
		} `json:"others"`
	} `json:"sharing"`
}

type gateJSON struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Detail string `json:"detail"`
	By     string `json:"by"`
	Mode   string `json:"mode"`
}

type layerJSON struct {
	Number    int    `json:"number"`
	Digest    string `json:"digest"`
	CreatedBy string `json:"createdBy"`
	Empty     bool   `json:"empty"`
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Added     int    `json:"added"`
	Modified  int    `json:"modified"`
}

type signatureJSON struct {
	Kind          string `json:"kind"`
	Store         string `json:"store"`
	Subject       string `json:"subject"`
	Status        string `json:"status"`
	Reason        string `json:"reason"`
	Key           string `json:"key"`
	PredicateType string `json:"predicateType"`
	Steps         []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	} `json:"steps"`
}

type provenanceJSON struct {
	PredicateType string `json:"predicateType"`
	Builder       string `json:"builder"`
	Source        string `json:"source"`
	Commit        string `json:"commit"`
	Signed        bool   `json:"signed"`
	Status        string `json:"status"`
	Reason        string `json:"reason"`
}

type packageJSON struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

type binaryJSON struct {
	Path      string   `json:"path"`
	Kind      string   `json:"kind"`
	SHA256    string   `json:"sha256"`
	Layer     int      `json:"layer"`
	CreatedBy string   `json:"createdBy"`
	Status    string   `json:"status"`
	Severity  string   `json:"severity"`
	Codes     []string `json:"codes"`
}

type alteredJSON struct {
	Path     string `json:"path"`
	Package  string `json:"package"`
	Layer    int    `json:"layer"`
	Expected string `json:"expected"`
	Status   string `json:"status"`
}

type diffJSON struct {
	KnownGood struct {
		Digest    string `json:"digest"`
		Confirmed bool   `json:"confirmed"`
	} `json:"knownGood"`
	Packages struct {
		Added   []packageJSON `json:"added"`
		Removed []packageJSON `json:"removed"`
		Changed []struct {
			Name string `json:"name"`
			From string `json:"from"`
			To   string `json:"to"`
		} `json:"changed"`
	} `json:"packages"`
	Files struct {
		List []struct {
			Path   string `json:"path"`
			Change string `json:"change"`
		} `json:"list"`
	} `json:"files"`
}

type findingJSON struct {
	Check    string `json:"check"`
	Code     string `json:"code"`
	Status   string `json:"status"`
	Severity string `json:"severity"`
	Subject  string `json:"subject"`
	Title    string `json:"title"`
	Evidence []struct {
		Kind   string `json:"kind"`
		Digest string `json:"digest"`
		Path   string `json:"path"`
	} `json:"evidence"`
}

type verificationJSON struct {
	Schema     string `json:"schema"`
	Status     string `json:"status"`
	Fits       string `json:"fits"`
	Reproduced string `json:"reproduced"`
	Authentic  string `json:"authentic"`
}
