package answer

import "github.com/backtrail/backtrail/inspect"

// pastTheGates states that no gate inspects what is brought in at run time.
func pastTheGates(c inspect.Case) []inspect.Sentence {
	if _, ok := runTimeAlert(c); !ok {
		return nil
	}
	return []inspect.Sentence{derived("no gate could have seen it: signatures and admission look at images and " +
		"pods on their way in, and this came later")}
}
