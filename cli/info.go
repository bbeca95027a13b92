package cli

import (
	"context"
	"encoding/json"
	"fmt"

	ucli "github.com/urfave/cli/v2"

	"github.com/kenrec/ken/engine"
	"github.com/kenrec/ken/graph"
)

func newInfoCommand(a *app) *ucli.Command {
	var lint, spaces bool
	return &ucli.Command{
		Name:  "info",
		Usage: "say what is in the store: counts by type and relation, model, embedder, sizes",
		Description: `--lint looks for what is probably wrong in the data instead, with counts and the
first examples: nodes of one type and name, two tails of a relation that nearly
always has one, nodes without triples and interactions, missing names, texts and
vectors, contexts that more than half of the items share or only one has, users
and items that look like robots, interactions without a type among typed ones.
Nothing is changed, and the exit code is 0 whatever is found.

--spaces lists the spaces of the store instead, by name and size, without opening
them. It is for who runs the machine: inside a space nothing shows that there are
others.

Examples:
  ken info
  ken info --lint
  ken info --spaces
  ken info --format json | jq .relations`,
		Flags: []ucli.Flag{
			boolFlag("lint", "look for duplicates, contradictions and gaps in the data", &lint),
			boolFlag("spaces", "list the spaces of the store", &spaces),
		},
		Action: func(c *ucli.Context) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if spaces {
				return a.listSpaces(lint)
			}
			return a.with(c.Context, false, func(e *engine.Engine) error {
				if lint {
					return a.lint(c.Context, e)
				}
				info, err := readInfo(c.Context, e)
				if err != nil {
					return err
				}
				info.Store = a.db
				return a.emit(info, info.grid())
			})
		},
	}
}

// storeInfo is what `ken info` prints; its JSON keys are promises to scripts.
type storeInfo struct {
	Store            string       `json:"store"`
	Nodes            int          `json:"nodes"`
	Triples          int          `json:"triples"`
	Interactions     int          `json:"interactions"`
	Users            int          `json:"users"`
	Items            int          `json:"items"`
	Types            nameCounts   `json:"types"` // an object: name to count, "" for none
	Relations        nameCounts   `json:"relations"`
	InteractionTypes nameCounts   `json:"interaction_types"`
	Vectors          []vectorInfo `json:"vectors"`
	Embedder         string       `json:"embedder"` // model of the text vectors, "" when there are none
	Model            *modelInfo   `json:"model"`    // null when nothing was trained
	Tuned            bool         `json:"tuned"`    // train uses what tune found
	CacheEntries     int          `json:"cache_entries"`
	Seq              uint64       `json:"seq"`
	Bytes            int64        `json:"bytes"`
}

// nameCounts are counts by name, the largest first.
type nameCounts []graph.Count

// MarshalJSON makes an object of them, for `jq .relations.directed_by`.
func (c nameCounts) MarshalJSON() ([]byte, error) {
	byName := make(map[string]int, len(c))
	for _, n := range c {
		byName[n.Name] = n.N
	}
	return json.Marshal(byName)
}

type vectorInfo struct {
	Modality string `json:"modality"`
	Model    string `json:"model"`
	Dim      int    `json:"dim"`
	N        int    `json:"n"`
}

func readInfo(ctx context.Context, e *engine.Engine) (storeInfo, error) {
	g := e.Graph()
	stats, err := g.Stats(ctx)
	if err != nil {
		return storeInfo{}, err
	}
	info := storeInfo{
		Nodes: stats.Nodes, Triples: stats.Triples, Interactions: stats.Interactions,
		CacheEntries: stats.CacheEntries, Seq: stats.Seq, Bytes: stats.Bytes, Vectors: []vectorInfo{},
	}
	for _, part := range []struct {
		to   *nameCounts
		read func(context.Context) ([]graph.Count, error)
	}{{&info.Types, g.Types}, {&info.Relations, g.Relations}, {&info.InteractionTypes, g.InteractionTypes}} {
		counts, err := part.read(ctx)
		if err != nil {
			return storeInfo{}, err
		}
		*part.to = counts
	}
	modalities, err := g.Modalities(ctx)
	if err != nil {
		return storeInfo{}, err
	}
	for _, m := range modalities {
		info.Vectors = append(info.Vectors, vectorInfo{m.Name, m.Model, m.Dim, m.Count})
		if m.Name == textModality {
			info.Embedder = m.Model
		}
	}
	if info.Tuned, err = e.Tuned(ctx); err != nil {
		return storeInfo{}, err
	}
	info.Model = readModel(e)
	info.Users, info.Items, err = countEnds(ctx, g)
	return info, err
}

// modelInfo is the model as `ken info` prints it.
type modelInfo struct {
	engine.ModelInfo
	Error string `json:"error,omitempty"` // why the file cannot be used
}

// readModel returns nil when nothing was trained yet.
func readModel(e *engine.Engine) *modelInfo {
	if err := e.ModelError(); err != nil {
		return &modelInfo{Error: plain(err)}
	}
	if m, ok := e.Model(); ok {
		return &modelInfo{ModelInfo: m}
	}
	return nil
}

func (m *modelInfo) addTo(g *grid) {
	switch {
	case m == nil:
		g.add("model", "", "(none: run `ken train`)")
	case m.Error != "":
		g.add("model", "error", m.Error)
	default:
		g.add("model", "users", exact(m.Users))
		g.add("model", "items", exact(m.Items))
		g.add("model", "factors", exact(m.Config.Factors))
		g.add("model", "batches since", exact(m.Behind))
	}
}

// textModality is where the engine keeps the vectors of node texts.
const textModality = "text"

// countEnds counts users and items as training does: nodes that interacted, and nodes of a type that such nodes have.
// Training also takes untyped nodes for users when their relations are those of users; they are not counted here.
func countEnds(ctx context.Context, g *graph.Store) (users, items int, err error) {
	user, item := make([]bool, g.NodeCap()), make([]bool, g.NodeCap())
	for row, err := range g.Interactions(ctx) {
		if err != nil {
			return 0, 0, err
		}
		user[row.User], item[row.Item] = true, true
	}
	types := make([]graph.Sym, len(user))
	for row, err := range g.Nodes(ctx) {
		if err != nil {
			return 0, 0, err
		}
		types[row.Idx] = row.Type
	}
	return count(user, types, g.SymName, "user"), count(item, types, g.SymName, "item"), nil
}

// count returns how many nodes are marked or have a type of a marked one; usual is such a type without any mark, too.
func count(marked []bool, types []graph.Sym, name func(graph.Sym) string, usual string) (n int) {
	const untyped graph.Sym = 0
	kinds := map[graph.Sym]bool{}
	for i, on := range marked {
		if on && types[i] != untyped {
			kinds[types[i]] = true
		}
	}
	for i, on := range marked {
		if on || kinds[types[i]] || types[i] != untyped && name(types[i]) == usual {
			n++
		}
	}
	return n
}

// grid lists the same facts as rows of group, name and value.
func (s storeInfo) grid() *grid {
	g := &grid{header: []string{"what", "name", "value"}}
	add := func(what, name string, value any) { g.add(what, name, exact(value)) }
	add("store", "", s.Store)
	add("nodes", "", s.Nodes)
	add("triples", "", s.Triples)
	add("interactions", "", s.Interactions)
	add("users", "", s.Users)
	add("items", "", s.Items)
	for _, group := range []struct {
		what   string
		counts nameCounts
	}{{"type", s.Types}, {"relation", s.Relations}, {"interaction type", s.InteractionTypes}} {
		for _, c := range group.counts {
			add(group.what, orNone(c.Name), c.N)
		}
	}
	for _, v := range s.Vectors {
		add("vectors", v.Modality, fmt.Sprintf("%d of %d numbers, by %s", v.N, v.Dim, orNone(v.Model)))
	}
	add("embedder", "", orNone(s.Embedder))
	s.Model.addTo(g)
	if s.Tuned {
		add("training", "", "as tuned")
	} else {
		add("training", "", "by default settings")
	}
	add("cached embeddings", "", s.CacheEntries)
	add("batches", "", s.Seq)
	add("bytes", "", s.Bytes)
	return g
}

func orNone(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// noArguments returns a usage error when a command that takes no arguments was given some.
func noArguments(c *ucli.Context) error {
	if c.NArg() > 0 {
		return usagef("`ken %s` takes no arguments: got %q", c.Command.Name, c.Args().First())
	}
	return nil
}
