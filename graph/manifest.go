package graph

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	boptions "github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
	"google.golang.org/protobuf/proto"
)

// manifest is Badger's list of its tables, as read by us.
type manifest struct {
	raw    []byte
	whole  int64    // bytes of raw up to the last whole record
	tables []uint64 // sorted
}

// readManifest reads MANIFEST without changing it. It returns fs.ErrNotExist or ErrCorrupt.
func readManifest(data string) (manifest, error) {
	raw, err := os.ReadFile(filepath.Join(data, badger.ManifestFilename))
	if err != nil {
		return manifest{}, fmt.Errorf("graph: read MANIFEST: %w", err)
	}
	return parseManifest(raw)
}

// manifestHead starts a MANIFEST: Badger's magic, no magic of the application, Badger's format 8. A record follows after
// record: length and CRC-32C, big-endian, then a set of changes as a protocol buffer.
const manifestHead = "Bdgr\x00\x00\x00\x08"

// parseManifest reads the bytes of a MANIFEST. What is not a whole record at the end is left out: a crash may cut one.
func parseManifest(raw []byte) (manifest, error) {
	if !bytes.HasPrefix(raw, []byte(manifestHead)) {
		return manifest{}, fmt.Errorf("%w: MANIFEST does not begin like one", ErrCorrupt)
	}
	tables := map[uint64]bool{}
	rest := raw[len(manifestHead):]
	for len(rest) >= 8 {
		n, want := uint64(binary.BigEndian.Uint32(rest)), binary.BigEndian.Uint32(rest[4:])
		if n > uint64(len(rest)-8) {
			if n > uint64(len(raw)) {
				return manifest{}, fmt.Errorf("%w: MANIFEST has a record longer than itself", ErrCorrupt)
			}
			break
		}
		body := rest[8 : 8+n]
		var set pb.ManifestChangeSet
		if crc32.Checksum(body, castagnoli) != want || proto.Unmarshal(body, &set) != nil {
			return manifest{}, fmt.Errorf("%w: MANIFEST has a damaged record", ErrCorrupt)
		}
		for _, c := range set.Changes {
			if tables[c.Id] = c.Op == pb.ManifestChange_CREATE; !tables[c.Id] {
				delete(tables, c.Id)
			}
		}
		rest = rest[8+n:]
	}
	return manifest{
		raw:    raw,
		whole:  int64(len(raw) - len(rest)),
		tables: slices.Sorted(maps.Keys(tables)),
	}, nil
}

// rebuildManifest returns a MANIFEST that puts tables into level 0, where they may overlap: Badger looks there for the
// newest version of a key in all of them, and sorts them out by compaction.
func rebuildManifest(tables []uint64) ([]byte, error) {
	var set pb.ManifestChangeSet
	for _, id := range tables {
		set.Changes = append(set.Changes, &pb.ManifestChange{Id: id, Op: pb.ManifestChange_CREATE})
	}
	body, err := proto.Marshal(&set)
	if err != nil {
		return nil, fmt.Errorf("graph: make MANIFEST: %w", err)
	}
	out := binary.BigEndian.AppendUint32([]byte(manifestHead), uint32(len(body)))
	out = binary.BigEndian.AppendUint32(out, crc32.Checksum(body, castagnoli))
	return append(out, body...), nil
}

// tablesOnDisk returns the tables in data, sorted by id.
func tablesOnDisk(data string) ([]tableFile, error) {
	entries, err := os.ReadDir(data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("graph: list tables: %w", err)
	}
	var out []tableFile
	for _, e := range entries {
		id, ok := table.ParseFileID(e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a compaction ended just now
		}
		if err != nil {
			return nil, fmt.Errorf("graph: list tables: %w", err)
		}
		out = append(out, tableFile{ID: id, Size: info.Size()})
	}
	slices.SortFunc(out, func(a, b tableFile) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// checkTable opens a table the way Badger does, in this goroutine, where its panics can be caught; with full it reads
// every block. It returns ErrCorrupt.
func checkTable(data string, id uint64, full bool) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: table %d cannot be read", ErrCorrupt, id)
		}
	}()
	mf, err := z.OpenMmapFile(table.NewFilename(id, data), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("%w: table %d cannot be opened", ErrCorrupt, id)
	}
	t, err := table.OpenTable(mf, table.Options{ChkMode: boptions.NoVerification, Compression: boptions.None})
	if err != nil {
		return errors.Join(fmt.Errorf("%w: table %d: its index is damaged", ErrCorrupt, id), mf.Close(-1))
	}
	if full {
		err = t.VerifyChecksum()
	}
	if closeErr := t.Close(-1); err == nil && closeErr != nil {
		return fmt.Errorf("graph: close table %d: %w", id, closeErr)
	}
	if err != nil {
		return fmt.Errorf("%w: table %d: a block is damaged", ErrCorrupt, id)
	}
	return nil
}
