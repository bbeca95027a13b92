package spm

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrModel reports bytes that are no SentencePiece unigram model, or one with options this package does not implement.
var ErrModel = errors.New("spm: bad model")

// Unknown is the number of the piece that stands for a character no piece covers.
const Unknown = 0

// unknownPenalty is subtracted from the lowest score to make an unknown character the last resort, as the original does.
const unknownPenalty = 10

// Numbers of the fields read, from sentencepiece_model.proto.
const (
	modelPieces, modelTrainer, modelNormalizer = 1, 2, 3
	pieceText, pieceScore, pieceType           = 1, 2, 3
	trainerType                                = 3
	normalizerCharsmap                         = 2
	normalizerDummyPrefix, normalizerEscape    = 3, 5
	typeNormal, typeUnknown, typeControl       = 1, 2, 3
	typeUnused                                 = 5
	trainerUnigram                             = 1
)

// Model is a parsed unigram model. It never changes and may be used concurrently.
type Model struct {
	charsmap charsmap
	trie     trie
	scores   []float64 // by piece number, log probabilities
	unknown  float64   // score of one character that no piece covers
}

// Parse reads the bytes of a .model file. Errors wrap ErrModel.
func Parse(data []byte) (*Model, error) {
	m := &Model{trie: newTrie(len(data) / 8), unknown: math.Inf(1)}
	err := eachField(data, func(num protowire.Number, v value) error {
		switch num {
		case modelPieces:
			return m.addPiece(v.bytes)
		case modelTrainer:
			return checkTrainer(v.bytes)
		case modelNormalizer:
			return m.readNormalizer(v.bytes)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(m.scores) == 0 {
		return nil, fmt.Errorf("%w: no pieces", ErrModel)
	}
	m.unknown = min(m.unknown, 0) - unknownPenalty
	return m, nil
}

// Pieces returns how many pieces the model has; Encode gives numbers below it.
func (m *Model) Pieces() int { return len(m.scores) }

// addPiece gives the piece the next number. Control pieces and the unknown piece get no way in the trie: text that
// happens to read "</s>" must not become an end mark.
func (m *Model) addPiece(data []byte) error {
	var text []byte
	score, kind := 0.0, uint64(typeNormal)
	err := eachField(data, func(num protowire.Number, v value) error {
		switch num {
		case pieceText:
			text = v.bytes
		case pieceScore:
			score = float64(math.Float32frombits(uint32(v.number)))
		case pieceType:
			kind = v.number
		}
		return nil
	})
	if err != nil {
		return err
	}
	if math.IsNaN(score) || math.IsInf(score, 0) {
		return fmt.Errorf("%w: piece %d has score %v", ErrModel, len(m.scores), score)
	}
	if len(text) > 0 && kind != typeUnknown && kind != typeControl && kind != typeUnused {
		if !m.trie.insert(text, int32(len(m.scores))) {
			return fmt.Errorf("%w: more text than the index holds", ErrModel)
		}
		m.unknown = min(m.unknown, score)
	}
	m.scores = append(m.scores, score)
	return nil
}

func checkTrainer(data []byte) error {
	return eachField(data, func(num protowire.Number, v value) error {
		if num == trainerType && v.number != trainerUnigram {
			return fmt.Errorf("%w: model type %d is not unigram", ErrModel, v.number)
		}
		return nil
	})
}

func (m *Model) readNormalizer(data []byte) error {
	return eachField(data, func(num protowire.Number, v value) (err error) {
		if num == normalizerCharsmap {
			m.charsmap, err = parseCharsmap(v.bytes)
			return err
		}
		// The three switches of white space default to true, and Encode does what true means.
		if num >= normalizerDummyPrefix && num <= normalizerEscape && v.number == 0 {
			return fmt.Errorf("%w: normaliser option %d is off", ErrModel, num)
		}
		return nil
	})
}

// value is a field of either kind: number for varints and fixed widths, bytes for the rest.
type value struct {
	number uint64
	bytes  []byte
}

// eachField calls f for each field of a protobuf message; groups are passed over.
func eachField(data []byte, f func(protowire.Number, value) error) error {
	for len(data) > 0 {
		num, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return fmt.Errorf("%w: %v", ErrModel, protowire.ParseError(n))
		}
		data = data[n:]
		var v value
		switch kind {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(data)
		case protowire.Fixed32Type:
			var x uint32
			x, n = protowire.ConsumeFixed32(data)
			v.number = uint64(x)
		case protowire.Fixed64Type:
			v.number, n = protowire.ConsumeFixed64(data)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(data)
		default:
			n = protowire.ConsumeFieldValue(num, kind, data)
		}
		if n < 0 {
			return fmt.Errorf("%w: field %d: %v", ErrModel, num, protowire.ParseError(n))
		}
		data = data[n:]
		if err := f(num, v); err != nil {
			return err
		}
	}
	return nil
}
