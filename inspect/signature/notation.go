package signature

import "github.com/backtrail/backtrail/inspect"

// kind is how a row names the form of a signature.
func (it item) kind() string {
	switch it.form {
	case mediaBundle:
		return KindBundle
	case mediaNotation:
		return KindNotation
	}
	return KindCosign
}

// notationRow shows a Notary Project signature. There is no trust store of theirs at hand, so nothing here verifies it.
func notationRow(data []byte, subject string) inspect.Signature {
	o := outcome{chain: newChain()}
	o.hold(inspect.StepIntegrity, "Notary Project signature whose bytes are their digest")
	o.open(inspect.StepCertificate, UnknownKey, "a Notary Project signature: no trust store of theirs is at hand")
	o.absent(inspect.StepSCT, "the Notary Project has no certificate transparency")
	o.absent(inspect.StepLog, "the Notary Project has no transparency log")
	row := inspect.Signature{ID: rowID(subject, data), Kind: KindNotation, Digest: digestOf(data), Subject: subject}
	o.fill(&row)
	return row
}
