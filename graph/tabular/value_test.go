package tabular

import (
	"fmt"
	"math"
	"testing"
)

func TestParseNumber(t *testing.T) {
	for in, want := range map[string]float64{"0": 0, "5": 5, "-0.5": -0.5, "1e3": 1000, "+2": 2, ".5": .5, "123456789012": 123456789012} {
		if got, err := ParseNumber(in); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "NaN", "inf", "-Infinity", "1e999", "0x10", "1_000", "1,5", "five", "１", "--1", "1e"} {
		if got, err := ParseNumber(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestParseTime(t *testing.T) {
	const want = 1700000000 // 2023-11-14 22:13:20 UTC
	for _, in := range []string{"1700000000", "1700000000.7", "1700000000000", "1700000000000000", "1700000000000000000", "1.7e9",
		"2023-11-14T22:13:20Z", "2023-11-14T23:13:20+01:00", "2023-11-14 22:13:20", "2023-11-14T22:13:20", "2023-11-14T22:13:20.5Z", "14.11.2023 22:13:20"} {
		if got, err := ParseTime(in); err != nil || got != want {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	if got, err := ParseTime("2023-11-14"); err != nil || got != want-(22*3600+13*60+20) {
		t.Error(got, err)
	}
	for _, in := range []string{"2023-11-14 22:13", "14.11.2023 22:13"} {
		if got, err := ParseTime(in); err != nil || got != want-20 {
			t.Errorf("%s: %d, %v", in, got, err)
		}
	}
	if got, err := ParseTime("4.1.2023"); err != nil || got != 1672790400 {
		t.Error("the day comes first:", got, err)
	}
	for _, in := range []string{"", "yesterday", "2023-13-01", "NaN", "1e300", "14/11/2023"} {
		if got, err := ParseTime(in); err == nil {
			t.Errorf("%q is %d", in, got)
		}
	}
	if got, err := ParseTime(fmt.Sprint(int64(math.MinInt64))); err != nil || got >= 0 {
		t.Error(got, err)
	}
}

func TestParseColumn(t *testing.T) {
	for in, want := range map[string]Column{
		"user_id":                         {Name: "user_id"},
		" user_id:token ":                 {Name: "user_id", Type: "token"},
		"movie_title:token_seq":           {Name: "movie_title", Type: "token_seq"},
		":ID":                             {Role: "id"},
		"movieId:ID(Movie)":               {Name: "movieId", Role: "id", Group: "Movie"},
		":START_ID(A-B)":                  {Role: "start_id", Group: "A-B"},
		":LABEL":                          {Role: "label"},
		":TYPE":                           {Role: "type"},
		"name:string[]":                   {Name: "name", Type: "string[]"},
		"at:datetime{timezone:Etc/GMT+1}": {Name: "at", Type: "datetime"},
		"dc:title":                        {Name: "dc:title"},
		"user:id":                         {Name: "user:id"},
		"":                                {},
	} {
		if got := ParseColumn(in); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}
