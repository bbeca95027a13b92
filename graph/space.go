package graph

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// spacesName is the directory, inside that of a store, that holds its spaces. A store never looks into it.
const spacesName = "spaces"

// MaxSpace is the longest name of a space, in bytes.
const MaxSpace = 64

// SpaceDir returns the directory of the space called name beside the store in root. It is a store like any other: Open,
// Check, Repair, Vacuum and Restore take it. The name has 1 to MaxSpace of a-z, 0-9, "-" and "_", the first a letter or a
// digit. Capitals are refused: on file systems that do not tell them apart two names would be one space. Nothing is read or
// made on disk. Errors: ErrBadSpace, also for an empty name: who has none wants root itself, and a caller whose tenant
// was not set must not get everybody's store.
func SpaceDir(root, name string) (string, error) {
	if !isSpace(name) {
		return "", fmt.Errorf("%w: %.80q: 1 to %d of a-z, 0-9, - and _ are allowed, the first a letter or a digit", ErrBadSpace, name, MaxSpace)
	}
	return filepath.Join(root, spacesName, name), nil
}

func isSpace(name string) bool {
	if name == "" || len(name) > MaxSpace || name[0] == '-' || name[0] == '_' {
		return false
	}
	for _, c := range []byte(name) {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// SpaceInfo is one space as Spaces lists it.
type SpaceInfo struct {
	Name  string
	Bytes int64 // on disk
}

// Spaces lists the spaces beside the store in root by name; none is no error. It opens none of them: the list can be made
// while they are in use.
func Spaces(root string) ([]SpaceInfo, error) {
	entries, err := os.ReadDir(filepath.Join(root, spacesName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("graph: list spaces: %w", err)
	}
	var all []SpaceInfo
	for _, e := range entries { // sorted by name
		if !isSpace(e.Name()) {
			continue
		}
		n, err := dirBytes(filepath.Join(root, spacesName, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, SpaceInfo{e.Name(), n})
	}
	return all, nil
}

// walkStore walks over the files of the store in dir, not over those of its spaces.
func walkStore(dir string, f fs.WalkDirFunc) error {
	spaces := filepath.Join(dir, spacesName)
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path == spaces {
			return fs.SkipDir
		}
		return f(path, d, err)
	})
}

// Exists reports whether dir holds anything of a store: opening a directory that is missing or empty, or has only spaces in
// it, would make a new one. Errors: those of reading the directory.
func Exists(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("graph: look for a store: %w", err)
	}
	for _, e := range entries {
		if e.Name() != spacesName {
			return true, nil
		}
	}
	return false, nil
}
