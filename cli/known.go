package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/kenrec/ken/graph"
)

// needTypes refuses node types that no node has. The answer for a misspelt one would be an empty list, which looks like
// an answer.
func needTypes(ctx context.Context, g *graph.Store, types []string) error {
	return needNames(ctx, "node type", types, g.Types)
}

// needRelation refuses a relation that no triple has; "" is none.
func needRelation(ctx context.Context, g *graph.Store, relation string) error {
	return needNames(ctx, "relation", nonEmpty(relation), g.Relations)
}

func needNames(ctx context.Context, what string, names []string, read func(context.Context) ([]graph.Count, error)) error {
	if len(names) == 0 {
		return nil
	}
	counts, err := read(ctx)
	if err != nil {
		return err
	}
	known := make([]string, len(counts))
	for i, c := range counts {
		known[i] = c.Name
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return &notFoundError{fmt.Sprintf("%s %q is not in the graph%s", what, name, suggestion(name, known, "`ken info` lists them"))}
		}
	}
	return nil
}
