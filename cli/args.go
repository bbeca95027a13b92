package cli

import (
	"regexp"
	"slices"
	"strings"

	ucli "github.com/urfave/cli/v2"
)

// arrange puts a command line in the order that urfave understands: global flags, command, flags of the command, "--",
// other arguments. urfave v2 stops at the first argument that is no flag, so `ken recommend u1 -k 5` would lose its -k.
//
// A global flag may stand anywhere; "--" ends the flags; "-" and negative numbers are arguments, not flags; `-k5` is
// `-k 5`. Unknown commands and flags are usage errors that name the nearest known word. Asking for help anywhere wins
// over every other argument. args[0] is the program.
func arrange(app *ucli.App, args []string) ([]string, error) {
	l := commandLine{app: app, flags: flagTable{}}
	l.flags.add(app.Flags, true)
	rest := args[min(1, len(args)):]
	for len(rest) > 0 {
		n, err := l.take(rest)
		if err != nil {
			if helpWanted(rest) {
				return l.helpArgs(), nil
			}
			return nil, err
		}
		rest = rest[n:]
	}
	if l.help {
		return l.helpArgs(), nil
	}
	out := append([]string{app.Name}, l.global...)
	if l.cmd == nil {
		return out, nil
	}
	out = append(append(out, l.cmd.Name), l.local...)
	return append(append(out, "--"), l.words...), nil
}

// commandLine is a command line while it is being taken apart.
type commandLine struct {
	app    *ucli.App
	flags  flagTable
	cmd    *ucli.Command // nil until its name was read
	help   bool
	ended  bool // "--" was read
	global []string
	local  []string
	words  []string
}

// take reads one argument, or a flag with its value, and returns how many arguments that were.
func (l *commandLine) take(args []string) (int, error) {
	arg := args[0]
	switch {
	case l.ended && l.cmd != nil, !isFlag(arg, l.flags):
		return 1, l.word(arg)
	case arg == "--":
		l.ended = true
		return 1, nil
	}
	f, value, hasValue, ok := l.flags.find(arg)
	switch {
	case !ok:
		return 0, l.unknownFlag(arg)
	case f.name == "help":
		l.help = true
		return 1, nil
	case hasValue:
		return 1, l.put(f, value)
	case !f.takesValue:
		l.add(f, "")
		return 1, nil
	}
	if len(args) == 1 || isFlag(args[1], l.flags) && l.flags.has(args[1]) || args[1] == "--" {
		return 0, usagef("%s needs a value", arg)
	}
	return 2, l.put(f, args[1])
}

// put keeps a flag with its value. An empty one is a variable of a script that is not set: `--exclude "$SOLD"` must not
// mean that nothing is excluded.
func (l *commandLine) put(f flagSpec, value string) error {
	if value == "" {
		return usagef("%s is empty: give it a value or leave it out", f.spelling())
	}
	l.add(f, "="+value)
	return nil
}

// add keeps a flag in its canonical form --name=value, so that urfave never sees two aliases of one flag.
func (l *commandLine) add(f flagSpec, value string) {
	if f.global {
		l.global = append(l.global, "--"+f.name+value)
	} else {
		l.local = append(l.local, "--"+f.name+value)
	}
}

// word keeps an argument that is no flag: the first one names the command.
func (l *commandLine) word(arg string) error {
	switch {
	case arg == "":
		return usagef("an argument is empty: leave it out")
	case l.cmd != nil:
		l.words = append(l.words, arg)
		return nil
	case arg == "help":
		l.help = true
		return nil
	}
	if l.cmd = l.app.Command(arg); l.cmd == nil {
		return usagef("unknown command %q%s", arg, suggestion(arg, commandNames(l.app), "`ken --help` lists them"))
	}
	l.flags.add(l.cmd.Flags, false)
	return nil
}

func (l *commandLine) unknownFlag(arg string) error {
	name, _, _ := strings.Cut(arg, "=")
	help := "`ken --help` lists them"
	if l.cmd != nil {
		help = "`ken " + l.cmd.Name + " --help` lists them"
	} else if l.ofCommand(arg) {
		return usagef("%s belongs to a command: write it after the command's name", name)
	}
	return usagef("unknown flag %s%s", name, suggestion(name, l.flags.spellings(), help))
}

// ofCommand reports whether any command has the flag.
func (l *commandLine) ofCommand(arg string) bool {
	return slices.ContainsFunc(l.app.Commands, func(c *ucli.Command) bool {
		t := flagTable{}
		t.add(c.Flags, false)
		return t.has(arg)
	})
}

// helpArgs is the command line that shows the help of the command, or of ken when none was named.
func (l *commandLine) helpArgs() []string {
	if l.cmd == nil {
		return []string{l.app.Name, "--help"}
	}
	return []string{l.app.Name, l.cmd.Name, "--help"}
}

func helpWanted(args []string) bool {
	end := slices.Index(args, "--")
	if end < 0 {
		end = len(args)
	}
	return slices.ContainsFunc(args[:end], func(a string) bool { return a == "--help" || a == "-h" })
}

// A flagSpec is what arrange has to know of a flag.
type flagSpec struct {
	name       string
	takesValue bool
	global     bool
}

// spelling is the flag with its dashes.
func (f flagSpec) spelling() string {
	if len(f.name) == 1 {
		return "-" + f.name
	}
	return "--" + f.name
}

// A flagTable finds flags by each of their names.
type flagTable map[string]flagSpec

func (t flagTable) add(flags []ucli.Flag, global bool) {
	t["help"] = flagSpec{name: "help", global: true}
	t["h"] = t["help"]
	for _, f := range flags {
		_, isBool := f.(*ucli.BoolFlag)
		for _, name := range f.Names() {
			t[name] = flagSpec{name: f.Names()[0], takesValue: !isBool, global: global}
		}
	}
}

// find resolves --name, -name, --name=value and, for one-letter names that take a value, -nvalue.
func (t flagTable) find(arg string) (f flagSpec, value string, hasValue, ok bool) {
	name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
	if f, ok = t[name]; ok {
		return f, value, hasValue, true
	}
	if !strings.HasPrefix(arg, "--") && len(arg) > 2 {
		if f, ok = t[arg[1:2]]; ok && f.takesValue {
			return f, arg[2:], true, true
		}
	}
	return flagSpec{}, "", false, false
}

func (t flagTable) has(arg string) bool {
	_, _, _, ok := t.find(arg)
	return ok
}

// spellings returns every name with its dashes, sorted.
func (t flagTable) spellings() []string {
	var out []string
	for name := range t {
		out = append(out, flagSpec{name: name}.spelling())
	}
	slices.Sort(out)
	return out
}

var number = regexp.MustCompile(`^-(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$`)

// isFlag reports whether arg is written like a flag. Negative numbers are not, unless a flag is called so.
func isFlag(arg string, known flagTable) bool {
	return len(arg) > 1 && arg[0] == '-' && (!number.MatchString(arg) || known.has(arg))
}

func commandNames(app *ucli.App) []string {
	var out []string
	for _, c := range app.Commands {
		out = append(out, c.Name)
	}
	return append(out, "help")
}

// suggestion returns `: did you mean "x"?` when one of words is near to word, else ": " and help.
func suggestion(word string, words []string, help string) string {
	// A third of the letters may be wrong: more, and every word is near to every other.
	best, bestDist := "", 1+(len(strings.TrimLeft(word, "-"))+1)/3
	for _, w := range words {
		if d := distance(word, w); d < bestDist {
			best, bestDist = w, d
		}
	}
	if best == "" {
		return ": " + help
	}
	return ": did you mean " + best + "?"
}

// distance is the Levenshtein distance of a and b in bytes, with a swap of neighbours counted as one edit.
func distance(a, b string) int {
	before, prev, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, prev, row = prev, row, before
	}
	return prev[len(b)]
}
