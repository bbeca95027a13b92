package engine_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// The Go program in the README is Example, and prints what the README says.
func TestReadmeIsTheExample(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(readme), "\r\n", "\n")
	code := regexp.MustCompile("(?s)\n```go\n(package main\n.*?)```\n").FindStringSubmatch(text)
	printed := regexp.MustCompile("(?s)and prints\n\n```\n(.*?)```\n").FindStringSubmatch(text)
	if code == nil || printed == nil {
		t.Fatal("the README has no Go program, or does not say what it prints")
	}
	example := strings.ReplaceAll(string(source), "\r\n", "\n")
	output := regexp.MustCompile(`(?s)\t// Output:\n(.*?)}\n`).FindStringSubmatch(example)
	if output == nil {
		t.Fatal("the Example has no output")
	}
	program := strings.Replace(example, "\t// Output:\n"+output[1], "", 1)
	program = strings.Replace(program, "package engine_test", "package main", 1)
	program = strings.Replace(program, "func Example()", "func main()", 1)
	if program != code[1] {
		t.Errorf("the program in the README is not the Example:\n%s", code[1])
	}
	if got := strings.ReplaceAll(output[1], "\t// ", ""); got != printed[1] {
		t.Errorf("the Example prints\n%swhile the README says\n%s", got, printed[1])
	}
}
