package cli

import "github.com/kenrec/ken/graph"

// spaceView is a space as `ken info --spaces --format json` prints it.
type spaceView struct {
	Space string `json:"space"`
	Bytes int64  `json:"bytes"`
}

// listSpaces prints the spaces of the store that --db names.
func (a *app) listSpaces(lint bool) error {
	if a.space != "" || lint {
		return usagef("--spaces lists the spaces of --db: leave away --space and --lint")
	}
	spaces, err := graph.Spaces(a.db)
	if err != nil {
		return err
	}
	views, g := []spaceView{}, &grid{header: []string{"space", "bytes"}}
	for _, s := range spaces {
		views = append(views, spaceView{s.Name, s.Bytes})
		g.add(s.Name, s.Bytes)
	}
	if len(spaces) == 0 {
		a.say("no spaces in %s", a.db)
	}
	return a.emit(views, g)
}
