package endpoint

import "errors"

// The errors of package embed that requests give; embed documents and exports them.
var (
	ErrConfig      = errors.New("embed: bad configuration")
	ErrBadAnswer   = errors.New("embed: bad answer")
	ErrAuth        = errors.New("embed: not authorised")
	ErrQuota       = errors.New("embed: quota exhausted")
	ErrUnavailable = errors.New("embed: server unavailable")
	ErrRefused     = errors.New("embed: request refused")
)
