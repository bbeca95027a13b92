package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kenrec/ken/embed"
	"github.com/kenrec/ken/graph"
)

// metaModels is the key of the names of all models whose vectors the cache may hold.
const metaModels = "embed.models"

// embedModels returns the names of the models that vectors in the store or its cache came from.
func embedModels(ctx context.Context, s *graph.Store) (names []string, err error) {
	raw, err := s.Meta(ctx, metaModels)
	if err == nil {
		err = json.Unmarshal(raw, &names)
	}
	if err != nil && !errors.Is(err, graph.ErrNotFound) {
		return nil, fmt.Errorf("engine: names of models: %w", err)
	}
	kinds, err := s.Modalities(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range kinds {
		if !slices.Contains(names, k.Model) {
			names = append(names, k.Model)
		}
	}
	return names, nil
}

// noteModel keeps the name of the model that is about to fill the cache, so that Erase knows under which keys to look.
func (e *Engine) noteModel(ctx context.Context) error {
	names, err := embedModels(ctx, e.store)
	name := e.embedder.Model().Name
	if err != nil || slices.Contains(names, name) {
		return err
	}
	raw, err := json.Marshal(append(names, name))
	if err == nil {
		err = e.store.SetMeta(ctx, metaModels, raw)
	}
	if err != nil {
		return fmt.Errorf("engine: note the model: %w", err)
	}
	return nil
}

// textKeys returns the keys under which the cache may have vectors of a node's texts: of what Embed makes of them, and of
// the name alone, which enriching compares; and of attributes, which Embed sends when it is told to.
func textKeys(n graph.Node, models []string) [][32]byte {
	var keys [][32]byte
	for _, m := range models {
		for _, text := range [...]string{embedText(n.Name, n.Text), n.Name} {
			keys = append(keys, embed.Key(embed.Model{Name: m}, text))
		}
		for _, a := range n.Attrs {
			if text := strings.TrimSpace(a.Value.Text()); text != "" {
				keys = append(keys, embed.Key(embed.Model{Name: m}, text))
			}
		}
	}
	return keys
}
