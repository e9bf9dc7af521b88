package files

import "github.com/backtrail/backtrail/inspect"

func decodeIndex(data []byte) ([]inspect.Entry, error) { return nil, errTODO }
