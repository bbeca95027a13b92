package graph

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
)

// formatVersion is what this build writes and reads. A store of another version is refused, never guessed at.
const formatVersion = 1

// storeMagic tells a STORE file of ours from a file that happens to have its name.
const storeMagic = "ken graph"

// storeFile is what STORE holds: what we know of Badger's files, so that their loss or damage shows before Badger, which
// deletes what its MANIFEST does not name, may touch them.
type storeFile struct {
	Magic    string      `json:"store"`
	Format   int         `json:"format"`
	UUID     string      `json:"uuid"`
	Data     string      `json:"data"`     // directory of Badger's files; a new one takes over by rewriting STORE
	Clean    bool        `json:"clean"`    // the store was closed in order, nothing below has changed since
	Seq      uint64      `json:"sequence"` // as of the time of writing
	TS       uint64      `json:"timestamp"`
	Tables   []tableFile `json:"tables"`
	Manifest []byte      `json:"manifest"` // copy of Badger's MANIFEST
}

// tableFile is one of Badger's tables.
type tableFile struct {
	ID   uint64 `json:"id"`
	Size int64  `json:"size"`
}

func newStoreFile() storeFile {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return storeFile{
		Magic:  storeMagic,
		Format: formatVersion,
		UUID:   fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]),
		Data:   dataDir(1),
	}
}

// dataDir is the name of the n-th directory of Badger's files.
func dataDir(n int) string { return fmt.Sprintf("%s%d", dataPrefix, n) }

const dataPrefix = "kv-"

// nextData is the name of the directory after the one in use.
func (s storeFile) nextData() string {
	var n int
	if _, err := fmt.Sscanf(s.Data, dataPrefix+"%d", &n); err != nil {
		n = 1
	}
	return dataDir(n + 1)
}

const storeSum = "\ncrc32c "

// encode returns JSON and a line with its checksum.
func (s storeFile) encode() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("graph: encode STORE: %w", err)
	}
	return fmt.Appendf(b, "%s%08x\n", storeSum, crc32.Checksum(b, castagnoli)), nil
}

// decodeStoreFile returns ErrNotStore for a file that is none of ours, ErrCorrupt for one that does not match its
// checksum, and ErrVersion for one of another format.
func decodeStoreFile(b []byte) (storeFile, error) {
	var s storeFile
	i := bytes.LastIndex(b, []byte(storeSum))
	if i < 0 || string(b[i:]) != fmt.Sprintf("%s%08x\n", storeSum, crc32.Checksum(b[:i], castagnoli)) {
		if bytes.Contains(b, []byte(storeMagic)) {
			return s, fmt.Errorf("%w: STORE does not match its checksum", ErrCorrupt)
		}
		return s, fmt.Errorf("%w: its STORE file is not ours", ErrNotStore)
	}
	if err := json.Unmarshal(b[:i], &s); err != nil || s.Magic != storeMagic {
		return s, fmt.Errorf("%w: its STORE file is not ours", ErrNotStore)
	}
	if s.Format != formatVersion {
		return s, fmt.Errorf("%w: the store has format %d, this build knows %d; open it with the build that wrote it and export",
			ErrVersion, s.Format, formatVersion)
	}
	if !strings.HasPrefix(s.Data, dataPrefix) || filepath.Base(s.Data) != s.Data {
		return s, fmt.Errorf("%w: STORE names a directory that is not ours", ErrCorrupt)
	}
	return s, nil
}

// writeFile replaces the file path by one holding b: after a crash the old one is there or the new one, whole.
func writeFile(path string, b []byte) error {
	f, err := os.OpenFile(path+tmpSuffix, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("graph: write %s: %w", filepath.Base(path), err)
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(path+tmpSuffix, path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("graph: write %s: %w", filepath.Base(path), err)
	}
	return nil
}

const tmpSuffix = ".tmp"
