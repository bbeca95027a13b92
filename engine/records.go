package engine

import (
	"encoding/binary"
	"encoding/json"
)

// Names of the spaces of records in the store. Whoever adds one says in recordSpeaksOf whom its records speak of.
const (
	spaceProposal = "proposal" // proposalKey → Proposal
	spaceMade     = "made"     // id of a node that an acceptance created → madeNode
	spaceAnswer   = "answer"   // answerKey → answer of a model
	spaceProfile  = "profile"  // id of a user → profileNote
)

// recordSpeaksOf returns the ids of the nodes that a record speaks of: what Erase deletes with each of them, and Restore
// does not bring back. A record of another space goes with any node.
func recordSpeaksOf(space, key string, val []byte) (ids []string, ok bool) {
	switch space {
	case spaceMade:
		return []string{key}, true
	case spaceProfile:
		from, ok := writtenFrom(val)
		return append(from, key), ok
	case spaceAnswer:
		ids, rest, ok := cutParts(key, 1)
		return ids, ok && len(rest) == 32
	case spaceProposal:
		parts, tail, ok := cutParts(key, 3)
		if !ok {
			return nil, false
		}
		if parts[2] != relationProfile {
			return []string{parts[1], tail}, true
		}
		from, ok := writtenFrom(val)
		return append(from, parts[1], tail), ok
	}
	return nil, false
}

// writtenFrom reads the items that a profile was written from, out of its note or proposal.
func writtenFrom(val []byte) (ids []string, ok bool) {
	var w struct{ From []string }
	err := json.Unmarshal(val, &w)
	return w.From, err == nil
}

// answerKey is the key of an answer about a node, by its key in the cache of answers.
func answerKey(id string, answer [32]byte) string {
	return string(append(appendParts(nil, id), answer[:]...))
}

// appendParts writes strings with their lengths before them: ids may hold any character.
func appendParts(b []byte, parts ...string) []byte {
	for _, s := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return b
}

// cutParts takes n strings that appendParts wrote off the beginning of key.
func cutParts(key string, n int) (parts []string, rest string, ok bool) {
	for range n {
		size, width := binary.Uvarint([]byte(key[:min(len(key), binary.MaxVarintLen64)]))
		if width <= 0 || size > uint64(len(key)-width) {
			return nil, "", false
		}
		key = key[width:]
		parts, key = append(parts, key[:size]), key[size:]
	}
	return parts, key, true
}
