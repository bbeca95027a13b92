package graph

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// FuzzStoreFile checks that no bytes make the reader of STORE fail, and that what it takes it gives back.
func FuzzStoreFile(f *testing.F) {
	s := newStoreFile()
	s.Manifest, s.Tables = []byte("x"), []tableFile{{1, 2}}
	b, err := s.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("ken graph"))
	f.Add([]byte("{}\ncrc32c 00000000\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeStoreFile(b)
		if err != nil {
			if !errors.Is(err, ErrNotStore) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Error(err)
			}
			return
		}
		again, err := s.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeStoreFile(again); err != nil {
			t.Errorf("%s: %v", again, err)
		}
	})
}

// FuzzManifest checks that no bytes make the reader of MANIFEST fail, and that the whole part of what it takes names the
// same tables.
func FuzzManifest(f *testing.F) {
	b, err := rebuildManifest([]uint64{1, 5, 7})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-1])
	f.Add([]byte(manifestHead))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseManifest(b)
		if err != nil {
			return
		}
		again, err := parseManifest(b[:m.whole])
		if err != nil || !slices.Equal(m.tables, again.tables) || again.whole != m.whole {
			t.Errorf("%v, then %v, %v", m, again, err)
		}
	})
}

func TestRebuiltManifest(t *testing.T) {
	want := []uint64{3, 4, 1 << 40}
	b, err := rebuildManifest(want)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parseManifest(b)
	if err != nil || !slices.Equal(m.tables, want) || m.whole != int64(len(b)) {
		t.Errorf("%+v, %v", m, err)
	}
}

// FuzzBackup checks that no bytes make the reader of backups fail or allocate without bound, and that only whole ones are
// accepted.
func FuzzBackup(f *testing.F) {
	var buf bytes.Buffer
	c, err := newContainerWriter(&buf, backupHead{Seq: 7})
	if err != nil {
		f.Fatal(err)
	}
	if err := errors.Join(c.add([]byte("key"), []byte("payload")), c.finish()); err != nil {
		f.Fatal(err)
	}
	f.Add(buf.Bytes())
	f.Add(buf.Bytes()[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		got := int64(0)
		n, err := readContainer(bytes.NewReader(b), func(backupHead) {}, func(key, _ []byte) error {
			got++
			return nil
		})
		if err == nil && n != got {
			t.Errorf("%d records, counted %d", n, got)
		}
		if err != nil && !errors.Is(err, ErrBadBackup) && !errors.Is(err, ErrVersion) {
			t.Error(err)
		}
	})
}

func TestMarkNoticesEveryBit(t *testing.T) {
	m := mark{1, 2, 3}
	b := m.encode()
	if got, ok := decodeMark(b); !ok || got != m {
		t.Fatalf("%v, %v", got, ok)
	}
	for i := range (slotData + 4) * 8 {
		bad := bytes.Clone(b)
		bad[i/8] ^= 1 << (i % 8)
		if _, ok := decodeMark(bad); ok {
			t.Errorf("bit %d flipped: not noticed", i)
		}
	}
}
