package main

import "testing"

func TestReached(t *testing.T) {
	for _, tt := range []struct {
		got, want float64
		text, why string
	}{
		{.24, .24, "reached", "the goal itself is enough"},
		{.23996, .24, "reached", "what prints as the goal is the goal"},
		{.2390, .24, "missed by 0.0010", "a miss is told in figures"},
	} {
		if s := reached(tt.got, tt.want); s != tt.text {
			t.Errorf("%g against %g: %q, want %q: %s", tt.got, tt.want, s, tt.text, tt.why)
		}
	}
}
