package dense

import "errors"

var (
	// ErrShape says that the sizes of the arguments do not fit together.
	ErrShape = errors.New("dense: shapes do not match")
	// ErrNotPositive says that a matrix is not positive definite.
	ErrNotPositive = errors.New("dense: matrix is not positive definite")
	// ErrNotFinite says that a matrix contains NaN or an infinity.
	ErrNotFinite = errors.New("dense: matrix is not finite")
)
