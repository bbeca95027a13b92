package engine

import "os"

// ModelInfo describes the model that Recommend uses.
type ModelInfo struct {
	Users   int     `json:"users"`   // rows, those without interactions included
	Items   int     `json:"items"`   // rows, cold ones included
	Seq     uint64  `json:"seq"`     // sequence number of the store that it was trained on
	Behind  uint64  `json:"behind"`  // batches committed since; they count at query time
	Seconds float64 `json:"seconds"` // of training
	Config  Config  `json:"config"`  // with every automatic value filled in
}

// Model describes the model in use; ok is false when there is none, see ModelError. Safe for concurrent use.
func (e *Engine) Model() (info ModelInfo, ok bool) {
	m := e.model.Load()
	if m == nil {
		return ModelInfo{}, false
	}
	return ModelInfo{
		Users: len(m.users), Items: len(m.items), Seq: m.seq, Behind: e.store.Seq() - m.seq, Seconds: m.seconds, Config: m.config,
	}, true
}

// modelBytes is the size of the model file, 0 when there is none.
func (e *Engine) modelBytes() int64 {
	if e.dir == "" {
		return 0
	}
	info, err := os.Stat(e.modelPath())
	if err != nil {
		return 0
	}
	return info.Size()
}
