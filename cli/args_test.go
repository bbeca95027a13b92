package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	ucli "github.com/urfave/cli/v2"
)

// testApp has a flag of each sort, without the actions.
func testApp() *ucli.App {
	return &ucli.App{
		Name: "ken",
		Flags: []ucli.Flag{
			&ucli.StringFlag{Name: "db"},
			&ucli.BoolFlag{Name: "verbose"},
		},
		Commands: []*ucli.Command{
			{Name: "recommend", Flags: []ucli.Flag{
				&ucli.IntFlag{Name: "k"},
				&ucli.BoolFlag{Name: "all"},
				&ucli.StringSliceFlag{Name: "likes", Aliases: []string{"l"}},
				&ucli.Float64Flag{Name: "alpha"},
			}},
			{Name: "import"},
		},
	}
}

func TestArrange(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   string // arguments separated by spaces
		want string
		why  string
	}{
		{"flag after argument", "recommend u1 -k 5", "recommend --k=5 -- u1", "urfave alone would read -k as a second user"},
		{"flags on both sides", "recommend -k 5 u1 --all u2", "recommend --k=5 --all -- u1 u2", "arguments keep their order"},
		{"global flag after the command", "recommend u1 --db x", "--db=x recommend -- u1", "urfave knows global flags only before the command"},
		{"global flag before", "--db x recommend u1", "--db=x recommend -- u1", "the usual place"},
		{"equals sign", "recommend --db=x=y -k=3", "--db=x=y recommend --k=3 --", "the value may hold an equals sign"},
		{"attached value", "recommend -k20 u1", "recommend --k=20 -- u1", "as most programs allow"},
		{"alias", "recommend -l a --likes b", "recommend --likes=a --likes=b --", "urfave refuses two spellings of one flag"},
		{"given twice", "recommend -k 5 -k 6", "recommend --k=5 --k=6 --", "urfave takes the last"},
		{"bool with value", "recommend --all=false", "recommend --all=false --", "a bool takes a value only after ="},
		{"end of flags", "recommend -- -k 5", "recommend -- -k 5", "an id may look like a flag after --"},
		{"end of flags once", "recommend -- a -- b", "recommend -- a -- b", "the second -- is an argument"},
		{"stdin", "import nodes - -", "import -- nodes - -", "- is a file name"},
		{"negative argument", "recommend -5", "recommend -- -5", "an id may be a number"},
		{"negative value", "recommend --alpha -0.5e-3", "recommend --alpha=-0.5e-3 --", "a value may be a negative number"},
		{"argument called help", "recommend help", "recommend -- help", "a user may be called help"},
		{"command as argument", "recommend import", "recommend -- import", "only the first word names a command"},
		{"help of a command", "recommend u1 --help -k 5", "recommend --help", "help wins"},
		{"help beats mistakes", "recommend --bogus -h", "recommend --help", "who asks for help is not told off"},
		{"help word", "help recommend", "recommend --help", "the form of git and go"},
		{"help of ken", "--help", "--help", ""},
		{"nothing", "", "", "the root action complains"},
		{"only a global flag", "--verbose", "--verbose", "the root action complains"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := arrange(testApp(), append([]string{"/usr/bin/ken"}, strings.Fields(tc.in)...))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{"ken"}, strings.Fields(tc.want)...), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.why, diff)
			}
		})
	}
}

func TestArrangeKeepsSpaces(t *testing.T) {
	got, err := arrange(testApp(), []string{"ken", "recommend", "--likes", " ", "a b", " "})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ken", "recommend", "--likes= ", "--", "a b", " "}, got); diff != "" {
		t.Error(diff)
	}
}

// A variable of a script that is not set must not turn a command into another one.
func TestArrangeRefusesEmptyWords(t *testing.T) {
	for want, args := range map[string][]string{
		"--likes is empty":     {"recommend", "--likes", ""},
		"-k is empty":          {"recommend", "-k=", "u1"},
		"--db is empty":        {"--db", "", "recommend", "u1"},
		"--all is empty":       {"recommend", "--all="},
		"an argument is empty": {"recommend", "u1", ""},
	} {
		if _, err := arrange(testApp(), append([]string{"ken"}, args...)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

func TestArrangeErrors(t *testing.T) {
	for _, tc := range []struct {
		in, want string
		why      string
	}{
		{"recomend u1", `unknown command "recomend": did you mean recommend?`, "one letter missing"},
		{"improt nodes", `unknown command "improt": did you mean import?`, "two letters swapped"},
		{"frobnicate", "unknown command \"frobnicate\": `ken --help` lists them", "nothing is near"},
		{"recommend --lkies a", "unknown flag --lkies: did you mean --likes?", "two letters swapped"},
		{"recommend --bogus=5", "unknown flag --bogus: `ken recommend --help` lists them", "the value is not repeated"},
		{"-k 5 recommend", "-k belongs to a command: write it after the command's name", "a common slip"},
		{"recommend -k", "-k needs a value", "the line ends"},
		{"recommend --likes --all", "--likes needs a value", "a known flag is no value"},
		{"recommend --likes -- a", "--likes needs a value", "-- is no value"},
	} {
		_, err := arrange(testApp(), append([]string{"ken"}, strings.Fields(tc.in)...))
		if err == nil || err.Error() != tc.want || exitCode(err) != ExitUsage {
			t.Errorf("%q: %v, want %q (%s)", tc.in, err, tc.want, tc.why)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want int
		why  string
	}{
		{"", "", 0, "nothing to do"},
		{"abc", "", 3, "three deletions"},
		{"import", "improt", 1, "one swap"},
		{"info", "inof", 1, "one swap"},
		{"train", "tain", 1, "one deletion"},
		{"kitten", "sitting", 3, "the textbook's"},
	} {
		if got := distance(tc.a, tc.b); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d: %s", tc.a, tc.b, got, tc.want, tc.why)
		}
		if got := distance(tc.b, tc.a); got != tc.want {
			t.Errorf("distance(%q, %q) = %d, want %d: symmetric", tc.b, tc.a, got, tc.want)
		}
	}
}

// FuzzArrange: no command line panics, and what follows "--" arrives as it is.
func FuzzArrange(f *testing.F) {
	f.Add("recommend\x00u1\x00-k\x005", "x")
	f.Add("--db\x00x\x00recommend\x00--\x00-k", "--all")
	f.Fuzz(func(t *testing.T, line, last string) {
		args := append([]string{"ken"}, strings.Split(line, "\x00")...)
		args = append(args, "--", last)
		out, err := arrange(testApp(), args)
		if err != nil || len(out) < 2 || out[len(out)-1] == "--help" {
			return
		}
		if out[len(out)-1] != last {
			t.Errorf("%q: last word of %q is not %q", args, out, last)
		}
	})
}
