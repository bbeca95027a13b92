package topk

import "errors"

// ErrShape says that the sizes of the arguments do not fit together.
var ErrShape = errors.New("topk: shapes do not match")
