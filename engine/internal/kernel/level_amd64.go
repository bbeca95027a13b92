//go:build amd64 && !purego

package kernel

import "golang.org/x/sys/cpu"

// vnni says whether the machine multiplies bytes.
var vnni = cpu.X86.HasAVX512VNNI

// supported returns the best level of this machine; the checks include that the system saves the registers.
func supported() Level {
	x := &cpu.X86
	switch {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL && x.HasAVX2 && x.HasFMA && x.HasBMI2:
		return AVX512
	case x.HasAVX2 && x.HasFMA && x.HasBMI2:
		return AVX2
	}
	return Generic
}
